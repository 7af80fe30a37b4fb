"""Sample webhooks of Mindbody: `account` is the site that they are about."""

from collections.abc import Callable, Mapping
from typing import Any

from integrations.samples.visit import Builder, Sample, Visit, compact
from integrations.signing import in_base64, sha256

SITE = -99  # Mindbody's own sandbox


def _site(v: Visit) -> int:
    return int(v.account) if v.account.removeprefix("-").isdecimal() else SITE


def _person(whose: str, name: str) -> dict[str, str]:
    given, _, family = name.partition(" ")
    return {f"{whose}FirstName": given, f"{whose}LastName": family}


def _about(v: Visit) -> dict[str, Any]:
    return {"siteId": _site(v), "appointmentId": int(v.uid) if v.uid.isdecimal() else v.uid}


def _whole(v: Visit, status: str) -> dict[str, Any]:
    return {
        **_about(v),
        "status": status,
        "isConfirmed": True,
        "hasArrived": False,
        "locationId": 1,
        "clientId": sha256("client", v.email.encode()).hex()[:10],
        **_person("client", v.name),
        "clientEmail": v.email,
        "clientPhone": v.phone or None,
        "staffId": 5,
        **_person("staff", v.practitioner),
        "startDateTime": v.iso(v.start, digits=False),
        "endDateTime": v.iso(v.end, digits=False),
        "durationMinutes": int((v.end - v.start).total_seconds() // 60),
        "genderRequested": None,
        "resources": [],
        "notes": None,
        "formulaNotes": None,
        "icdCodes": [],
        "providerId": None,
    }


def _body(kind: str, data: Callable[[Visit], Mapping[str, Any]]) -> Builder:
    def build(v: Visit) -> dict[str, Any]:
        webhook = {"eventId": f"appointmentBooking.{kind}", "eventData": data(v)}
        message = sha256("message", f"{kind} {v.uid} {v.now.isoformat()}".encode()).hex()[:22]
        head = {"messageId": message, "eventSchemaVersion": 1}
        return head | {"eventInstanceOriginationDateTime": v.iso(v.now)} | webhook

    return build


def sign(v: Visit, body: Mapping[str, Any]) -> Sample:
    """Headers and bytes, signed."""
    raw = compact(body)
    (signature,) = in_base64([v.secret], raw)
    return {"Content-Type": "application/json", "X-Mindbody-Signature": f"sha256={signature}"}, raw


EVENTS: dict[str, Builder] = {
    "created": _body("created", lambda v: _whole(v, "Scheduled")),
    "updated": _body("updated", lambda v: _whole(v, "Scheduled")),
    "rescheduled": _body("updated", lambda v: _whole(v, "Scheduled")),
    "cancelled": _body("cancelled", _about),
    "no_show": _body("updated", lambda v: _whole(v, "NoShow")),
}
