"""Calendly, API v2: https://developer.calendly.com/api-docs (webhooks, scheduled events, notes)."""

import hashlib
import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from integrations.api import Api, path, readable, utc_text
from integrations.base import (
    Ask,
    Batch,
    Gone,
    IntegrationError,
    InvalidSignature,
    Note,
    Offered,
    Scheduler,
    Subscription,
    UnknownPayload,
    Unsupported,
)
from integrations.payload import Part, is_call, phone, read_json, span
from integrations.signing import header, hexadecimal, require_any, require_fresh, unix_seconds
from schemas.booking import BookingState, BookingStatus, Person
from schemas.webhook import Inbound, Notice

log = logging.getLogger(__name__)
HOST = "https://api.calendly.com"
DENIED = (
    "The token needs the scopes users:read, scheduled_events:read, webhooks:read and webhooks:write, for the "
    "contact note also contacts:read and contacts:write; to see the whole organization it must be an owner's "
    "or admin's."
)
GONE = "Calendly does not know this booking any more."
PAGE = 100
WINDOW = 180  # seconds that the time of a signature may be off, as Calendly recommends

CREATED, CANCELED = "invitee.created", "invitee.canceled"
NO_SHOWS = {"invitee_no_show.created": True, "invitee_no_show.deleted": False}
SUBSCRIBED = (CREATED, CANCELED, *NO_SHOWS)
CALLS = frozenset(
    {
        "google_conference",
        "gotomeeting",
        "gotomeeting_conference",
        "inbound_call",
        "microsoft_teams_conference",
        "outbound_call",
        "webex",
        "webex_conference",
        "zoom",
        "zoom_conference",
    }
)

