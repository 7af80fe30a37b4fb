"""A plan is a decision: which exercises one client does at home, at which dose, and the reason of each.

It holds ids, figures and keys. The words are made when it is shown (`clinical.plan.wording`), from the
content of that moment in the reader's language; what a practitioner typed stands in it as typed. `dump` and
`load` turn a plan into plain JSON values and back; equal plans give equal values in equal order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from schemas import plan_first_form
from schemas.forms.loading import load_as, plain


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
    """The side that the client named as the sore one; NONE where an exercise has no sides."""

    LEFT = "left"
    RIGHT = "right"
    BOTH = "both"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Dose:
    """How much of one exercise: counts, seconds, minutes a time, days a week; 0 means that it does not apply.

    `tempo` is seconds out, held and back (`2-1-3`). `note` holds words, in content alone: a plan keeps none.
    """

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


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the content: its key (`match.low_back`) and the ids that stand for its placeholders.

    A key without a dot is one of the reasons in `wording.toml`. `values` may hold `name` (an exercise),
    `region` (a body-map place) and `fact` (`move_floor=no`).
    """

    key: str = ""
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Own:
    """An exercise of a practitioner's own, for one client: its name and its text, line by line, as typed.

    `media` is the type of its photo or clip (`image/jpeg`), "" for none.
    """

    name: str
    steps: tuple[str, ...] = ()
    media: str = ""


@dataclass(frozen=True, slots=True)
class PlanItem:
    """One exercise of a plan: level 1 to 3, dose, side, and the sentence that says why it is there.

    `caution` is the fact that keeps it at level 1, `dose_note` the rule whose words stand for its dose; both
    are mostly empty. `priority` counts from 0, the most useful exercise first. `by_hand`: a practitioner set
    dose or side; `text` is what they wrote beside the exercise. `own` is there for their own ones alone.
    """

    exercise_id: str
    level: int
    dose: Dose
    side: Side = Side.NONE
    because: Sentence = field(default_factory=Sentence)
    caution: str = ""
    dose_note: str = ""
    priority: int = 0
    by_hand: bool = False
    text: str = ""
    own: Own | None = None


@dataclass(frozen=True, slots=True)
class PlanReason:
    """Why one thing is in the plan or not: the rule (`R4`), the fact (`move_floor=no`) and what it did.

    `other_id` is the exercise that came in when `exercise_id` was swapped. `key` and `values` name the
    sentence and its figures; for what holds a plan, `key` is the reason of the hold (`schemas.hold`).
    """

    rule: str
    fact: str
    effect: Effect
    exercise_id: str | None = None
    key: str = ""
    values: dict[str, str] = field(default_factory=dict)
    other_id: str | None = None


@dataclass(frozen=True, slots=True)
class Override:
    """A practitioner keeps an exercise that the filter blocks: who, with what credential, and why."""

    exercise_id: str
    facts: tuple[str, ...]
    reason: str
    author: str
    credential: str


@dataclass(frozen=True, slots=True)
class KeptItem:
    """The words of one exercise of a plan as they once were."""

    name: str
    phase_label: str
    helps: str
    steps: tuple[str, ...]
    cues: tuple[str, ...]
    mistakes: tuple[str, ...]
    stop_when: str
    because: str = ""
    caution: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class KeptWords:
    """The words of a plan when it was last made or sent: shown where content has no words for an id any more.

    `items` is by exercise id; `reasons` has one sentence, or "", for each reason of the plan. `intro` is
    there for plans alone that were stored as finished words.
    """

    language: str = ""
    protocol_name: str = ""
    tip: str = ""
    change_text: str = ""
    intro: str = ""
    items: dict[str, KeptItem] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """One version of a client's plan. Two plans are equal when the same was decided.

    `minutes_per_day` is an estimate over a week, and `over_time` says that it is more than the client has;
    `days_per_week` is what adherence is counted against; `pain_cap` is 0 to 10. `changes` names what is new
    against the plan before, by kind (`new`, `up`, `down`, `gone`; `same` alone for nothing), empty for a
    first plan. `worked` are the body-map places that the visit worked on. `arranged`: the exercises stand in
    a practitioner's order, not in that of their phases.

    Beside the decision it carries the language that the client reads, the SHA-256 of each content file that
    it was made from (translations too), and the words of then.
    """

    protocol_id: str
    stage: int
    version: int
    status: Readiness
    items: tuple[PlanItem, ...]
    reasons: tuple[PlanReason, ...]
    days_per_week: int
    minutes_per_day: int
    pain_cap: int
    over_time: bool = False
    changes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    practitioner_note: str = ""
    overrides: tuple[Override, ...] = ()
    worked: tuple[str, ...] = ()
    arranged: bool = False
    language: str = field(default="en", compare=False)
    made_from: dict[str, str] = field(default_factory=dict, compare=False)
    kept: KeptWords = field(default_factory=KeptWords, compare=False)


def dump(plan: Plan) -> dict[str, Any]:
    """The plan as plain JSON values, in the order of its fields."""
    values: dict[str, Any] = plain(plan)
    return values


def load(values: Mapping[str, Any]) -> Plan:
    """The plan that `dump` wrote, today or when plans were stored as finished words.

    Raises `marshmallow.ValidationError` for anything else.
    """
    return load_as(Plan, plan_first_form.decision(values) if plan_first_form.is_it(values) else values)


@dataclass(frozen=True, slots=True)
class PlanOrigin:
    """What made a version: a draft from the form, or a check-in, by the row of its table (`worse`).

    `corrected`: a practitioner changed it after the version before had gone out.
    """

    check_in: str = ""
    corrected: bool = False

    def __str__(self) -> str:
        if self.corrected:
            return CORRECTED
        return f"{CHECK_IN}{self.check_in}" if self.check_in else ""

    @classmethod
    def parse(cls, text: str) -> "PlanOrigin":
        """The origin that `str` wrote; any other word stands for a draft."""
        row = text.removeprefix(CHECK_IN) if text.startswith(CHECK_IN) else ""
        return cls(row, corrected=text == CORRECTED)


CHECK_IN, CORRECTED = "checkin:", "corrected"


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

    @property
    def plan(self) -> Plan:
        """What was decided. It takes a millisecond to load."""
        return load(self.content)

    @property
    def changes(self) -> Mapping[str, Sequence[str]]:
        """What is new against the last plan, by kind; nothing else of the plan is loaded."""
        if plan_first_form.is_it(self.content):
            return self.plan.changes
        changes: Mapping[str, Sequence[str]] = self.content.get("changes", {})
        return changes

    @property
    def has_own(self) -> bool:
        """True where a practitioner's own exercise is among the moves."""
        return any(each.get("own") for each in self.content["items"])
