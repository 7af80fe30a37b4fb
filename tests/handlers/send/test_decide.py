"""The decision at the moment of sending: what became true one second before it counts."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from handlers.bookings.reconcile import reconcile
from handlers.clients import contacts
from handlers.context import Context
from handlers.links import LinkPurpose, open_link
from handlers.worker import work
from integrations.base import IntegrationError
from schemas.delivery import Channel, DeliveryStatus
from store import clients
from tests.helpers.answers import fill_in
from tests.helpers.clinic import NOW
from tests.helpers.mailbox import Mailbox
from tests.helpers.readable_scheduler import reading
from tests.helpers.visits import book, only, receive, schedule_of, webhook

SECOND = timedelta(seconds=1)
START = NOW + timedelta(days=7)
Change = Callable[[Context, datetime], None]


def arrives(event: str, **visit: str) -> Change:
    """A webhook comes in."""
    return lambda context, now: receive(context, webhook(event, now, **visit))


def unsubscribes(context: Context, now: datetime) -> None:
    """The client wants no more mails."""
    with context.db.begin() as tx:
        contacts.stop(tx, context, Channel.email, clients.get(tx, only(context).client_id).email, "link", now)


def answers(context: Context, now: datetime) -> None:
    """The client fills in the form."""
    fill_in(context, only(context), now)


@pytest.mark.B3
@pytest.mark.parametrize(
    ("change", "status", "reason"),
    [
        (arrives("cancelled"), "withdrawn", "cancelled"),
        (arrives("no_show"), "withdrawn", "no_show"),
        (arrives("requested", uid="u2", replaces="u1"), "withdrawn", "pending"),
        (unsubscribes, "skipped", "unsubscribed"),
        (answers, "skipped", "answered"),
    ],
)
def test_what_happens_a_second_before_the_request_goes_out_counts(
    context: Context, mailbox: Mailbox, change: Change, status: str, reason: str
) -> None:
    booking = book(context)
    due = schedule_of(context, booking)["intake:0"].due_at
    change(context, due - SECOND)
    work.work_once(context, due)
    work.work_once(context, due + timedelta(hours=1))
    found = schedule_of(context, booking)["intake:0"]
    assert (found.status, found.reason) == (status, reason)
    assert "intake" not in mailbox.kinds()


@pytest.mark.B3
@pytest.mark.parametrize("event", ["cancelled", "no_show"])
def test_what_happens_a_second_before_the_plan_goes_out_counts(
    context: Context, mailbox: Mailbox, event: str
) -> None:
    booking = book(context)
    fill_in(context, booking)
    due = schedule_of(context, booking)["plan:0"].due_at
    receive(context, webhook(event, due - SECOND))
    work.work_once(context, due)
    assert schedule_of(context, booking)["plan:0"].status is DeliveryStatus.withdrawn
    assert "plan" not in mailbox.kinds()


def test_a_move_a_second_before_the_plan_takes_the_plan_along(context: Context, mailbox: Mailbox) -> None:
    booking = book(context)
    fill_in(context, booking)
    due = schedule_of(context, booking)["plan:0"].due_at
    receive(
        context,
        webhook("rescheduled", due - SECOND, uid="u2", replaces="u1", start=START + timedelta(days=3)),
    )
    work.work_once(context, due)
    assert "plan" not in mailbox.kinds()
    work.work_once(context, due + timedelta(days=3))
    assert mailbox.kinds().count("plan") == 1


def test_a_plan_moved_to_an_earlier_day_goes_out_after_that(context: Context, mailbox: Mailbox) -> None:
    booking = book(context)
    fill_in(context, booking)
    earlier = NOW + timedelta(days=2)
    receive(context, webhook("rescheduled", NOW + SECOND, uid="u2", replaces="u1", start=earlier))
    work.work_once(context, earlier + timedelta(hours=1, minutes=29))
    assert "plan" not in mailbox.kinds()
    work.work_once(context, earlier + timedelta(hours=1, minutes=30))
    assert mailbox.kinds().count("plan") == 1


@pytest.mark.B6
def test_reminders_stop_once_the_form_is_done(context: Context, mailbox: Mailbox) -> None:
    booking = book(context)
    work.work_once(context, NOW + timedelta(minutes=1))
    fill_in(context, booking, NOW + timedelta(minutes=5))
    for name in ("intake_reminder:1", "intake_reminder:2"):
        work.work_once(context, schedule_of(context, booking)[name].due_at)
        assert schedule_of(context, booking)[name].reason == "answered"
    assert mailbox.of("intake_reminder") == []


@pytest.mark.B6
def test_two_reminders_go_out_when_nobody_answers(context: Context, mailbox: Mailbox) -> None:
    book(context)
    at = NOW
    while at < START + timedelta(hours=3):
        work.work_once(context, at)
        at += timedelta(hours=1)
    assert mailbox.kinds() == ["intake", "intake_reminder", "intake_reminder"]


def test_after_days_without_a_worker_the_client_is_asked_once(context: Context, mailbox: Mailbox) -> None:
    booking = book(context)
    noon_before = NOW.replace(hour=17) + timedelta(days=6)
    work.work_once(context, noon_before)
    work.work_once(context, noon_before + timedelta(minutes=5))
    assert mailbox.kinds() == ["intake"]
    for name in ("intake_reminder:1", "intake_reminder:2"):
        assert schedule_of(context, booking)[name].reason == "asked_lately"


def test_a_reminder_that_was_late_does_not_go_out_once_the_visit_has_begun(
    context: Context, mailbox: Mailbox
) -> None:
    booking = book(context)
    work.work_once(context, NOW + timedelta(minutes=1))
    work.work_once(context, START)
    assert mailbox.kinds() == ["intake"]
    assert schedule_of(context, booking)["intake_reminder:2"].reason == "visit_started"


def test_a_late_reminder_in_the_night_waits_for_the_morning(context: Context, mailbox: Mailbox) -> None:
    booking = book(context)
    night = NOW.replace(hour=7) + timedelta(days=5)  # two in the morning in New York
    work.work_once(context, night)
    waits = schedule_of(context, booking)["intake_reminder:1"]
    assert (waits.status, waits.reason, waits.attempts) == ("scheduled", "quiet_hours", 0)
    assert waits.due_at == night.replace(hour=14)
    work.work_once(context, waits.due_at)
    assert len(mailbox.of("intake_reminder")) == 1


@pytest.mark.B3
def test_a_booking_whose_end_lies_too_far_back_gets_nothing(context: Context, mailbox: Mailbox) -> None:
    booking = book(context)
    work.work_once(context, START + timedelta(hours=1) + context.clinic.policy.too_late + SECOND)
    assert mailbox.mails == []
    assert schedule_of(context, booking)["intake:0"].reason == "too_late"


def test_the_link_of_a_late_request_is_alive(context: Context, mailbox: Mailbox) -> None:
    booking = book(context, start=NOW - timedelta(minutes=30))
    work.work_once(context, NOW + timedelta(minutes=1))
    text = mailbox.mails[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    token = text.partition("/i/")[2][:32]
    with context.db.read() as tx:
        assert open_link(tx, context, LinkPurpose.intake, token, NOW + timedelta(hours=2)) == booking.id


def test_without_an_address_the_request_is_held_and_says_so(context: Context, mailbox: Mailbox) -> None:
    receive(context, webhook("created", NOW, email=""))
    for minutes in (0, 1):
        work.work_once(context, NOW + timedelta(minutes=minutes))
    held = schedule_of(context, only(context, ""))["intake:0"]
    assert (held.status, held.reason) == ("held", "no_address")


# ---- asking the scheduler once more


def test_a_cancellation_that_no_webhook_told_is_found_before_sending(
    context: Context, mailbox: Mailbox
) -> None:
    ours, scheduler = reading(context)
    booking = book(ours)
    scheduler.cancel("u1")
    work.work_once(ours, NOW + timedelta(minutes=1))
    assert mailbox.mails == []
    assert schedule_of(ours, booking)["intake:0"].reason == "cancelled"


def test_a_booking_that_was_deleted_is_found_before_sending(context: Context, mailbox: Mailbox) -> None:
    ours, scheduler = reading(context)
    book(ours)
    scheduler.delete("u1")
    work.work_once(ours, NOW + timedelta(minutes=1))
    assert mailbox.mails == []
    scheduler.restore("u1")  # the answer was wrong: the next reading brings it back
    reconcile(ours, "main", NOW + timedelta(minutes=2))
    work.work_once(ours, NOW + timedelta(minutes=3))
    assert mailbox.kinds() == ["intake"]


def test_a_move_that_no_webhook_told_is_followed_before_sending(context: Context, mailbox: Mailbox) -> None:
    ours, scheduler = reading(context)
    booking = book(ours)
    scheduler.move("u1", "u2", START + timedelta(days=4))
    scheduler.move("u2", "u3", START + timedelta(days=5))
    work.work_once(ours, NOW + timedelta(minutes=1))
    assert only(ours).start == START + timedelta(days=5)
    assert mailbox.kinds() == ["intake"]
    assert only(ours).id == booking.id


def test_a_scheduler_that_is_silent_delays_and_does_not_stop_a_message(
    context: Context, mailbox: Mailbox
) -> None:
    ours, scheduler = reading(context)
    book(ours)
    scheduler.trouble = IntegrationError("It does not answer.")
    at = NOW + timedelta(minutes=1)
    work.work_once(ours, at)
    assert mailbox.mails == []
    work.work_once(ours, at + timedelta(hours=1))
    work.work_once(ours, at + timedelta(hours=2))
    work.work_once(ours, at + timedelta(hours=3))
    assert mailbox.kinds() == ["intake"]


def test_a_wrong_key_does_not_stop_a_message_at_all(context: Context, mailbox: Mailbox) -> None:
    ours, scheduler = reading(context)
    book(ours)
    scheduler.trouble = IntegrationError("The key is wrong.", permanent=True)
    work.work_once(ours, NOW + timedelta(minutes=1))
    assert mailbox.kinds() == ["intake"]
