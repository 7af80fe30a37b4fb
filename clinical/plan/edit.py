"""A practitioner's changes to a drafted plan, checked by the same safety filter (step R7)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from clinical.plan import gate
from clinical.plan.case import Case, Policy, with_facts
from clinical.plan.choose import holds_of, in_reason, overrides_for, too_few
from clinical.plan.decision import plan_for
from clinical.plan.recipe import Pick, by_priority, recipe
from clinical.plan.safety import Ground, blocked_by, filtered, ground_for
from schemas.choosing import PlanContent
from schemas.hold import readiness_of
from schemas.plan import Effect, Plan, PlanReason, Sentence


@dataclass(frozen=True, slots=True)
class Edit:
    """A practitioner's change to a drafted plan; `levels` maps exercise ids to 1, 2 or 3."""

    author: str
    credential: str = ""
    remove: tuple[str, ...] = ()
    add: tuple[str, ...] = ()
    swap: tuple[tuple[str, str], ...] = ()
    levels: tuple[tuple[str, int], ...] = ()
    reason: str = ""


class EditRefused(ValueError):
    """An edit that the filter does not allow; `facts` maps exercise ids to what blocks them."""

    def __init__(self, facts: dict[str, str]) -> None:
        super().__init__(", ".join(f"{name}: {fact}" for name, fact in facts.items()))
        self.facts = facts


def edit(plan: Plan, change: Edit, case: Case, content: PlanContent, policy: Policy) -> Plan:
    """Return the plan with a practitioner's changes, checked by the same filter (R7).

    An exercise that the filter blocks needs a typed reason and a credential, kept with the plan as an
    override; without them, or with more exercises than a plan may have, `EditRefused` is raised.
    """
    case = with_facts(case, content.choosing)
    ground = replace(ground_for(case, content, policy), allowed=_allowed(plan, change))
    chosen, _ = recipe(case, content)
    chosen = replace(
        chosen, protocol=content.protocols.get(plan.protocol_id, chosen.protocol), stage=plan.stage
    )
    picks = _edited(plan, change, content)
    _refuse(picks, change, ground, content)
    kept, outs = filtered(picks, ground, content)
    safe = [replace(pick, level=1) if pick.exercise.caution & case.facts else pick for pick in kept]
    holds = (*holds_of(case, chosen, policy), *too_few(len(safe), content))
    before = [one for one in plan.reasons if one.effect not in (Effect.IN, Effect.HELD)]
    reasons = [
        *before,
        *outs,
        *_removed(plan, safe, change),
        *gate.reasons(holds),
        *(in_reason(pick) for pick in safe),
    ]
    overrides = (
        *plan.overrides,
        *overrides_for(safe, case, change.author, change.credential, change.reason, plan),
    )
    made = plan_for(safe, case, chosen, readiness_of(holds), reasons, content, overrides)
    return replace(made, version=plan.version)


def _allowed(plan: Plan, change: Edit) -> frozenset[str]:
    signed = bool(change.reason.strip() and change.credential.strip())
    new = {*change.add, *(to for _, to in change.swap)} if signed else set()
    return frozenset(new | {one.exercise_id for one in plan.overrides})


def _edited(plan: Plan, change: Edit, content: PlanContent) -> list[Pick]:
    levels, swaps = dict(change.levels), dict(change.swap)
    added, fact = Sentence("added"), f"practitioner={change.author}"
    picks = []
    for item in by_priority(plan.items):
        name = swaps.get(item.exercise_id, item.exercise_id)
        if item.exercise_id in change.remove or name not in content.exercises:
            continue
        exercise, level = content.exercises[name], 1 if item.exercise_id in swaps else item.level
        because = added if item.exercise_id in swaps else item.because
        picks.append(Pick(exercise, max(1, min(3, levels.get(name, level))), because, "R7", fact))
    new = [content.exercises[name] for name in change.add if name in content.exercises]
    return [*picks, *(Pick(one, max(1, min(3, levels.get(one.id, 1))), added, "R7", fact) for one in new)]


def _refuse(picks: Sequence[Pick], change: Edit, ground: Ground, content: PlanContent) -> None:
    new = {*change.add, *(to for _, to in change.swap)}
    blocked = {
        name: blocked_by(content.exercises[name], ground, content)
        for name in sorted(new)
        if name in content.exercises
    }
    facts = {name: fact for name, fact in blocked.items() if fact}
    facts |= {name: "no such exercise" for name in sorted(new) if name not in content.exercises}
    if len(picks) > content.choosing.budget.most:
        facts["moves"] = f"more than {content.choosing.budget.most}"
    if facts:
        raise EditRefused(facts)


def _removed(plan: Plan, picks: Sequence[Pick], change: Edit) -> list[PlanReason]:
    now = {pick.exercise.id for pick in picks}
    gone = [item.exercise_id for item in plan.items if item.exercise_id not in now]
    return [PlanReason("R7", f"practitioner={change.author}", Effect.OUT, name, "removed") for name in gone]
