"""Message authentication as the schedulers do it: exact encodings, constant-time comparison."""

import hashlib
import hmac
import re
from collections.abc import Iterable

from integrations.base import InvalidSignature
from schemas.webhook import Inbound

LOWER_HEX_64 = re.compile(r"[0-9a-f]{64}\Z", re.ASCII)
BASE64_32_BYTES = re.compile(r"[A-Za-z0-9+/]{43}=\Z", re.ASCII)


def header(inbound: Inbound, name: str) -> str:
    """The one value of a header; raises InvalidSignature when it is missing."""
    value = inbound.headers.get(name, "")
    if not value:
        raise InvalidSignature(f"The header {name} is missing.")
    return value


def sha256(secret: str, signed: bytes) -> bytes:
    """HMAC-SHA256 of `signed` under `secret` as UTF-8."""
    return hmac.new(secret.encode(), signed, hashlib.sha256).digest()


def same(given: str, expected: str) -> bool:
    """Constant-time comparison that does not raise on text that is not ASCII."""
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), expected.encode())


def require_any(given: str, expected: Iterable[str]) -> None:
    """Raise InvalidSignature unless `given` equals one of `expected`; all are compared."""
    if not any([same(given, each) for each in expected]):
        raise InvalidSignature("The signature does not match.")
