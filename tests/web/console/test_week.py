"""The week: the visits of seven days of the clinic's calendar, each under its own day."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from handlers.context import Context
from schemas.staff import Role
from store import audit
from tests.helpers.console import BASE, account, answer, sign_in, visit

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
NEW_YORK = "America/New_York"


def shown(client: FlaskClient, url: str) -> str:
    answered = client.get(url, base_url=BASE)
    assert answered.status_code == 200, url
    return unescape(answered.text)


def by_day(page: str) -> dict[str, str]:
    """The words of each day's part of the page, by its ISO date."""
    parts = re.findall(r'<h2 id="d([\d-]+)">(.*?)</section>', page, re.DOTALL)
    return {day: " ".join(re.sub(r"<[^>]+>", " ", text).split()) for day, text in parts}


def at(context: Context, day: str, hour: int, minute: int = 0, *, fold: int = 0, zone: str = "") -> datetime:
    wall = datetime.fromisoformat(day).replace(hour=hour, minute=minute, fold=fold)
    return wall.replace(tzinfo=ZoneInfo(zone or context.clinic.zone)).astimezone(UTC)


def come(context: Context, name: str, start: datetime, **more: str) -> int:
    slug = name.lower().replace(" ", "")
    email = f"{slug}@example.org"
    return visit(context, slug, start=start, now=start - timedelta(days=3), name=name, email=email, **more)


def in_zone(app: Flask, zone: str) -> Context:
    found: Context = app.extensions["aftercare"]
    app.extensions["aftercare"] = replace(found, clinic=replace(found.clinic, zone=zone))
    made: Context = app.extensions["aftercare"]
    return made


@pytest.mark.parametrize(
    ("zone", "sunday"),
    [
        (NEW_YORK, "2026-03-08"),  # an hour less
        (NEW_YORK, "2026-11-01"),  # an hour more
        ("Europe/Berlin", "2026-03-29"),
        ("Europe/Berlin", "2026-10-25"),
        ("America/Santiago", "2026-09-06"),  # has no midnight
        ("America/Havana", "2026-11-01"),  # has it twice
        ("Australia/Lord_Howe", "2026-04-05"),  # half an hour
        ("Asia/Kathmandu", "2026-03-08"),  # no change at all
    ],
)
def test_a_visit_stands_on_the_day_of_the_clinics_wall_when_the_clocks_change(
    app: Flask, context: Context, zone: str, sunday: str
) -> None:
    here = in_zone(app, zone)
    last = date.fromisoformat(sunday)
    monday, next_monday = last - timedelta(days=6), last + timedelta(days=1)
    come(here, "Before It", at(here, str(monday - timedelta(days=1)), 23, 59))
    come(here, "First One", at(here, str(monday), 0))
    come(here, "Early Sunday", at(here, sunday, 3, 30))
    come(here, "Late Sunday", at(here, sunday, 23, 59))
    come(here, "After It", at(here, str(next_monday), 0))
    client = sign_in(app)
    this = by_day(shown(client, f"/console/week/{sunday}"))
    assert list(this) == [str(monday + timedelta(days=n)) for n in range(7)]
    assert "12:00 AM First One" in this[str(monday)]
    assert "3:30 AM Early Sunday" in this[sunday]
    assert "11:59 PM Late Sunday" in this[sunday]
    assert not re.search("Before It|After It", str(this))
    after = by_day(shown(client, f"/console/week/{next_monday}"))
    assert "12:00 AM After It" in after[str(next_monday)]
    assert "Late Sunday" not in str(after)


def test_a_visit_at_midnight_belongs_to_the_day_that_begins(context: Context, client: FlaskClient) -> None:
    come(context, "Mid Night", at(context, "2026-11-25", 0))
    found = by_day(shown(client, "/console/week/2026-11-25"))
    assert [day for day, words in found.items() if "Mid Night" in words] == ["2026-11-25"]


def test_an_empty_week_says_so_of_every_day(context: Context, client: FlaskClient) -> None:
    found = by_day(shown(client, "/console/week/2031-01-08"))
    assert len(found) == 7
    assert all(words.endswith("No visits") for words in found.values())


@pytest.mark.parametrize(
    ("day", "heading"),
    [
        ("2026-12-31", "Week 53 , Dec 28, 2026 – Jan 3, 2027"),
        ("2027-01-03", "Week 53 , Dec 28, 2026 – Jan 3, 2027"),
        ("2027-01-04", "Week 1 , Jan 4 – Jan 10, 2027"),
        ("2025-12-29", "Week 1 , Dec 29, 2025 – Jan 4, 2026"),
        ("2026-11-26", "Week 48 , Nov 23 – Nov 29, 2026"),
    ],
)
def test_a_week_is_named_as_iso_8601_counts_them(client: FlaskClient, day: str, heading: str) -> None:
    page = shown(client, f"/console/week/{day}")
    found = re.search(r"<h1>(.*?)</h1>", page, re.DOTALL)
    assert found is not None
    assert " ".join(re.sub(r"<[^>]+>", " ", found[1]).split()) == heading


