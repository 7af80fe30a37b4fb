"""Calendar files: what every calendar can read, whatever a booking holds."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from render.calendar import Event, published

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def unfolded(text: str) -> list[str]:
    """The lines as a calendar reads them."""
    return text.replace("\r\n ", "").split("\r\n")


def test_a_visit_is_at_its_moment_in_every_zone_across_a_clock_change() -> None:
    zone = ZoneInfo("America/New_York")
    for month, hour in ((7, 19), (12, 20)):
        start = datetime(2026, month, 1, 15, tzinfo=zone)
        lines = unfolded(published([Event("a@b", start, start + timedelta(hours=1), "Visit")], NOW))
        assert f"DTSTART:2026{month:02}01T{hour}0000Z" in lines
        assert f"DTEND:2026{month:02}01T{hour + 1}0000Z" in lines
    assert lines[:2] == ["BEGIN:VCALENDAR", "VERSION:2.0"]
    assert "METHOD:PUBLISH" in lines


def test_a_move_replaces_the_entry_before() -> None:
    first, moved = (
        unfolded(published([Event("a@b", at, at, "Visit")], at)) for at in (NOW, NOW + timedelta(minutes=1))
    )
    assert first[5] == moved[5] == "UID:a@b"
    assert int(moved[6].partition(":")[2]) > int(first[6].partition(":")[2])


@given(st.text(max_size=300), st.text(max_size=300))
def test_no_words_add_a_line_and_every_line_is_short(summary: str, place: str) -> None:
    text = published([Event("a@b", NOW, NOW, summary, place)], NOW)
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    names = [line.partition(":")[0] for line in unfolded(text)]
    assert names.count("SUMMARY") == names.count("UID") == names.count("BEGIN") - 1 == 1
    assert "\n" not in text.replace("\r\n", "")
