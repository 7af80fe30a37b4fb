"""Signed webhooks of the captured shapes, for `flask simulate` and the demo."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from standardwebhooks.webhooks import Webhook

from integrations.signing import sha256

Sample = tuple[dict[str, str], bytes]


@dataclass(frozen=True, slots=True)
class Visit:
    """What a sample webhook says; times are aware, `replaces` is the uid from before a reschedule."""

    uid: str
    start: datetime
    end: datetime
    now: datetime
    secret: str
    name: str
    email: str
    phone: str = ""
    zone: str = "America/New_York"
    client_zone: str = ""
    language: str = "en"
    service: str = "deep-tissue-60"
    service_name: str = "Deep tissue massage, 60 minutes"
    practitioner: str = "Mara Field"
    place: str = "12 Main Street"
    replaces: str = ""
    version: int = 0
    url: str = ""

    def iso(self, when: datetime, *, digits: bool = True) -> str:
        """The time in UTC as JavaScript writes it."""
        text = when.astimezone(UTC).isoformat(timespec="milliseconds" if digits else "seconds")
        return text.replace("+00:00", "Z")


def _compact(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _calcom_answers(v: Visit) -> dict[str, Any]:
    place = {"value": "inPerson", "optionValue": ""}
    given = {"name": v.name, "email": v.email, "attendeePhoneNumber": v.phone or None, "location": place}
    labels = {"name": "your_name", "email": "email_address", "attendeePhoneNumber": "phone_number"}
    return {
        name: {"label": labels.get(name, name), "value": value, "isHidden": False}
        for name, value in given.items()
        if value
    }


def _calcom_attendee(v: Visit) -> dict[str, Any]:
    return {
        "email": v.email,
        "name": v.name,
        "phoneNumber": v.phone or None,
        "firstName": "",
        "lastName": "",
        "timeZone": v.client_zone or v.zone,
        "language": {"locale": v.language},
    }


def _calcom_booking(v: Visit, status: str) -> dict[str, Any]:
    minutes = int((v.end - v.start).total_seconds() // 60)
    host = {
        "id": 1,
        "name": v.practitioner,
        "email": "host@example.com",
        "username": "host",
        "timeZone": v.zone,
    }
    return {
        "bookerUrl": "https://cal.com",
        "title": f"{v.service_name} between {v.practitioner} and {v.name}",
        "startTime": v.iso(v.start, digits=False),
        "endTime": v.iso(v.end, digits=False),
        "additionalNotes": "",
        "type": v.service,
        "eventTypeId": 4711,
        "seatsPerTimeSlot": None,
        "organizer": {**host, "language": {"locale": "en"}},
        "attendees": [_calcom_attendee(v)],
        "customInputs": {},
        "responses": _calcom_answers(v),
        "userFieldsResponses": {},
        "location": v.place,
        "iCalUID": f"{v.replaces or v.uid}@Cal.com",
        "requiresConfirmation": status == "PENDING",
        "uid": v.uid,
        "eventTitle": v.service_name,
        "length": minutes,
        "metadata": {},
        "status": status,
    }


def _calcom_wrapped(trigger: str, status: str, **more: str) -> Callable[[Visit], dict[str, Any]]:
    def build(v: Visit) -> dict[str, Any]:
        extra = {"rescheduleUid": v.replaces} if v.replaces else {}
        payload = {**_calcom_booking(v, status), **extra, **more}
        return {"triggerEvent": trigger, "createdAt": v.iso(v.now), "payload": payload}

    return build


def _calcom_no_show(v: Visit) -> dict[str, Any]:
    payload = {
        "message": f"{v.email} marked as no-show",
        "attendees": [{"email": v.email, "noShow": True}],
        "bookingUid": v.uid,
        "bookingId": 881,
    }
    return {"triggerEvent": "BOOKING_NO_SHOW_UPDATED", "createdAt": v.iso(v.now), "payload": payload}


def _calcom_meeting(trigger: str) -> Callable[[Visit], dict[str, Any]]:
    def build(v: Visit) -> dict[str, Any]:
        attendee = {**_calcom_attendee(v), "id": 1, "locale": v.language, "bookingId": 881, "noShow": False}
        return {
            "triggerEvent": trigger,
            "id": 881,
            "uid": v.uid,
            "idempotencyKey": f"{v.uid}-{trigger}",
            "eventTypeId": 4711,
            "title": v.service_name,
            "responses": _calcom_answers(v),
            "startTime": v.iso(v.start),
            "endTime": v.iso(v.end),
            "location": v.place,
            "createdAt": v.iso(v.now),
            "status": "ACCEPTED",
            "user": {"email": "host@example.com", "name": v.practitioner, "timeZone": v.zone},
            "attendees": [attendee],
        }

    return build


def _calcom_signed(v: Visit, body: Mapping[str, Any]) -> Sample:
    raw = _compact(body)
    headers = {
        "Content-Type": "application/json",
        "x-cal-webhook-version": "2021-10-20",
        "X-Cal-Signature-256": sha256(v.secret, raw).hex(),
    }
    return headers, raw


def _standard(kind: str, status: str = "confirmed") -> Callable[[Visit], dict[str, Any]]:
    def build(v: Visit) -> dict[str, Any]:
        client = {"name": v.name, "email": v.email, "phone": v.phone}
        data = {
            "id": v.uid,
            "status": status,
            "start": v.iso(v.start, digits=False),
            "end": v.iso(v.end, digits=False),
            "service": v.service,
            "service_name": v.service_name,
            "practitioner": v.practitioner,
            "place": v.place,
            "remote": False,
            "zone": v.zone,
            "client": {**client, "zone": v.client_zone or v.zone, "language": v.language},
            "replaces": v.replaces or None,
        }
        return {"type": kind, "timestamp": v.iso(v.now), "data": data}

    return build


def _standard_signed(v: Visit, body: Mapping[str, Any]) -> Sample:
    raw, seconds = _compact(body), int(v.now.timestamp())
    message_id = "msg_" + sha256("id", raw).hex()[:24]
    at = datetime.fromtimestamp(seconds, UTC)
    headers = {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": Webhook(v.secret).sign(message_id, at, raw.decode()),
    }
    return headers, raw


BUILDERS: dict[str, dict[str, Callable[[Visit], dict[str, Any]]]] = {
    "calcom": {
        "created": _calcom_wrapped("BOOKING_CREATED", "ACCEPTED"),
        "rescheduled": _calcom_wrapped("BOOKING_RESCHEDULED", "ACCEPTED"),
        "cancelled": _calcom_wrapped("BOOKING_CANCELLED", "CANCELLED", cancellationReason=""),
        "requested": _calcom_wrapped("BOOKING_REQUESTED", "PENDING"),
        "no_show": _calcom_no_show,
        "started": _calcom_meeting("MEETING_STARTED"),
        "ended": _calcom_meeting("MEETING_ENDED"),
    },
    "standard": {
        "created": _standard("booking.created"),
        "updated": _standard("booking.updated"),
        "rescheduled": _standard("booking.updated"),
        "cancelled": _standard("booking.cancelled", "cancelled"),
        "no_show": _standard("booking.no_show", "no_show"),
    },
}
SIGNERS: dict[str, Callable[[Visit, Mapping[str, Any]], Sample]] = {
    "calcom": _calcom_signed,
    "standard": _standard_signed,
}
EVENTS: dict[str, tuple[str, ...]] = {scheduler: tuple(events) for scheduler, events in BUILDERS.items()}


def new_secret(scheduler: str, random: bytes) -> str:
    """A signing secret in the form that this scheduler uses, from at least 24 random bytes."""
    text = base64.b64encode(random).decode()
    return f"whsec_{text}" if scheduler == "standard" else random.hex()


def sample(scheduler: str, event: str, **visit: Any) -> Sample:
    """Headers and body of one signed webhook; the keywords are the fields of Visit.

    Raises KeyError for a scheduler or an event that is not in EVENTS.
    """
    described = Visit(**visit)
    return SIGNERS[scheduler](described, BUILDERS[scheduler][event](described))
