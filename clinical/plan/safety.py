"""The safety filter, the swaps, the levels and the budget (steps R4, R5 and R6)."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from clinical.plan.case import Case, Policy, number, places
from clinical.plan.recipe import Pick, Recipe, high_row, level_cap, low_row, may_rise
from schemas.choosing import Budget, PlanContent
from schemas.exercise import Exercise
from schemas.forms.condition import values_of
from schemas.plan import Effect, PlanItem, PlanReason, Sentence

RUNNING = "running"
ALREADY = "already=in"


@dataclass(frozen=True, slots=True)
class Ground:
    """What the filter looks at: facts, things at home, places to leave alone, exercises past the mode.

    `signed`: the facts against which a practitioner signed for an exercise, by its id.
    """

    facts: frozenset[str]
    things: frozenset[str]
    avoid_areas: frozenset[str]
    left_out: frozenset[str]
    removed: frozenset[str]
    signed: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def covers(self, exercise_id: str, facts: Collection[str]) -> bool:
        """Whether somebody signed for an exercise against each of these facts."""
        return self.signed.get(exercise_id, frozenset()).issuperset(facts)


def ground_for(case: Case, content: PlanContent, policy: Policy) -> Ground:
    """Return the ground of a case (with facts already added, see `with_facts`)."""
    note = case.note
    equipment = {fact.removeprefix("equipment=") for fact in case.facts if fact.startswith("equipment=")}
    return Ground(
        facts=case.facts,
        things=frozenset(equipment) | frozenset(values_of(case.answers, "equipment")),
        avoid_areas=frozenset(places(case, "avoid_areas")),
        left_out=content.wording.modes[policy.mode].leave_out,
        removed=frozenset(note.remove) if note else frozenset(),
    )


def blocked_by(exercise: Exercise, ground: Ground, content: PlanContent) -> str:
    """Return the fact that keeps an exercise out of the plan, or an empty text when none does.

    Of an exercise that was signed for, only a fact that the signature does not cover keeps it out.
    """
    if exercise.id in ground.removed:
        return "removed=practitioner"
    if exercise.id not in ground.signed:
        return next(_blocks(exercise, ground, content), "")
    new = (fact for fact in against(exercise, ground, content) if not ground.covers(exercise.id, [fact]))
    return next(new, "")


def against(exercise: Exercise, ground: Ground, content: PlanContent) -> tuple[str, ...]:
    """Return every fact that a signature has to cover: all that block an exercise, and its cautions.

    Nothing for an exercise that is not blocked: cautions alone only keep it at level 1.
    """
    blocks = tuple(_blocks(exercise, ground, content))
    cautions = sorted((exercise.caution & ground.facts) - set(blocks))
    return (*blocks, *cautions) if blocks else ()


def _blocks(exercise: Exercise, ground: Ground, content: PlanContent) -> Iterator[str]:
    yield from sorted(exercise.avoid & ground.facts)
    for thing in exercise.equipment:
        if thing in content.choosing.equipment and thing not in ground.things:
            yield f"no_equipment={thing}"
    yield from (f"avoid_areas={place}" for place in sorted(set(exercise.presses) & ground.avoid_areas))
    if exercise.id in ground.left_out:
        yield f"mode={exercise.id}"


def filtered(
    picks: Sequence[Pick], ground: Ground, content: PlanContent
) -> tuple[list[Pick], list[PlanReason]]:
    """Return the exercises that may be sent, each once, swapped where needed, and why (R4)."""
    kept: list[Pick] = []
    reasons: list[PlanReason] = []
    for pick in picks:
        fact = _unfit(pick.exercise, kept, ground, content)
        if fact == ALREADY:
            kept = [_at_least(one, pick) for one in kept]
            continue
        other = stand_in(pick.exercise, kept, ground, content) if fact else None
        if not fact:
            kept.append(pick)
        elif other is None:
            reasons.append(_left_out(pick.exercise, fact, content))
        else:
            because = Sentence(_key("swapped", fact), {"name": pick.exercise.id, "fact": fact})
            kept.append(replace(pick, exercise=other, because=because, rule="R4", fact=fact))
            reasons.append(_swapped(pick.exercise, other, fact, content))
    return kept, reasons


def _at_least(kept: Pick, listed: Pick) -> Pick:
    """A copy that came in as a stand-in does not take the place of the same exercise at a higher level."""
    same = kept.exercise.id == listed.exercise.id
    return replace(kept, level=max(kept.level, listed.level)) if same else kept


def stand_in(
    exercise: Exercise, kept: Sequence[Pick], ground: Ground, content: PlanContent
) -> Exercise | None:
    """Return the first free move down the easier chain, then among the swaps; None when there is none."""
    for other in _candidates(exercise, content):
        if not _unfit(other, kept, ground, content):
            return other
    return None


def cause(exercise: Exercise, fact: str, content: PlanContent) -> str:
    """Return a fact with the tags through which it blocks an exercise: `move_floor=no (floor)`."""
    tags = [tag for tag in exercise.tags if fact in content.tags[tag].avoid]
    return f"{fact} ({', '.join(tags)})" if tags else fact


def levelled(
    picks: Sequence[Pick], start: Sequence[Pick], case: Case, chosen: Recipe, content: PlanContent
) -> tuple[list[Pick], list[PlanReason]]:
    """Return the exercises at a safe level: cautions, low starts, caps, slow growth (R5, table 5.4).

    `start` are the exercises before the filter: who may rise is settled there, so that a risk frees no turn.
    """
    low, high = low_row(case, content.choosing), high_row(case, chosen, content.choosing)
    more = 1 if high and not low else 0
    most = level_cap(case, chosen.protocol)
    cap = 1 if low and chosen.fresh else most
    rising = _rising(start, more, case, content)
    known = _before(case) if chosen.fresh and chosen.stage > 1 else {}
    slow = [_slow(pick, more, rising, case) for pick in picks]
    capped = [replace(pick, level=_capped(pick, cap, most, known)) for pick in slow]
    safe = [replace(pick, level=1) if pick.exercise.caution & case.facts else pick for pick in capped]
    row = low if low and chosen.fresh else None
    changes = zip(picks, safe, strict=True)
    why = f"start_low.{row.id}" if row else "level"
    return safe, [_level_reason(a, b, case, why, cap) for a, b in changes if a.level != b.level]


def budget(case: Case, chosen: Recipe, policy: Policy, rules: Budget) -> int:
    """Return how many exercises the plan may have: stage, minutes, gentle plans, confidence (R6)."""
    limits = [policy.first_moves if chosen.stage == 1 else rules.stage[chosen.stage - 1], policy.most_moves]
    if chosen.protocol.gentle:
        limits.append(rules.gentle[chosen.stage - 1])
    minutes = number(case, "minutes_per_day")
    if minutes is not None:
        limits.append(_by_minutes(minutes, rules))
    confidence = number(case, "confidence")
    unsure = 1 if confidence is not None and confidence < rules.confidence_below else 0
    return max(rules.least, min(rules.most, min(limits) - unsure))


def fitted(picks: Sequence[Pick], count: int) -> tuple[list[Pick], list[PlanReason]]:
    """Return the first `count` exercises, and why the others wait (R6)."""
    return list(picks[:count]), [no_room(pick, count) for pick in picks[count:]]


def _candidates(exercise: Exercise, content: PlanContent) -> Iterator[Exercise]:
    easier = content.exercises.get(exercise.easier)
    seen = {exercise.id}
    while easier is not None and easier.id not in seen:
        seen.add(easier.id)
        yield easier
        easier = content.exercises.get(easier.easier)
    yield from (content.exercises[name] for name in exercise.swaps if name not in seen)


def _unfit(exercise: Exercise, kept: Sequence[Pick], ground: Ground, content: PlanContent) -> str:
    if any(pick.exercise.id == exercise.id for pick in kept):
        return ALREADY
    fact = blocked_by(exercise, ground, content)
    if not fact and RUNNING in exercise.tags and any(RUNNING in pick.exercise.tags for pick in kept):
        return "second_run=yes"
    return fact


def _key(key: str, fact: str) -> str:
    return "removed" if fact == "removed=practitioner" else key


def _swapped(old: Exercise, new: Exercise, fact: str, content: PlanContent) -> PlanReason:
    values = {"cause": cause(old, fact, content)}
    return PlanReason("R4", fact, Effect.SWAPPED, old.id, _key("swapped", fact), values, new.id)


def _left_out(exercise: Exercise, fact: str, content: PlanContent) -> PlanReason:
    values = {"cause": cause(exercise, fact, content)}
    return PlanReason("R4", fact, Effect.OUT, exercise.id, _key("left_out", fact), values)


def _before(case: Case) -> dict[str, int]:
    items: tuple[PlanItem, ...] = case.history.plan.items if case.history.plan else ()
    return {item.exercise_id: item.level for item in items}


def _capped(pick: Pick, cap: int, most: int, known: Mapping[str, int]) -> int:
    """A new stage takes nothing back of a level that was reached in the one before (`known`)."""
    return min(max(min(pick.level, cap), known.get(pick.exercise.id, 1)), most)


def _rising(start: Sequence[Pick], more: int, case: Case, content: PlanContent) -> frozenset[str]:
    growth, before = content.choosing.growth, _before(case)
    wish = [pick.exercise.id for pick in start if pick.level + more > before.get(pick.exercise.id, 3)]
    return frozenset(wish[: growth.rises] if may_rise(case, growth) else ())


def _slow(pick: Pick, more: int, rising: frozenset[str], case: Case) -> Pick:
    old = _before(case).get(pick.exercise.id)
    if old is None:
        return pick
    return replace(pick, level=min(pick.level + more, old + (pick.exercise.id in rising)))


def _level_reason(old: Pick, new: Pick, case: Case, why: str, cap: int) -> PlanReason:
    caution = sorted(new.exercise.caution & case.facts)
    values = {"before": f"{old.level}", "level": f"{new.level}"}
    if caution:
        return PlanReason("R5", caution[0], Effect.LEVEL, new.exercise.id, "level", values)
    return PlanReason("R5", f"cap={cap}", Effect.LEVEL, new.exercise.id, why, values)


def no_room(pick: Pick, count: int) -> PlanReason:
    """Return why an exercise waits for a later plan."""
    values = {"count": f"{count}"}
    return PlanReason("R6", f"moves={count}", Effect.BUDGET, pick.exercise.id, "no_room", values)


def _by_minutes(minutes: float, rules: Budget) -> int:
    fits = [most for limit, most in rules.minutes.items() if float(limit) <= minutes]
    return max(fits, default=rules.least)
