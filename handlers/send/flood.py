"""Many bookings for one mailbox at once: a stranger's, perhaps. It gets one mail, and the clinic a word."""

from datetime import datetime, timedelta
from enum import StrEnum

from handlers.schedule import alerts
from schemas.booking import Booking
from schemas.delivery import Delivery, DeliveryStatus
from store import audit, contacts, deliveries
from store.base import Tx

TOGETHER = timedelta(hours=1)
MOST = 5  # visits for which one mailbox is asked within that time; a family books as many
RESTS = timedelta(seconds=10)
CAUSE = "many_bookings"
BY_PERSON = ("release", "send_now")


ON_ITS_WAY = (DeliveryStatus.scheduled, DeliveryStatus.sending)


class Flood(StrEnum):
    """How one of many requests to one mailbox stands: go, rest, wait for the first one to go, or hold."""

    no = "no"
    rests = "rests"
    first_comes = "first_comes"
    yes = "yes"


def look(tx: Tx, delivery: Delivery, booking: Booking, now: datetime) -> Flood:
    """Whether a request is one of too many to one mailbox; the clinic is alerted once.

    Only when the first has gone are the others held, so that one goes in any case. What a person let out or
    sends again goes. All but the first rest, also where no booking does: the sixth may be on its way.
    """
    if delivery.key.resend:
        return Flood.no
    same = contacts.of_mailbox(tx, delivery.key.recipient)
    asked = deliveries.asked_about(tx, same, booking.first_seen_at, TOGETHER)
    first = next(iter(asked), booking.id)
    if booking.id == first:
        return Flood.no
    if len(asked) <= MOST:
        return Flood.rests if now < booking.first_seen_at + RESTS else Flood.no
    if audit.was_done(tx, f"delivery:{delivery.id}", BY_PERSON):
        return Flood.no
    if asked[first] in ON_ITS_WAY:
        return Flood.first_comes
    alerts.soon(tx, first, CAUSE, booking.first_seen_at)
    return Flood.yes
