"""Chooses a client's plan by readable rules: the same case gives the same plan, byte for byte.

The steps R0 to R10 stand in the order in which they are worked (docs/clinical.md#how-a-plan-comes-about).
Free text is never read here.
"""

from collections.abc import Sequence
from dataclasses import replace

from clinical.plan import gate, overrides
from clinical.plan.case import Case, Policy, with_facts
from clinical.plan.decision import plan_for
from clinical.plan.minutes import fitted_to_week
from clinical.plan.own import with_own
from clinical.plan.recipe import CALM, CALM_EXERCISE, Pick, Recipe, picks_for, recipe
from clinical.plan.safety import Ground, blocked_by, budget, filtered, fitted, ground_for, levelled
from schemas.choosing import PlanContent
from schemas.exercise import Exercise, Kind
from schemas.hold import Hold, readiness_of
from schemas.plan import Effect, Plan, PlanReason, Readiness, Sentence


def choose(case: Case, content: PlanContent, policy: Policy) -> Plan:
    """Return the plan for a case: ready to send, held for a practitioner, or none, with its reasons."""
    case, last = with_facts(case, content.choosing), case.history.plan
    content = with_own(content, last.items if last else ())
    chosen, reasons = recipe(case, content)
    holds = holds_of(case, chosen, policy)
    if readiness_of(holds) is Readiness.NONE:
        return plan_for([], case, chosen, Readiness.NONE, gate.reasons(holds), content)
    ground = ground_for(case, content, policy)
    given = overrides.of_note(case.note, ground, content)
    ground = replace(ground, signed=overrides.covered(given))
    picks, more = _drafted(case, chosen, ground, content, policy)
    picks, edits = _noted(picks, case, ground, content)
    holds += too_few(len(picks), content) + _overtaken(edits)
    all_reasons = [*reasons, *more, *edits, *gate.reasons(holds), *(in_reason(pick) for pick in picks)]
    order = [item.exercise_id for item in last.items] if last and last.arranged and not chosen.fresh else ()
    signed = tuple(one for one in given if one.exercise_id in {pick.exercise.id for pick in picks})
    return plan_for(picks, case, chosen, readiness_of(holds), all_reasons, content, signed, order)


def holds_of(case: Case, chosen: Recipe, policy: Policy) -> tuple[Hold, ...]:
    """Return what holds any plan for a case (with the rules' own facts added).

    A named practitioner's release (`case.released_by`) lifts what needs a look.
    """
    found = gate.holds(gate.facts_of(case, policy) | chosen.holds)
    return gate.released(found) if case.released_by else found


def too_few(count: int, content: PlanContent) -> tuple[Hold, ...]:
    """Return what holds a plan of `count` exercises, whoever released an earlier one."""
    return gate.holds({"moves=too_few"} if count < content.choosing.budget.least else ())


def _drafted(
    case: Case, chosen: Recipe, ground: Ground, content: PlanContent, policy: Policy
) -> tuple[list[Pick], list[PlanReason]]:
    start = picks_for(case, chosen, content, lambda exercise: not blocked_by(exercise, ground, content))
    start += _calm_first(case, content)
    passed, outs = filtered(start, ground, content)
    safe, levels = levelled(passed, start, case, chosen, content)
    most = budget(case, chosen, policy, content.choosing.budget)
    picks, cut = fitted_to_week(_eased(safe, chosen, ground, content), most, case, content)
    filled = _filled(picks, ground, content)
    reasons = [*outs, *levels, *cut]
    return filled, [*reasons, *_gone(case, filled, reasons)]


def _calm_first(case: Case, content: PlanContent) -> list[Pick]:
    rows = [row for row in content.choosing.start_low if row.calm_first]
    if not any(row.when.holds(case.answers, case.facts, case.age) for row in rows):
        return []
    calm = content.exercises[CALM_EXERCISE]
    return [Pick(calm, 1, Sentence("calm_added"), "R5", "session_response=sore", keep=True)]


def _eased(picks: list[Pick], chosen: Recipe, ground: Ground, content: PlanContent) -> list[Pick]:
    """Put a calm exercise to a new list that has nothing that eases ; the answers may forbid all."""
    if not chosen.fresh or any(pick.exercise.kind is Kind.EASE for pick in picks):
        return picks
    calm = (content.exercises[one.exercise] for one in content.protocols[CALM].stage[0].moves)
    free = [one for one in calm if one.kind is Kind.EASE and not blocked_by(one, ground, content)]
    return [*picks, *(Pick(one, 1, Sentence("fill"), "R6", f"protocol={CALM}") for one in free[:1])]


def _filled(picks: list[Pick], ground: Ground, content: PlanContent) -> list[Pick]:
    least = content.choosing.budget.least
    if len(picks) >= least:
        return picks
    calm = [content.exercises[one.exercise] for one in content.protocols[CALM].stage[0].moves]
    extra = [Pick(exercise, 1, Sentence("fill"), "R6", f"protocol={CALM}") for exercise in calm]
    both, _ = filtered([*picks, *extra], ground, content)
    return both[:least]


def _gone(case: Case, picks: Sequence[Pick], reasons: Sequence[PlanReason]) -> list[PlanReason]:
    """Why an exercise of the last plan is in this one no more, where no other reason says so."""
    last, step = case.history.plan, case.history.step
    said = {reason.exercise_id for reason in reasons if reason.effect is not Effect.LEVEL}
    now = {pick.exercise.id for pick in picks}
    fact = f"check-in={step.row}" if step else "new plan"
    gone = [item.exercise_id for item in (last.items if last else ()) if item.exercise_id not in said | now]
    return [PlanReason("R8", fact, Effect.OUT, name, "no_room") for name in gone]


def _noted(
    picks: list[Pick], case: Case, ground: Ground, content: PlanContent
) -> tuple[list[Pick], list[PlanReason]]:
    note = case.note
    if note is None or not note.add:
        return picks, []
    known = [content.exercises[name] for name in note.add if name in content.exercises]
    added = [Pick(exercise, 1, Sentence("added"), "R7", f"sn_add={exercise.id}") for exercise in known]
    free = [pick for pick in added if not blocked_by(pick.exercise, ground, content)]
    passed, outs = filtered([*picks, *free], ground, content)
    kept, cut = fitted(passed, content.choosing.budget.most)
    refused = [_not_added(pick.exercise, ground, content) for pick in added if pick not in free]
    return kept, [*refused, *outs, *cut]


def _overtaken(found: Sequence[PlanReason]) -> tuple[Hold, ...]:
    return gate.holds(gate.overtaken(one.exercise_id or "" for one in found if one.key == gate.NEW_SINCE))


def _not_added(exercise: Exercise, ground: Ground, content: PlanContent) -> PlanReason:
    key = gate.NEW_SINCE if exercise.id in ground.signed else "not_added"
    return PlanReason("R7", blocked_by(exercise, ground, content), Effect.OUT, exercise.id, key)


def in_reason(pick: Pick) -> PlanReason:
    """Return why an exercise is in the plan; its sentence stands with the exercise."""
    return PlanReason(pick.rule, pick.fact, Effect.IN, pick.exercise.id, "in", {"level": f"{pick.level}"})
