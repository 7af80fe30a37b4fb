"""What the tests of the schedulers share: stored bodies, connections, requests as they arrive."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from integrations.base import Scheduler
from integrations.http import Http
from integrations.schedulers import SCHEDULERS
from schemas.clinic import Connection
from schemas.webhook import Inbound

PAYLOADS = Path(__file__).resolve().parents[1] / "payloads"
URL = "https://aftercare.example/webhooks/main"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECRETS = {"standard": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
SECRET = "a-secret-of-the-tests"


def stored(scheduler: str, stem: str) -> bytes:
    """A stored body, byte for byte as it went over the wire; `stem` is the start of the file's name."""
    (found,) = (PAYLOADS / scheduler).glob(f"{stem}*.body")
    return found.read_bytes()


def connect(scheduler: str, http: Http | None = None, **changes: Any) -> Scheduler:
    """A scheduler on a connection with one secret; `changes` are fields of Connection."""
    fields: dict[str, Any] = {"secrets": (SECRETS.get(scheduler, SECRET),), "webhook_url": URL, **changes}
    return SCHEDULERS[scheduler](Connection("main", scheduler, **fields), http or Http())


def inbound(
    body: bytes | dict[str, Any], headers: dict[str, str] | None = None, at: datetime = NOW
) -> Inbound:
    """A request as the web layer hands it on."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Inbound({name.lower(): value for name, value in (headers or {}).items()}, raw, URL, at)
