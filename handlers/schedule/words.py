"""How a visit is named: its time in the right zone, and a number that tells a stranger nothing."""

from handlers.context import Context
from render.language import readable
from schemas.booking import Booking


def when(context: Context, booking: Booking, client_zone: str, language: str) -> str:
    """The visit's time with its zone: the clinic's for a visit in person, the client's for a call (B16)."""
    return readable.moment(booking.start, context.zone(zone_of(booking, client_zone)), language)


def zone_of(booking: Booking, client_zone: str) -> str:
    """The name of the zone in which a visit is said."""
    return client_zone if booking.remote and client_zone else booking.zone


def reference(booking: Booking) -> str:
    """How staff mails name a booking: a number that tells a stranger nothing."""
    return f"{booking.id:05d}"
