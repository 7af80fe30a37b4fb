"""A restored backup tells nobody anything twice, and brings nobody back."""

from datetime import timedelta

from handlers.clients import privacy
from handlers.context import Context
from handlers.staff import accounts, sessions
from handlers.worker import journal as journals
from handlers.worker import restore, work
from schemas.delivery import DeliveryStatus
from schemas.staff import Role
from store import bookings, clients, staff
from tests.helpers.clinic import NOW
from tests.helpers.mailbox import Mailbox
from tests.helpers.visits import book, receive, schedule_of, webhook

LATER = timedelta(days=3)
BY = "command line"


def test_what_was_due_is_held_after_a_restore_and_waits_for_a_person(
    context: Context, mailbox: Mailbox
) -> None:
    booking = book(context)
    assert restore.hold_overdue(context, BY, NOW + LATER) == 1
    work.work_once(context, NOW + LATER)
    assert mailbox.mails == []
    held = schedule_of(context, booking)["intake:0"]
    assert (held.status, held.reason) == (DeliveryStatus.held, "held_by_person")


def test_what_is_not_due_yet_goes_out_in_its_time(context: Context, mailbox: Mailbox) -> None:
    book(context)
    work.work_once(context, NOW + timedelta(minutes=1))
    assert restore.hold_overdue(context, BY, NOW + timedelta(hours=1)) == 0
    work.work_once(context, NOW + timedelta(days=6, hours=12))
    assert mailbox.kinds()[:2] == ["intake", "intake_reminder"]


def test_a_webhook_that_the_backup_holds_unread_sends_nothing_again(
    context: Context, mailbox: Mailbox
) -> None:
    receive(context, webhook("created", NOW))
    assert restore.hold_overdue(context, BY, NOW + LATER) == 1
    work.work_once(context, NOW + LATER)
    assert mailbox.mails == []


def test_who_was_erased_after_the_backup_is_erased_again(context: Context) -> None:
    """The journal of the lost database, and the same bookings as the backup has them."""
    gone, stays = book(context), book(context, uid="u2", email="bo@example.org", name="Bo")
    journal = [privacy.record_hash(context, "main", "u1", seat_of(context, gone.id))]
    assert restore.erase_again(context, journal, BY, NOW) == 1
    with context.db.read() as tx:
        assert clients.get(tx, gone.client_id).name == ""
        assert clients.get(tx, stays.client_id).name == "Bo"
    assert set(journal) <= set(journals.lines(context))
    assert restore.erase_again(context, journal, BY, NOW) == 0


def test_a_session_of_the_backup_opens_nothing(context: Context) -> None:
    with context.db.begin() as tx:
        made = accounts.add(
            tx, context, "bo@example.org", "Bo", [Role.manager], "four dull grey pebbles", NOW
        )
        who = staff.get(tx, made)
        assert who is not None
        entry = sessions.let_in(tx, context, who, NOW)
    assert restore.end_sessions(context, BY, NOW) == 1
    with context.db.read() as tx:
        assert sessions.current(tx, context, entry.token, NOW) is None


def seat_of(context: Context, booking_id: int) -> str:
    """The seat under which a booking's client is known."""
    with context.db.read() as tx:
        (record,) = bookings.of_booking(tx, booking_id)
    return record.seat
