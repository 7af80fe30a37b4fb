"""Exercises, protocols and safety tags as the clinic's content files describe them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from schemas.forms.condition import Condition
from schemas.plan import Dose, Phase

LEVELS = (1, 2, 3)
AEROBIC_TAG, PAUSE_TAG = "walk", "pause"


class Kind(StrEnum):
    """What an exercise is for in a plan: it eases, stretches, loads, is aerobic, or breaks up a day."""

    EASE = "ease"
    STRETCH = "stretch"
    LOAD = "load"
    AEROBIC = "aerobic"
    PAUSE = "pause"


KIND_OF_PHASE = {
    Phase.CALM: Kind.EASE,
    Phase.INHIBIT: Kind.EASE,
    Phase.LENGTHEN: Kind.STRETCH,
    Phase.ACTIVATE: Kind.LOAD,
    Phase.INTEGRATE: Kind.LOAD,
}


@dataclass(frozen=True, slots=True)
class Doses:
    """The dose at each level: L1 start, L2 standard, L3 strong."""

    L1: Dose
    L2: Dose
    L3: Dose

    def at(self, level: int) -> Dose:
        """Return the dose of level 1, 2 or 3."""
        return (self.L1, self.L2, self.L3)[level - 1]


@dataclass(frozen=True, slots=True)
class Exercise:
    """One move. `avoid` and `caution` hold facts (`field=value`) from its tags and its own lists.

    `rank` is how hard it is inside its family; `presses` are body-map places without side.
    """

    id: str
    name: str
    phase: Phase
    rank: int
    regions: tuple[str, ...]
    equipment: tuple[str, ...]
    why: str
    steps: tuple[str, ...]
    cues: tuple[str, ...]
    mistakes: tuple[str, ...]
    stop_when: str
    muscles: str
    position: str
    sources: tuple[str, ...]
    tags: tuple[str, ...]
    easier: str
    harder: str
    swaps: tuple[str, ...]
    dose: Doses
    avoid_also: tuple[str, ...] = ()
    caution_also: tuple[str, ...] = ()
    presses: tuple[str, ...] = ()
    avoid: frozenset[str] = frozenset()
    caution: frozenset[str] = frozenset()

    @property
    def kind(self) -> Kind:
        """What it is for in a plan."""
        if AEROBIC_TAG in self.tags:
            return Kind.AEROBIC
        return Kind.PAUSE if PAUSE_TAG in self.tags else KIND_OF_PHASE[self.phase]


@dataclass(frozen=True, slots=True)
class TagRule:
    """The facts that block every move with a tag, and those that keep it at level 1."""

    avoid: tuple[str, ...] = ()
    caution: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StageMove:
    """One line of a stage: an exercise at a level."""

    exercise: str
    level: int


@dataclass(frozen=True, slots=True)
class Stage:
    """The moves of one stage, most useful first; `weeks` is for people."""

    weeks: str
    moves: tuple[StageMove, ...]


@dataclass(frozen=True, slots=True)
class Adjust:
    """A special case of a protocol: what it drops, takes first, keeps, or puts in the list's place."""

    id: str
    when: Condition
    because: str
    drop: tuple[str, ...] = ()
    first: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    instead: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Protocol:
    """A plan's recipe for one problem. Lengths are in weeks; `pain_cap` is 0 to 10.

    `next_visit_weeks`: after how many weeks to come again; 0: as `rules/checkins.toml` says.
    """

    id: str
    name: str
    client_name: str
    tip: str
    stage_weeks: int
    pain_cap: int
    gentle: bool
    massage: str
    progress: str
    regress: str
    strength_of_evidence: str
    unsafe: str
    note: str
    sources: tuple[str, ...]
    stage: tuple[Stage, ...]
    adjust: tuple[Adjust, ...] = ()
    level_cap: int = 3
    level_cap_weeks: int = 0
    next_visit_weeks: int = 0

    def exercises(self) -> set[str]:
        """Return the id of every exercise that it names."""
        staged = {move.exercise for stage in self.stage for move in stage.moves}
        special: set[str] = set()
        for case in self.adjust:
            special.update(case.drop, case.first, case.keep, case.instead)
        return staged | special


NOT_SURE = "=not_sure"
UNSURE_OF = ("cond_", "med_", "move_", "recent_")
"""Questions on health and on what the body can do: each may be answered "not sure"."""


def with_tag_facts(values: dict[str, Any], tags: dict[str, TagRule]) -> dict[str, Any]:
    """Return an exercise's values with `avoid` and `caution` worked out from its tags and its own lists.

    "Not sure" asks for the care that the gravest answer to the same question asks for.
    """
    rules = [tags[tag] for tag in values.get("tags", []) if tag in tags]
    avoid = _with_unsure({fact for rule in rules for fact in rule.avoid} | set(values.get("avoid_also", [])))
    known = {fact for rule in rules for fact in rule.caution} | set(values.get("caution_also", []))
    return {**values, "avoid": sorted(avoid), "caution": sorted(_with_unsure(known) - avoid)}


def _with_unsure(facts: set[str]) -> set[str]:
    names = {fact.partition("=")[0] for fact in facts}
    return facts | {f"{name}{NOT_SURE}" for name in names if name.startswith(UNSURE_OF)}
