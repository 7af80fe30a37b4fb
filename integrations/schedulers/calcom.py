"""Cal.com, hosted or self-hosted: https://cal.com/docs/developing/guides/automation/webhooks and API v2."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from integrations.api import Api, path, readable, utc_text
from integrations.base import IntegrationError, Note, Scheduler, Subscription, Unsupported
from integrations.payload import IDENTIFIER, Part, phone, read_json, span
from integrations.signing import LOWER_HEX_64, hexadecimal, require_any, shaped
from schemas.booking import BookingState, BookingStatus, Person
from schemas.webhook import Inbound, Notice

HOST = "https://api.cal.com"
API_VERSION = "2024-08-13"
PAGE = 100
DENIED = "Make an API key with BOOKING_READ and WEBHOOK_WRITE under Settings, Developer, API keys."
GONE = "Cal.com does not know this booking any more."

CONFIRMED, PENDING, CANCELLED = BookingStatus.confirmed, BookingStatus.pending, BookingStatus.cancelled
# What a trigger says about the booking. A confirmed one may still be qualified by the payload's own status.
TRIGGERS = {
    "BOOKING_CREATED": CONFIRMED,
    "BOOKING_RESCHEDULED": CONFIRMED,
    "BOOKING_REASSIGNED": CONFIRMED,
    "BOOKING_LOCATION_UPDATED": CONFIRMED,
    "BOOKING_PAID": CONFIRMED,
    "INSTANT_MEETING_ACCEPTED": CONFIRMED,
    "BOOKING_REQUESTED": PENDING,
    "BOOKING_PAYMENT_INITIATED": PENDING,
    "BOOKING_REJECTED": CANCELLED,
    "BOOKING_CANCELLED": CANCELLED,
}
MADE = frozenset({"BOOKING_CREATED", "BOOKING_REQUESTED", "BOOKING_RESCHEDULED"})
MEETINGS = frozenset({"MEETING_STARTED", "MEETING_ENDED"})
NO_SHOW = "BOOKING_NO_SHOW_UPDATED"
STATUSES = {
    "accepted": CONFIRMED,
    "pending": PENDING,
    "awaiting_host": PENDING,
    "cancelled": CANCELLED,
    "rejected": CANCELLED,
}
SUBSCRIBED = (
    "BOOKING_CREATED",
    "BOOKING_RESCHEDULED",
    "BOOKING_CANCELLED",
    "BOOKING_REQUESTED",
    "BOOKING_REJECTED",
    "BOOKING_PAYMENT_INITIATED",
    "BOOKING_PAID",
    NO_SHOW,
    "MEETING_ENDED",
)

_NUMBER = re.compile(r"\+?[0-9 ()./-]{6,}\Z", re.ASCII)
_TYPES = frozenset({"inPerson", "attendeeInPerson", "somewhereElse"})
_REMOTE = frozenset({"phone", "userPhone", "link", "conferencing"})


def is_remote(location: str) -> bool:
    """True when Cal.com's location is a call or a video room, not a place to go to."""
    return (
        location.startswith(("integrations:", "https://", "http://"))
        or location in _REMOTE
        or bool(_NUMBER.match(location))
    )


def answer(booking: Part, name: str) -> str:
    """One booking answer as text: Cal.com wraps it as {label, value}, older bodies do not."""
    value = booking.part("responses").values.get(name)
    if isinstance(value, dict):
        value = value.get("value")
    return value if isinstance(value, str) else ""


def _language(attendee: Part) -> str:
    wrapped = attendee.values.get("language")
    if isinstance(wrapped, dict):
        return attendee.part("language").language("locale")
    return attendee.language("language") or attendee.language("locale")


def person(attendee: Part, fallback_phone: str = "") -> Person:
    """An attendee as a client."""
    return Person(
        name=attendee.text("name"),
        email=attendee.email("email"),
        phone=attendee.phone("phoneNumber") or fallback_phone,
        zone=attendee.zone("timeZone"),
        language=_language(attendee),
    )


def seats(clients: Iterable[Person]) -> Iterator[tuple[str, Person]]:
    """Each client of a group with a seat: the e-mail, and a number when it stands there again."""
    met: dict[str, list[str]] = {}
    for client in clients:
        email = client.email.casefold()
        names = met.setdefault(email, [])
        if client.name.casefold() in names:
            continue
        names.append(client.name.casefold())
        yield (email if len(names) == 1 else f"{email}#{len(names)}"), client


def booker(booking: Part, attendees: list[Part]) -> Part:
    """The attendee who booked: the one whose address was given in the form, else the first."""
    given = answer(booking, "email").strip().casefold()
    found = [each for each in attendees if given and str(each.values.get("email")).casefold() == given]
    return (found or attendees)[0]


