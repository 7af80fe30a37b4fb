"""A practitioner's changes to a drafted plan, checked by the same safety filter (step R7)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from clinical.plan import gate, limits, overrides
from clinical.plan.case import Case, Policy, with_facts
from clinical.plan.choose import holds_of, in_reason, too_few
from clinical.plan.decision import plan_for
from clinical.plan.limits import Limit
from clinical.plan.own import with_own
from clinical.plan.recipe import Pick, by_priority, recipe
from clinical.plan.safety import Ground, blocked_by, filtered, ground_for
from schemas.choosing import PlanContent
from schemas.hold import Hold, readiness_of
from schemas.plan import Effect, Override, Plan, PlanItem, PlanReason, Sentence


@dataclass(frozen=True, slots=True)
class Edit:
    """A practitioner's change to a drafted plan; `levels` maps exercise ids to 1, 2 or 3.

    `lines`, where there are any, are the whole plan in its new order, and the other changes are empty: of
    each, the exercise, level, side, text, and the dose if it is `by_hand` count. `overrides` are those that
    the plan had and, once the change is made, those that it signs for itself.
    """

    author: str
    credential: str = ""
    remove: tuple[str, ...] = ()
    add: tuple[str, ...] = ()
    swap: tuple[tuple[str, str], ...] = ()
    levels: tuple[tuple[str, int], ...] = ()
    reason: str = ""
    lines: tuple[PlanItem, ...] = ()
    overrides: tuple[Override, ...] = ()


class EditRefused(ValueError):
    """An edit that the filter does not allow; `facts` maps exercise ids to what blocks them.

    `doses` has, by exercise id, each figure of a dose that is past its limit. `new` names those exercises
    that somebody had signed for, before the fact came up.
    """

    def __init__(
        self,
        facts: dict[str, str],
        doses: dict[str, dict[str, Limit]] | None = None,
        new: frozenset[str] = frozenset(),
    ) -> None:
        self.facts, self.doses, self.new = facts, doses or {}, new
        figures = {f"{name} {figure}": "dose" for name, found in self.doses.items() for figure in found}
        super().__init__(", ".join(f"{name}: {fact}" for name, fact in (facts | figures).items()))


def edit(plan: Plan, change: Edit, case: Case, content: PlanContent, policy: Policy) -> Plan:
    """Return the plan with a practitioner's changes, checked by the same filter (R7).

    An exercise that the filter blocks needs a typed reason and a credential, kept with the plan as an
    override against what blocks it now; without them, or with more exercises than a plan may have,
    `EditRefused` is raised.
    """
    facts, known = with_facts(case, content.choosing), with_own(content, (*plan.items, *change.lines))
    given = (*plan.overrides, *change.overrides)
    ground = replace(ground_for(facts, known, policy), signed=overrides.covered(given))
    names = sorted(_new(plan, change) | set(ground.signed))
    more = overrides.signed(names, ground, known, change.author, change.credential, change.reason)
    return again(plan, replace(change, overrides=(*change.overrides, *more)), case, content, policy)


def again(plan: Plan, change: Edit, case: Case, content: PlanContent, policy: Policy) -> Plan:
    """Return the plan with changes that were made earlier: their signature covers what it was given against.

    Raises `EditRefused` where an exercise is blocked by anything else.
    """
    case, content = with_facts(case, content.choosing), with_own(content, (*plan.items, *change.lines))
    past = tuple(dict.fromkeys((*plan.overrides, *change.overrides)))
    ground = replace(ground_for(case, content, policy), signed=overrides.covered(past))
    chosen, _ = recipe(case, content)
    chosen = replace(
        chosen, protocol=content.protocols.get(plan.protocol_id, chosen.protocol), stage=plan.stage
    )
    picks = _edited(plan, change, content)
    _refuse(picks, _new(plan, change), ground, content)
    _refuse_doses(change.lines, ground, content)
    kept, outs = filtered(picks, ground, content)
    safe = [replace(pick, level=1) if pick.exercise.caution & case.facts else pick for pick in kept]
    holds = (*holds_of(case, chosen, policy), *too_few(len(safe), content), *_to_be_seen(change))
    before = [one for one in plan.reasons if one.effect not in (Effect.IN, Effect.HELD)]
    reasons = [
        *before,
        *outs,
        *_removed(plan, safe, change),
        *gate.reasons(holds),
        *(in_reason(pick) for pick in safe),
    ]
    made = plan_for(safe, case, chosen, readiness_of(holds), reasons, content, past, _order(plan, change))
    return replace(made, version=plan.version)


def _order(plan: Plan, change: Edit) -> list[str]:
    return [item.exercise_id for item in change.lines or (plan.items if plan.arranged else ())]


def _to_be_seen(change: Edit) -> tuple[Hold, ...]:
    """A whole plan by hand goes out when somebody has looked at what became of it."""
    return gate.holds({"change=by_hand"} if change.lines else ())


def _new(plan: Plan, change: Edit) -> set[str]:
    there = {item.exercise_id for item in plan.items}
    lines = {line.exercise_id for line in change.lines if not line.own} - there
    return {*change.add, *(to for _, to in change.swap), *lines}


def _from_lines(plan: Plan, change: Edit, content: PlanContent) -> list[Pick]:
    """The exercises as listed, each once; the sentence that says why is that of the plan before."""
    before = {item.exercise_id: item for item in plan.items}
    fact = f"practitioner={change.author}"
    picks = {}
    for line in change.lines:
        exercise, old = content.exercises.get(line.exercise_id), before.get(line.exercise_id)
        if exercise is not None:
            because = old.because if old else Sentence("" if line.own else "added")
            picks[line.exercise_id] = Pick(exercise, _level(line.level), because, "R7", fact, hand=line)
    return list(picks.values())


def _level(level: int) -> int:
    return max(1, min(3, level))


def _edited(plan: Plan, change: Edit, content: PlanContent) -> list[Pick]:
    if change.lines:
        return _from_lines(plan, change, content)
    levels, swaps = dict(change.levels), dict(change.swap)
    added, fact = Sentence("added"), f"practitioner={change.author}"
    picks = []
    for item in by_priority(plan.items):
        name = swaps.get(item.exercise_id, item.exercise_id)
        if item.exercise_id in change.remove or name not in content.exercises:
            continue
        exercise, level = content.exercises[name], 1 if item.exercise_id in swaps else item.level
        because = added if item.exercise_id in swaps else item.because
        picks.append(Pick(exercise, _level(levels.get(name, level)), because, "R7", fact, hand=item))
    new = [content.exercises[name] for name in change.add if name in content.exercises]
    return [*picks, *(Pick(one, _level(levels.get(one.id, 1)), added, "R7", fact) for one in new)]


def _refuse_doses(lines: Sequence[PlanItem], ground: Ground, content: PlanContent) -> None:
    known = ((line, content.exercises.get(line.exercise_id)) for line in lines)
    wrong = {
        line.exercise_id: dict(limits.outside(line, exercise, ground.facts))
        for line, exercise in known
        if exercise
    }
    doses = {name: found for name, found in wrong.items() if found}
    if doses:
        raise EditRefused({}, doses)


def _refuse(picks: Sequence[Pick], new: set[str], ground: Ground, content: PlanContent) -> None:
    signed = {pick.exercise.id for pick in picks} & set(ground.signed)
    blocked = {
        name: blocked_by(content.exercises[name], ground, content)
        for name in sorted(new | signed)
        if name in content.exercises
    }
    facts = {name: fact for name, fact in blocked.items() if fact}
    facts |= {name: "no such exercise" for name in sorted(new) if name not in content.exercises}
    if len(picks) > content.choosing.budget.most:
        facts["moves"] = f"more than {content.choosing.budget.most}"
    if facts:
        raise EditRefused(facts, new=frozenset(signed & set(facts)))


def _removed(plan: Plan, picks: Sequence[Pick], change: Edit) -> list[PlanReason]:
    now = {pick.exercise.id for pick in picks}
    gone = [item.exercise_id for item in plan.items if item.exercise_id not in now]
    return [PlanReason("R7", f"practitioner={change.author}", Effect.OUT, name, "removed") for name in gone]
