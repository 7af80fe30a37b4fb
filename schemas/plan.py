"""A plan: the moves one client does at home, with the dose and the reason of each.

`dump` and `load` turn a plan into plain JSON values and back; equal plans give equal values in equal order.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from schemas.loading import load_as, plain
from schemas.plan_words import dose_text, side_text, tempo_text


class Readiness(StrEnum):
    """What the rules say of a draft: sent by itself, kept until a practitioner releases it, or not made."""

    READY = "ready"
    HELD = "held"
    NONE = "none"


class PlanStatus(StrEnum):
    """Where a stored version stands: draft or held -> released -> sent; none has nothing to send."""

    draft = "draft"
    held = "held"
    released = "released"
    sent = "sent"
    replaced = "replaced"
    none = "none"


class Effect(StrEnum):
    """What one rule did to a plan."""

    IN = "in"
    SWAPPED = "swapped"
    OUT = "out"
    LEVEL = "level"
    STAGE = "stage"
    BUDGET = "budget"
    HELD = "held"


class Phase(StrEnum):
    """The five parts of a plan, in the order in which a client does them."""

    CALM = "calm"
    INHIBIT = "inhibit"
    LENGTHEN = "lengthen"
    ACTIVATE = "activate"
    INTEGRATE = "integrate"


class Side(StrEnum):
    """The side that the client named as the sore one; NONE where a move has no sides."""

    LEFT = "left"
    RIGHT = "right"
    BOTH = "both"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Dose:
    """How much of one move: counts, seconds, minutes a time, days a week; 0 means that it does not apply."""

    sets: int = 0
    reps: int = 0
    hold_seconds: int = 0
    each_side: bool = False
    minutes: int = 0
    days_per_week: int = 0
    times_per_day: int = 1
    rest_seconds: int = 0
    tempo: str = ""
    note: str = ""
    language: str = "en"

    @property
    def text(self) -> str:
        """The dose in the client's words: `2 sets of 8 · hold 3 seconds · 4 days a week`."""
        return dose_text(self, self.language)

    @property
    def tempo_text(self) -> str:
        """How fast, as one sentence; empty when the move has no set pace."""
        return tempo_text(self.tempo, self.language)


@dataclass(frozen=True, slots=True)
class PlanItem:
    """One move of a plan as the client sees it.

    `why` and `caution` name an answer, so they stay on the page and in the PDF; `helps` says what the move is
    good for and may go into a mail. `priority` counts from 0, the most useful move first.
    """

    exercise_id: str
    name: str
    phase: Phase
    phase_label: str
    level: int
    dose: Dose
    steps: tuple[str, ...]
    cues: tuple[str, ...]
    mistakes: tuple[str, ...]
    stop_when: str
    why: str
    side: Side = Side.NONE
    equipment: tuple[str, ...] = ()
    caution: str = ""
    priority: int = 0
    helps: str = ""

    @property
    def side_text(self) -> str:
        """Which side to begin with, as one sentence; empty when the client named no side."""
        return side_text(self.side, self.dose.language)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why one thing is in the plan or not: the rule (`R4`), the fact (`move_floor=no`) and what it did.

    `client_text` is one plain sentence, or empty where it says nothing to a client; `full_text` is for the
    practitioner. `other_id` is the move that came in when `exercise_id` was swapped.
    """

    rule: str
    fact: str
    effect: Effect
    exercise_id: str | None
    client_text: str
    full_text: str
    other_id: str | None = None


@dataclass(frozen=True, slots=True)
class Override:
    """A practitioner's decision to keep a move that the filter blocks: who, with what credential, and why."""

    exercise_id: str
    facts: tuple[str, ...]
    reason: str
    author: str
    credential: str


@dataclass(frozen=True, slots=True)
class Plan:
    """One version of a client's plan, ready to be shown, printed or mailed.

    `minutes_per_day` is an estimate; `days_per_week` is the number that adherence is counted against.
    """

    protocol_id: str
    protocol_name_for_client: str
    title: str
    stage: int
    version: int
    status: Readiness
    items: tuple[PlanItem, ...]
    reasons: tuple[Reason, ...]
    intro: str
    pain_rule: str
    stop_rule: str
    scope_text: str
    days_per_week: int
    minutes_per_day: int
    pain_cap: int
    language: str
    clinic_phone: str = ""
    practitioner_note: str = ""
    change_text: str = ""
    tip: str = ""
    protocol_name_full: str = ""
    evidence: tuple[str, ...] = ()
    overrides: tuple[Override, ...] = ()


def dump(plan: Plan) -> dict[str, Any]:
    """The plan as plain JSON values, in the order of its fields."""
    values: dict[str, Any] = plain(plan)
    return values


def load(values: Mapping[str, Any]) -> Plan:
    """The plan that `dump` wrote; raises `marshmallow.ValidationError` for anything else."""
    return load_as(Plan, values)


@dataclass(frozen=True, slots=True)
class PlanOrigin:
    """What made a version: a draft from the form, or a check-in, by the row of its table (`worse`)."""

    check_in: str = ""

    def __str__(self) -> str:
        return f"{CHECK_IN}{self.check_in}" if self.check_in else ""

    @classmethod
    def parse(cls, text: str) -> "PlanOrigin":
        """The origin that `str` wrote; any other word stands for a draft."""
        return cls(text.removeprefix(CHECK_IN) if text.startswith(CHECK_IN) else "")


CHECK_IN = "checkin:"


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """One version of a plan. `content` is the plan as plain JSON; `origin` says what made it."""

    id: int
    booking_id: int
    client_id: int
    version: int
    status: PlanStatus
    protocol: str
    origin: PlanOrigin
    created_at: datetime
    released_at: datetime | None
    released_by: str
    sent_at: datetime | None
    content: dict[str, Any]
