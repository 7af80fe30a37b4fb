"""Check-ins: what a client replies about a plan, and what follows from it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from schemas.choosing import Action, Within


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

    `message` is a key of the clinic's messages, empty for none; `tips` are sentences for what got in the way.
    """

    action: Action
    row: str
    message: str
    alerts: tuple[Alert, ...] = ()
    tips: tuple[str, ...] = ()
    hard_exercise: str = ""


@dataclass(frozen=True, slots=True)
class CheckIn:
    """One question to a client about a plan. `kind` is h24, d3, w1, w2, w4, or "tick:" and a date."""

    id: int
    booking_id: int
    plan_id: int
    kind: str
    asked_at: datetime | None
    answered_at: datetime | None
    action: str
    reply: dict[str, Any] = field(default_factory=dict)
