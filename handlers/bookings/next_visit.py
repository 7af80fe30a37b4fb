"""Booking again (B25): where, and whether a visit to come is there already."""

from datetime import datetime, timedelta

from handlers.context import Context
from schemas.booking import Booking, BookingStatus
from store import bookings, clients
from store.base import Tx

AHEAD = timedelta(days=730)  # how far a visit to come is looked for
COMING = (BookingStatus.confirmed, BookingStatus.pending)


def is_booked(tx: Tx, booking: Booking, after: datetime) -> bool:
    """True when the person has another visit that begins after this moment."""
    family = clients.family(tx, booking.client_id)
    visits = bookings.between(tx, family, after, after + AHEAD)
    return any(each.status in COMING and each.id != booking.id for each in visits)


def page_for(tx: Tx, context: Context, booking: Booking, now: datetime) -> str:
    """Where the client books the next visit; "" where the clinic names no place, or one is booked."""
    address = context.clinic.books_at(booking.service, booking.service_name)
    return address if address and not is_booked(tx, booking, now) else ""
