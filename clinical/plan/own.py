"""Exercises of a practitioner's own: they stand in a plan, and are looked up like those of the content."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from schemas.choosing import PlanContent
from schemas.exercise import Doses, Exercise
from schemas.plan import Phase, PlanItem

NO_LISTS = ("regions", "equipment", "cues", "mistakes", "sources", "tags", "swaps")
NO_WORDS = ("why", "stop_when", "muscles", "position", "easier", "harder")
EMPTY: dict[str, Any] = dict.fromkeys(NO_LISTS, ()) | dict.fromkeys(NO_WORDS, "")


def with_own(content: PlanContent, items: Iterable[PlanItem]) -> PlanContent:
    """The content, and the own exercises among these items: no rule blocks, swaps or steps them."""
    own = {item.exercise_id: _exercise(item) for item in items if item.own}
    return replace(content, exercises=content.exercises | own) if own else content


def _exercise(item: PlanItem) -> Exercise:
    assert item.own is not None
    return Exercise(
        id=item.exercise_id,
        name=item.own.name,
        phase=Phase.ACTIVATE,
        rank=0,
        steps=item.own.steps,
        dose=Doses(item.dose, item.dose, item.dose),
        **EMPTY,
    )
