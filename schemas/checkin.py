"""Check-ins: what a client replies about a plan, and what follows from it."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
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


WEEK = 7
"""How many days back a reply counts the days done, unless its check-in says otherwise."""


@dataclass(frozen=True, slots=True)
class CheckInRule:
    """One check-in: when it is asked, in days after the session, and which questions.

    `tap` is the question whose answers stand in the mail as links; "" for none.
    """

    id: CheckInKind
    after_days: int
    questions: tuple[str, ...]
    window_days: int = WEEK
    reminder: bool = True
    tap: str = ""


@dataclass(frozen=True, slots=True)
class BoardRules:
    """What the clinic's board counts as good: percent of the planned days, minutes until an alert is seen."""

    enough_days_percent: int
    alert_within_minutes: int


@dataclass(frozen=True, slots=True)
class CheckInRules:
    """Everything in `rules/checkins.toml`; after `most_missed` in a row the client is left in peace.

    `next_visit_weeks`: when to come again, where neither a practitioner nor the protocol says it.
    """

    ask_at: str
    answered_within_days: int
    most_missed: int
    checkin: tuple[CheckInRule, ...]
    board: BoardRules
    next_visit_weeks: int = 5

    @property
    def asked_at(self) -> time:
        """The hour of the client's morning."""
        return time.fromisoformat(self.ask_at)

    @property
    def answered_within(self) -> timedelta:
        """How long a reply may take: then there is one reminder."""
        return timedelta(days=self.answered_within_days)

    def rule(self, kind: CheckInKind) -> CheckInRule:
        """The rule of a check-in; there is one for each kind."""
        return next(each for each in self.checkin if each.id is kind)

    def window_days(self, kind: CheckInKind | Tick) -> int:
        """How many days back a reply counts the days done."""
        return 1 if isinstance(kind, Tick) else self.rule(kind).window_days


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply to one check-in. Pain is 0 to 10, difficulty 1 to 5; None: not asked or not given.

    `days_done` counts within the last `window_days`; `red_flag` is what the flag rules say about the reply.
    `overall` is the client's own word on the change since the visit (`grc`); `daily_easy` and `daily_hard`
    are the days of the last week that were ticked off as too easy and as too hard. `words`: the client wrote
    something of their own.
    """

    red_flag: bool = False
    new_symptoms: tuple[str, ...] = ()
    after_massage: str = ""
    pain: int | None = None
    pain_during: int | None = None
    worse_next_day: bool | None = None
    days_done: int | None = None
    window_days: int = WEEK
    difficulty: int | None = None
    hard_exercise: str = ""
    activity: float | None = None
    overall: str = ""
    daily_easy: int = 0
    daily_hard: int = 0
    crash: bool = False
    words: bool = False
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

    `message` is a key of the clinic's messages on how it went, `change` one on what became of the plan; both
    are empty for none. `days` is what they may name: days `done` and `planned`, where both are known. `tips`
    are sentences for what got in the way.
    """

    action: Action
    row: str
    message: str
    change: str = ""
    days: dict[str, int] = field(default_factory=dict)
    alerts: tuple[Alert, ...] = ()
    tips: tuple[str, ...] = ()
    hard_exercise: str = ""

    @property
    def messages(self) -> tuple[str, ...]:
        """The keys of what the client reads, in order."""
        return tuple(key for key in (self.message, self.change) if key)


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
