"""The safety filter, the swaps, the levels and the budget (steps R4, R5 and R6)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from clinical.plan.case import Case, Policy, number, places
from clinical.plan.recipe import Pick, Recipe, high_row, level_cap, low_row, may_rise
from schemas.choosing import Budget, Moves
from schemas.condition import values_of
from schemas.exercise import Exercise
from schemas.plan import Effect, PlanItem, Reason

RUNNING = "running"
ALREADY = "already=in"


@dataclass(frozen=True, slots=True)
class Ground:
    """What the filter looks at: facts, special things at home, places to leave alone, moves past the mode."""

    facts: frozenset[str]
    things: frozenset[str]
    avoid_areas: frozenset[str]
    left_out: frozenset[str]
    removed: frozenset[str]
    allowed: frozenset[str] = frozenset()


def ground_for(case: Case, moves: Moves, policy: Policy) -> Ground:
    """Return the ground of a case (with facts already added, see `with_facts`)."""
    note = case.note
    equipment = {fact.removeprefix("equipment=") for fact in case.facts if fact.startswith("equipment=")}
    signed = note is not None and bool(note.add_reason.strip() and note.credential.strip())
    return Ground(
        facts=case.facts,
        things=frozenset(equipment) | frozenset(values_of(case.answers, "equipment")),
        avoid_areas=frozenset(places(case, "avoid_areas")),
        left_out=moves.wording.modes[policy.mode].leave_out,
        removed=frozenset(note.remove) if note else frozenset(),
        allowed=frozenset(note.add) if note and signed else frozenset(),
    )


def blocked_by(exercise: Exercise, ground: Ground, moves: Moves) -> str:
    """Return the fact that keeps a move out of the plan, or an empty text when none does."""
    if exercise.id in ground.removed:
        return "removed=practitioner"
    if exercise.id in ground.allowed:
        return ""
    for fact in sorted(exercise.avoid & ground.facts):
        return fact
    for thing in exercise.equipment:
        if thing in moves.choosing.equipment and thing not in ground.things:
            return f"no_equipment={thing}"
    for place in sorted(set(exercise.presses) & ground.avoid_areas):
        return f"avoid_areas={place}"
    return f"mode={exercise.id}" if exercise.id in ground.left_out else ""


def filtered(picks: Sequence[Pick], ground: Ground, moves: Moves) -> tuple[list[Pick], list[Reason]]:
    """Return the moves that may be sent, each once, swapped where needed, and why (R4)."""
    kept: list[Pick] = []
    reasons: list[Reason] = []
    for pick in picks:
        fact = _unfit(pick.exercise, kept, ground, moves)
        if fact == ALREADY:
            continue
        other = stand_in(pick.exercise, kept, ground, moves) if fact else None
        if not fact:
            kept.append(pick)
        elif other is None:
            reasons.append(_left_out(pick.exercise, fact, moves))
        else:
            text = because_text(fact, moves, "swapped", name=pick.exercise.name)
            kept.append(replace(pick, exercise=other, level=1, because=text, rule="R4", fact=fact))
            reasons.append(_swapped(pick.exercise, other, fact, text, moves))
    return kept, reasons


def stand_in(exercise: Exercise, kept: Sequence[Pick], ground: Ground, moves: Moves) -> Exercise | None:
    """Return the first free move down the easier chain, then among the swaps; None when there is none."""
    for other in _candidates(exercise, moves):
        if not _unfit(other, kept, ground, moves):
            return other
    return None


def because_text(fact: str, moves: Moves, kind: str, name: str) -> str:
    """Return a sentence for the client on a move; `kind` is a key of the wording's reasons."""
    words = moves.wording.reasons
    if fact == "removed=practitioner":
        return words["removed"].format(name=name)
    return words[kind].format(name=name, fact=fact_words(fact, moves))


def fact_words(fact: str, moves: Moves) -> str:
    """Return a fact in the client's words."""
    name, _, value = fact.partition("=")
    words = moves.wording.reasons
    special = {
        "no_equipment": words["no_equipment"].format(thing=moves.choosing.equipment.get(value, "")),
        "avoid_areas": words["avoid_area"].format(region=moves.choosing.regions.get(value, "")),
        "mode": words["not_in_mode"],
        "second_run": words["second_run"],
    }
    return moves.facts.get(fact) or special.get(name, "")


def cause(exercise: Exercise, fact: str, moves: Moves) -> str:
    """Return a fact with the tags through which it blocks a move: `move_floor=no (floor)`."""
    tags = [tag for tag in exercise.tags if fact in moves.tags[tag].avoid]
    return f"{fact} ({', '.join(tags)})" if tags else fact


