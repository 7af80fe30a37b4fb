"""Many bookings for one mailbox at once: a stranger's, perhaps. It gets one mail, and the clinic a word."""

from datetime import timedelta
from enum import StrEnum

from handlers.schedule import alerts
from schemas.booking import Booking
from schemas.delivery import Delivery, DeliveryStatus
from store import audit, contacts, deliveries
from store.base import Tx

TOGETHER = timedelta(hours=1)
MOST = 5  # visits for which one mailbox is asked within that time; a family books as many
CAUSE = "many_bookings"
BY_PERSON = ("release", "send_now")


ON_ITS_WAY = (DeliveryStatus.scheduled, DeliveryStatus.sending)


class Flood(StrEnum):
    """How one of many requests to one mailbox stands: go, wait for the first one to go, or hold."""

    no = "no"
    first_comes = "first_comes"
    yes = "yes"


def look(tx: Tx, delivery: Delivery, booking: Booking) -> Flood:
    """Whether a request is one of too many to one mailbox; the clinic is alerted once.

    Only when the first has gone are the others held, so that one goes in any case. What a person let out or
    sends again goes.
    """
    if delivery.key.resend:
        return Flood.no
    same = contacts.of_mailbox(tx, delivery.key.recipient)
    asked = deliveries.asked_about(tx, same, booking.first_seen_at, TOGETHER)
    first = next(iter(asked), booking.id)
    if len(asked) <= MOST or booking.id == first:
        return Flood.no
    if audit.was_done(tx, f"delivery:{delivery.id}", BY_PERSON):
        return Flood.no
    if asked[first] in ON_ITS_WAY:
        return Flood.first_comes
    alerts.soon(tx, first, CAUSE, booking.first_seen_at)
    return Flood.yes
