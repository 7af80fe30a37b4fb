"""A restored backup tells nobody anything twice, and brings nobody back."""

from datetime import timedelta

from handlers import privacy, restore, work
from handlers.house import House
from schemas.delivery import DeliveryStatus
from store import bookings, clients
from tests.support import NOW, Mailbox, book, receive, schedule_of, webhook

LATER = timedelta(days=3)
BY = "command line"


def test_what_was_due_is_held_after_a_restore_and_waits_for_a_person(house: House, mailbox: Mailbox) -> None:
    booking = book(house)
    assert restore.hold_overdue(house, BY, NOW + LATER) == 1
    work.work_once(house, NOW + LATER)
    assert mailbox.mails == []
    held = schedule_of(house, booking)["intake:0"]
    assert (held.status, held.reason) == (DeliveryStatus.held, "held_by_person")


def test_what_is_not_due_yet_goes_out_in_its_time(house: House, mailbox: Mailbox) -> None:
    book(house)
    work.work_once(house, NOW + timedelta(minutes=1))
    assert restore.hold_overdue(house, BY, NOW + timedelta(hours=1)) == 0
    work.work_once(house, NOW + timedelta(days=6, hours=12))
    assert mailbox.kinds()[:2] == ["intake", "intake_reminder"]


def test_a_webhook_that_the_backup_holds_unread_sends_nothing_again(house: House, mailbox: Mailbox) -> None:
    receive(house, webhook("created", NOW))
    assert restore.hold_overdue(house, BY, NOW + LATER) == 1
    work.work_once(house, NOW + LATER)
    assert mailbox.mails == []


def test_who_was_erased_after_the_backup_is_erased_again(house: House) -> None:
    """The journal of the lost database, and the same bookings as the backup has them."""
    gone, stays = book(house), book(house, uid="u2", email="bo@example.org", name="Bo")
    journal = [privacy.record_hash(house, "main", "u1", seat_of(house, gone.id))]
    assert restore.erase_again(house, journal, BY, NOW) == 1
    with house.db.read() as tx:
        assert clients.get(tx, gone.client_id).name == ""
        assert clients.get(tx, stays.client_id).name == "Bo"
    assert restore.journal(house) == journal
    assert restore.erase_again(house, journal, BY, NOW) == 0


def seat_of(house: House, booking_id: int) -> str:
    """The seat under which a booking's client is known."""
    with house.db.read() as tx:
        (record,) = bookings.of_booking(tx, booking_id)
    return record.seat
