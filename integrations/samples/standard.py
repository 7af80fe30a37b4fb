"""Sample webhooks of a sender of Standard Webhooks."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from standardwebhooks.webhooks import Webhook

from integrations.samples.visit import Builder, Sample, Visit, compact
from integrations.signing import sha256


def _body(kind: str, status: str = "confirmed") -> Callable[[Visit], dict[str, Any]]:
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


def sign(v: Visit, body: Mapping[str, Any]) -> Sample:
    """Headers and bytes, signed."""
    raw, seconds = compact(body), int(v.now.timestamp())
    message_id = "msg_" + sha256("id", raw).hex()[:24]
    at = datetime.fromtimestamp(seconds, UTC)
    headers = {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": Webhook(v.secret).sign(message_id, at, raw.decode()),
    }
    return headers, raw


EVENTS: dict[str, Builder] = {
    "created": _body("booking.created"),
    "updated": _body("booking.updated"),
    "rescheduled": _body("booking.updated"),
    "cancelled": _body("booking.cancelled", "cancelled"),
    "no_show": _body("booking.no_show", "no_show"),
}
