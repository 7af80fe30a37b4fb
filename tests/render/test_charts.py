"""The chart of pain and days done: readable on a phone, without colour, and without eyes."""

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from render.charts import Frame, Reading, labelled, progress
from tests.helpers.content import papers

START = date(2026, 11, 2)


def reading(offset: int, pain: int | None, done: int | None = None) -> Reading:
    return Reading(START + timedelta(days=offset), pain, done)


MONTH = [
    reading(0, 7),
    reading(1, 7, 1),
    reading(3, 6, 2),
    reading(7, 5, 3),
    reading(14, 4, 5),
    reading(28, 4, 4),
]
readings = st.lists(
    st.builds(reading, st.integers(0, 400), st.none() | st.integers(0, 10), st.none() | st.integers(0, 7))
)


def drawn(rows: Sequence[Reading], language: str = "en", narrow: bool = False) -> str:
    return progress(rows, papers(language), narrow=narrow)


def texts(svg: str) -> list[str]:
    return [node.text or "" for node in ET.fromstring(svg).iter() if node.tag.endswith("}text")]


def test_the_words_say_what_the_lines_show() -> None:
    root = ET.fromstring(drawn(MONTH))
    words = {node.attrib["id"]: node.text for node in root if "id" in node.attrib}
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-labelledby"].split() == list(words)
    assert words["progress-desc"] == (
        "Pain went from 7 to 4 of 10. Days done in a week went from 1 to 4. From Nov 2 to Nov 30."
    )


def test_activities_are_a_third_line_with_words_and_a_mark_of_its_own() -> None:
    told = [*MONTH, Reading(START, activity=4.0), Reading(START + timedelta(days=28), activity=6.5)]
    for narrow in (False, True):
        svg = drawn(told, narrow=narrow)
        root = ET.fromstring(svg)
        assert "Activities went from 4 to 6.5 of 10." in svg
        assert "Activities (0 to 10)" in texts(svg)
        assert len([node for node in root.iter() if node.tag.endswith("polyline")]) == 3
        ends = [float(node.attrib["y"]) for node in root.iter() if node.attrib.get("font-weight") == "700"]
        assert all(below - above >= 16 for above, below in pairwise(sorted(ends)))


def test_spanish_has_its_own_words() -> None:
    assert "El dolor pasó de 7 a 4 de 10." in drawn(MONTH, language="es")


def test_the_lines_differ_by_dash_and_mark_and_not_by_colour_alone() -> None:
    root = ET.fromstring(drawn(MONTH))
    lines = [node.attrib for node in root.iter() if node.tag.endswith("polyline")]
    assert ["stroke-dasharray" in line for line in lines] == [False, True]
    assert {node.tag.rpartition("}")[2] for node in root.iter()} >= {"circle", "rect"}


def test_a_chart_without_values_is_no_chart() -> None:
    assert drawn([]) == ""
    assert drawn([Reading(START)]) == ""


def test_one_reading_is_enough() -> None:
    assert "Pain was 7 of 10. Nov 2." in drawn([reading(0, 7)])


def test_a_missing_value_leaves_a_gap_and_not_a_zero() -> None:
    svg = drawn([reading(0, 5), reading(7, None, 3), reading(14, 4)])
    line = next(node for node in ET.fromstring(svg).iter() if node.tag.endswith("polyline"))
    assert len(line.attrib["points"].split()) == 2


def test_equal_ends_are_written_apart() -> None:
    root = ET.fromstring(drawn(MONTH))
    ends = [float(node.attrib["y"]) for node in root.iter() if node.attrib.get("font-weight") == "700"]
    assert abs(ends[0] - ends[1]) >= 16


def test_the_narrow_chart_is_drawn_for_a_phone() -> None:
    root = ET.fromstring(drawn(MONTH, narrow=True))
    width = int(root.attrib["viewBox"].split()[2])
    assert width <= 358
    assert int(root.attrib["font-size"]) >= 13


@given(readings)
def test_any_readings_make_a_chart_without_style_or_script_inside_its_frame(rows: list[Reading]) -> None:
    for narrow in (False, True):
        svg = drawn(rows, narrow=narrow)
        if not svg:
            continue
        root = ET.fromstring(svg)
        _, _, width, height = map(float, root.attrib["viewBox"].split())
        for node in root.iter():
            assert "style" not in node.attrib
            assert not node.tag.endswith(("style", "script"))
            assert 0 <= float(node.attrib.get("cx", 0)) <= width
            assert 0 <= float(node.attrib.get("y", 0)) <= height


@given(st.sets(st.integers(0, 300), min_size=1))
def test_at_most_four_dates_are_written_and_none_touch(offsets: set[int]) -> None:
    days = [START + timedelta(days=offset) for offset in sorted(offsets)]
    frame = Frame(340, 264, 13, 62, days[0], (days[-1] - days[0]).days)
    shown = labelled(frame, days)
    assert len(shown) <= 4
    assert {days[0], days[-1]} <= set(shown)
    places = [frame.x(day) for day in shown]
    inner = pairwise(places)
    assert all(right - left >= 13 * 5.6 for left, right in inner) or len(shown) == 2
