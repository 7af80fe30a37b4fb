"""What a sample webhook says, whichever scheduler sends it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

Sample = tuple[dict[str, str], bytes]


@dataclass(frozen=True, slots=True)
class Visit:
    """What a sample webhook says; times are aware.

    `replaces` and `replaced_by` are the uids before and after a move.
    """

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
    replaced_by: str = ""
    version: int = 0
    url: str = ""
    account: str = ""

    def iso(self, when: datetime, *, digits: bool = True) -> str:
        """The time in UTC as JavaScript writes it."""
        text = when.astimezone(UTC).isoformat(timespec="milliseconds" if digits else "seconds")
        return text.replace("+00:00", "Z")


Builder = Callable[[Visit], Mapping[str, Any]]


def compact(body: Mapping[str, Any]) -> bytes:
    """The body as JavaScript writes it: no spaces, UTF-8."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
