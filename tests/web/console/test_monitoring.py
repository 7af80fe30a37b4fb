"""The remote monitoring sheet: off by default; days, minutes and contacts, each with its source."""

import csv
import io
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from handlers.checkins import monitoring
from handlers.clients import privacy
from handlers.context import Context
from handlers.worker import work
from render.language import readable
from schemas.checkin import Tick
from schemas.monitoring import LONGEST, Line, Look, Sheet, What
from schemas.staff import Role
from store import bookings, checkins, deliveries, looks, plans
from tests.helpers.clinic import NOW
from tests.helpers.console import BASE, account, answer, post, sign_in, visit

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
FIRST = date(2026, 11, 1)
PAGE = "/console/clients/1/monitoring"


@pytest.fixture
def on(context: Context) -> Context:
    """The clinic wants the sheet, and there is a client with a plan."""
    clinic = context.clinic
    object.__setattr__(clinic, "policy", replace(clinic.policy, monitoring_sheet=True))
    answer(context, visit(context))
    work.work_once(context, NOW)
    return context


def tick(context: Context, day: date) -> None:
    with context.db.begin() as tx:
        plan = plans.newest(tx, 1)
        assert plan is not None
        asked = checkins.ask(tx, 1, plan.id, Tick(day), NOW)
        checkins.answer(tx, asked.id, {}, "", NOW)


def table(client: FlaskClient, first: str) -> list[list[str]]:
    text = client.get(f"{PAGE}.csv?from={first}", base_url=BASE).get_data(as_text=True)
    return list(csv.reader(io.StringIO(text)))


@BOTH
def test_it_is_off_until_the_clinic_wants_it(context: Context, client: FlaskClient) -> None:
    visit(context)
    assert "Start the timer" not in client.get("/console/clients/1", base_url=BASE).text
    for path in (PAGE, f"{PAGE}.csv", f"{PAGE}.pdf"):
        assert client.get(path, base_url=BASE).status_code == 404
    assert post(client, "/console/clients/1/timer/start").status_code == 404


@BOTH
def test_days_minutes_and_contacts_are_counted_each_with_its_source(on: Context, client: FlaskClient) -> None:
    today = NOW.astimezone(on.zone()).date()
    for back in (1, 1, 3, 40):
        tick(on, today - timedelta(days=back))
    with on.db.begin() as tx:
        for begun, minutes in ((60, 5), (40, 7)):
            looks.start(tx, 1, 1, "Mara Field", NOW - timedelta(minutes=begun))
            looks.stop(tx, 1, NOW - timedelta(minutes=begun - minutes))
        looks.start(tx, 1, 1, "Mara Field", NOW - timedelta(hours=9))
        looks.stop(tx, 1, NOW)
    with on.db.read() as tx:
        found = monitoring.sheet(tx, on, 1, today - timedelta(days=29), NOW)
    assert {line.source for line in found.lines} >= {"tick", "form", "timer", "forgotten", "visit"}
    assert found.minutes == 12
    ticked = {line.day for line in found.lines if line.source == "tick"}
    assert ticked == {today - timedelta(days=1), today - timedelta(days=3)}
    rows = table(client, (today - timedelta(days=29)).isoformat())
    assert ["Minutes of review", "12"] in rows
    assert ["Days with data", str(found.days)] in rows
    assert sum(row[2:3] == ["Review"] for row in rows) == 3
    paper = client.get(f"{PAGE}.pdf?from={today - timedelta(days=29)}", base_url=BASE)
    assert paper.data.startswith(b"%PDF")
    page = client.get(PAGE, base_url=BASE).text
    assert "Zoë" in page
    assert readable.full_date(today - timedelta(days=3)) in page
    assert not re.search(r">\s*20\d\d-\d\d-\d\d\s*<", page)
    assert (today - timedelta(days=3)).isoformat() in {row[0] for row in rows if row}, "a table for machines"


@BOTH
def test_a_day_ticked_on_a_later_one_has_no_time_of_day(on: Context, client: FlaskClient) -> None:
    today = NOW.astimezone(on.zone()).date()
    for back in (0, 1):
        tick(on, today - timedelta(days=back))
    rows = table(client, (today - timedelta(days=9)).isoformat())
    times = {row[0]: row[1] for row in rows if row[3:4] == ["day that the client ticked"]}
    assert times == {str(today): "4:00 AM", str(today - timedelta(days=1)): ""}


