"""A practitioner's changes to a drafted plan, checked by the same safety filter (step R7)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from clinical.plan.case import Case, Policy, with_facts
from clinical.plan.choose import gate, in_reason, overrides_for
from clinical.plan.recipe import Pick, by_priority, recipe
from clinical.plan.safety import Ground, blocked_by, filtered, ground_for
from clinical.plan.wording import plan_for
from schemas.choosing import Moves
from schemas.plan import Effect, Plan, Reason


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


def edit(plan: Plan, change: Edit, case: Case, moves: Moves, policy: Policy) -> Plan:
    """Return the plan with a practitioner's changes, checked by the same filter (R7).

    A move that the filter blocks needs a typed reason and a credential, kept with the plan as an override;
    without them, or with more moves than a plan may have, `EditRefused` is raised.
    """
    case = with_facts(case, moves.choosing)
    ground = replace(ground_for(case, moves, policy), allowed=_allowed(plan, change))
    chosen, _ = recipe(case, moves)
    chosen = replace(chosen, protocol=moves.protocols[plan.protocol_id], stage=plan.stage)
    picks = _edited(plan, change, moves)
    _refuse(picks, change, ground, moves)
    kept, outs = filtered(picks, ground, moves)
    safe = [replace(pick, level=1) if pick.exercise.caution & case.facts else pick for pick in kept]
    status, holds = gate(case, len(safe), chosen.hold, moves, policy)
    before = [one for one in plan.reasons if one.effect not in (Effect.IN, Effect.HELD)]
    reasons = [
        *before,
        *outs,
        *_removed(plan, safe, change, moves),
        *holds,
        *(in_reason(pick) for pick in safe),
    ]
    overrides = (
        *plan.overrides,
        *overrides_for(safe, case, change.author, change.credential, change.reason, plan),
    )
    made = plan_for(safe, case, chosen, status, reasons, moves, policy, overrides)
    return replace(made, version=plan.version)


def _allowed(plan: Plan, change: Edit) -> frozenset[str]:
    signed = bool(change.reason.strip() and change.credential.strip())
    new = {*change.add, *(to for _, to in change.swap)} if signed else set()
    return frozenset(new | {one.exercise_id for one in plan.overrides})


def _edited(plan: Plan, change: Edit, moves: Moves) -> list[Pick]:
    levels, swaps = dict(change.levels), dict(change.swap)
    because, fact = moves.wording.reasons["added"], f"practitioner={change.author}"
    picks = []
    for item in by_priority(plan.items):
        name = swaps.get(item.exercise_id, item.exercise_id)
        if item.exercise_id in change.remove or name not in moves.exercises:
            continue
        exercise, level = moves.exercises[name], 1 if item.exercise_id in swaps else item.level
        text = because if item.exercise_id in swaps else item.why.removesuffix(exercise.why).strip()
        picks.append(Pick(exercise, max(1, min(3, levels.get(name, level))), text, "R7", fact))
    new = [moves.exercises[name] for name in change.add if name in moves.exercises]
    return [*picks, *(Pick(one, max(1, min(3, levels.get(one.id, 1))), because, "R7", fact) for one in new)]


def _refuse(picks: Sequence[Pick], change: Edit, ground: Ground, moves: Moves) -> None:
    new = {*change.add, *(to for _, to in change.swap)}
    blocked = {
        name: blocked_by(moves.exercises[name], ground, moves)
        for name in sorted(new)
        if name in moves.exercises
    }
    facts = {name: fact for name, fact in blocked.items() if fact}
    facts |= {name: "no such exercise" for name in sorted(new) if name not in moves.exercises}
    if len(picks) > moves.choosing.budget.most:
        facts["moves"] = f"more than {moves.choosing.budget.most}"
    if facts:
        raise EditRefused(facts)


def _removed(plan: Plan, picks: Sequence[Pick], change: Edit, moves: Moves) -> list[Reason]:
    now = {pick.exercise.id for pick in picks}
    text = moves.wording.reasons["removed"]
    fact = f"practitioner={change.author}"
    return [
        Reason(
            "R7",
            fact,
            Effect.OUT,
            item.exercise_id,
            text.format(name=item.name),
            f"{item.exercise_id} removed: {fact}.",
        )
        for item in plan.items
        if item.exercise_id not in now
    ]
