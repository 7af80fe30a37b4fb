"""Bookings at Cal.com as webhooks and as API v2 write them."""

from datetime import datetime

from integrations.payload import IDENTIFIER, Part, is_call, span
from integrations.schedulers.calcom.people import (
    Seat,
    answers,
    booker,
    has_seats,
    seats_in_answer,
    seats_in_webhook,
)
from schemas.booking import BookingState, BookingStatus

CONFIRMED, PENDING, CANCELLED = BookingStatus.confirmed, BookingStatus.pending, BookingStatus.cancelled
STATUSES = {
    "accepted": CONFIRMED,
    "pending": PENDING,
    "awaiting_host": PENDING,
    "cancelled": CANCELLED,
    "rejected": CANCELLED,
}

_IN_PERSON = frozenset({"inPerson", "attendeeInPerson", "somewhereElse"})
_REMOTE = frozenset({"phone", "userPhone", "link", "conferencing"})


def is_remote(location: str, kind: str = "") -> bool:
    """True when Cal.com's location is a call or a video room; `kind` is the one chosen at booking."""
    if location.startswith("integrations:") or location in _REMOTE:
        return True
    return is_call(location, visit=kind in _IN_PERSON)


def _where(booking: Part) -> tuple[str, bool]:
    """Place, and whether it is a call."""
    location = booking.text("location")
    place = "" if location in _IN_PERSON or location.startswith("integrations:") else location
    return place, is_remote(location, answers(booking).text("location"))


def root(booking: Part) -> str:
    """The first uid of a chain of reschedules: its iCalUID is kept through all of them.

    The dates of a series may share one, so there it says nothing.
    """
    chained = booking.has("rescheduleUid") and not series(booking)
    first = booking.text("iCalUID").rpartition("@")[0] if chained else ""
    return first if IDENTIFIER.match(first) else ""


def series(booking: Part) -> str:
    """What the dates of a recurring booking have in common, "" for a single one."""
    return booking.identifier("recurringBookingUid") or booking.identifier("recurringEventId")


def _status(booking: Part, default: BookingStatus) -> BookingStatus:
    if default is not CONFIRMED:
        return default
    return STATUSES.get(booking.text("status").lower(), CONFIRMED)


def _marked(status: BookingStatus, absent: bool | None) -> BookingStatus:
    return BookingStatus.no_show if absent and status is CONFIRMED else status


def webhook_bookings(
    booking: Part, status: BookingStatus, made: datetime | None, zone: str
) -> list[BookingState]:
    """The bookings in a webhook, one for each client of a group; `made` is UTC.

    `zone` is the connection's: the zone of the organizer is that of a person, who may travel.
    """
    start, end = span(booking.needed_moment("startTime"), booking.needed_moment("endTime"))
    host = booking.part("organizer") if booking.has("organizer") else booking.part("user")
    place, remote = _where(booking)
    group = booking.has("seatsPerTimeSlot")

    def read(seat: Seat) -> BookingState:
        return BookingState(
            external_id=booking.needed("uid"),
            status=_marked(_status(booking, status), seat.attendee.flag("noShow")),
            start=start,
            end=end,
            client=seat.client,
            service=booking.text("type") or booking.part("eventType").text("slug"),
            service_name=booking.text("eventTitle") or booking.text("title"),
            practitioner=host.text("name"),
            place=place,
            remote=remote,
            zone=zone,
            seat=seat.name,
            replaces=booking.identifier("rescheduleUid"),
            root=root(booking),
            series=series(booking),
            created_at=made,
        )

    return [read(seat) for seat in (seats_in_webhook(booking) if group else [])] or [read(booker(booking))]


def api_bookings(booking: Part, zone: str) -> list[BookingState]:
    """The bookings in one answer of API v2; a booking that was moved away reads as cancelled."""
    start, end = span(booking.needed_moment("start"), booking.needed_moment("end"))
    moved_to = booking.identifier("rescheduledToUid")
    status = CANCELLED if moved_to else STATUSES.get(booking.text("status").lower(), PENDING)
    place, remote = _where(booking)
    practitioner = next((each.text("name") for each in booking.parts("hosts")), "")
    return [
        BookingState(
            external_id=booking.needed("uid"),
            status=_marked(status, seat.attendee.flag("absent")),
            start=start,
            end=end,
            client=seat.client,
            service=booking.part("eventType").text("slug"),
            service_name=booking.text("title"),
            practitioner=practitioner,
            place=place,
            remote=remote,
            zone=zone,
            seat=seat.name,
            replaces=booking.identifier("rescheduledFromUid"),
            replaced_by=moved_to,
            series=series(booking),
            created_at=booking.moment("createdAt"),
        )
        for seat in (seats_in_answer(booking) if has_seats(booking) else [booker(booking)])
    ]
