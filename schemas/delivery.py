"""A delivery: one message owed to one person by one channel."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Purpose(StrEnum):
    """What a delivery is for; also the word in the mail's X-Aftercare-Kind header."""

    intake = "intake"
    intake_reminder = "intake_reminder"
    plan = "plan"
    checkin = "checkin"
    alert = "alert"
    summary = "summary"
    attach = "attach"


class Channel(StrEnum):
    """How it travels. `note` is the scheduler's own field on the booking."""

    email = "email"
    sms = "sms"
    note = "note"


class DeliveryStatus(StrEnum):
    """Where a delivery stands.

    scheduled -> sending -> sent | unknown | dead; or skipped, withdrawn, held without an attempt.
    `unknown` is an attempt whose outcome was lost: the person may have the message.
    """

    scheduled = "scheduled"
    held = "held"
    sending = "sending"
    sent = "sent"
    unknown = "unknown"
    skipped = "skipped"
    withdrawn = "withdrawn"
    dead = "dead"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One row of the schedule. Times are aware and in UTC; `key` makes a second row impossible."""

    id: int
    key: str
    booking_id: int
    purpose: Purpose
    channel: Channel
    status: DeliveryStatus
    due_at: datetime
    generation: int
    attempts: int
    reason: str
    detail: str
    message_id: str
    vendor_id: str
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Due:
    """A message that is owed: its key, what for, how, and when."""

    key: str
    booking_id: int
    purpose: Purpose
    channel: Channel
    due_at: datetime
