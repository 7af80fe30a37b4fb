"""The parts that figures are built from: geometry, joints, paths, marks, props and frames."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from library.figures import figure_from
from render.figures import LOOKS, panels
from render.figures.canvas import Canvas, blob, capsule, circle, number, pair, tube
from render.figures.geometry import bearing, distance, frame, lerp, polar, ribbon, through
from render.figures.marks import arrow, badge, focus
from render.figures.panels import ASPECT, drawn_box, frame_of
from render.figures.props import DRAW, draw_prop
from render.figures.skeleton import NECK, TORSO, solve
from schemas.figure import Figure, Limb, Point, Pose, Prop, PropKind, Spot, View

FILES = sorted(Path("content/figures").glob("*.toml"))
WHOLE = [path for path in FILES if "crop" not in tomllib.loads(path.read_text(encoding="utf-8"))]
lengths = st.floats(-80, 80)
points = st.tuples(lengths, lengths)


def figure(start: Pose | None = None, view: View = View.SIDE) -> Figure:
    pose = start or Pose()
    return Figure("x", "A person stands.", "A person stands.", pose, pose, view)


def load(path: Path) -> Figure:
    return figure_from(path.stem, tomllib.loads(path.read_text(encoding="utf-8")))


@given(points, st.floats(-360, 360), st.floats(1, 50))
def test_a_point_lies_where_its_angle_and_distance_say(origin: Point, angle: float, far: float) -> None:
    there = polar(origin, angle, far)
    assert distance(origin, there) == pytest.approx(far, abs=1e-6)
    assert (bearing(origin, there) - angle) % 360 == pytest.approx(0, abs=1e-4) or (
        bearing(origin, there) - angle
    ) % 360 == pytest.approx(360, abs=1e-4)


def test_a_local_frame_counts_along_first_and_to_the_right_second() -> None:
    place = frame((10, 0), 90, 2)
    assert place(3, 1) == pytest.approx((12, 6))


def test_a_curve_passes_through_its_middle_point() -> None:
    start, control, end = through((0, 0), (5, 8), (10, 0))
    assert lerp(lerp(start, control, 0.5), lerp(control, end, 0.5), 0.5) == pytest.approx((5, 8))


def test_a_ribbon_is_as_wide_as_its_radii() -> None:
    outline = ribbon(((0, 0), (5, 0), (10, 0)), [(0, 2, 1), (1, 4, 3)], 4)
    assert outline[0] == pytest.approx((0, 2))
    assert outline[-1] == pytest.approx((0, -1))
    assert max(y for _, y in outline) == pytest.approx(4)


@given(st.floats(-999, 999))
def test_numbers_are_short_and_never_a_negative_zero(value: float) -> None:
    text = number(value)
    assert re.fullmatch(r"-?\d+(\.[1-9])?", text)
    assert text != "-0"
    assert float(text) == pytest.approx(value, abs=0.051)


def test_svg_counts_downwards_and_a_minus_needs_no_space() -> None:
    assert pair((1, 2)) == "1-2"
    assert pair((1, -2)) == "1 2"


def test_a_limb_shorter_than_its_own_width_is_a_circle() -> None:
    assert capsule((0, 0), (0.1, 0), 3, 2) == circle((0, 0), 3)
    assert capsule((0, 0), (10, 0), 3, 2).count("A") == 2


def test_a_sleeve_is_round_at_the_shoulder_and_cut_off_at_the_hem() -> None:
    assert tube((0, 0), (20, 0), 4, 3).count("A") == 1
    assert tube((0, 0), (2, 0), 4, 3) == capsule((0, 0), (2, 0), 4, 3)


def test_an_arrow_over_an_enlarged_part_is_thinner() -> None:
    whole, part = Canvas(), Canvas()
    arrow(whole, (0, 0), (20, 0))
    arrow(part, (0, 0), (20, 0), size=0.5)
    assert 'stroke-width="2"' in "".join(whole.elements)
    assert 'stroke-width="1"' in "".join(part.elements)


def test_a_leg_that_is_only_given_once_shows_on_both_sides_of_a_side_view() -> None:
    pose = Pose(hip=(0, 29), leg_n=Limb(to=Spot(23, 4)))
    joints = solve(figure(pose), pose).joints
    assert joints["an_f"][0] > joints["an_n"][0] + 2
    assert joints["kn_f"][0] > joints["kn_n"][0] + 2


def test_a_blob_visits_each_point_and_closes() -> None:
    data = blob([(0, 0), (4, 0), (4, 4), (0, 4)])
    assert data.startswith("M0 0C")
    assert data.count("S") == 3
    assert data.endswith("z")


def test_a_canvas_keeps_in_the_picture_what_must_be_seen() -> None:
    canvas = Canvas()
    canvas.see((10, 20), 3)
    canvas.see((-5, 0))
    assert canvas.box == [-5, 0, 13, 23]


def test_an_arrow_and_a_ring_make_room_for_themselves() -> None:
    canvas = Canvas()
    arrow(canvas, (0, 0), (20, 0), bulge=4)
    focus(canvas, (40, 0), 5)
    assert canvas.box[2] == 46
    assert canvas.box[3] >= 4
    assert len(canvas.elements) == 6


def test_the_two_badges_differ() -> None:
    assert badge((6, 6), 1) != badge((6, 6), 2)


@pytest.mark.parametrize("kind", [kind for kind in PropKind if kind is not PropKind.BLADES])
def test_every_prop_is_drawn_and_seen(kind: PropKind) -> None:
    canvas, spots = Canvas(), (Spot(0, 30), Spot(20, 40))
    prop = Prop(kind, at=Spot(4, 5), x=(0, 20), h=20, w=12, r=3, points=spots)
    draw_prop(canvas, prop, solve(figure(), Pose()))
    assert kind in DRAW
    assert canvas.elements
    if kind is not PropKind.WALL_WIDE:  # a wall behind fills what is there and asks for no room
        assert canvas.box[0] < canvas.box[2]


def test_a_standing_body_adds_up_from_its_hips() -> None:
    joints = solve(figure(), Pose(hip=(0, 50))).joints
    assert joints["neck"] == pytest.approx((0, 50 + TORSO))
    assert joints["head"][1] > joints["neck"][1] + NECK
    assert joints["an_n"] == pytest.approx((0, 0.5))


def test_a_pinned_joint_stays_where_it_is_pinned() -> None:
    pose = Pose(pin=Spot(12, 4, "an_n"), leg_n=Limb(-70, -110, 0), torso=70)
    assert solve(figure(pose), pose).joints["an_n"] == pytest.approx((12, 4))


def test_a_hand_can_hold_on_to_another_joint() -> None:
    pose = Pose(arm_n=Limb(to=Spot(1, 2, "kn_n"), bend=-1), torso=-20)
    joints = solve(figure(pose), pose).joints
    assert joints["wr_n"] == pytest.approx((joints["kn_n"][0] + 1, joints["kn_n"][1] + 2), abs=1e-6)


def test_a_bend_towards_the_viewer_keeps_the_limb_on_one_line() -> None:
    pose = Pose(hip=(0, 40), leg_n=Limb(to=Spot(5, 4), bend=0))
    joints = solve(figure(pose, View.FRONT), pose).joints
    along = bearing(joints["hp_n"], joints["kn_n"])
    assert bearing(joints["kn_n"], joints["an_n"]) == pytest.approx(along)
    assert joints["an_n"] == (5, 4)


def test_a_front_view_is_as_wide_as_two_shoulders_and_a_side_view_is_not() -> None:
    front, side = (solve(figure(view=view), Pose()).joints for view in (View.FRONT, View.SIDE))
    assert distance(front["sh_n"], front["sh_f"]) > 15
    assert distance(side["sh_n"], side["sh_f"]) < 3


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_frame_holds_all_that_is_drawn_and_has_a_shape_that_can_be_laid_out(path: Path) -> None:
    drawn = load(path)
    for look in LOOKS:
        left, bottom, right, top = frame_of(drawn, look)
        assert ASPECT[0] - 0.01 <= (right - left) / (top - bottom) <= ASPECT[1] + 0.01
        if drawn.crop is None:
            inner = drawn_box(drawn, look)
            assert left < inner[0] < inner[2] < right
            assert bottom < inner[1] < inner[3] < top


@pytest.mark.parametrize("path", WHOLE, ids=lambda path: path.stem)
def test_no_outline_of_the_person_is_cut_off_by_the_frame(path: Path) -> None:
    drawn = load(path)
    for look in LOOKS:
        for panel in panels(drawn, look):
            root = ElementTree.fromstring(panel.svg)
            x, y, width, height = (float(part) for part in root.attrib["viewBox"].split())
            for px, py in _path_points(root):
                assert x - 0.5 <= px <= x + width + 0.5
                assert y - 0.5 <= py <= y + height + 0.5


def _path_points(root: ElementTree.Element) -> Iterator[Point]:
    """The corners of all capsules and outlines (absolute commands only)."""
    for element in root.iter("{http://www.w3.org/2000/svg}path"):
        data = element.attrib["d"]
        if element.attrib.get("stroke-linecap") or "h" in data or "a" in data:
            continue
        for x, y in re.findall(r"[ML](-?[\d.]+) ?(-?[\d.]+)", data):
            yield float(x), float(y)


def test_a_broad_person_is_drawn_wider_than_a_slim_one() -> None:
    boxes = [drawn_box(figure(view=View.FRONT), replace(LOOKS[0], build=build)) for build in (0.88, 1.3)]
    assert boxes[1][2] - boxes[1][0] > boxes[0][2] - boxes[0][0]
