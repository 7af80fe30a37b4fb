"""A new link instead of one that opens nothing any more: sent only to where its client is reached now."""

from datetime import datetime, timedelta

from handlers.links import Link, LinkPurpose
from handlers.plans.basis import NotNow
from handlers.send import by_hand
from schemas.booking import Booking
from schemas.delivery import CheckInQuestion, Delivery, Purpose
from store import attendances, bookings, checkins, clients, deliveries
from store.base import Tx

PACE = timedelta(hours=1)  # between two of one message
MESSAGES = {
    LinkPurpose.intake: (Purpose.intake_reminder, Purpose.intake),  # the last is preferred
    LinkPurpose.plan: (Purpose.plan,),
    LinkPurpose.checkin: (Purpose.checkin,),
}


def send(tx: Tx, purpose: LinkPurpose, link: Link, now: datetime) -> bool:
    """Send the newest message with this link once more; False where there is none, or one went lately."""
    booking = _visit(tx, purpose, link.subject)
    if booking is None or not _still_comes(tx, booking, link):
        return False
    tx.lock(f"new-link:{booking.id}")
    sent = [each for each in deliveries.of_booking(tx, booking.id) if _holds(tx, each, purpose, link)]
    gone = [each for each in sent if each.status in by_hand.GONE_OUT]
    if not gone or any(each.key.resend and each.due_at > now - PACE for each in sent):
        return False
    newest = max(gone, key=lambda each: (MESSAGES[purpose].index(each.purpose), each.due_at, each.id))
    try:
        by_hand.resend(tx, newest.id, "client", now)
    except NotNow:
        return False
    return True


def _visit(tx: Tx, purpose: LinkPurpose, subject: int) -> Booking | None:
    if purpose not in MESSAGES:
        return None
    if purpose is LinkPurpose.checkin:
        asked = checkins.get(tx, subject)
        subject = asked.booking_id if asked else 0
    return bookings.get(tx, subject)


def _still_comes(tx: Tx, booking: Booking, link: Link) -> bool:
    comes = attendances.current(tx, booking.id)
    return (
        comes is not None
        and link.client_id is not None
        and comes.client_id in clients.family(tx, link.client_id)
    )


def _holds(tx: Tx, delivery: Delivery, purpose: LinkPurpose, link: Link) -> bool:
    """True for a message to this client that carries such a link."""
    if delivery.purpose not in MESSAGES[purpose] or not link.client_id:
        return False
    if purpose is LinkPurpose.checkin:
        asked, number = checkins.get(tx, link.subject), delivery.key.number
        if asked is None or not isinstance(number, CheckInQuestion) or number.kind != asked.kind:
            return False
    return delivery.key.client in (0, *clients.family(tx, link.client_id))