_SIGNATURE = re.compile(r"t=([0-9]{1,32})((?:,v1=[0-9a-f]{64}){1,5})\Z", re.ASCII)
_INVITEE = re.compile(
    r"https?://[^/\s]+/scheduled_events/([A-Za-z0-9_-]{1,64})/invitees/([A-Za-z0-9_-]{1,64})\Z", re.ASCII
)
_LAST = re.compile(r"https?://[^/\s]+/(?:[a-z_]+/)+([A-Za-z0-9_-]{1,64})\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Place:
    """An invitee's identifiers: its own, and that of the scheduled event it belongs to."""

    scheduled: str
    invitee: str

    def __str__(self) -> str:
        """Our external identifier."""
        return f"{self.scheduled}.{self.invitee}"


def place_of(part: Part, name: str) -> Place | None:
    """The identifiers in a URI, None when it is missing; the host in it is never used."""
    found = _INVITEE.match(part.text(name, 300))
    if part.has(name) and not found:
        part.drop(name)
    return Place(*found.groups()) if found else None


def needed_place(invitee: Part) -> Place:
    """The identifiers of an invitee, which must be there."""
    return place_of(invitee, "uri") or invitee.wrong("uri", "the URI of an invitee")


def placed(external_id: str) -> Place:
    """The identifiers in our external identifier; raises Gone for what never was one."""
    scheduled, _, invitee = external_id.partition(".")
    if not scheduled or not invitee:
        raise Gone(GONE)
    return Place(scheduled, invitee)


def _last(part: Part, name: str) -> str:
    found = _LAST.match(part.text(name, 300))
    return found[1] if found else ""


def _external(part: Part, name: str) -> str:
    found = place_of(part, name)
    return str(found) if found else ""


def _client(invitee: Part, location: Part) -> Person:
    both = f"{invitee.text('first_name')} {invitee.text('last_name')}".strip()
    called = location.text("location") if location.text("type") == "outbound_call" else ""
    return Person(
        name=invitee.text("name") or both,
        email=invitee.email("email"),
        phone=invitee.phone("text_reminder_number") or phone(called),
        zone=invitee.zone("timezone"),
    )


def _where(location: Part) -> tuple[str, bool]:
    """Place, and whether it is a call."""
    kind, place = location.text("type"), location.text("location")
    if kind in CALLS:
        return "", True
    return place, is_call(place, visit=kind == "physical")


def _status(invitee: Part, scheduled: Part, canceled: bool) -> BookingStatus:
    if canceled or "canceled" in (invitee.text("status"), scheduled.text("status")):
        return BookingStatus.cancelled
    # The mark is an object with its own URI; anything else in its place says nothing.
    return BookingStatus.no_show if invitee.part("no_show").values else BookingStatus.confirmed


def booking(invitee: Part, scheduled: Part, *, canceled: bool = False) -> BookingState:
    """The booking of one invitee of a scheduled event."""
    place = needed_place(invitee)
    start, end = span(scheduled.needed_moment("start_time"), scheduled.needed_moment("end_time"))
    location = scheduled.part("location")
    hosts = scheduled.parts("event_memberships") or [Part({})]
    place_name, remote = _where(location)
    return BookingState(
        external_id=str(place),
        status=_status(invitee, scheduled, canceled),
        start=start,
        end=end,
        client=_client(invitee, location),
        service=_last(scheduled, "event_type"),
        service_name=scheduled.text("name"),
        practitioner=hosts[0].text("user_name"),
        place=place_name,
        remote=remote,
        replaces=_external(invitee, "old_invitee"),
        replaced_by=_external(invitee, "new_invitee"),
        created_at=invitee.moment("created_at"),
    )


class Calendly(Scheduler):
    """Calendly: everything is in the webhook, a reschedule is a cancellation and a new booking."""

    label = "Calendly"
    asks = (
        Ask(
            "api_key",
            "Personal access token",
            "At Calendly: Integrations → API and webhooks → make a token, as an owner or admin.",
            sealed=True,
        ),
    )
    ways = ("contact_note",)
    ways_once = ("contact_note",)
    seen_by = MappingProxyType(
        {
            "contact_note": "the link stands in a private note about the contact, which at Calendly only the "
            "person whose token it is sees. Nobody is mailed."
        }
    )

    @property
    def readable(self) -> bool:
        """True once a token is configured."""
        return bool(self.connection.api_key)

    def problems(self) -> list[str]:
        """What is wrong with the configuration."""
        missing = [] if any(self.connection.secrets) else ["Set the signing key of the webhook subscription."]
        return [*missing, *self.wrong_way()]

    def verify(self, inbound: Inbound) -> None:
        """`t=<seconds>,v1=<hex>` over `t.body`, within three minutes both ways."""
        found = _SIGNATURE.match(header(inbound, "calendly-webhook-signature"))
        if not found:
            raise InvalidSignature("The header calendly-webhook-signature is not well formed.")
        seconds = unix_seconds(found[1])
        signed = seconds.encode() + b"." + inbound.body
        require_any(found[2].split(",v1=")[1:], hexadecimal(self.connection.secrets, signed))
        require_fresh(seconds, inbound.received_at, WINDOW)

    def parse(self, inbound: Inbound) -> list[Notice]:
        """One notice: Calendly sends one webhook for each invitee."""
        body = read_json(inbound.body)
        event = body.text("event") or body.wrong("event", "there")
        if event not in SUBSCRIBED:
            return []
        payload = body.part("payload")
        place, state = needed_place(payload), self._state(event, payload)
        notice = Notice(
            external_id=str(place),
            event=event,
            booking=state,
            occurred_at=body.moment("created_at") or body.moment("time") or inbound.received_at,
            no_show=NO_SHOWS.get(event),
            gone=event == CANCELED and state is None and not self.readable,
        )
        return body.noted([notice])

    def _state(self, event: str, payload: Part) -> BookingState | None:
        """The booking in a webhook; None where it does not say when it is (as in 2020), so ask for it.

        Without a token only a new booking needs it: a cancellation and a mark concern one that is known.
        """
        try:
            return booking(payload, payload.part("scheduled_event"), canceled=event == CANCELED)
        except UnknownPayload:
            if event == CREATED and not self.readable:
                raise
            return None

    def fetch(self, external_id: str) -> tuple[BookingState, ...]:
        """The booking of one invitee as it is now; raises Gone."""
        place = placed(external_id)
        where = f"/scheduled_events{path(place.scheduled)}"
        scheduled = self._api().part(where, gone=GONE).part("resource")
        invitee = self._api().part(f"{where}/invitees{path(place.invitee)}", gone=GONE).part("resource")
        return (booking(invitee, scheduled),)

    def batches(self, since: datetime, place: str = "") -> Iterator[Batch]:
        """The invitees of one event after the other, by start: each event is a request of its own.

        A free plan allows 50 requests a minute, so reading may take several rounds.
        """
        moment, _, read = place.partition(" ")
        done = set(read.split())
        for name, start, scheduled in self._events(moment or utc_text(since)):
            if start != moment:
                moment, done = start, set()
            # Several events may begin together, so the place names those of them that are read already.
            mark = hashlib.sha256(name.encode()).hexdigest()[:8]
            if mark in done:
                continue
            bookings = self._come(scheduled, name)
            done.add(mark)
            yield Batch(bookings, " ".join((moment, *sorted(done))))

    def _events(self, start: str) -> Iterator[tuple[str, str, Part]]:
        """Each event with its identifier and its start."""
        first = {**self._scope(), "min_start_time": start, "sort": "start_time:asc", "count": PAGE}
        for page in self._api().pages("/scheduled_events", first, _next_page):
            yield from readable(page.parts("collection"), _named, self.connection.name)

    def _come(self, scheduled: Part, name: str) -> tuple[BookingState, ...]:
        """The bookings of an event; none where it was deleted since it was listed."""
        try:
            return tuple(self._invitees(scheduled, name))
        except IntegrationError as error:
            if not error.of_one_alone or error.status == 403:
                raise
            log.warning("event not readable", extra={"connection": self.connection.name, "why": str(error)})
            return ()

    def _invitees(self, scheduled: Part, name: str) -> Iterator[BookingState]:
        for page in self._api().pages(f"/scheduled_events{path(name)}/invitees", {"count": PAGE}, _next_page):
            yield from readable(
                page.parts("collection"),
                lambda invitee: [booking(invitee, scheduled)],
                self.connection.name,
            )

    def attach(self, external_id: str, note: Note) -> None:
        """Write one private note about the contact, unless a note with this link is there already."""
        if not self.connection.attach:
            raise Unsupported(
                "Calendly cannot write onto a booking. Set attach to contact_note for a private note."
            )
        self.way()
        contact = self._contact(self.fetch(external_id)[0].client.email)
        notes = self._api().part("/notes", {"contact": contact, "count": PAGE}).parts("collection")
        if any(note.link in str(each.values.get("body")) for each in notes):
            return
        text = f"{note.status} (when this was written)\n{note.link}"
        self._api().send(
            "POST", "/notes", json={"contact": contact, "title": "Aftercare", "body": text}, once=True
        )

    def _contact(self, email: str) -> str:
        found = (
            self._api().part("/contacts", {"email": email, "count": 1}).parts("collection") if email else []
        )
        if not found:
            raise Unsupported("Calendly has no contact with this client's e-mail address.")
        return found[0].text("uri", 300)

    def register(self, secret: str) -> Subscription:
        """Subscribe our URL with this signing key; "" keeps a healthy subscription with the key it has."""
        ours = self._subscriptions()
        healthy = [each for each in ours if _is_healthy(each)]
        if not secret and healthy:
            found = _last(healthy[0], "uri")
            return Subscription(found, self.our_url(), SUBSCRIBED, text="The webhook is there and works.")
        if not secret:
            raise IntegrationError("A new webhook at Calendly needs a signing key.", permanent=True)
        # Calendly can neither edit a subscription nor take two for one URL.
        self._remove(ours)
        wanted = {
            "url": self.our_url(),
            "events": list(SUBSCRIBED),
            **self._subscriber(),
            "signing_key": secret,
        }
        answer = self._api().send("POST", "/webhook_subscriptions", json=wanted, once=True)
        made = _last(self._api().as_part(answer).part("resource"), "uri")
        return Subscription(made, self.our_url(), SUBSCRIBED, secret, "The webhook is made.")

    def unregister(self) -> int:
        """Remove every subscription to our URL; returns how many there were."""
        return self._remove(self._subscriptions())

    def _remove(self, subscriptions: list[Part]) -> int:
        for each in subscriptions:
            self._api().send("DELETE", f"/webhook_subscriptions{path(_last(each, 'uri'))}")
        return len(subscriptions)

    def _subscriptions(self) -> list[Part]:
        pages = self._api().pages("/webhook_subscriptions", {**self._subscriber(), "count": PAGE}, _next_page)
        found = [each for page in pages for each in page.parts("collection")]
        return [each for each in found if each.values.get("callback_url") == self.our_url()]

    def services(self) -> list[Offered]:
        """The event types of the organization or the person; a booking names one by the end of its URI."""
        first = {**self._scope(), "active": "true", "count": PAGE}
        pages = self._api().pages("/event_types", first, _next_page)
        return [
            Offered(_last(each, "uri"), each.text("name"))
            for page in pages
            for each in page.parts("collection")
        ]

    def ping(self) -> None:
        """Whose token it is."""
        self._me()

    def is_subscribed(self) -> bool:
        """A subscription that keeps failing is switched off by Calendly."""
        return any(each.text("state") == "active" for each in self._subscriptions())

    def _scope(self) -> dict[str, str]:
        """Whose bookings: `account` is the URI of an organization or of one person."""
        account = self.connection.account or self._me().text("current_organization", 300)
        return {"user" if "/users/" in account else "organization": account}

    def _subscriber(self) -> dict[str, str]:
        scope = self._scope()
        if "user" in scope:
            return {**scope, "organization": self._me().text("current_organization", 300), "scope": "user"}
        return {**scope, "scope": "organization"}

    def _me(self) -> Part:
        return self._api().part("/users/me").part("resource")

    def _api(self) -> Api:
        if not self.connection.api_key:
            raise Unsupported("This needs a token of Calendly: set the connection's …_API_KEY.")
        base = (self.connection.api_base or HOST).rstrip("/")
        return Api(
            self.http,
            self.label,
            base,
            DENIED,
            {"Authorization": f"Bearer {self.connection.api_key}"},
            left_out=self.left_out,
        )


def _named(scheduled: Part) -> list[tuple[str, str, Part]]:
    name = _last(scheduled, "uri") or scheduled.wrong("uri", "a URI")
    return [(name, utc_text(scheduled.needed_moment("start_time")), scheduled)]


def _is_healthy(subscription: Part) -> bool:
    events = subscription.values.get("events")
    whole = isinstance(events, list) and all(each in events for each in SUBSCRIBED)
    return subscription.text("state") == "active" and whole


def _next_page(page: Part, asked: Mapping[str, Any]) -> Mapping[str, Any] | None:
    token = page.part("pagination").token("next_page_token")
    return {**asked, "page_token": token} if token else None
