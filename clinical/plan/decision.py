"""A plan put together: exercises in order, doses, figures, and what changed since the last (step R10)."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import ceil

from clinical.plan import limits
from clinical.plan.case import Case, number, sore_side
from clinical.plan.recipe import Pick, Recipe, seconds_a_week
from clinical.plan.safety import RUNNING
from schemas.choosing import PlanContent
from schemas.forms.condition import without_side
from schemas.plan import Dose, Override, Phase, Plan, PlanItem, PlanReason, Readiness, Side

LOW_PAIN = 3
PHASES = tuple(Phase)
MADE_BY = (
    *("rules/choosing.toml", "rules/flags.toml", "rules/tags.toml", "rules/typed.toml"),
    *("doses.toml", "wording.toml"),
)
"""Files that every plan is made from: what decides on it, and what it is worded with."""


def plan_for(
    picks: Sequence[Pick],
    case: Case,
    chosen: Recipe,
    status: Readiness,
    reasons: Sequence[PlanReason],
    content: PlanContent,
    overrides: tuple[Override, ...] = (),
    order: Sequence[str] = (),
) -> Plan:
    """Return the plan of these exercises with its figures: in phase order, or in a practitioner's `order`."""
    items = [_item(pick, place, case, content) for place, pick in enumerate(picks)]
    days, minutes = days_per_week(items), ceil(sum(seconds_a_week(item.dose) for item in items) / 420)
    last = case.history.plan
    in_phases = sorted(items, key=lambda item: _order(item, content))
    placed = _placed(in_phases, order)
    return Plan(
        protocol_id=chosen.protocol.id,
        stage=chosen.stage,
        version=last.version + 1 if last else 1,
        status=status,
        items=tuple(placed),
        reasons=tuple(reasons),
        days_per_week=days,
        minutes_per_day=minutes,
        pain_cap=LOW_PAIN if _low_pain(picks, case, chosen) else chosen.protocol.pain_cap,
        over_time=_over_time(minutes, case),
        changes=changes(last, items) if last else {},
        practitioner_note=case.note.client_note.strip() if case.note else "",
        overrides=overrides,
        worked=tuple(dict.fromkeys(map(without_side, case.note.areas_worked))) if case.note else (),
        arranged=placed != in_phases,
        language=content.language,
        made_from=_made_from(items, case, chosen, content),
    )


def days_per_week(items: Sequence[PlanItem]) -> int:
    """Return the middle one of the exercises' days a week: what adherence is counted against."""
    days = sorted(item.dose.days_per_week for item in items)
    return days[(len(days) - 1) // 2] if days else 0


def changes(last: Plan, items: Sequence[PlanItem]) -> dict[str, tuple[str, ...]]:
    """Return what is new against the last plan: exercise ids by kind, `same` alone where nothing is."""
    before = {item.exercise_id: item.level for item in last.items}
    now = {item.exercise_id: item.level for item in items}
    both = [name for name in now if name in before]
    groups = {
        "new": tuple(name for name in now if name not in before),
        "up": tuple(name for name in both if now[name] > before[name]),
        "down": tuple(name for name in both if now[name] < before[name]),
        "gone": tuple(name for name in before if name not in now),
    }
    return {kind: names for kind, names in groups.items() if names} or {"same": ()}


def dose_of(pick: Pick, case: Case, content: PlanContent) -> tuple[Dose, str]:
    """Return how much of an exercise this client does, and the rule whose words stand for it, or ""."""
    dose, note = _ruled(pick, case, content)
    hand = pick.by_hand
    if hand is None or not hand.by_hand:
        return dose, note
    if note:
        return replace(dose, days_per_week=hand.dose.days_per_week), note
    careful = bool(pick.exercise.caution & case.facts)
    return limits.later(hand, pick.level, dose, careful=careful), ""


def _ruled(pick: Pick, case: Case, content: PlanContent) -> tuple[Dose, str]:
    dose = replace(pick.exercise.dose.at(pick.level), note="")
    for note in content.choosing.dose_note:
        if note.exercise == pick.exercise.id and note.when.holds(case.answers, case.facts, case.age):
            return Dose(days_per_week=dose.days_per_week), note.id
    return dose, ""


def _item(pick: Pick, priority: int, case: Case, content: PlanContent) -> PlanItem:
    dose, note = dose_of(pick, case, content)
    hand = pick.by_hand
    side = hand.side if hand and hand.by_hand and hand.side is not Side.NONE else sore_side(case)
    return PlanItem(
        exercise_id=pick.exercise.id,
        level=pick.level,
        dose=dose,
        side=side if dose.each_side else Side.NONE,
        because=pick.because,
        caution=next(iter(sorted(pick.exercise.caution & case.facts)), ""),
        dose_note=note,
        priority=priority,
        by_hand=bool(hand and hand.by_hand),
        text=hand.text if hand else "",
        own=hand.own if hand else None,
    )


def _placed(items: Sequence[PlanItem], order: Sequence[str]) -> list[PlanItem]:
    """In this order; what it does not name comes last."""
    places = {name: place for place, name in enumerate(order)}
    return sorted(items, key=lambda item: places.get(item.exercise_id, len(places)))


def _order(item: PlanItem, content: PlanContent) -> tuple[int, int]:
    return PHASES.index(content.exercises[item.exercise_id].phase), item.priority


def _made_from(items: Sequence[PlanItem], case: Case, chosen: Recipe, content: PlanContent) -> dict[str, str]:
    """Return the SHA-256 of each file behind a plan, and of its translation for the client."""
    files = set(_files(items, case, chosen))
    files |= {f"{content.language}/{file}" for file in files}
    return {file: content.hashes[file] for file in sorted(files) if file in content.hashes}


def _files(items: Sequence[PlanItem], case: Case, chosen: Recipe) -> Iterator[str]:
    yield from MADE_BY
    yield f"protocols/{chosen.protocol.id}.toml"
    yield from (f"{kind}/{item.exercise_id}.toml" for item in items for kind in ("exercises", "figures"))
    if case.history.step:
        yield "rules/feedback.toml"


def _over_time(minutes: int, case: Case) -> bool:
    given = number(case, "minutes_per_day")
    return given is not None and minutes > given


def _low_pain(picks: Sequence[Pick], case: Case, chosen: Recipe) -> bool:
    runs = any(RUNNING in pick.exercise.tags for pick in picks)
    return runs or case.in_review or bool(chosen.holds) or chosen.protocol.pain_cap <= LOW_PAIN