@BOTH
def test_a_timer_is_started_and_stopped_on_the_page_and_one_runs_at_most(
    on: Context, client: FlaskClient
) -> None:
    visit(on, "u2", email="other@example.org", name="Ann Lee")
    for number in ("1", "2"):
        post(client, f"/console/clients/{number}/timer/start", f"/console/clients/{number}")
    assert "Start the timer" in client.get("/console/clients/1", base_url=BASE).text
    assert "Stop the timer" in client.get("/console/clients/2", base_url=BASE).text
    post(client, "/console/clients/2/timer/stop", "/console/clients/2")
    with on.db.read() as tx:
        assert len(looks.of_client(tx, [1])) == len(looks.of_client(tx, [2])) == 1
    privacy.erase(on, 1, "Mara Field", datetime.now(UTC))
    with on.db.read() as tx:
        assert looks.of_client(tx, [1]) == []
        assert tx.value(sa.text("select count(*) from looks")) == 1


@BOTH
@pytest.mark.parametrize("act", ["stop of another client's", "start of what runs"])
def test_a_button_of_an_old_page_ends_no_timer_that_runs(on: Context, client: FlaskClient, act: str) -> None:
    visit(on, "u2", email="other@example.org", name="Ann Lee")
    post(client, "/console/clients/2/timer/start", "/console/clients/2")
    stale = "/console/clients/1/timer/stop" if act.startswith("stop") else "/console/clients/2/timer/start"
    assert post(client, stale, "/console/account").status_code == 303
    with on.db.read() as tx:
        assert looks.running(tx, 1, [2])
        assert looks.of_client(tx, [2]) == []


@BOTH
def test_what_went_to_who_was_to_come_before_is_no_contact_of_who_comes_now(
    context: Context, client: FlaskClient
) -> None:
    object.__setattr__(context.clinic, "policy", replace(context.clinic.policy, monitoring_sheet=True))
    start = NOW + timedelta(days=2)
    number = visit(context, start=start, now=NOW - timedelta(days=1))
    work.work_once(context, NOW)
    visit(context, start=start, now=NOW, name="Ulf Berg", email="ulf@example.org")
    with context.db.begin() as tx:
        found = bookings.get(tx, number)
        assert found is not None
        assert found.client_id != 1
        made = monitoring.sheet(tx, context, found.client_id, NOW.date() - timedelta(days=15), NOW)
        assert [one for one in made.lines if one.source == "message"] == []
        assert any(one.status == "sent" for one in deliveries.of_booking(tx, number))
    page = client.get(f"/console/clients/{found.client_id}", base_url=BASE).get_data(as_text=True)
    assert "<td" not in page or page.count("Message</") == 0


@BOTH
def test_the_front_desk_sees_none_of_it(app: Flask, on: Context) -> None:
    account(on, "desk@handsofstone.example", "Desi Low", (Role.front_desk, Role.manager))
    desk = sign_in(app, "desk@handsofstone.example")
    assert "timer" not in desk.get("/console/clients/1", base_url=BASE).text
    assert desk.get(PAGE, base_url=BASE).status_code == 403
    assert post(desk, "/console/clients/1/timer/start", "/console/clients/1").status_code == 403


@given(st.integers(0, 3 * 60 * 60))
def test_a_timer_counts_whole_minutes_and_nothing_once_it_was_forgotten(seconds: int) -> None:
    one = Look("Mara", NOW, NOW + timedelta(seconds=seconds))
    assert one.minutes == (seconds // 60 if timedelta(seconds=seconds) <= LONGEST else 0)
    assert one.forgotten == (one.minutes == 0 and seconds > LONGEST.total_seconds())


@given(st.lists(st.tuples(st.integers(0, 29), st.sampled_from(What)), max_size=40))
def test_a_day_counts_once_whatever_came_in_on_it(given_lines: list[tuple[int, What]]) -> None:
    lines = tuple(Line(FIRST + timedelta(days=n), None, what, "tick") for n, what in given_lines)
    found = Sheet(FIRST, lines)
    assert found.days == len({n for n, what in given_lines if what is What.data}) <= 30
    assert found.contacts == sum(what is What.contact for _n, what in given_lines)
