"""Check-ins: what a client replies about a plan, and what follows from it."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from schemas.choosing import Action, Within

DAYS = ("done", "planned")
"""What the text of a step may name: days of the plan that were done, and that were to do."""


class CheckInKind(StrEnum):
    """The check-ins that there are, by when they are asked: hours, days or weeks after the session."""

    h24 = "h24"
    d3 = "d3"
    w1 = "w1"
    w2 = "w2"
    w4 = "w4"


@dataclass(frozen=True, slots=True)
class Tick:
    """A day that the client ticked off on the plan's page."""

    day: date

    def __str__(self) -> str:
        return f"tick:{self.day.isoformat()}"

    @classmethod
    def parse(cls, text: str) -> "Tick":
        """The tick that `str` wrote; raises ValueError for anything else."""
        return cls(date.fromisoformat(text.removeprefix("tick:")))


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply to one check-in. Pain is 0 to 10, difficulty 1 to 5; None: not asked or not given.

    `days_done` counts within the last `window_days`; `red_flag` is what the flag rules say about the reply.
    """

    red_flag: bool = False
    new_symptoms: tuple[str, ...] = ()
    after_massage: str = ""
    pain: int | None = None
    pain_during: int | None = None
    worse_next_day: bool | None = None
    days_done: int | None = None
    window_days: int = 7
    difficulty: int | None = None
    hard_exercise: str = ""
    activity: float | None = None
    crash: bool = False
    barriers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanState:
    """Where a client stands with a plan when a reply comes in (or does not).

    `pain_at_start` and `activity_at_start` are the baseline of the first plan; days are whole days;
    `missed` (check-ins without reply in a row) and `hard_replies` (difficulty 5) count this one too.
    """

    pain_at_start: int | None = None
    activity_at_start: float | None = None
    pain_cap: int = 5
    days_per_week: int = 5
    days_in_plan: int = 0
    days_in_stage: int = 0
    days_since_change: int = 0
    last_action: Action | None = None
    missed: int = 0
    hard_replies: int = 0
    age: int | None = None
    crash_after_effort: bool = False


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that a person at the clinic must do, and how soon."""

    id: str
    within: Within
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """What one check-in does: the action, the row of the table that said so, the client's text, the alerts.

    `message` is a key of the clinic's messages, empty for none, and `days` what it may name: days `done` and
    `planned`, where both are known. `tips` are sentences for what got in the way.
    """

    action: Action
    row: str
    message: str
    days: dict[str, int] = field(default_factory=dict)
    alerts: tuple[Alert, ...] = ()
    tips: tuple[str, ...] = ()
    hard_exercise: str = ""


@dataclass(frozen=True, slots=True)
class CheckIn:
    """What a client said about a plan: the reply to a check-in, or a ticked day."""

    id: int
    booking_id: int
    plan_id: int
    kind: CheckInKind | Tick
    asked_at: datetime | None
    answered_at: datetime | None
    action: str
    reply: dict[str, Any] = field(default_factory=dict)
