"""Sample webhooks of Square: `uid` must be a booking that can be read; `url` is signed too."""

import base64
from collections.abc import Callable, Mapping
from typing import Any

from integrations.samples.visit import Builder, Sample, Visit, compact
from integrations.signing import sha256


def _booking(v: Visit, status: str) -> dict[str, Any]:
    minutes = int((v.end - v.start).total_seconds() // 60)
    segment = {"duration_minutes": minutes, "service_variation_id": "SV1", "team_member_id": "TM1"}
    return {
        "id": v.uid,
        "version": v.version,
        "status": status,
        "created_at": v.iso(v.now, digits=False),
        "updated_at": v.iso(v.now, digits=False),
        "start_at": v.iso(v.start, digits=False),
        "location_id": "L1",
        "customer_id": "C1",
        "appointment_segments": [segment],
    }


def _body(kind: str, status: str) -> Callable[[Visit], dict[str, Any]]:
    def build(v: Visit) -> dict[str, Any]:
        found = {"booking": _booking(v, status)}
        return {
            "merchant_id": "ML1",
            "type": kind,
            "event_id": sha256("event", f"{kind}{status}{v}".encode()).hex()[:32],
            "created_at": v.iso(v.now, digits=False),
            "data": {"type": "booking", "id": f"{v.uid}:{v.version}", "object": found},
        }

    return build


def sign(v: Visit, body: Mapping[str, Any]) -> Sample:
    """Headers and bytes, signed."""
    raw = compact(body)
    signature = base64.b64encode(sha256(v.secret, v.url.encode() + raw)).decode()
    return {"Content-Type": "application/json", "x-square-hmacsha256-signature": signature}, raw


EVENTS: dict[str, Builder] = {
    "created": _body("booking.created", "ACCEPTED"),
    "rescheduled": _body("booking.updated", "ACCEPTED"),
    "cancelled": _body("booking.updated", "CANCELLED_BY_CUSTOMER"),
    "no_show": _body("booking.updated", "NO_SHOW"),
}