def _who(booking: Part, *, group: bool) -> list[tuple[str, Person, Part]]:
    attendees = booking.parts("attendees")
    if not attendees:
        booking.wrong("attendees", "a list with at least one attendee")
    number = phone(answer(booking, "attendeePhoneNumber")) or booking.phone("smsReminderNumber")
    if group:
        by_person = {person(each): each for each in reversed(attendees)}
        return [(seat, client, by_person[client]) for seat, client in seats(map(person, attendees))]
    first = booker(booking, attendees)
    return [("", person(first, number), first)]


def _root(booking: Part) -> str:
    """The first uid of a chain of reschedules: its iCalUID is kept through all of them.

    The dates of a series may share one, so there it says nothing.
    """
    series = booking.has("recurringEventId") or booking.has("recurringBookingUid")
    chained = booking.has("rescheduleUid") and not series
    first = booking.text("iCalUID").rpartition("@")[0] if chained else ""
    return first if IDENTIFIER.match(first) else ""


def _place(location: str) -> str:
    return "" if location in _TYPES or location.startswith("integrations:") else location


def _status(booking: Part, default: BookingStatus) -> BookingStatus:
    if default is not CONFIRMED:
        return default
    return STATUSES.get(booking.text("status").lower(), CONFIRMED)


def _marked(status: BookingStatus, absent: bool | None) -> BookingStatus:
    return BookingStatus.no_show if absent and status is CONFIRMED else status


def webhook_bookings(booking: Part, status: BookingStatus, made: datetime | None) -> list[BookingState]:
    """The bookings in a webhook, one for each client of a group; `made` is UTC."""
    start, end = span(booking.needed_moment("startTime"), booking.needed_moment("endTime"))
    host = booking.part("organizer") if booking.has("organizer") else booking.part("user")
    location = booking.text("location") if isinstance(booking.values.get("location"), str) else ""
    return [
        BookingState(
            external_id=booking.needed("uid"),
            status=_marked(_status(booking, status), attendee.flag("noShow")),
            start=start,
            end=end,
            client=client,
            service=booking.text("type") or booking.part("eventType").text("slug"),
            service_name=booking.text("eventTitle") or booking.text("title"),
            practitioner=host.text("name"),
            place=_place(location),
            remote=is_remote(location),
            zone=host.zone("timeZone"),
            seat=seat,
            replaces=booking.identifier("rescheduleUid"),
            root=_root(booking),
            created_at=made,
        )
        for seat, client, attendee in _who(booking, group=booking.has("seatsPerTimeSlot"))
    ]


def api_bookings(booking: Part) -> list[BookingState]:
    """The bookings in one answer of API v2; a booking that was moved away reads as cancelled."""
    start, end = span(booking.needed_moment("start"), booking.needed_moment("end"))
    hosts = booking.parts("hosts") or [Part({})]
    location, moved_to = booking.text("location"), booking.identifier("rescheduledToUid")
    status = CANCELLED if moved_to else STATUSES.get(booking.text("status").lower(), PENDING)
    group = any(each.has("seatUid") for each in booking.parts("attendees"))
    if not booking.parts("attendees") and status is CANCELLED:
        return []
    return [
        BookingState(
            external_id=booking.needed("uid"),
            status=_marked(status, attendee.flag("absent")),
            start=start,
            end=end,
            client=client,
            service=booking.part("eventType").text("slug"),
            service_name=booking.text("title"),
            practitioner=hosts[0].text("name"),
            place=_place(location),
            remote=is_remote(location),
            zone=hosts[0].zone("timeZone"),
            seat=seat,
            replaces=booking.identifier("rescheduledFromUid"),
            replaced_by=moved_to,
            created_at=booking.moment("createdAt"),
        )
        for seat, client, attendee in _who(booking, group=group)
    ]


def _no_shows(payload: Part, at: datetime | None) -> list[Notice]:
    uid = payload.identifier("bookingUid") or payload.needed("uid")
    return [
        Notice(
            external_id=uid,
            event=NO_SHOW,
            email=attendee.email("email").casefold(),
            occurred_at=at,
            no_show=attendee.flag("noShow"),
        )
        for attendee in payload.parts("attendees")
        if attendee.has("noShow")
    ]