def test_the_year_change_loses_nobody(context: Context, client: FlaskClient) -> None:
    come(context, "Syl Vester", at(context, "2026-12-31", 9))
    come(context, "Nia Year", at(context, "2027-01-01", 9))
    found = by_day(shown(client, "/console/week/2027-01-02"))
    assert "Syl Vester" in found["2026-12-31"]
    assert "Nia Year" in found["2027-01-01"]


def test_one_practitioners_week_keeps_to_them_on_every_way_out(context: Context, client: FlaskClient) -> None:
    come(context, "Ann Bee", at(context, "2026-11-24", 9))
    come(context, "Tom Ray", at(context, "2026-11-24", 10), practitioner="Bo Quinn")
    both = shown(client, "/console/week/2026-11-24")
    assert re.search(r"Ann Bee.*Tom Ray", str(by_day(both)))
    assert re.search("<option>Bo Quinn</option>", both)
    page = shown(client, "/console/week/2026-11-24?practitioner=Bo+Quinn")
    assert "Tom Ray" in by_day(page)["2026-11-24"]
    assert "Ann Bee" not in str(by_day(page))
    for way in ("week/2026-11-16", "week/2026-11-30", "days/2026-11-24", "days/2026-11-29"):
        assert f'href="/console/{way}?practitioner=Bo+Quinn"' in page, way
    day = shown(client, "/console/days/2026-11-24?practitioner=Bo+Quinn")
    assert 'href="/console/week/2026-11-24?practitioner=Bo+Quinn"' in day
    without = shown(client, "/console/week/2026-11-16?practitioner=Bo+Quinn")
    assert "<option selected>Bo Quinn</option>" in without, "who has no visit that week is still the filter"


def test_the_week_and_the_day_say_the_same_of_a_visit(context: Context, client: FlaskClient) -> None:
    start = at(context, "2026-11-24", 9)
    number = come(context, "Ann Bee", start)
    answer(context, number, start - timedelta(days=1), med_blood_thinner="yes", pain_now="9")
    come(context, "Tom Ray", at(context, "2026-11-24", 10))
    tags = re.compile(r'<span class="tag \w+">([^<]+)</span>')
    day, week = (tags.findall(shown(client, f"/console/{page}/2026-11-24")) for page in ("days", "week"))
    assert len(day) >= 5
    assert week == day
    assert f'href="/console/bookings/{number}"' in shown(client, "/console/week/2026-11-24")


def test_who_only_receives_sees_who_comes_and_no_flag(app: Flask, context: Context) -> None:
    start = at(context, "2026-11-24", 9)
    number = come(context, "Ann Bee", start)
    answer(context, number, start - timedelta(days=1), rf_saddle="yes")
    account(context, "desk@handsofstone.example", "Desk", (Role.front_desk,))
    page = shown(sign_in(app, "desk@handsofstone.example"), "/console/week/2026-11-24")
    assert "Ann Bee" in page
    assert "Stop" not in str(by_day(page))
    assert "grave" not in page
    assert f"/console/bookings/{number}" not in page
    assert f'href="/console/outbox?booking={number}"' in page


@pytest.mark.parametrize("day", ["x", "2026-02-30", "0001-01-01", "9999-12-31", "2000-01-02", "2099-12-31"])
def test_a_day_that_is_none_shows_a_week_all_the_same(client: FlaskClient, day: str) -> None:
    assert len(by_day(shown(client, f"/console/week/{day}"))) == 7


def test_a_look_at_a_week_is_in_the_log(context: Context, client: FlaskClient) -> None:
    shown(client, "/console/week/2026-11-26")
    with context.db.read() as tx:
        (found,) = audit.log(tx, action="view_week")
    assert found.subject == "week:2026-11-23"


def test_a_full_week_takes_as_many_statements_as_an_empty_one(context: Context, client: FlaskClient) -> None:
    for hour, name in enumerate(("Ann", "Bea", "Cleo", "Dora", "Eve", "Finn", "Gus", "Hana"), 8):
        come(context, f"{name} Vine", at(context, "2026-11-24", hour))
    sent: list[str] = []
    sa.event.listen(
        context.db.engine,
        "before_cursor_execute",
        lambda _c, _cursor, statement, *_more: sent.append(statement),
    )
    shown(client, "/console/week/2031-01-06")
    empty = len(sent)
    sent.clear()
    shown(client, "/console/week/2026-11-24")
    assert len(sent) <= empty + 3, "what stands beside the visits: flags, messages, drafts"
