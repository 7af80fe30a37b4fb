"""The decision at the moment of sending: what became true one second before it counts."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from handlers import work
from handlers.house import House
from handlers.links import LinkPurpose, open_link
from handlers.reconcile import reconcile
from integrations.base import IntegrationError
from schemas.delivery import DeliveryStatus
from store import clients
from tests.readable import reading
from tests.support import NOW, Mailbox, book, fill_in, only, receive, schedule_of, webhook

SECOND = timedelta(seconds=1)
START = NOW + timedelta(days=7)
Change = Callable[[House, datetime], None]


def arrives(event: str, **visit: str) -> Change:
    """A webhook comes in."""
    return lambda house, now: receive(house, webhook(event, now, **visit))


def unsubscribes(house: House, now: datetime) -> None:
    """The client wants no more mails."""
    with house.db.begin() as tx:
        clients.stop(tx, only(house).client_id, "email", now)


def answers(house: House, now: datetime) -> None:
    """The client fills in the form."""
    fill_in(house, only(house), now)


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
    house: House, mailbox: Mailbox, change: Change, status: str, reason: str
) -> None:
    booking = book(house)
    due = schedule_of(house, booking)["intake:0"].due_at
    change(house, due - SECOND)
    work.work_once(house, due)
    work.work_once(house, due + timedelta(hours=1))
    found = schedule_of(house, booking)["intake:0"]
    assert (found.status, found.reason) == (status, reason)
    assert "intake" not in mailbox.kinds()


@pytest.mark.parametrize("event", ["cancelled", "no_show"])
def test_what_happens_a_second_before_the_plan_goes_out_counts(
    house: House, mailbox: Mailbox, event: str
) -> None:
    booking = book(house)
    fill_in(house, booking)
    due = schedule_of(house, booking)["plan:0"].due_at
    receive(house, webhook(event, due - SECOND))
    work.work_once(house, due)
    assert schedule_of(house, booking)["plan:0"].status is DeliveryStatus.withdrawn
    assert "plan" not in mailbox.kinds()


def test_a_move_a_second_before_the_plan_takes_the_plan_along(house: House, mailbox: Mailbox) -> None:
    booking = book(house)
    fill_in(house, booking)
    due = schedule_of(house, booking)["plan:0"].due_at
    receive(
        house, webhook("rescheduled", due - SECOND, uid="u2", replaces="u1", start=START + timedelta(days=3))
    )
    work.work_once(house, due)
    assert "plan" not in mailbox.kinds()
    work.work_once(house, due + timedelta(days=3))
    assert mailbox.kinds().count("plan") == 1


def test_a_plan_moved_to_an_earlier_day_goes_out_after_that(house: House, mailbox: Mailbox) -> None:
    booking = book(house)
    fill_in(house, booking)
    earlier = NOW + timedelta(days=2)
    receive(house, webhook("rescheduled", NOW + SECOND, uid="u2", replaces="u1", start=earlier))
    work.work_once(house, earlier + timedelta(hours=1, minutes=29))
    assert "plan" not in mailbox.kinds()
    work.work_once(house, earlier + timedelta(hours=1, minutes=30))
    assert mailbox.kinds().count("plan") == 1


def test_reminders_stop_once_the_form_is_done(house: House, mailbox: Mailbox) -> None:
    booking = book(house)
    work.work_once(house, NOW + timedelta(minutes=1))
    fill_in(house, booking, NOW + timedelta(minutes=5))
    for name in ("intake_reminder:1", "intake_reminder:2"):
        work.work_once(house, schedule_of(house, booking)[name].due_at)
        assert schedule_of(house, booking)[name].reason == "answered"
    assert mailbox.of("intake_reminder") == []


def test_two_reminders_go_out_when_nobody_answers(house: House, mailbox: Mailbox) -> None:
    book(house)
    at = NOW
    while at < START + timedelta(hours=3):
        work.work_once(house, at)
        at += timedelta(hours=1)
    assert mailbox.kinds() == ["intake", "intake_reminder", "intake_reminder"]


def test_after_days_without_a_worker_the_client_is_asked_once(house: House, mailbox: Mailbox) -> None:
    booking = book(house)
    noon_before = NOW.replace(hour=17) + timedelta(days=6)
    work.work_once(house, noon_before)
    work.work_once(house, noon_before + timedelta(minutes=5))
    assert mailbox.kinds() == ["intake"]
    for name in ("intake_reminder:1", "intake_reminder:2"):
        assert schedule_of(house, booking)[name].reason == "asked_lately"


def test_a_reminder_that_was_late_does_not_go_out_once_the_visit_has_begun(
    house: House, mailbox: Mailbox
) -> None:
    booking = book(house)
    work.work_once(house, NOW + timedelta(minutes=1))
    work.work_once(house, START)
    assert mailbox.kinds() == ["intake"]
    assert schedule_of(house, booking)["intake_reminder:2"].reason == "visit_started"


def test_a_late_reminder_in_the_night_waits_for_the_morning(house: House, mailbox: Mailbox) -> None:
    booking = book(house)
    night = NOW.replace(hour=7) + timedelta(days=5)  # two in the morning in New York
    work.work_once(house, night)
    waits = schedule_of(house, booking)["intake_reminder:1"]
    assert (waits.status, waits.reason, waits.attempts) == ("scheduled", "quiet_hours", 0)
    assert waits.due_at == night.replace(hour=14)
    work.work_once(house, waits.due_at)
    assert len(mailbox.of("intake_reminder")) == 1


def test_a_booking_whose_end_lies_too_far_back_gets_nothing(house: House, mailbox: Mailbox) -> None:
    booking = book(house)
    work.work_once(house, START + timedelta(hours=1) + house.clinic.policy.too_late + SECOND)
    assert mailbox.mails == []
    assert schedule_of(house, booking)["intake:0"].reason == "too_late"


def test_the_link_of_a_late_request_is_alive(house: House, mailbox: Mailbox) -> None:
    booking = book(house, start=NOW - timedelta(hours=40))
    work.work_once(house, NOW + timedelta(minutes=1))
    text = mailbox.mails[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    token = text.partition("/i/")[2][:32]
    with house.db.read() as tx:
        assert open_link(tx, LinkPurpose.intake, token, NOW + timedelta(hours=2)) == booking.id


def test_without_an_address_the_request_is_held_and_says_so(house: House, mailbox: Mailbox) -> None:
    receive(house, webhook("created", NOW, email=""))
    for minutes in (0, 1):
        work.work_once(house, NOW + timedelta(minutes=minutes))
    held = schedule_of(house, only(house, ""))["intake:0"]
    assert (held.status, held.reason) == ("held", "no_address")


# ---- asking the scheduler once more


def test_a_cancellation_that_no_webhook_told_is_found_before_sending(house: House, mailbox: Mailbox) -> None:
    ours, scheduler = reading(house)
    booking = book(ours)
    scheduler.cancel("u1")
    work.work_once(ours, NOW + timedelta(minutes=1))
    assert mailbox.mails == []
    assert schedule_of(ours, booking)["intake:0"].reason == "cancelled"


def test_a_booking_that_was_deleted_is_found_before_sending(house: House, mailbox: Mailbox) -> None:
    ours, scheduler = reading(house)
    book(ours)
    scheduler.delete("u1")
    work.work_once(ours, NOW + timedelta(minutes=1))
    assert mailbox.mails == []
    scheduler.restore("u1")  # the answer was wrong: the next reading brings it back
    reconcile(ours, "main", NOW + timedelta(minutes=2))
    work.work_once(ours, NOW + timedelta(minutes=3))
    assert mailbox.kinds() == ["intake"]


def test_a_move_that_no_webhook_told_is_followed_before_sending(house: House, mailbox: Mailbox) -> None:
    ours, scheduler = reading(house)
    booking = book(ours)
    scheduler.move("u1", "u2", START + timedelta(days=4))
    scheduler.move("u2", "u3", START + timedelta(days=5))
    work.work_once(ours, NOW + timedelta(minutes=1))
    assert only(ours).start == START + timedelta(days=5)
    assert mailbox.kinds() == ["intake"]
    assert only(ours).id == booking.id


def test_a_scheduler_that_is_silent_delays_and_does_not_stop_a_message(
    house: House, mailbox: Mailbox
) -> None:
    ours, scheduler = reading(house)
    book(ours)
    scheduler.trouble = IntegrationError("It does not answer.")
    at = NOW + timedelta(minutes=1)
    work.work_once(ours, at)
    assert mailbox.mails == []
    work.work_once(ours, at + timedelta(hours=1))
    work.work_once(ours, at + timedelta(hours=2))
    work.work_once(ours, at + timedelta(hours=3))
    assert mailbox.kinds() == ["intake"]


def test_a_wrong_key_does_not_stop_a_message_at_all(house: House, mailbox: Mailbox) -> None:
    ours, scheduler = reading(house)
    book(ours)
    scheduler.trouble = IntegrationError("The key is wrong.", permanent=True)
    work.work_once(ours, NOW + timedelta(minutes=1))
    assert mailbox.kinds() == ["intake"]
