"""Message authentication as the schedulers do it: exact encodings, constant-time comparison."""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from integrations.base import InvalidSignature, WrongClock
from schemas.webhook import Inbound

TOLERANCE = 300  # seconds, both ways
LOWER_HEX_64 = re.compile(r"[0-9a-f]{64}\Z", re.ASCII)
BASE64_32_BYTES = re.compile(r"[A-Za-z0-9+/]{43}=\Z", re.ASCII)
UNIX_SECONDS = re.compile(r"[1-9][0-9]{9}\Z", re.ASCII)


def header(inbound: Inbound, name: str) -> str:
    """The one value of a header; raises InvalidSignature when it is missing."""
    value = inbound.headers.get(name, "")
    if not value:
        raise InvalidSignature(f"The header {name} is missing.")
    return value


def shaped(inbound: Inbound, name: str, shape: re.Pattern[str]) -> str:
    """The value of a header that must have exactly this shape; raises InvalidSignature."""
    value = header(inbound, name)
    if not shape.match(value):
        raise InvalidSignature(f"The header {name} is not well formed.")
    return value


def unix_seconds(written: str) -> str:
    """The Unix time as written, once it is well formed; raises InvalidSignature."""
    if not UNIX_SECONDS.match(written):
        raise InvalidSignature("The time of the signature is not well formed.")
    return written


def require_fresh(seconds: str, received_at: datetime, tolerance: int = TOLERANCE) -> None:
    """Raise WrongClock outside of the tolerance. Asked last: only a genuine sender can say that our clock
    is wrong."""
    if abs(received_at.timestamp() - int(seconds)) > tolerance:
        raise WrongClock("The time of the signature is too far from our clock.")


def sha256(secret: str, signed: bytes) -> bytes:
    """HMAC-SHA256 of `signed` under `secret` as UTF-8."""
    return hmac.new(secret.encode("utf-8", "surrogatepass"), signed, hashlib.sha256).digest()


def hexadecimal(secrets: Iterable[str], signed: bytes) -> list[str]:
    """The lower-case hexadecimal signatures under each secret; an empty secret signs nothing."""
    return [sha256(secret, signed).hex() for secret in secrets if secret]


def in_base64(secrets: Iterable[str], signed: bytes) -> list[str]:
    """The padded base64 signatures under each secret; an empty secret signs nothing."""
    return [base64.b64encode(sha256(secret, signed)).decode() for secret in secrets if secret]


def same(given: str, expected: str) -> bool:
    """Constant-time comparison that does not raise on text that is not ASCII."""
    return hmac.compare_digest(
        given.encode("utf-8", "surrogatepass"), expected.encode("utf-8", "surrogatepass")
    )


def require_any(given: Sequence[str], expected: Sequence[str]) -> None:
    """Raise InvalidSignature unless one of `given` equals one of `expected`; all are compared."""
    matches = [same(one, other) for one in given for other in expected]
    if True not in matches:
        raise InvalidSignature("The signature does not match.")
