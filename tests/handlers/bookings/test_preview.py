"""What would be sent is shown before the first mail leaves, and showing it changes nothing."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from handlers.bookings.preview import preview
from handlers.bookings.reconcile import reconcile
from handlers.context import Context
from handlers.worker import work
from schemas.delivery import DeliveryStatus, Purpose
from store import tables
from tests.handlers.bookings.test_reconcile import row
from tests.handlers.schedule.test_attach import Writable
from tests.helpers.clinic import NOW
from tests.helpers.mailbox import Mailbox
from tests.helpers.readable_scheduler import reading
from tests.helpers.visits import only, schedule_of


def everything(context: Context) -> dict[str, list[Any]]:
    """Every row of every table."""
    with context.db.read() as tx:
        return {
            name: sorted(map(repr, tx.all(sa.select(table))))
            for name, table in tables.metadata.tables.items()
        }


def filled(context: Context) -> Context:
    """A scheduler with bookings of before, of an unknown time, of now, and a visit that is over."""
    ours, scheduler = reading(context)
    scheduler.__class__ = Writable
    assert isinstance(scheduler, Writable)
    scheduler.written = []
    scheduler.rows = {
        "before": row("before", created_at=NOW - timedelta(days=3)),
        "unknown": row("unknown", created_at=None),
        "over": row("over", NOW - timedelta(days=1), created_at=NOW),
        "new": row("new", created_at=NOW),
        "twice": row("twice", NOW + timedelta(days=30), created_at=NOW),
    }
    return ours


@pytest.mark.B3
def test_a_preview_says_what_a_reading_then_does_and_changes_nothing(
    context: Context, mailbox: Mailbox
) -> None:
    ours, at = filled(context), NOW + timedelta(minutes=1)
    before = everything(ours)
    shown = preview(ours, "main", at)
    assert preview(ours, "main", at) == shown, "a second look shows the same"
    assert everything(ours) == before
    assert mailbox.mails == []
    assert (shown.read, shown.earlier, shown.over, shown.failed) == (5, 2, 1, 0)
    reconcile(ours, "main", at)
    with ours.db.read() as tx:
        found = tx.all(sa.select(tables.deliveries).where(tables.deliveries.c.status == "scheduled"))
    assert sorted((each.purpose, each.due_at) for each in found) == sorted(
        (each.purpose, each.due_at) for each in shown.planned
    )
    assert shown.notes == 3
    assert {Purpose.intake, Purpose.plan} <= {each.purpose for each in shown.messages}
    assert preview(ours, "main", at).planned, "what waits already is shown, too"


def test_a_preview_goes_no_further_than_it_is_asked_to(context: Context) -> None:
    shown = preview(filled(context), "main", NOW + timedelta(minutes=1), most=2)
    assert (shown.read, shown.cut) == (2, True)


@pytest.mark.B3
@pytest.mark.parametrize("hours", [1, 24, 47, 72])
def test_a_visit_that_is_over_asks_nothing(context: Context, mailbox: Mailbox, hours: int) -> None:
    ours, scheduler = reading(context)
    state = row(start=NOW - timedelta(hours=hours + 1), created_at=NOW)
    scheduler.rows["u1"] = replace(state, end=NOW - timedelta(hours=hours))
    reconcile(ours, "main", NOW)
    due = [
        each.purpose
        for each in schedule_of(ours, only(ours)).values()
        if each.status is DeliveryStatus.scheduled
    ]
    assert not {Purpose.intake, Purpose.intake_reminder} & set(due)
    work.work_once(ours, NOW + timedelta(days=1))
    assert "intake" not in mailbox.kinds()
