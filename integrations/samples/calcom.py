"""Sample webhooks of Cal.com, in the captured shape."""

from collections.abc import Callable, Mapping
from typing import Any

from integrations.samples.visit import Builder, Sample, Visit, compact
from integrations.signing import sha256


def _answers(v: Visit) -> dict[str, Any]:
    place = {"value": "inPerson", "optionValue": ""}
    given = {"name": v.name, "email": v.email, "attendeePhoneNumber": v.phone or None, "location": place}
    labels = {"name": "your_name", "email": "email_address", "attendeePhoneNumber": "phone_number"}
    return {
        name: {"label": labels.get(name, name), "value": value, "isHidden": False}
        for name, value in given.items()
        if value
    }


def _attendee(v: Visit) -> dict[str, Any]:
    return {
        "email": v.email,
        "name": v.name,
        "phoneNumber": v.phone or None,
        "firstName": "",
        "lastName": "",
        "timeZone": v.client_zone or v.zone,
        "language": {"locale": v.language},
    }


def _booking(v: Visit, status: str) -> dict[str, Any]:
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
        "attendees": [_attendee(v)],
        "customInputs": {},
        "responses": _answers(v),
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


def _wrapped(trigger: str, status: str, **more: str) -> Callable[[Visit], dict[str, Any]]:
    def build(v: Visit) -> dict[str, Any]:
        extra = {"rescheduleUid": v.replaces} if v.replaces else {}
        payload = {**_booking(v, status), **extra, **more}
        return {"triggerEvent": trigger, "createdAt": v.iso(v.now), "payload": payload}

    return build


def _no_show(v: Visit) -> dict[str, Any]:
    payload = {
        "message": f"{v.email} marked as no-show",
        "attendees": [{"email": v.email, "noShow": True}],
        "bookingUid": v.uid,
        "bookingId": 881,
    }
    return {"triggerEvent": "BOOKING_NO_SHOW_UPDATED", "createdAt": v.iso(v.now), "payload": payload}


def _meeting(trigger: str) -> Callable[[Visit], dict[str, Any]]:
    def build(v: Visit) -> dict[str, Any]:
        attendee = {**_attendee(v), "id": 1, "locale": v.language, "bookingId": 881, "noShow": False}
        return {
            "triggerEvent": trigger,
            "id": 881,
            "uid": v.uid,
            "idempotencyKey": f"{v.uid}-{trigger}",
            "eventTypeId": 4711,
            "title": v.service_name,
            "responses": _answers(v),
            "startTime": v.iso(v.start),
            "endTime": v.iso(v.end),
            "location": v.place,
            "createdAt": v.iso(v.now),
            "status": "ACCEPTED",
            "user": {"email": "host@example.com", "name": v.practitioner, "timeZone": v.zone},
            "attendees": [attendee],
        }

    return build


def sign(v: Visit, body: Mapping[str, Any]) -> Sample:
    """Headers and bytes, signed."""
    raw = compact(body)
    headers = {
        "Content-Type": "application/json",
        "x-cal-webhook-version": "2021-10-20",
        "X-Cal-Signature-256": sha256(v.secret, raw).hex(),
    }
    return headers, raw


EVENTS: dict[str, Builder] = {
    "created": _wrapped("BOOKING_CREATED", "ACCEPTED"),
    "rescheduled": _wrapped("BOOKING_RESCHEDULED", "ACCEPTED"),
    "cancelled": _wrapped("BOOKING_CANCELLED", "CANCELLED", cancellationReason=""),
    "requested": _wrapped("BOOKING_REQUESTED", "PENDING"),
    "no_show": _no_show,
    "started": _meeting("MEETING_STARTED"),
    "ended": _meeting("MEETING_ENDED"),
}
