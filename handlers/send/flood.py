"""Many bookings for one address at once: a stranger's, perhaps. It gets one mail, and the clinic a word."""

from datetime import timedelta

from handlers.schedule import alerts
from schemas.booking import Booking
from schemas.delivery import Delivery
from store import audit, deliveries
from store.base import Tx

TOGETHER = timedelta(hours=1)
MOST = 5  # visits for which one address is asked within that time; a family books as many
CAUSE = "many_bookings"
BY_PERSON = ("release", "send_now")


def is_flood(tx: Tx, delivery: Delivery, booking: Booking) -> bool:
    """True for all but the first of too many requests to one address; the clinic is alerted once.

    What a person let out or sends again goes.
    """
    if delivery.key.resend:
        return False
    asked = deliveries.asked_about(tx, delivery.key.recipient, booking.first_seen_at, TOGETHER)
    if len(asked) <= MOST or booking.id == asked[0]:
        return False
    if audit.was_done(tx, f"delivery:{delivery.id}", BY_PERSON):
        return False
    alerts.soon(tx, asked[0], CAUSE, booking.first_seen_at)
    return True
