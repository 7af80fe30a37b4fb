"""Reminders on chosen days: only who asked gets them, at their time, and none that is not right just then."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta

import pytest
import sqlalchemy as sa

from handlers.checkins import reminding
from handlers.clients import contacts
from handlers.context import Context
from handlers.worker import work
from schemas.booking import Booking
from schemas.checkin import Tick
from schemas.delivery import Channel, Delivery, DeliveryStatus, Purpose
from schemas.my_days import MyDays
from schemas.plan import PlanStatus
from schemas.reason import Reason
from store import bookings, checkins, clients, my_days, plans
from store.tables import bookings as threads
from tests.helpers.mailbox import Mailbox
from tests.helpers.phone import visited
from tests.helpers.visits import schedule_of

EVERY = tuple(range(7))
NOON = time(12)


@dataclass
class Clinic:
    """A client with a plan, who chose days; the clock is moved by hand."""

    context: Context
    booking: Booking
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def choose(self, way: Channel | None, at: time = NOON, days: tuple[int, ...] = EVERY) -> None:
        """The client saves days."""
        with self.context.db.begin() as tx:
            family = clients.family(tx, self.booking.client_id)
            my_days.keep(tx, family, self.booking.client_id, MyDays(days, at, way), self.now)
            reminding.schedule(tx, self.context, self.booking, self.now)

    def reminders(self, *statuses: str) -> list[Delivery]:
        """Reminders in these states, or all."""
        found = [
            each
            for each in schedule_of(self.context, self.booking).values()
            if each.purpose is Purpose.my_day
        ]
        return [each for each in found if not statuses or each.status in statuses]

    def day(self) -> None:
        """A little after the next reminder is due."""
        (waits,) = self.reminders("scheduled")
        self.now = waits.due_at + timedelta(minutes=1)
        work.work_once(self.context, self.now)


@pytest.fixture
def clinic(context: Context) -> Clinic:
    """Zoë's plan went out an hour after her visit."""
    return Clinic(context, visited(context))


def test_nobody_is_reminded_who_did_not_ask(clinic: Clinic) -> None:
    clinic.choose(None)
    assert clinic.reminders() == []


def test_who_asked_gets_one_mail_a_day_at_their_time(clinic: Clinic, mailbox: Mailbox) -> None:
    clinic.choose(Channel.email)
    for _tap in range(2):
        clinic.choose(Channel.email)
    for sent in (1, 2, 3):
        clinic.day()
        work.work_once(clinic.context, clinic.now)
        assert len(clinic.reminders("sent")) == sent
    zone = clinic.context.zone(clinic.booking.zone)
    (waits,) = clinic.reminders("scheduled")
    assert waits.due_at.astimezone(zone).time() == NOON
    mails = mailbox.of("my_day")
    assert len(mails) == 3
    assert "/go" in str(mails[0].get_body(("plain",)))


def test_a_time_in_the_quiet_hours_waits_for_their_end(clinic: Clinic) -> None:
    clinic.choose(Channel.email, time(3))
    (waits,) = clinic.reminders("scheduled")
    local = waits.due_at.astimezone(clinic.context.zone(clinic.booking.zone))
    assert local.time() == clinic.context.clinic.policy.quiet_until


def test_a_day_that_was_ticked_already_is_not_reminded_of(clinic: Clinic) -> None:
    clinic.choose(Channel.email)
    (waits,) = clinic.reminders("scheduled")
    day = waits.due_at.astimezone(clinic.context.zone(clinic.booking.zone)).date()
    with clinic.context.db.begin() as tx:
        plan = plans.newest(tx, clinic.booking.id)
        assert plan is not None
        checkins.ask(tx, clinic.booking.id, plan.id, Tick(day), clinic.now)
    clinic.day()
    (later,) = clinic.reminders()
    assert (later.status, later.reason) == (DeliveryStatus.scheduled, Reason.answered)
    assert later.due_at > waits.due_at + timedelta(hours=20)
    clinic.day()
    assert len(clinic.reminders("sent")) == 1


def test_a_plan_that_is_held_reminds_of_nothing_until_it_is_out_again(clinic: Clinic) -> None:
    clinic.choose(Channel.email)
    with clinic.context.db.begin() as tx:
        sent = plans.newest(tx, clinic.booking.id)
        assert sent is not None
        held = plans.add(
            tx, clinic.booking.id, clinic.booking.client_id, PlanStatus.held, sent.protocol, sent.origin,
            sent.content, clinic.now,
        )  # fmt: skip
    clinic.day()
    assert [each.reason for each in clinic.reminders()] == [Reason.on_hold]
    with clinic.context.db.begin() as tx:
        plans.sent(tx, held.id, clinic.now)
    clinic.day()
    assert len(clinic.reminders("sent")) == 1


@pytest.mark.parametrize("end", ["choice", "refused", "weeks", "other_way"])
def test_they_end(clinic: Clinic, end: str) -> None:
    clinic.choose(Channel.email)
    clinic.day()
    if end == "choice":
        clinic.choose(None)
    elif end == "other_way":
        clinic.choose(Channel.sms)
    elif end == "refused":
        with clinic.context.db.begin() as tx:
            contacts.stop(tx, clinic.context, Channel.email, "zoe@example.org", "page", clinic.now)
        clinic.day()
    else:
        clinic.now += timedelta(weeks=12)
        work.work_once(clinic.context, clinic.now)
    email = [each for each in clinic.reminders() if each.channel is Channel.email]
    assert [each.status for each in email] == [
        DeliveryStatus.sent,
        DeliveryStatus.withdrawn if end in ("choice", "other_way") else DeliveryStatus.skipped,
    ]


def test_a_visit_that_turns_out_cancelled_ends_them(clinic: Clinic) -> None:
    clinic.choose(Channel.email)
    with clinic.context.db.begin() as tx:
        found = bookings.get(tx, clinic.booking.id)
        assert found is not None
        tx.run(sa.update(threads).where(threads.c.id == found.id).values(status="cancelled"))
    clinic.day()
    assert [each.status for each in clinic.reminders()] == [DeliveryStatus.skipped]
