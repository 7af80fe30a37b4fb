"""How a genuine request of each scheduler is made, written without our signing code."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tests.helpers.wire import NOW, SECRET, SECRETS, URL

Signer = Callable[[str, bytes, datetime], dict[str, str]]


def _mac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, hashlib.sha256)


def _acuity(secret: str, body: bytes, at: datetime) -> dict[str, str]:
    return {"x-acuity-signature": base64.b64encode(_mac(secret.encode(), body)).decode()}


def _calcom(secret: str, body: bytes, at: datetime) -> dict[str, str]:
    return {"x-cal-signature-256": _mac(secret.encode(), body).hex()}


def _calendly(secret: str, body: bytes, at: datetime) -> dict[str, str]:
    seconds = str(int(at.timestamp()))
    mac = _mac(secret.encode(), seconds.encode() + b"." + body).hex()
    return {"calendly-webhook-signature": f"t={seconds},v1={mac}"}


def _easyappointments(secret: str, body: bytes, at: datetime) -> dict[str, str]:
    return {"x-ea-token": secret}


def _mindbody(secret: str, body: bytes, at: datetime) -> dict[str, str]:
    return {"x-mindbody-signature": "sha256=" + base64.b64encode(_mac(secret.encode(), body)).decode()}


def _square(secret: str, body: bytes, at: datetime) -> dict[str, str]:
    mac = _mac(secret.encode(), URL.encode() + body)
    return {"x-square-hmacsha256-signature": base64.b64encode(mac).decode()}


def _standard(secret: str, body: bytes, at: datetime) -> dict[str, str]:
    key, seconds = base64.b64decode(secret.removeprefix("whsec_")), str(int(at.timestamp()))
    mac = _mac(key, b"msg_1." + seconds.encode() + b"." + body)
    signature = "v1," + base64.b64encode(mac).decode()
    return {"webhook-id": "msg_1", "webhook-timestamp": seconds, "webhook-signature": signature}


@dataclass(frozen=True, slots=True)
class Candidate:
    """Who sits the exam. `credential` is the header that carries the proof."""

    name: str
    credential: str
    sign: Signer
    other_secret: str = "another-secret"
    signs_body: bool = True
    window: int = 0  # seconds that the time in a signature may be off; 0 for one without a time
    unknown: bytes = (
        b'{"type":"something.new","eventId":"something.new","event":"something.new","action":"something_new",'
        + (b'"triggerEvent":"SOMETHING_NEW","payload":{}}')
    )

    @property
    def secret(self) -> str:
        """The secret of its connection."""
        return SECRETS.get(self.name, SECRET)

    def headers(self, body: bytes, at: datetime = NOW, secret: str | None = None) -> dict[str, str]:
        """The headers of a genuine request."""
        return self.sign(self.secret if secret is None else secret, body, at)


CANDIDATES = {
    each.name: each
    for each in (
        Candidate("acuity", "x-acuity-signature", _acuity, unknown=b"action=something.new&id=1"),
        Candidate("calcom", "x-cal-signature-256", _calcom),
        Candidate("calendly", "calendly-webhook-signature", _calendly, window=180),
        Candidate("easyappointments", "x-ea-token", _easyappointments, signs_body=False),
        Candidate("mindbody", "x-mindbody-signature", _mindbody),
        Candidate("square", "x-square-hmacsha256-signature", _square),
        Candidate("standard", "webhook-signature", _standard, other_secret="whsec_" + "QUJD" * 8, window=300),
    )
}
