"""Who comes to a booking at Cal.com: whoever booked, or each seat of a group; never a host, never a guest.

Attendees come in no order, and the hosts of a team stand among them: calcom/cal.com
`bookings.repository.ts`, `createBooking.ts`. Who booked is said by the answers of the booking form.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from integrations.payload import Part, addresses
from schemas.booking import Person

# What stands in place of an address when somebody books with a telephone number alone.
PLACEHOLDER = re.compile(r"\+?([0-9]{5,15})@sms\.cal\.com\Z", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Seat:
    """One client of a booking; `name` is "" where there is only one."""

    name: str
    client: Person
    attendee: Part


def answers(booking: Part) -> Part:
    """What was filled in at booking: `responses` of a webhook, `bookingFieldsResponses` of the API."""
    return booking.part("responses" if booking.has("responses") else "bookingFieldsResponses")


def mailable(part: Part) -> str:
    """The e-mail address of an attendee or of the answers; "" for a placeholder."""
    found = part.email("email")
    return "" if PLACEHOLDER.match(found) else found


def _key(part: Part) -> str:
    return part.email("email").casefold()


def _name(given: Part) -> str:
    """The name in the answers: Cal.com asks for it whole or in two parts."""
    wrapped = given.values.get("name")
    inner = wrapped.get("value", wrapped) if isinstance(wrapped, dict) else None
    if not isinstance(inner, dict):
        return given.text("name")
    both = Part(inner)
    return f"{both.text('firstName')} {both.text('lastName')}".strip()


def _language(attendee: Part) -> str:
    wrapped = attendee.values.get("language")
    if isinstance(wrapped, dict):
        return attendee.part("language").language("locale")
    return attendee.language("language") or attendee.language("locale")


def _phone(attendee: Part, given: Part, booking: Part) -> str:
    placeholder = PLACEHOLDER.match(attendee.email("email"))
    return (
        attendee.phone("phoneNumber")
        or given.phone("attendeePhoneNumber")
        or given.phone("smsReminderNumber")
        or booking.phone("smsReminderNumber")
        or (f"+{placeholder[1]}" if placeholder else "")
    )


def _person(attendee: Part, given: Part, booking: Part) -> Person:
    return Person(
        name=attendee.text("name") or _name(given),
        email=mailable(attendee),
        phone=_phone(attendee, given, booking),
        zone=attendee.zone("timeZone"),
        language=_language(attendee),
    )


def hosts(booking: Part) -> set[str]:
    """The addresses of those who give the session, as far as a body names them."""
    single = [booking.part("organizer"), booking.part("user")]
    return {_key(each) for each in (*single, *booking.parts("hosts"), *booking.part("team").parts("members"))}


def _guests(given: Part) -> set[str]:
    wrapped = given.values.get("guests")
    found = wrapped.get("value") if isinstance(wrapped, dict) and "value" in wrapped else wrapped
    listed = found if isinstance(found, list) else [found]
    written = [each.get("email") if isinstance(each, dict) else each for each in listed]
    return {one.casefold() for each in written if isinstance(each, str) for one in addresses(each)}


def _candidates(booking: Part) -> list[Part]:
    """The attendees who may have booked, the likeliest first."""
    attendees, given = booking.parts("attendees"), answers(booking)
    booked = _key(given)
    if named := [each for each in attendees if booked and _key(each) == booked]:
        return named[:1]
    others = hosts(booking) | _guests(given)
    found = [each for each in attendees if _key(each) not in others]
    return found or (
        [] if booked else attendees
    )  # a host books with themself only where nobody else is named


def is_sure(booking: Part) -> bool:
    """False when a body lists several attendees and does not say who of them booked."""
    return len(_candidates(booking)) <= 1


def booker(booking: Part) -> Seat:
    """The one client of a booking without seats."""
    given = answers(booking)
    attendee = next(iter(_candidates(booking)), None)
    if attendee is None:
        booking.drop("attendees")
        attendee = given
    elif not attendee.email("email") and given.has("email"):
        attendee = Part({**attendee.values, "email": given.email("email")}, attendee.path)
    return Seat("", _person(attendee, given, booking), attendee)


def _seat_names(clients: Iterable[tuple[str, Person]]) -> Iterator[str]:
    """A seat is named by its address, and by a number when the address stands there again; "" for a copy."""
    met: dict[str, list[str]] = {}
    for email, client in clients:
        names = met.setdefault(email, [])
        if client.name.casefold() in names:
            yield ""
            continue
        names.append(client.name.casefold())
        yield email if len(names) == 1 else f"{email}#{len(names)}"


def seats(booking: Part, attendees: list[Part]) -> list[Seat]:
    """Each of these attendees of a group with an own seat, each once."""
    given = answers(booking) if len(attendees) == 1 else Part({})
    found = [
        _person(
            each,
            each.part("bookingFieldsResponses") if each.has("bookingFieldsResponses") else given,
            booking,
        )
        for each in attendees
    ]
    names = _seat_names(zip(map(_key, attendees), found, strict=True))
    every = (Seat(*each) for each in zip(names, found, attendees, strict=True))
    return [seat for seat in every if seat.name or not _key(seat.attendee)]


def seats_in_webhook(booking: Part) -> list[Seat]:
    """The seats that a webhook is about; the hosts of a team are none."""
    attendees = booking.parts("attendees")
    ours = hosts(booking)
    return seats(booking, [each for each in attendees if _key(each) not in ours] or attendees)


def seats_in_answer(booking: Part) -> list[Seat]:
    """The seats in an answer of the API: only they bear a `seatUid` (`createBooking.ts`)."""
    return seats(booking, [each for each in booking.parts("attendees") if each.has("seatUid")])


def has_seats(booking: Part) -> bool:
    """True for a group in an answer of the API: each attendee has own answers there (`output.service.ts`).

    An empty list is that of a group that everybody left; without a list it is not said who comes.
    """
    attendees = booking.parts("attendees")
    listed = bool(attendees) or booking.values.get("attendees") == []
    apart = listed and all(each.has("bookingFieldsResponses") for each in attendees)
    return any(each.has("seatUid") for each in attendees) or (
        apart and not booking.has("bookingFieldsResponses")
    )


@dataclass(frozen=True, slots=True)
class Account:
    """The addresses of the account and of its team; not `whole` when there may be more in the team."""

    addresses: frozenset[str]
    whole: bool

    def hosts(self, booking: Part) -> bool:
        """True for a booking of ours, false for one that one of us has made elsewhere as a client.

        What `get.handler.ts` lists is hosted or attended by the account or by those whom it administers.
        """
        if hosts(booking) & self.addresses:
            return True
        attending = {_key(each) for each in booking.parts("attendees")}
        return not self.whole and not attending & self.addresses
