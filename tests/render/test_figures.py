"""Every exercise has a figure that is drawn, sound, small and safe to put on a page."""

import re
import tomllib
from collections import Counter
from copy import deepcopy
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from library.figures import figure_from
from render.figures import LOOKS, look_for, pair_svg, panels, problems, sheet
from render.figures.geometry import distance, two_bone
from render.figures.look import Hair, darken, mix
from render.figures.marks import ARROW, FOCUS
from render.figures.panels import TILE, frame_of
from render.figures.skeleton import FOREARM, HEAD, SHIN, THIGH, UPPER_ARM, solve
from schemas.figure import Figure, FigureError
from tests.helpers.reading_level import grade, longest_sentence

CONTENT = Path("content")
FILES = sorted((CONTENT / "figures").glob("*.toml"))
IDS = [path.stem for path in FILES]
SVG = "{http://www.w3.org/2000/svg}"
ALLOWED = {"svg", "g", "path", "rect", "circle", "title", "text"}


def load(exercise: str) -> Figure:
    return figure_from(exercise, tomllib.loads((CONTENT / "figures" / f"{exercise}.toml").read_text()))


def standing() -> dict[str, Any]:
    return {
        "alt_start": "A person stands.",
        "alt_end": "One arm is up.",
        "start": {"pin": ["an_n", 0, 4], "leg_n": [-90, -90, 0], "arm_n": [-90, -90]},
        "end": {"arm_n": [90, 90]},
        "props": [{"kind": "floor", "x": [-20, 20]}],
        "arrows": [{"from": [10, 50], "to": [10, 70]}],
    }


def test_each_exercise_has_a_figure_and_each_figure_an_exercise() -> None:
    assert sorted(path.stem for path in (CONTENT / "exercises").glob("*.toml")) == IDS


@pytest.mark.parametrize("exercise", IDS)
def test_no_pose_sinks_overreaches_or_leaves_the_picture(exercise: str) -> None:
    assert problems(load(exercise)) == []


@pytest.mark.parametrize("exercise", IDS)
def test_a_figure_is_drawn_with_plain_presentation_attributes_only(exercise: str) -> None:
    for look in LOOKS:
        root = ElementTree.fromstring(pair_svg(load(exercise), look))
        for element in root.iter():
            assert element.tag.removeprefix(SVG) in ALLOWED
            assert not {"style", "class", "id", "href"} & set(element.attrib)


@pytest.mark.parametrize("exercise", IDS)
def test_the_two_panels_have_one_size_differ_and_stay_small(exercise: str) -> None:
    start, end = panels(load(exercise), look_for(exercise))
    assert (start.width, start.height) == (end.width, end.height)
    assert start.svg != end.svg
    assert max(len(start.svg), len(end.svg)) < 14_000


@pytest.mark.parametrize("exercise", IDS)
def test_each_panel_says_in_short_sentences_what_it_shows(exercise: str) -> None:
    for panel in panels(load(exercise)):
        root = ElementTree.fromstring(panel.svg)
        assert root.attrib["role"] == "img"
        assert root.attrib["aria-label"] == root.findtext(f"{SVG}title") == panel.label
        assert panel.label.endswith(".")
        assert longest_sentence(panel.label) <= 18
        assert grade(panel.label) <= 6


@pytest.mark.parametrize("exercise", IDS)
def test_a_figure_can_be_read_at_140_pixels(exercise: str) -> None:
    figure = load(exercise)
    left, _, right, _ = frame_of(figure)
    pixels = 140 / (right - left)
    assert pixels * HEAD * 2 >= 12
    assert pixels * min(1.0, (right - left) / 85 if figure.crop else 1.0) * 2 >= 1.5  # the line of an arrow


@pytest.mark.parametrize("color", [ARROW, FOCUS])
def test_an_arrow_and_a_ring_stand_out_in_black_and_white(color: str) -> None:
    assert contrast(color, TILE) >= 3