class CalCom(Scheduler):
    """Cal.com: everything is in the webhook; nothing can be written back onto a booking."""

    label = "Cal.com"

    @property
    def readable(self) -> bool:
        """True once an API key is configured."""
        return bool(self.connection.api_key)

    def problems(self) -> list[str]:
        """What is wrong with the configuration."""
        if not any(self.connection.secrets):
            return ["Set the secret that stands in Cal.com under Settings, Developer, Webhooks, Secret."]
        return []

    def verify(self, inbound: Inbound) -> None:
        """Hexadecimal HMAC-SHA256 of the body; `no-secret-provided` is no signature."""
        given = shaped(inbound, "x-cal-signature-256", LOWER_HEX_64)
        require_any([given], hexadecimal(self.connection.secrets, inbound.body))

    def parse(self, inbound: Inbound) -> list[Notice]:
        """One notice for each client that the webhook is about."""
        body = read_json(inbound.body)
        return body.noted(self._notices(body, inbound))

    def _notices(self, body: Part, inbound: Inbound) -> list[Notice]:
        trigger = body.text("triggerEvent") or body.wrong("triggerEvent", "there")
        payload = body.part("payload") if body.has("payload") else body
        if trigger in MEETINGS:
            return self._meeting(trigger, payload)
        at = body.moment("createdAt")
        if trigger == NO_SHOW:
            return _no_shows(payload, at)
        if trigger not in TRIGGERS:
            return []
        made = at if trigger in MADE else None
        found = webhook_bookings(payload, TRIGGERS[trigger], made)
        key = f"{trigger}:{found[0].external_id}:{hashlib.sha256(inbound.body).hexdigest()[:24]}"
        return [
            Notice(each.external_id, trigger, seat=each.seat, booking=each, event_id=key, occurred_at=at)
            for each in found
        ]

    def _meeting(self, trigger: str, payload: Part) -> list[Notice]:
        """They fire at the scheduled time, or never: good for filling in, not for an order of events."""
        if self.readable and len(payload.parts("attendees")) > 1:
            # The body does not say whether these are guests or seats of a group; the API does.
            return [Notice(payload.needed("uid"), trigger, hint=True)]
        found = webhook_bookings(payload, CONFIRMED, payload.moment("createdAt"))
        return [Notice(each.external_id, trigger, seat=each.seat, booking=each, hint=True) for each in found]

    def fetch(self, external_id: str) -> tuple[BookingState, ...]:
        """The booking as it is now, one entry per client of a group; raises Gone."""
        answer = self._api().part(f"/v2/bookings{path(external_id)}", gone=GONE)
        # The uid of a series answers with a list of its occurrences.
        data = [answer.part("data")] if isinstance(answer.values.get("data"), dict) else answer.parts("data")
        same = [each for each in data if each.values.get("uid") == external_id] or data
        return tuple(booking for each in same for booking in api_bookings(each))

    def changed_since(self, since: datetime) -> Iterator[BookingState]:
        """Bookings changed since then, then all that start later; a booking may come twice."""
        moment = utc_text(since)
        for wanted in ("afterUpdatedAt", "afterStart"):
            first = {wanted: moment, "take": PAGE, "skip": 0}
            for page in self._api().pages("/v2/bookings", first, _next_page):
                yield from readable(page.parts("data"), api_bookings, self.connection.name)

    def attach(self, external_id: str, note: Note) -> None:
        """Cal.com has no endpoint that edits the notes or metadata of an existing booking."""
        raise Unsupported(
            "Not supported by Cal.com: an existing booking cannot be written to. The link stays here."
        )

    def register(self, secret: str) -> Subscription:
        """Subscribe our URL with this secret, or repair what is there; "" keeps the secret of that."""
        wanted = {
            "active": True,
            "subscriberUrl": self.our_url(),
            "triggers": list(SUBSCRIBED),
            **({"secret": secret} if secret else {}),
        }
        ours = self._subscriptions()
        if ours:
            where = f"/v2/webhooks{path(ours[0].word('id'))}"
            self._api().send("PATCH", where, json={**wanted, "payloadTemplate": None})
            return self._subscription(ours[0], secret, "The webhook was there and is repaired.")
        if not secret:
            raise IntegrationError("A new webhook at Cal.com needs a secret.", permanent=True)
        made = self._api().as_part(self._api().send("POST", "/v2/webhooks", json=wanted)).part("data")
        text = "The webhook is made. Bookings of a team's event types need one at the team, made by hand."
        return self._subscription(made, secret, text)

    def _subscription(self, made: Part, secret: str, text: str) -> Subscription:
        return Subscription(made.word("id"), self.our_url(), SUBSCRIBED, secret, text)

    def unregister(self) -> int:
        """Remove every subscription to our URL; returns how many there were."""
        return self._api().delete("/v2/webhooks", self._subscriptions())

    def _subscriptions(self) -> list[Part]:
        found = self._api().part("/v2/webhooks", {"take": 250}).parts("data")
        return [each for each in found if each.values.get("subscriberUrl") == self.our_url()]

    def _api(self) -> Api:
        if not self.connection.api_key:
            raise Unsupported("This needs an API key of Cal.com: set the connection's …_API_KEY.")
        return Api(
            http=self.http,
            label=self.label,
            base=(self.connection.api_base or HOST).rstrip("/").removesuffix("/v2"),
            denied=DENIED,
            headers={"Authorization": f"Bearer {self.connection.api_key}", "cal-api-version": API_VERSION},
        )


def _next_page(page: Part, asked: Mapping[str, Any]) -> Mapping[str, Any] | None:
    more = page.part("pagination").flag("hasNextPage")
    full = len(page.parts("data")) >= PAGE
    return {**asked, "skip": asked["skip"] + PAGE} if (full if more is None else more) else None
