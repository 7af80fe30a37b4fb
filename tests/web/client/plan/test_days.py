"""My days: chosen once from the plan's page, taken into a calendar, and said at the top of the page."""

import re
from datetime import UTC, date, datetime, time, timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from handlers.clients import privacy
from handlers.context import Context
from handlers.links import LinkPurpose
from render.calendar import weekly
from schemas.booking import Booking
from schemas.my_days import MyDays
from store import clients, links, my_days
from tests.helpers.phone import Phone, phone

EVERY = [str(day) for day in range(7)]


def chosen(context: Context, booking: Booking) -> MyDays | None:
    """What is kept for the client."""
    with context.db.read() as tx:
        return my_days.of_client(tx, clients.family(tx, booking.client_id))


def test_days_are_chosen_and_changed_by_a_person_alone(
    context: Context, booking: Booking, hers: Phone
) -> None:
    hers.get("/days.ics")
    assert hers.post("/days", {"day": EVERY, "at": "18:30"}, key="").status_code == 403
    assert chosen(context, booking) is None
    for _tap in range(2):
        assert hers.post("/days", {"day": ["4", "0", "0"], "at": "18:30"}).status_code == 303
    assert chosen(context, booking) == MyDays((0, 4), time(18, 30))
    hers.post("/days", {"day": ["2"], "at": "07:05"})
    assert chosen(context, booking) == MyDays((2,), time(7, 5))


@pytest.mark.parametrize(
    "wrong", [{}, {"day": "0"}, {"at": "10:00"}, {"day": ["9", "²", "x"], "at": "10:00"}]
)
def test_without_a_day_or_a_time_nothing_is_kept(
    context: Context, booking: Booking, hers: Phone, wrong: dict[str, str]
) -> None:
    assert "days=missing" in hers.post("/days", wrong).headers["Location"]
    assert chosen(context, booking) is None
    assert "Please choose a day and a time." in hers.get("?days=missing").text


def test_the_page_opens_with_what_is_for_today(context: Context, booking: Booking, hers: Phone) -> None:
    assert "Today: move" not in hers.get().text
    today = datetime.now(context.zone(booking.zone)).weekday()
    hers.post("/days", {"day": [str(today)], "at": "18:30"})
    page = hers.get().text
    assert re.search(r"Today: moves [0-9](, [0-9])*(,? and [0-9])?", page)
    assert "Hoy: ejercicios" in hers.get("?language=es").text
    hers.post("/days", {"day": [str((today + 3) % 7)], "at": "18:30"})
    assert "Today is a day off. Your next day is" in hers.get().text


def test_the_calendar_file_has_the_days_the_time_an_alarm_and_the_link(hers: Phone) -> None:
    assert f'href="{hers.link}/days.ics?language=en">Add to my calendar</a>' in hers.get().text
    hers.post("/days", {"day": ["0", "4"], "at": "18:30"})
    sent = hers.get("/days.ics")
    assert sent.mimetype == "text/calendar"
    text = sent.text.replace("\r\n ", "")
    assert "RRULE:FREQ=WEEKLY;BYDAY=MO,FR;COUNT=24\r\n" in text
    assert re.search(r"DTSTART:[0-9]{8}T183000\r\n", text)
    assert "BEGIN:VALARM" in text
    assert f"URL:https://care.test{hers.link}\r\n" in text


@given(st.text(max_size=300))
def test_any_title_makes_a_calendar_file_of_short_lines(title: str) -> None:
    try:
        title.encode()
    except UnicodeEncodeError:
        return
    now = datetime(2026, 11, 25, tzinfo=UTC)
    made = weekly(
        MyDays((0,), time(9)), "u@x", title, "https://care.test/p/x", 10, datetime(2026, 11, 30, 9), now
    )
    lines = made.split("\r\n")
    assert all(len(line.encode()) <= 75 for line in lines)
    assert sum(line.startswith("BEGIN:") for line in lines) == 3
    assert "\n" not in made.replace("\r\n", "")


def test_days_go_with_the_person_and_are_in_the_export(
    context: Context, booking: Booking, hers: Phone
) -> None:
    hers.post("/days", {"day": ["0"], "at": "18:30"})
    now = datetime.now(UTC)
    out = privacy.export(context, booking.client_id, "me", now)
    assert out is not None
    assert [each["time"] for each in out["my_days"]] == ["18:30"]
    privacy.erase(context, booking.client_id, "me", now)
    assert chosen(context, booking) is None


def test_the_calendar_file_of_any_link_replaces_the_one_before(
    app: Flask, context: Context, booking: Booking, hers: Phone
) -> None:
    first = hers.get("/days.ics").text
    now = datetime.now(UTC)
    with context.db.begin() as tx:
        links.revoke(tx, [LinkPurpose.plan], booking.id, now)
    theirs = phone(app, context, LinkPurpose.plan, booking.id)
    assert theirs.link != hers.link
    theirs.post("/days", {"day": EVERY, "at": "00:00"})
    second = theirs.get("/days.ics").text
    assert re.findall("UID:.*", first) == re.findall("UID:.*", second)
    assert "SEQUENCE:" in first
    start = re.search("DTSTART:([0-9]{8})T000000", second)
    assert start is not None
    today = datetime.now(context.zone(booking.zone)).date()
    assert start[1] == f"{today + timedelta(days=1):%Y%m%d}"  # its time of today is over


@given(
    st.sets(st.integers(0, 6), min_size=1),
    st.lists(st.integers(1, 7), min_size=1, max_size=4),
    st.dates(date(2026, 1, 1), date(2027, 12, 31)),
)
def test_the_next_day_always_has_moves(days: set[int], per_week: list[int], today: date) -> None:
    mine = MyDays(tuple(sorted(days)), time(9))
    found = mine.next_with_moves(per_week, today)
    assert today <= found < today + timedelta(days=7)
    assert mine.moves(per_week, found)
    assert mine.moves(per_week, today) or found > today