def contrast(one: str, other: str) -> float:
    """The contrast of two #rrggbb colours by WCAG 2.2."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def luminance(color: str) -> float:
    shares = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_the_same_figure_is_the_same_bytes_each_time() -> None:
    assert pair_svg(load("act_bridge"), LOOKS[3]) == pair_svg(load("act_bridge"), LOOKS[3])


def test_lying_figures_are_wide_and_standing_ones_are_not() -> None:
    lying, standing_one = panels(load("act_bridge"))[0], panels(load("act_heel_raise"))[0]
    assert lying.width > 1.7 * lying.height
    assert standing_one.width < 1.1 * standing_one.height


def test_a_sheet_holds_every_name_and_every_panel() -> None:
    drawn = sheet([("Bridge & more", load("act_bridge")), ("Chin tuck", load("act_chin_tuck"))])
    root = ElementTree.fromstring(drawn)
    assert [text.text for text in root.iter(f"{SVG}text")] == ["Bridge & more", "Chin tuck"]
    assert drawn.count("<title>") == 2


def test_looks_are_spread_evenly_and_do_not_change() -> None:
    picked = Counter(look_for(f"exercise-{number}").name for number in range(2000))
    assert set(picked) == {look.name for look in LOOKS}
    assert min(picked.values()) > 140
    assert look_for("act_bridge") is look_for("act_bridge")


def test_the_looks_cover_skin_tones_builds_and_ages() -> None:
    assert len({look.skin for look in LOOKS}) >= 8
    assert min(look.build for look in LOOKS) < 0.95 < 1.15 < max(look.build for look in LOOKS)
    assert sum(look.glasses or look.hair_style is Hair.RECEDING for look in LOOKS) >= 2
    assert {look.hair_style for look in LOOKS} == set(Hair)


def test_a_darker_and_a_mixed_colour_keep_their_form() -> None:
    assert re.fullmatch("#[0-9a-f]{6}", darken("#0a0b0c", 0.9))
    assert mix("#000000", "#ffffff", 0.5) == "#808080"


def test_the_end_pose_inherits_what_it_does_not_name() -> None:
    figure = figure_from("x", standing())
    assert figure.end.leg_n == figure.start.leg_n
    assert figure.end.arm_n != figure.start.arm_n


@pytest.mark.parametrize(
    ("place", "value", "named"),
    [
        (("strat",), {}, "strat"),
        (("start", "arm_x"), [0, 0], "arm_x"),
        (("start", "torso"), "up", "start.torso"),
        (("start", "torso"), True, "start.torso"),
        (("start", "arm_n"), [1], "start.arm_n"),
        (("start", "arm_n"), {"two": [1, 2]}, "two"),
        (("end", "hip"), [1], "end.hip"),
        (("props",), [{"kind": "sofa"}], "props[0].kind"),
        (("props",), [{"x": [0, 1]}], "props[0].kind"),
        (("arrows",), [{"from": [0, 0]}], "arrows[0].to"),
        (("focus",), [{"at": "hip", "only": "middle"}], "focus[0].only"),
        (("alt_end",), "", "alt_end"),
        (("view",), "below", "view"),
        (("crop",), [1, 2, 3], "crop"),
        (("order",), ["head"], "order"),
    ],
)
def test_a_wrong_key_or_value_is_named(place: tuple[str, ...], value: Any, named: str) -> None:
    data = deepcopy(standing())
    target = data
    for key in place[:-1]:
        target = target[key]
    target[place[-1]] = value
    with pytest.raises(FigureError, match=re.escape(named)) as caught:
        figure_from("act_bridge", data)
    assert str(caught.value).startswith("act_bridge: ")


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (("start", "pin"), ["an_n", 0, 1], "below the floor"),
        (("end", "arm_n"), {"to": [60, 70]}, "out of reach"),
        (("focus",), [{"at": [300, 0], "r": 5}], "out of the frame"),
        (("crop",), [-50, -5, 50, 300], "empty above"),
        (("props",), [{"kind": "wall", "x": [8, 12], "h": 90}], "inside a wall"),
        (("props",), [{"kind": "counter", "at": [4, 0], "h": 50}], "inside a counter"),
        (("props",), [{"kind": "chair", "at": [-8, 0], "h": 55}], "inside a chair"),
    ],
)
def test_the_pose_checker_finds_what_an_eye_would_find(place: tuple[str, ...], value: Any, said: str) -> None:
    data = deepcopy(standing())
    assert problems(figure_from("x", data)) == []
    target = data
    for key in place[:-1]:
        target = target[key]
    target[place[-1]] = value
    if place == ("focus",):
        data["crop"] = [-50, -5, 50, 110]
    assert any(said in problem for problem in problems(figure_from("x", data)))


def test_a_joint_that_does_not_exist_is_named() -> None:
    data = deepcopy(standing()) | {"arrows": [{"from": "tail", "to": [0, 0]}]}
    with pytest.raises(FigureError, match="tail"):
        figure_from("x", data)


@pytest.mark.parametrize("exercise", IDS)
def test_limbs_drawn_by_angle_or_by_reach_keep_their_length(exercise: str) -> None:
    figure = load(exercise)
    for pose in (figure.start, figure.end):
        joints = solve(figure, pose).joints
        for side in ("n", "f"):
            assert distance(joints[f"sh_{side}"], joints[f"el_{side}"]) <= UPPER_ARM * 1.15 + 0.01
            assert distance(joints[f"el_{side}"], joints[f"wr_{side}"]) <= FOREARM * 1.15 + 0.01
            assert distance(joints[f"hp_{side}"], joints[f"kn_{side}"]) <= THIGH * 1.15 + 0.01
            assert distance(joints[f"kn_{side}"], joints[f"an_{side}"]) <= SHIN * 1.15 + 0.01


@given(
    x=st.floats(-40, 40),
    y=st.floats(-40, 40),
    bend=st.sampled_from((-1, 1)),
)
def test_a_reaching_limb_ends_at_its_target_when_it_can(x: float, y: float, bend: int) -> None:
    middle = two_bone((0, 0), (x, y), 20, 19, bend)
    assert distance((0, 0), middle) == pytest.approx(20, abs=1e-6) or distance((0, 0), (x, y)) > 39
    if 1.001 <= distance((0, 0), (x, y)) <= 39:
        assert distance(middle, (x, y)) == pytest.approx(19, abs=1e-3)
