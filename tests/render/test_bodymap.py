"""The body map covers every place, can be tapped on a phone, and is only a picture to a screen reader."""

import tomllib
import xml.etree.ElementTree as ET
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from render.body.bodymap import BodyView, drawn, regions, svg
from render.body.shapes import HEIGHT, WIDTH, Points

PHONE = 390 - 2 * 16
"""CSS pixels that a 390 pixel wide phone leaves between the page's margins."""
CONTENT = Path(__file__).parents[2] / "content"


def inside(x: float, y: float, points: Points) -> bool:
    """Whether a point lies in a polygon (even-odd rule)."""
    hit = False
    for (x1, y1), (x2, y2) in zip(points, points[1:] + points[:1], strict=True):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            hit = not hit
    return hit


def pixels_of(points: Points) -> set[tuple[int, int]]:
    """The CSS pixels of a phone that a place covers within the picture."""
    scale = PHONE / WIDTH
    xs, ys = zip(*points, strict=True)
    columns = range(max(0, int(min(xs) * scale)), int(min(max(xs), WIDTH) * scale) + 1)
    rows = range(max(0, int(min(ys) * scale)), int(min(max(ys), HEIGHT) * scale) + 1)
    return {(x, y) for x in columns for y in rows if inside((x + 0.5) / scale, (y + 0.5) / scale, points)}


@cache
def touched(view: BodyView) -> dict[tuple[int, int], str]:
    """The place that each CSS pixel of a phone belongs to: of several, the one drawn last."""
    return {pixel: region.id for region in drawn(view) for pixel in pixels_of(region.points)}


def has_square(pixels: set[tuple[int, int]], side: int) -> bool:
    """Whether a whole square of `side` pixels fits in."""
    size: dict[tuple[int, int], int] = {}
    for x, y in sorted(pixels):
        size[x, y] = 1 + min(size.get(at, 0) for at in ((x - 1, y), (x, y - 1), (x - 1, y - 1)))
    return max(size.values()) >= side


@pytest.mark.parametrize("view", list(BodyView))
def test_every_place_has_room_for_a_finger_on_a_phone(view: BodyView) -> None:
    pixels: dict[str, set[tuple[int, int]]] = {}
    for pixel, region in touched(view).items():
        pixels.setdefault(region, set()).add(pixel)
    assert set(pixels) == {region.id for region in drawn(view)}
    small = {name: len(found) for name, found in pixels.items() if not has_square(found, 24)}
    assert not small


@pytest.mark.parametrize("view", list(BodyView))
def test_no_two_places_share_a_pixel(view: BodyView) -> None:
    alone = sum(len(pixels_of(region.points)) for region in drawn(view))
    assert alone - len(touched(view)) < 0.01 * alone


def test_the_drawing_has_a_shape_for_every_place_of_the_content() -> None:
    listed = tomllib.loads((CONTENT / "regions.toml").read_text(encoding="utf-8"))["region"]
    expected = {(row["id"] + end, row["view"]) for row in listed for end in _ends(row["sides"])}
    shown = [(region.id, view.value) for view in BodyView for region in regions(view)]
    assert set(shown) == expected
    assert len(shown) == len(expected)


def _ends(sides: bool) -> tuple[str, ...]:
    return ("_l", "_r") if sides else ("",)


def test_left_is_the_left_of_the_body_in_both_views() -> None:
    def middle(view: BodyView, name: str) -> float:
        points = next(region.points for region in regions(view) if region.id == name)
        return sum(x for x, _ in points) / len(points)

    assert middle(BodyView.FRONT, "knee_front_l") > WIDTH / 2 > middle(BodyView.FRONT, "knee_front_r")
    assert middle(BodyView.BACK, "calf_l") < WIDTH / 2 < middle(BodyView.BACK, "calf_r")


def test_the_drawing_is_hidden_from_screen_readers_and_carries_no_style_or_script() -> None:
    drawing = svg(BodyView.FRONT, ["jaw_l"], interactive=True)
    root = ET.fromstring(drawing)
    assert root.attrib["aria-hidden"] == "true"
    for node in root.iter():
        assert not node.tag.endswith(("style", "script"))
        assert not [name for name in node.attrib if name == "style" or name.startswith("on")]


def test_each_place_to_tap_names_its_check_box_once() -> None:
    root = ET.fromstring(svg(BodyView.BACK, interactive=True))
    named = Counter(node.attrib["data-for"] for node in root.iter() if "data-for" in node.attrib)
    assert named == Counter(region.id for region in drawn(BodyView.BACK))
    assert named["wrist_hand_l"] == 1


def test_the_picture_for_paper_has_no_places_to_tap() -> None:
    assert "body-hit" not in svg(BodyView.BACK, interactive=False)


def test_chosen_places_are_filled_and_the_main_one_stands_out() -> None:
    root = ET.fromstring(svg(BodyView.BACK, ["calf_l"], interactive=False, main="low_back_r"))
    fills = {node.attrib["data-region"]: node.attrib for node in root.iter() if "data-region" in node.attrib}
    filled = {name for name, values in fills.items() if values["fill"] != "none"}
    assert filled == {"calf_l", "low_back_r"}
    assert fills["calf_l"]["fill"] != fills["low_back_r"]["fill"]
    assert fills["low_back_r"]["class"] == "body-region on main"


def test_the_sides_are_named_from_the_body() -> None:
    front = svg(BodyView.FRONT, interactive=False, sides=("Left", "Right"))
    assert front.index("Right") < front.index("Left")
    back = svg(BodyView.BACK, interactive=False, sides=("Left", "Right"))
    assert back.index("Left") < back.index("Right")
