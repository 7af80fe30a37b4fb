"""Acuity Scheduling, API v1: https://developers.acuityscheduling.com/docs/webhooks.

A webhook holds identifiers only, and two reschedules of one appointment are equal byte for byte: every
webhook means "read the appointment again".
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl

from integrations.api import Api, path, readable
from integrations.base import (
    Ask,
    Batch,
    IntegrationError,
    Note,
    Offered,
    Scheduler,
    Subscription,
    UnknownPayload,
    Unsupported,
)
from integrations.markers import block, merge
from integrations.payload import Part, is_call, span
from integrations.signing import BASE64_32_BYTES, in_base64, require_any, shaped
from schemas.booking import BookingState, BookingStatus, Person
from schemas.webhook import Inbound, Notice

HOST = "https://acuityscheduling.com"
DENIED = "Check the user ID and the API key under Integrations, API; the API needs the plan that includes it."
GONE = "Acuity does not know this appointment any more."
PAGE = 500

ACTIONS = frozenset({"scheduled", "rescheduled", "canceled", "cancelled", "changed"})
SUBSCRIBED = tuple(f"appointment.{action}" for action in ("scheduled", "rescheduled", "canceled", "changed"))
MOST_FIELDS = 500
_ACTION = re.compile(r"[a-z][a-z._-]*\Z", re.ASCII)
_ID = re.compile(r"[0-9]{1,18}\Z", re.ASCII)


def read_form(body: bytes) -> dict[str, str]:
    """Action and id of a form body, each once, whatever else stands there; raises UnknownPayload."""
    try:
        pairs = parse_qsl(body.decode("latin-1"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise UnknownPayload("The body is not a form.") from None
    found = [(name, value.strip()) for name, value in pairs if name in ("action", "id")]
    if len(dict(found)) != len(found):
        raise UnknownPayload("The body names a field twice.")
    return dict(found)


def _status(appointment: Part) -> BookingStatus:
    if not appointment.flag("canceled"):
        return BookingStatus.confirmed
    return BookingStatus.no_show if appointment.flag("noShow") else BookingStatus.cancelled


def _minutes(appointment: Part) -> timedelta:
    minutes = appointment.number("duration") or 0
    if not 0 < minutes < 100_000:
        appointment.wrong("duration", "a number of minutes")
    return timedelta(minutes=minutes)


def _client(appointment: Part) -> Person:
    return Person(
        name=f"{appointment.text('firstName')} {appointment.text('lastName')}".strip(),
        email=appointment.email("email"),
        phone=appointment.phone("phone"),
        zone=appointment.zone("timezone"),
    )


def booking(appointment: Part) -> BookingState:
    """The booking of one appointment; its end is the start and the duration, which is text."""
    start = appointment.needed_moment("datetime")
    start, end = span(start, start + _minutes(appointment))
    location = appointment.text("location")
    return BookingState(
        external_id=appointment.needed("id"),
        status=_status(appointment),
        start=start,
        end=end,
        client=_client(appointment),
        service=appointment.word("appointmentTypeID"),
        service_name=appointment.text("type"),
        practitioner=appointment.text("calendar"),
        place=location,
        remote=is_call(location),
        zone=appointment.zone("calendarTimezone"),
        created_at=appointment.moment("datetimeCreated"),
    )


class Acuity(Scheduler):
    """Acuity: always fetched; a reschedule keeps the identifier."""

    label = "Acuity"
    asks = (
        Ask("account", "User ID", "At Acuity: Integrations → API → View credentials."),
        Ask("api_key", "API key", "Beside the user ID. Take that of the main admin.", sealed=True),
    )
    signs_with = "api_key"
    ways = ("notes",)
    default_way = "notes"
    seen_by = MappingProxyType(
        {
            "notes": "link and status stand in the notes of the appointment, which staff at Acuity see and "
            "clients do not. Nobody is mailed."
        }
    )
    cancel_is_final = False

    @property
    def readable(self) -> bool:
        """True once user ID and API key are configured."""
        return bool(self.connection.api_key and self.connection.account)

    def problems(self) -> list[str]:
        """What is wrong with the configuration."""
        found = self.wrong_way()
        if not any(self.connection.secrets):
            found.append("Set the secret: at Acuity it is the API key of the main admin.")
        if "register" in self.connection.secrets:
            found.append("Acuity signs with its API key: set that as the secret, register cannot make one.")
        if not self.readable:
            found.append(
                "Set the API key and the account (the user ID): Acuity's webhooks hold identifiers only."
            )
        return found

    def verify(self, inbound: Inbound) -> None:
        """Base64 HMAC-SHA256 of the body under the API key."""
        given = shaped(inbound, "x-acuity-signature", BASE64_32_BYTES)
        require_any([given], in_base64(self.connection.secrets, inbound.body))

    def parse(self, inbound: Inbound) -> list[Notice]:
        """One notice without a booking: the appointment must be fetched."""
        form = read_form(inbound.body)
        action = form.get("action", "").casefold().removeprefix("appointment.")
        if not _ACTION.match(action):
            raise UnknownPayload("The field action must be there.")
        if action not in ACTIONS:
            return []
        if not _ID.match(form.get("id", "")):
            raise UnknownPayload("The field id must be a number.")
        return [Notice(form["id"], action)]

    def fetch(self, external_id: str) -> tuple[BookingState, ...]:
        """The appointment as it is now; raises Gone."""
        return (booking(self._appointment(external_id)),)

    def batches(self, since: datetime, place: str = "") -> Iterator[Batch]:
        """Every appointment from the day before then, canceled ones too: no list by time of change.

        The place is the day that comes next.
        """
        first = {
            "minDate": place or (since - timedelta(days=1)).strftime("%Y-%m-%d"),
            "max": PAGE,
            "showall": "true",
            "direction": "ASC",
            "excludeForms": "true",
        }
        seen: set[str] = set()
        for page, following in self._api().steps("/api/v1/appointments", first, _next_page):
            fresh = [each for each in page.parts("data") if each.word("id") not in seen]
            seen.update(each.word("id") for each in fresh)
            found = tuple(readable(fresh, lambda each: [booking(each)], self.connection.name))
            yield Batch(found, following["minDate"] if following else "")

    def services(self) -> list[Offered]:
        """The appointment types that are switched on."""
        found = Part({"types": self._api().get("/api/v1/appointment-types")}).parts("types")
        return [
            Offered(each.word("id"), each.text("name")) for each in found if each.flag("active") is not False
        ]

    def ping(self) -> None:
        """One appointment at most."""
        self._api().get("/api/v1/appointments", {"max": 1, "excludeForms": "true"})

    def is_subscribed(self) -> bool:
        """Any of our webhooks."""
        return bool(self._subscriptions())

    def attach(self, external_id: str, note: Note) -> None:
        """Put link and status between our markers into the notes; the rest of them is kept."""
        self.way()
        before, ours = self._notes(external_id), block(note.link, note.status)
        wanted = merge(before, ours)
        if wanted == before:
            return
        where = f"/api/v1/appointments{path(external_id)}"
        self._api().send("PUT", where, params={"admin": "true"}, json={"notes": wanted}, gone=GONE)
        if ours not in self._notes(external_id):
            raise IntegrationError("Acuity did not keep the note.")

    def _notes(self, external_id: str) -> str:
        notes = self._appointment(external_id).values.get("notes")
        return notes.replace("\r\n", "\n") if isinstance(notes, str) else ""

    def _appointment(self, external_id: str) -> Part:
        return self._api().part(f"/api/v1/appointments{path(external_id)}", gone=GONE)

    def register(self, secret: str) -> Subscription:
        """Subscribe our URL to each event once. Acuity signs with the API key, whatever `secret` is."""
        kept: dict[str, str] = {}
        spare: list[Part] = []
        for each in self._subscriptions():
            event = each.text("event")
            if event in SUBSCRIBED and event not in kept:
                kept[event] = each.word("id")
            else:
                spare.append(each)
        self._api().delete("/api/v1/webhooks", spare)
        for event in SUBSCRIBED:
            if event not in kept:
                kept[event] = self._subscribe(event)
        text = "The webhooks are there. Acuity signs with the API key: set the same key as the secret."
        return Subscription(",".join(kept.values()), self.our_url(), SUBSCRIBED, text=text)

    def _subscribe(self, event: str) -> str:
        wanted = {"event": event, "target": self.our_url()}
        return self._api().as_part(self._api().send("POST", "/api/v1/webhooks", json=wanted)).word("id")

    def unregister(self) -> int:
        """Remove every webhook to our URL; returns how many there were."""
        return self._api().delete("/api/v1/webhooks", self._subscriptions())

    def _subscriptions(self) -> list[Part]:
        found = Part({"webhooks": self._api().get("/api/v1/webhooks")}).parts("webhooks")
        return [each for each in found if each.values.get("target") == self.our_url()]

    def _api(self) -> Api:
        if not self.readable:
            raise Unsupported("Set the user ID and the API key of Acuity to read appointments.")
        base = (self.connection.api_base or HOST).rstrip("/").removesuffix("/api/v1")
        return Api(
            self.http,
            self.label,
            base,
            DENIED,
            auth=(self.connection.account, self.connection.api_key),
            left_out=self.left_out,
        )


def _next_page(page: Part, asked: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Acuity has no pages, and may give fewer than we ask for: go on from the last day until none is left."""
    found = page.parts("data")
    last = max((each.text("datetime")[:10] for each in found if each.moment("datetime")), default="")
    if last < asked["minDate"]:
        return None
    if last == asked["minDate"]:  # the day is read, as far as Acuity gives it
        last = (date.fromisoformat(last) + timedelta(days=1)).isoformat()
    return {**asked, "minDate": last}
