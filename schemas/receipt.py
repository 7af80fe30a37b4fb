"""A receipt: our record of one webhook."""

from dataclasses import dataclass
from enum import StrEnum

from schemas.webhook import Inbound


class ReceiptStatus(StrEnum):
    """Where a receipt stands: pending -> working -> done | ignored | not_understood | dead."""

    pending = "pending"
    working = "working"
    done = "done"
    ignored = "ignored"
    not_understood = "not_understood"
    dead = "dead"


@dataclass(frozen=True, slots=True)
class Receipt:
    """One stored webhook. `replays` > 0 says that a person asked for it to be processed again.

    `locked`: none of our keys opens it; the inbound is empty then.
    """

    id: int
    public_id: str
    connection: str
    status: ReceiptStatus
    attempts: int
    replays: int
    inbound: Inbound
    locked: bool = False
    note: str = ""  # how it ended, in a sentence
