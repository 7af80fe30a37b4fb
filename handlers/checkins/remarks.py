"""What a client wrote in a check-in, answered in one line on the page; the mail holds no word of it."""

from datetime import datetime, timedelta

from handlers.schedule import recipients
from schemas.delivery import Delivery, DeliveryStatus, Due, Purpose
from schemas.reason import Reason
from schemas.remark import Remark
from store import audit, bookings, clients, deliveries, remarks
from store.base import Tx

BUNDLED = timedelta(minutes=5)
"""Answers to one client within this time go out with one mail, and can be taken back until then."""
LONGEST = 200
SHOWN = 5


def answer(tx: Tx, remark_id: int, line: str, by: str, now: datetime) -> bool:
    """Answer one; it can be read, and is mailed about, some minutes later. False where somebody was first."""
    found = remarks.get(tx, remark_id)
    booking = bookings.get(tx, found.booking_id) if found else None
    if found is None or booking is None:
        return False
    under_way = _waiting(tx, booking.id)
    leaves_at = under_way.due_at if under_way and under_way.due_at > now else now + BUNDLED
    if not remarks.settle(tx, remark_id, by, now, line, leaves_at):
        return False
    if under_way is None:
        made = [each for each in deliveries.of_booking(tx, booking.id) if each.purpose is Purpose.answer]
        key = recipients.to_client(tx, booking, Purpose.answer, len(made) + 1)
        deliveries.schedule(tx, Due(key, leaves_at), now)
    audit.add(tx, by, "remark_answered", f"booking:{booking.id}", now)
    return True


def needs_none(tx: Tx, remark_id: int, by: str, now: datetime) -> bool:
    """No answer is needed; False where somebody was first."""
    found = remarks.get(tx, remark_id)
    if found is None or not remarks.settle(tx, remark_id, by, now):
        return False
    audit.add(tx, by, "remark_read", f"booking:{found.booking_id}", now)
    return True


def take_back(tx: Tx, remark_id: int, by: str, now: datetime) -> bool:
    """Take an answer back; False once it has left. The mail stays only while another answer goes with it."""
    found = remarks.get(tx, remark_id)
    if found is None or not remarks.take_back(tx, remark_id, now):
        return False
    mail = _waiting(tx, found.booking_id)
    if mail is not None and not _leaving(tx, found, now):
        deliveries.end(tx, [mail.id], DeliveryStatus.withdrawn, Reason.withdrawn_by_person, now)
    audit.add(tx, by, "undo", f"booking:{found.booking_id}", now, "remark_answered")
    return True


def _leaving(tx: Tx, found: Remark, now: datetime) -> bool:
    mine = (each for each in remarks.answered(tx, [found.client_id]) if each.booking_id == found.booking_id)
    return any(each.leaves_at is not None and each.leaves_at > now for each in mine)


def _waiting(tx: Tx, booking_id: int) -> Delivery | None:
    """The mail about answers that is still to go out."""
    for each in deliveries.of_booking(tx, booking_id):
        if each.purpose is Purpose.answer and each.status is DeliveryStatus.scheduled:
            return each
    return None


def read_by(tx: Tx, client_id: int, now: datetime) -> list[Remark]:
    """The newest answers that a client can read; one that does not open is left out."""
    found = [
        each
        for each in remarks.answered(tx, clients.family(tx, client_id))
        if each.answer and each.leaves_at and each.leaves_at <= now
    ]
    return found[-SHOWN:]
