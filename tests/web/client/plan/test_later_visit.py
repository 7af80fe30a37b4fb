"""Links of a visit whose client has come again since: they lead to, and act on, the plan that counts now."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from handlers.checkins import reminding
from handlers.context import Context
from handlers.links import LinkPurpose
from handlers.worker import work
from schemas.booking import Booking
from schemas.checkin import CheckInKind, Tick
from schemas.plan import PlanStatus
from schemas.reason import Reason
from store import bookings, checkins, my_days, plans
from tests.helpers.answers import fill_in
from tests.helpers.phone import Fields, Phone, checkin_phone, on_screen, phone
from tests.helpers.visits import book, receive, schedule_of, webhook

WORSE = {"fu_symptoms": "none", "pain_avg7": "9", "fu_days_done": "5", "fu_difficulty": "5"}


@pytest.fixture
def visits(context: Context) -> tuple[Booking, Booking]:
    """Two visits of Zoë's, ten days ago and today: the plan of each has gone out."""
    now = datetime.now(UTC)
    first = book(context, now - timedelta(days=12), start=now - timedelta(days=10))
    fill_in(context, first, now - timedelta(days=11))
    work.work_once(context, now - timedelta(days=10) + timedelta(hours=3))
    receive(context, webhook("created", now - timedelta(days=3), uid="u2", start=now - timedelta(hours=2)))
    for hours in (72, 71, 0):
        work.work_once(context, now - timedelta(hours=hours))
    with context.db.read() as tx:
        second = next(each for each in bookings.listing(tx, email="zoe@example.org") if each.id != first.id)
        assert plans.newest(tx, second.id) is not None
    return first, second


def days(context: Context, booking: Booking) -> set[object]:
    """What was ticked of one visit's plan."""
    with context.db.read() as tx:
        return {each.kind for each in checkins.of_booking(tx, booking.id) if isinstance(each.kind, Tick)}


def test_a_day_ticked_by_the_old_link_is_one_day_of_the_plan_that_counts(
    app: Flask, context: Context, visits: tuple[Booking, Booking]
) -> None:
    old, new = (phone(app, context, LinkPurpose.plan, each.id) for each in visits)
    today = datetime.now(context.zone(visits[1].zone)).date()
    old.post("/day", {"effort": "right"})
    assert days(context, visits[0]) == set()
    assert days(context, visits[1]) == {Tick(today)}
    for each in (old, new):
        assert each.get().text.count('<li class="on now">') == 1
    new.post("/go", {"day": "today"})
    assert days(context, visits[1]) == {Tick(today)}


def test_who_ticked_by_any_link_is_not_reminded(
    app: Flask, context: Context, visits: tuple[Booking, Booking]
) -> None:
    old = phone(app, context, LinkPurpose.plan, visits[0].id)
    old.post("/days", {"day": [*"0123456"], "at": "09:00", "way": "email"})
    old.post("/day", {"day": "yesterday"})
    now = datetime.now(UTC)
    with context.db.read() as tx:
        assert my_days.of_client(tx, [visits[0].client_id]) is not None
        day_before = now - timedelta(days=1)
        assert reminding.not_today(tx, context, visits[1], day_before) is Reason.answered
        assert reminding.not_today(tx, context, visits[1], now) is Reason.none


def test_severe_pain_by_the_old_link_pauses_the_plan_that_counts(
    app: Flask, context: Context, visits: tuple[Booking, Booking]
) -> None:
    old, new = (phone(app, context, LinkPurpose.plan, each.id) for each in visits)
    assert 'role="alert"' in old.send("/day", {"pain": "9"}).text
    for each in (old, new):
        assert "Your plan is paused" in each.get().text


def answer(asked: Phone) -> str:
    """Say on the page of a check-in that it is much worse; the page that follows."""
    page = asked.get().text
    assert Fields(page).names
    return asked.send("", on_screen(page, WORSE)).text


def test_a_late_reply_pauses_the_plan_that_counts_and_alerts_once_for_each_visit(
    app: Flask, context: Context, visits: tuple[Booking, Booking]
) -> None:
    first, second = visits
    assert "pause your plan" in answer(checkin_phone(app, context, first, CheckInKind.w1))
    assert "Your plan is paused" in phone(app, context, LinkPurpose.plan, second.id).get().text
    with context.db.read() as tx:
        newest = plans.newest(tx, second.id)
        assert newest is not None
        assert newest.status is PlanStatus.held
    alerts = {name for name in schedule_of(context, second) if name.startswith("alert")}
    assert alerts
    answer(checkin_phone(app, context, second, CheckInKind.w1))
    assert alerts < {name for name in schedule_of(context, second) if name.startswith("alert")}
