"""An intake: a questionnaire offered for one booking, and its answers."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

Answers = dict[str, Any]


class IntakeStatus(StrEnum):
    """How far a client is: nothing answered, something answered, sent to the clinic."""

    open = "open"
    started = "started"
    done = "done"


@dataclass(frozen=True, slots=True)
class Intake:
    """One client's questionnaire for one booking. `revision` rises with every saved step."""

    id: int
    booking_id: int
    client_id: int
    questionnaire: str
    version: str
    language: str
    status: IntakeStatus
    step: str
    revision: int
    started_at: datetime | None
    submitted_at: datetime | None
    reviewed_at: datetime | None
    reviewed_by: str
    number: int = 0  # of the forms of this client for this visit
    answers: Answers = field(default_factory=dict)
    wording: dict[str, str] = field(default_factory=dict)

    @property
    def done(self) -> bool:
        """True once it was sent to the clinic."""
        return self.status is IntakeStatus.done
