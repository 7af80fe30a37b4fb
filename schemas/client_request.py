"""What a client asks the clinic for, or decides about a consent, by a personal link."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class RequestKind(StrEnum):
    """What is asked for; `consent` is one that was withdrawn or given again."""

    consent = "consent"
    correction = "correction"
    copy = "copy"
    erasure = "erasure"


WRONG = ("name", "email", "phone", "birth", "other")
"""What a client may say is wrong."""


@dataclass(frozen=True, slots=True)
class ClientRequest:
    """One of them. `what` is the id of a consent, or one of `WRONG`; `words` what the client typed.

    `yes` says whether a consent is given; `settled_at` when the clinic was done with it.
    """

    id: int
    client_id: int
    kind: RequestKind
    said_at: datetime
    what: str = ""
    words: str = ""
    yes: bool = False
    author: str = ""
    settled_at: datetime | None = None
