"""A clock that ran ahead and was set right leaves nothing waiting for the day that it said."""

from datetime import datetime, timedelta

import pytest

from handlers.bookings import inbox
from handlers.context import Context
from handlers.schedule import alerts
from handlers.send import outbox
from handlers.worker import ahead, work
from handlers.worker.clock import Clock
from schemas.delivery import Channel, Delivery, DeliveryStatus, Purpose
from store import deliveries
from store.deliveries import Share
from store.views.newest import newest
from tests.helpers.clinic import NOW
from tests.helpers.mailbox import Mailbox
from tests.helpers.visits import book, only, receive, webhook

SOON = timedelta(minutes=1)
ADDRESS = "zoe@example.org"
AHEAD = pytest.mark.parametrize("by", [timedelta(minutes=10), timedelta(days=1), timedelta(days=400)])
STARTS = pytest.mark.parametrize("start", [timedelta(hours=20), timedelta(hours=30), timedelta(days=7)])


def _schedule(context: Context) -> list[Delivery]:
    with context.db.read() as tx:
        return deliveries.of_booking(tx, only(context, ADDRESS).id)


def _dues(context: Context) -> dict[str, datetime]:
    return {str(each.key): each.due_at for each in _schedule(context)}


@AHEAD
@STARTS
@pytest.mark.parametrize("taken_in", [True, False])
def test_a_booking_by_a_clock_ahead_is_asked_about_as_any_other(
    context: Context, mailbox: Mailbox, by: timedelta, start: timedelta, taken_in: bool
) -> None:
    receive(context, webhook("created", NOW, start=NOW + start), now=NOW + by)
    if taken_in:
        inbox.work(context, NOW + by)
    ahead.mend(context, NOW)
    work.work_once(context, NOW)
    work.work_once(context, NOW + SOON)
    assert mailbox.kinds() == ["intake"]
    found = _dues(context)
    assert all(due < NOW + start + timedelta(days=1) for due in found.values())
    assert any("plan" in key for key in found)


@AHEAD
@pytest.mark.parametrize("sent", [True, False])
def test_an_alert_and_its_next_step_wait_for_no_other_day(
    context: Context, mailbox: Mailbox, by: timedelta, sent: bool
) -> None:
    visit = book(context)
    with context.db.begin() as tx:
        alerts.at_once(tx, visit.id, "RF03", NOW + by)
    if sent:
        outbox.work(context, NOW + by, Share((Purpose.alert,), (Channel.email,)))
    ahead.mend(context, NOW)
    outbox.work(context, NOW, Share((Purpose.alert,)))
    assert mailbox.kinds() == ["alert"]
    waits = [each for each in _schedule(context) if each.status is DeliveryStatus.scheduled]
    assert [each.due_at for each in waits if each.purpose is Purpose.alert] == [NOW + timedelta(hours=2)]


def test_what_a_right_clock_has_scheduled_stays_as_it_is(context: Context) -> None:
    book(context)
    before = _dues(context)
    for minutes in (0, 4, 90):
        ahead.mend(context, NOW + timedelta(minutes=minutes))
        assert _dues(context) == before


def test_a_worker_that_starts_after_it_trusts_its_clock(context: Context) -> None:
    receive(context, webhook("created", NOW), now=NOW + timedelta(days=1))
    ahead.mend(context, NOW)
    with context.db.read() as tx:
        clock = Clock(newest(tx), wall=NOW.timestamp, steady=lambda: 5.0)
    assert clock.trusted
