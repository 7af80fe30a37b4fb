"""A delivery: one message due to one person by one channel, and the key that rules out a second one."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from schemas.checkin import CheckInKind
from schemas.reason import Reason


class Purpose(StrEnum):
    """What a delivery is for. The word in a mail's header is `render.mail.MailKind`."""

    intake = "intake"
    intake_reminder = "intake_reminder"
    plan = "plan"
    plan_held = "plan_held"
    checkin = "checkin"
    book_again = "book_again"
    my_day = "my_day"  # a reminder on a day that the client chose
    confirm = "confirm"  # is the address or number that was typed into the form theirs?
    answer = "answer"  # a practitioner answered what the client wrote
    alert = "alert"
    summary = "summary"
    attach = "attach"

    @property
    def to_client(self) -> bool:
        """True for what goes to the client, not to the clinic or its scheduler."""
        return self in TO_CLIENT


TO_CLIENT = (
    *(Purpose.intake, Purpose.intake_reminder, Purpose.plan, Purpose.plan_held, Purpose.checkin),
    *(Purpose.my_day, Purpose.book_again, Purpose.confirm, Purpose.answer),
)
ASKING = (Purpose.intake, Purpose.intake_reminder)
"""What asks for the form."""


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


TRIED = (DeliveryStatus.sending, DeliveryStatus.sent, DeliveryStatus.unknown)
"""What left, may have left, or is leaving."""
WAITING = (DeliveryStatus.scheduled, DeliveryStatus.held)
"""What has not left, and still may."""


class Urgency(StrEnum):
    """How fast the clinic must look: now, in the next days, or now since nobody has looked yet."""

    at_once = "at_once"
    soon = "soon"
    escalated = "escalated"


class NoteStatus(StrEnum):
    """How far a booking is, as the note on the scheduler's booking says it."""

    intake_missing = "intake_missing"
    intake_done = "intake_done"
    plan_sent = "plan_sent"


@dataclass(frozen=True, slots=True)
class CheckInQuestion:
    """Which check-in a delivery asks; `reminder`: a second time, since the first had no reply."""

    kind: CheckInKind
    reminder: bool = False

    def __str__(self) -> str:
        return f"{self.kind}{REMINDER if self.reminder else ''}"

    @classmethod
    def parse(cls, text: str) -> "CheckInQuestion":
        """The question that `str` wrote."""
        return cls(CheckInKind(text.removesuffix(REMINDER)), text.endswith(REMINDER))


@dataclass(frozen=True, slots=True)
class AlertCause:
    """Why the clinic is alerted: a code for a flag's rule or a reply's alert, never taken apart."""

    name: str
    urgency: Urgency = Urgency.at_once

    def __str__(self) -> str:
        return f"{SOON if self.urgency is Urgency.soon else ''}{self.name}"

    @classmethod
    def parse(cls, text: str) -> "AlertCause":
        """The cause that `str` wrote."""
        if text == ESCALATION.name:
            return ESCALATION
        soon = text.startswith(SOON)
        return cls(text.removeprefix(SOON), Urgency.soon if soon else Urgency.at_once)


REMINDER, SOON = "-again", "soon-"
ESCALATION = AlertCause("again", Urgency.escalated)  # for all stops that nobody has looked at

Number = int | CheckInQuestion | AlertCause | NoteStatus
NUMBERS: dict[Purpose, Callable[[str], Number]] = {
    Purpose.intake: int,
    Purpose.intake_reminder: int,  # 1 is the first before the visit
    Purpose.plan: int,  # the version; 0 is whichever counts after the visit
    Purpose.checkin: CheckInQuestion.parse,
    Purpose.plan_held: int,
    Purpose.book_again: int,
    Purpose.my_day: int,  # counted from 1 for each visit
    Purpose.confirm: int,
    Purpose.answer: int,  # counted from 1 for each visit
    Purpose.alert: AlertCause.parse,
    Purpose.summary: int,
    Purpose.attach: NoteStatus,
}
KEY = re.compile(
    r"(?P<booking>\d+):(?P<purpose>\w+):(?P<number>.+?)(?:-again(?P<resend>\d+))?:(?P<channel>\w+)"
    r"(?::(?P<client>\d+)\.(?P<recipient>\d+))?"
)


@dataclass(frozen=True, slots=True)
class DeliveryKey:
    """What one message is; no two deliveries have an equal key.

    `number` tells messages of one purpose apart, in the type of the purpose. `resend` counts how often a
    person sent the message again. `client` is whom it is about, `recipient` the contact point that it goes
    to (0: none is known, or it goes to the clinic). `parse` reads what `str` wrote.

    >>> str(DeliveryKey(12, Purpose.plan, 0, Channel.email, client=3, recipient=7, resend=1))
    '12:plan:0-again1:email:3.7'
    >>> DeliveryKey.parse("12:checkin:w1-again:sms").number.reminder
    True
    """

    booking: int
    purpose: Purpose
    number: Number
    channel: Channel
    resend: int = 0
    client: int = 0
    recipient: int = 0

    def __str__(self) -> str:
        again = f"-again{self.resend}" if self.resend else ""
        whom = f"{self.client}.{self.recipient}"
        return f"{self.booking}:{self.purpose}:{self.number}{again}:{self.channel}:{whom}"

    @classmethod
    def parse(cls, text: str) -> "DeliveryKey":
        """The key that `str` wrote; raises ValueError for anything else."""
        found = KEY.fullmatch(text)
        if found is None:
            raise ValueError(f"Not a delivery key: {text!r}. Expected booking:purpose:number:channel.")
        purpose = Purpose(found["purpose"])
        number = NUMBERS[purpose](found["number"])
        booking, client, recipient, resend = (
            int(found[name] or 0) for name in ("booking", "client", "recipient", "resend")
        )
        return cls(booking, purpose, number, Channel(found["channel"]), resend, client, recipient)

    @property
    def message(self) -> tuple[Purpose, Number, Channel, int]:
        """What is said to whom, wherever it was sent and whichever booking it was made for."""
        return self.purpose, self.number, self.channel, self.client

    @property
    def slot(self) -> tuple[Purpose, Number, Channel, int, int]:
        """The message to one contact point, whichever of two bookings that are one it was made for."""
        return *self.message, self.recipient

    def again(self, booking: int, recipient: int, resend: int) -> "DeliveryKey":
        """The key of the same message sent once more, for the booking and to the place that count now."""
        return replace(self, booking=booking, recipient=recipient, resend=resend)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One row of the schedule. Times are aware and in UTC; `key` makes a second row impossible.

    `booking_id` is the booking that counts: after two turned out to be one, the key may name the other.
    """

    id: int
    key: DeliveryKey
    booking_id: int
    status: DeliveryStatus
    due_at: datetime
    generation: int
    attempts: int
    reason: Reason
    detail: str
    message_id: str
    vendor_id: str
    settled_at: datetime | None
    seen_at: datetime | None = None  # of an alert: when somebody pressed its button
    trace: str = ""  # the public id of the receipt that it follows from

    @property
    def purpose(self) -> Purpose:
        """What it is for."""
        return self.key.purpose

    @property
    def channel(self) -> Channel:
        """How it travels."""
        return self.key.channel

    @property
    def state(self) -> str:
        """Where it stands and why, as `held held_by_person`."""
        return f"{self.status} {self.reason}".strip()


@dataclass(frozen=True, slots=True)
class Due:
    """A message that is due: which, and when."""

    key: DeliveryKey
    due_at: datetime
