"""How much of one exercise a practitioner may set by hand, and what a dose set by hand becomes later."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from schemas.exercise import Exercise
from schemas.plan import Dose, PlanItem

LIMITS = {
    "sets": (1, 10),
    "reps": (1, 60),
    "hold_seconds": (0, 180),
    "minutes": (1, 60),
    "days_per_week": (1, 7),
}
"""Least and most of each figure: counts, seconds, minutes, days a week."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What one figure of a dose may be; `caution` is the fact that keeps it at level 1, mostly none."""

    least: int
    most: int
    caution: str = ""


def figures(dose: Dose) -> tuple[str, ...]:
    """The figures that a dose has: minutes, or sets of repetitions; one that is put into words has days."""
    if dose.minutes:
        return ("minutes", "days_per_week")
    return ("sets", "reps", "hold_seconds", "days_per_week") if dose.reps else ("days_per_week",)


def limits(exercise: Exercise, dose: Dose, facts: Collection[str]) -> dict[str, Limit]:
    """What each figure may be; where an answer asks for care, no more than level 1 has."""
    caution = next(iter(sorted(exercise.caution.intersection(facts))), "")
    first = exercise.dose.at(1)
    return {
        name: Limit(least, _most(name, most, first) if caution else most, caution)
        for name, (least, most) in LIMITS.items()
        if name in figures(dose)
    }


def _most(name: str, most: int, first: Dose) -> int:
    """Days of rest are no strain: care is about how much on one day."""
    return most if name == "days_per_week" else min(most, getattr(first, name) or most)


def outside(item: PlanItem, exercise: Exercise, facts: Collection[str]) -> Iterator[tuple[str, Limit]]:
    """The figures of a dose set by hand that are past their limit."""
    if not item.by_hand:
        return
    for name, limit in limits(exercise, item.dose, facts).items():
        if not limit.least <= getattr(item.dose, name) <= limit.most:
            yield name, limit


def later(item: PlanItem, level: int, ruled: Dose, *, careful: bool) -> Dose:
    """What a dose set by hand is at a level: after a step down, or with a caution, no figure is larger."""
    if item.own or not (careful or level < item.level):
        return item.dose
    least = {name: min(getattr(item.dose, name), getattr(ruled, name)) for name in figures(item.dose)}
    return replace(item.dose, **least)
