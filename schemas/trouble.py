"""What is wrong with the installation now, until it is mended."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class TroubleKind(StrEnum):
    """What goes wrong at a connection."""

    unreadable = "unreadable"  # its bookings cannot be read; the text says why
    webhook_gone = "webhook_gone"  # our subscription is not there any more
    not_understood = "not_understood"  # genuine webhooks that we could not read; the text is their number
    clock = "clock"  # a genuine webhook was refused for its time
    quiet = "quiet"  # nothing came for much longer than usual; the text is the number of hours


@dataclass(frozen=True, slots=True)
class Trouble:
    """One trouble: of which connection, in which words, since when, and when the clinic was sent a mail."""

    kind: TroubleKind
    name: str
    text: str
    since: datetime
    mailed_at: datetime | None = None
