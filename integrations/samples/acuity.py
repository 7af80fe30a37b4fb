"""Sample webhooks of Acuity: identifiers only, so `uid` must be an appointment that can be read."""

import base64
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from integrations.samples.visit import Builder, Sample, Visit
from integrations.signing import sha256


def _body(action: str) -> Callable[[Visit], dict[str, Any]]:
    def build(v: Visit) -> dict[str, Any]:
        return {"action": action, "id": v.uid, "calendarID": "1", "appointmentTypeID": "1"}

    return build


def sign(v: Visit, body: Mapping[str, Any]) -> Sample:
    """Headers and bytes, signed."""
    raw = urlencode(body).encode()
    return {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Acuity-Signature": base64.b64encode(sha256(v.secret, raw)).decode(),
    }, raw


EVENTS: dict[str, Builder] = {
    "created": _body("scheduled"),
    "rescheduled": _body("rescheduled"),
    "cancelled": _body("canceled"),
    "updated": _body("changed"),
}