def levelled(
    picks: Sequence[Pick], start: Sequence[Pick], case: Case, chosen: Recipe, moves: Moves
) -> tuple[list[Pick], list[Reason]]:
    """Return the moves at a safe level: cautions, low starts, caps, slow growth (R5, table 5.4).

    `start` are the moves before the filter: who may rise is settled there, so that a risk frees no turn.
    """
    low, high = low_row(case, moves.choosing), high_row(case, chosen, moves.choosing)
    more = 1 if high and not low else 0
    cap = 1 if low and chosen.fresh else level_cap(case, chosen.protocol)
    rising = _rising(start, more, case, moves)
    slow = [_slow(pick, more, rising, case) for pick in picks]
    capped = [replace(pick, level=min(pick.level, cap)) for pick in slow]
    safe = [replace(pick, level=1) if pick.exercise.caution & case.facts else pick for pick in capped]
    row = low if low and chosen.fresh else None
    changes = zip(picks, safe, strict=True)
    because = row.because if row else ""
    return safe, [_level_reason(a, b, case, because, cap) for a, b in changes if a.level != b.level]


def budget(case: Case, chosen: Recipe, policy: Policy, rules: Budget) -> int:
    """Return how many moves the plan may have: stage, minutes, gentle plans, confidence (R6)."""
    limits = [policy.first_moves if chosen.stage == 1 else rules.stage[chosen.stage - 1], policy.most_moves]
    if chosen.protocol.gentle:
        limits.append(rules.gentle[chosen.stage - 1])
    minutes = number(case, "minutes_per_day")
    if minutes is not None:
        limits.append(_by_minutes(minutes, rules))
    confidence = number(case, "confidence")
    unsure = 1 if confidence is not None and confidence < rules.confidence_below else 0
    return max(rules.least, min(rules.most, min(limits) - unsure))


def fitted(picks: Sequence[Pick], count: int, moves: Moves) -> tuple[list[Pick], list[Reason]]:
    """Return the first `count` moves; those marked to keep push out the last of the others (R6)."""
    room = count - sum(pick.keep for pick in picks)
    inside: list[Pick] = []
    for pick in picks:
        if pick.keep or room > 0:
            inside.append(pick)
            room -= not pick.keep
    text = moves.wording.reasons["no_room"]
    out = [pick for pick in picks if pick not in inside]
    return inside[:count], [_no_room(pick, text, count) for pick in [*out, *inside[count:]]]


def _candidates(exercise: Exercise, moves: Moves) -> Iterator[Exercise]:
    easier = moves.exercises.get(exercise.easier)
    seen = {exercise.id}
    while easier is not None and easier.id not in seen:
        seen.add(easier.id)
        yield easier
        easier = moves.exercises.get(easier.easier)
    yield from (moves.exercises[name] for name in exercise.swaps if name not in seen)


def _unfit(exercise: Exercise, kept: Sequence[Pick], ground: Ground, moves: Moves) -> str:
    if any(pick.exercise.id == exercise.id for pick in kept):
        return ALREADY
    fact = blocked_by(exercise, ground, moves)
    if not fact and RUNNING in exercise.tags and any(RUNNING in pick.exercise.tags for pick in kept):
        return "second_run=yes"
    return fact


def _swapped(old: Exercise, new: Exercise, fact: str, text: str, moves: Moves) -> Reason:
    full = f"{old.name} swapped for {new.name} at level 1: {cause(old, fact, moves)}."
    return Reason("R4", fact, Effect.SWAPPED, old.id, text, full, new.id)


def _left_out(exercise: Exercise, fact: str, moves: Moves) -> Reason:
    text = because_text(fact, moves, "left_out", name=exercise.name)
    full = f"{exercise.name} left out: {cause(exercise, fact, moves)}."
    return Reason("R4", fact, Effect.OUT, exercise.id, text, full)


def _before(case: Case) -> dict[str, int]:
    items: tuple[PlanItem, ...] = case.history.plan.items if case.history.plan else ()
    return {item.exercise_id: item.level for item in items}


def _rising(start: Sequence[Pick], more: int, case: Case, moves: Moves) -> frozenset[str]:
    growth, before = moves.choosing.growth, _before(case)
    wish = [pick.exercise.id for pick in start if pick.level + more > before.get(pick.exercise.id, 3)]
    return frozenset(wish[: growth.rises] if may_rise(case, growth) else ())


def _slow(pick: Pick, more: int, rising: frozenset[str], case: Case) -> Pick:
    old = _before(case).get(pick.exercise.id)
    if old is None:
        return pick
    return replace(pick, level=min(pick.level + more, old + (pick.exercise.id in rising)))


def _level_reason(old: Pick, new: Pick, case: Case, low: str, cap: int) -> Reason:
    caution = sorted(new.exercise.caution & case.facts)
    fact = caution[0] if caution else f"cap={cap}"
    full = f"{new.exercise.name}: level {old.level} to {new.level} ({', '.join(caution) or low or fact})."
    return Reason("R5", fact, Effect.LEVEL, new.exercise.id, "" if caution else low, full)


def _no_room(pick: Pick, text: str, count: int) -> Reason:
    full = f"{pick.exercise.name} left out: the budget is {count} moves."
    return Reason(
        "R6", f"moves={count}", Effect.BUDGET, pick.exercise.id, text.format(name=pick.exercise.name), full
    )


def _by_minutes(minutes: float, rules: Budget) -> int:
    fits = [most for limit, most in rules.minutes.items() if float(limit) <= minutes]
    return max(fits, default=rules.least)
