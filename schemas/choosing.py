"""The rules by which a plan is chosen and changed, as the clinic's content files describe them."""

from dataclasses import dataclass
from enum import StrEnum

from schemas.exercise import Exercise, Protocol, TagRule
from schemas.forms.condition import Condition
from schemas.notions.words import Words


class Action(StrEnum):
    """What a check-in does to a plan."""

    STOP = "stop"
    PAUSE = "pause"
    HOLD_NO_REPLY = "hold_no_reply"
    REGRESS_REVIEW = "regress_review"
    REGRESS = "regress"
    EASIER = "easier"
    SHRINK = "shrink"
    HOLD = "hold"
    LEVEL_UP = "level_up"
    STAGE_OK = "stage_ok"


HELD_BY = frozenset({Action.PAUSE, Action.REGRESS_REVIEW})
"""What a check-in does that a practitioner must look at first."""


class Difference(StrEnum):
    """How a plan differs from the one before it, all in all."""

    MORE = "more"
    LESS = "less"
    OTHER = "other"
    SAME = "same"


class Within(StrEnum):
    """How soon the clinic must act on an alert."""

    NOW = "now"
    SAME_DAY = "same_day"
    ONE_WORK_DAY = "1_work_day"
    TWO_WORK_DAYS = "2_work_days"
    THREE_DAYS = "3_days"
    NEXT_VISIT = "next_visit"
    AT_REVIEW = "at_review"


class Mode(StrEnum):
    """The scope of practice that a clinic's wording keeps to."""

    SELF_CARE = "self_care"
    FITNESS = "fitness"
    CLINICAL = "clinical"


@dataclass(frozen=True, slots=True)
class MatchRow:
    """One row of "which protocol"; the first that holds wins. `hold`: a practitioner looks first."""

    id: str
    when: Condition
    protocol: str
    because: str
    hold: bool = False


@dataclass(frozen=True, slots=True)
class LevelRow:
    """A reason to begin lower or higher than the list says."""

    id: str
    when: Condition
    because: str
    calm_first: bool = False


@dataclass(frozen=True, slots=True)
class DoseNote:
    """Other words for the dose of one move in a special case."""

    id: str
    exercise: str
    when: Condition
    note: str


@dataclass(frozen=True, slots=True)
class Budget:
    """How many moves a plan may have; `minutes` maps the minutes a client can give to the most moves."""

    stage: tuple[int, ...]
    gentle: tuple[int, ...]
    minutes: dict[str, int]
    confidence_below: int
    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Growth:
    """How fast a plan may grow; days, points of a 0-10 scale, percent."""

    rises: int
    days_between_rises: int
    gap_same_stage_days: int
    gap_restart_days: int
    calm_only_days: int
    pain_points: float
    pain_percent: float
    activity_points: float
    better_points: float = 1
    activity_one_points: float = 3
    no_pain: float = 1


@dataclass(frozen=True, slots=True)
class ChoosingRules:
    """Everything in `rules/choosing.toml`."""

    match: tuple[MatchRow, ...]
    start_low: tuple[LevelRow, ...]
    start_high: tuple[LevelRow, ...]
    dose_note: tuple[DoseNote, ...]
    budget: Budget
    growth: Growth
    unanswered: dict[str, str]
    equipment: dict[str, str]
    regions: dict[str, str]


@dataclass(frozen=True, slots=True)
class FeedbackRow:
    """One row of "what a check-in does"; `text` is a key of the clinic's messages."""

    id: str
    when: Condition
    action: Action
    text: str


@dataclass(frozen=True, slots=True)
class AlertRow:
    """Who must know, and how soon."""

    id: str
    when: Condition
    within: Within
    text: str


@dataclass(frozen=True, slots=True)
class FeedbackRules:
    """Everything in `rules/feedback.toml`; `barriers` maps what got in the way to what to offer.

    `paused` is the key of a message that a client reads in place of the row's; `change` has one for each
    `Difference` between the last plan and this one.
    """

    row: tuple[FeedbackRow, ...]
    alert: tuple[AlertRow, ...]
    barriers: dict[str, str]
    change: dict[str, str]
    paused: str

    @property
    def texts(self) -> tuple[str, ...]:
        """Every key of a message that a check-in may answer with."""
        return (*(row.text for row in self.row if row.text), *self.change.values(), self.paused)


@dataclass(frozen=True, slots=True)
class ModeWords:
    """How a plan speaks in one scope of practice, and the moves that go past it."""

    title: str
    intro: str
    scope: str
    protocol_names: bool
    banned: tuple[str, ...]
    leave_out: frozenset[str]


@dataclass(frozen=True, slots=True)
class BannedWords:
    """Words that no client text may have, in any mode."""

    banned: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MassageWords:
    """The line that ties a visit to its plan: with the places worked on, and without; what joins places."""

    worked: str
    general: str
    join: str


@dataclass(frozen=True, slots=True)
class Wording:
    """Everything in `wording.toml`; braces in the texts are filled in when a plan is made."""

    pain_rule: str
    pain_rule_low: str
    stop_rule: str
    stop_when: str
    side_note: str
    over_time: str
    unreviewed: str
    massage: MassageWords
    phases: dict[str, str]
    reasons: dict[str, str]
    changes: dict[str, str]
    modes: dict[str, ModeWords]
    words: BannedWords


@dataclass(frozen=True, slots=True)
class PlanContent:
    """All content that choosing and wording a plan need, in one language.

    `hashes` holds the SHA-256 of each file that may be signed, those of every language.
    """

    language: str
    exercises: dict[str, Exercise]
    protocols: dict[str, Protocol]
    tags: dict[str, TagRule]
    facts: dict[str, str]
    choosing: ChoosingRules
    feedback: FeedbackRules
    wording: Wording
    doses: Words
    hashes: dict[str, str]
