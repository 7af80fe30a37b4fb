"""Chooses a client's plan by readable rules: the same case gives the same plan, byte for byte.

The steps R0 to R10 stand in the order in which they are worked (docs on clinical content, section 5.1).
Free text is never read here.
"""

from collections.abc import Sequence

from clinical.plan.case import ADULT, LEAST_AGE, Case, Policy, with_facts
from clinical.plan.minutes import fitted_to_day
from clinical.plan.recipe import CALM, CALM_MOVE, MOVED, Pick, Recipe, picks_for, recipe
from clinical.plan.safety import Ground, blocked_by, budget, filtered, fitted, ground_for, levelled
from clinical.plan.wording import plan_for
from schemas.choosing import Action, Moves
from schemas.plan import Effect, Override, Plan, Readiness, Reason
from schemas.session_note import SendWish

HELD_BY = frozenset({Action.PAUSE, Action.REGRESS_REVIEW})


def choose(case: Case, moves: Moves, policy: Policy) -> Plan:
    """Return the plan for a case: ready to send, held for a practitioner, or none, with its reasons."""
    case = with_facts(case, moves.choosing)
    chosen, reasons = recipe(case, moves)
    refusal = refused(case, moves)
    if refusal:
        return plan_for([], case, chosen, Readiness.NONE, [refusal], moves, policy)
    ground = ground_for(case, moves, policy)
    picks, more = _drafted(case, chosen, ground, moves, policy)
    picks, overrides, edits = _noted(picks, case, ground, moves)
    status, holds = gate(case, len(picks), chosen.hold, moves, policy)
    all_reasons = [*reasons, *more, *edits, *holds, *(in_reason(pick) for pick in picks)]
    return plan_for(picks, case, chosen, status, all_reasons, moves, policy, overrides)


def refused(case: Case, moves: Moves) -> Reason | None:
    """Return why there is no plan at all (R0, R1), or None."""
    words = moves.wording.reasons
    young = case.age is not None and case.age < LEAST_AGE
    minor = case.age is not None and case.age < ADULT and not case.guardian_consented
    step = case.history.step
    checks = [
        ("R0", "consent_exercise=no", not case.consented, "no_consent"),
        ("R0", "age=under16", young, "too_young"),
        ("R0", "guardian_name=missing", minor, "too_young"),
        (
            "R1",
            " ".join(f"flag={flag.rule}" for flag in case.flags if flag.severity.stops),
            case.stopped,
            "stopped",
        ),
        ("R8", "check-in=red_flag", step is not None and step.action is Action.STOP, "stopped"),
        ("R9", "sn_send=no_plan", case.note is not None and case.note.send is SendWish.NO_PLAN, "no_plan"),
    ]
    for rule, fact, holds, text in checks:
        if holds:
            return Reason(rule, fact, Effect.OUT, None, words[text], f"No plan: {fact}.")
    return None


def gate(case: Case, count: int, hold: str, moves: Moves, policy: Policy) -> tuple[Readiness, list[Reason]]:
    """Return whether a drafted plan of `count` moves may go out by itself, or what holds it.

    A named practitioner's release (`case.released_by`) clears every hold but an empty plan.
    """
    checks = [("R6", "moves=too_few", count < moves.choosing.budget.least)]
    if not case.released_by:
        checks.extend(_holds(case, hold, policy))
    text = moves.wording.reasons["held_review"]
    reasons = [
        Reason(rule, fact, Effect.HELD, None, text, f"Held: {fact}.") for rule, fact, held in checks if held
    ]
    return (Readiness.HELD if reasons else Readiness.READY), reasons


def _holds(case: Case, hold: str, policy: Policy) -> list[tuple[str, str, bool]]:
    step, note = case.history.step, case.note
    agreed = note is not None and note.send is SendWish.OK_TO_SEND
    rules = " ".join(sorted(f"flag={flag.rule}" for flag in case.flags if not flag.severity.stops))
    return [
        ("R1", rules, case.in_review),
        ("R1", "age=unknown", case.age is None),
        ("R1", "age=under18", case.age is not None and case.age < ADULT),
        ("R-CLASH", "other_care=yes", "other_care=yes" in case.facts),
        ("R2", hold, bool(hold)),
        ("R2", "upd_pain_same_place=moved", bool(MOVED & case.facts)),
        ("R8", f"check-in={step.row if step else ''}", step is not None and step.action in HELD_BY),
        ("R9", "sn_send=hold", note is not None and note.send is SendWish.HOLD),
        ("R9", "sn_new_concern=yes", note is not None and note.new_concern),
        ("R9", "require_ok=yes", policy.require_ok and not agreed),
    ]


def _drafted(
    case: Case, chosen: Recipe, ground: Ground, moves: Moves, policy: Policy
) -> tuple[list[Pick], list[Reason]]:
    start = picks_for(case, chosen, moves, lambda exercise: not blocked_by(exercise, ground, moves))
    start += _calm_first(case, moves)
    passed, outs = filtered(start, ground, moves)
    safe, levels = levelled(passed, start, case, chosen, moves)
    most = budget(case, chosen, policy, moves.choosing.budget)
    picks, cut = fitted_to_day(safe, most, case, moves)
    filled = _filled(picks, ground, moves)
    reasons = [*outs, *levels, *cut]
    return filled, [*reasons, *_gone(case, filled, reasons, moves)]


def _calm_first(case: Case, moves: Moves) -> list[Pick]:
    rows = [row for row in moves.choosing.start_low if row.calm_first]
    if not any(row.when.holds(case.answers, case.facts, case.age) for row in rows):
        return []
    because = moves.wording.reasons["calm_added"]
    return [Pick(moves.exercises[CALM_MOVE], 1, because, "R5", "session_response=sore", keep=True)]


def _filled(picks: list[Pick], ground: Ground, moves: Moves) -> list[Pick]:
    least = moves.choosing.budget.least
    if len(picks) >= least:
        return picks
    because = moves.wording.reasons["fill"]
    calm = moves.protocols[CALM].stage[0].moves
    extra = [Pick(moves.exercises[move.exercise], 1, because, "R6", f"protocol={CALM}") for move in calm]
    both, _ = filtered([*picks, *extra], ground, moves)
    return both[:least]


def _gone(case: Case, picks: Sequence[Pick], reasons: Sequence[Reason], moves: Moves) -> list[Reason]:
    last, step = case.history.plan, case.history.step
    told = {reason.exercise_id for reason in reasons if reason.effect is not Effect.LEVEL}
    now = {pick.exercise.id for pick in picks}
    fact = f"check-in={step.row}" if step else "new plan"
    gone = [item for item in (last.items if last else ()) if item.exercise_id not in told | now]
    return [
        Reason(
            "R8",
            fact,
            Effect.OUT,
            item.exercise_id,
            _later(item.name, moves),
            f"{item.name} taken out: {fact}.",
        )
        for item in gone
    ]


def _later(name: str, moves: Moves) -> str:
    return moves.wording.reasons["no_room"].format(name=name)


def _noted(
    picks: list[Pick], case: Case, ground: Ground, moves: Moves
) -> tuple[list[Pick], tuple[Override, ...], list[Reason]]:
    note = case.note
    if note is None or not note.add:
        return picks, (), []
    because = moves.wording.reasons["added"]
    known = [moves.exercises[name] for name in note.add if name in moves.exercises]
    added = [Pick(exercise, 1, because, "R7", f"sn_add={exercise.id}") for exercise in known]
    free = [pick for pick in added if not blocked_by(pick.exercise, ground, moves)]
    passed, outs = filtered([*picks, *free], ground, moves)
    kept, cut = fitted(passed, moves.choosing.budget.most, moves)
    refused_adds = [
        _not_added(pick.exercise.id, blocked_by(pick.exercise, ground, moves))
        for pick in added
        if pick not in free
    ]
    overrides = overrides_for(kept, case, note.author, note.credential, note.add_reason)
    return kept, overrides, [*refused_adds, *outs, *cut]


def _not_added(name: str, fact: str) -> Reason:
    full = f"{name} was not added: {fact}. A reason and a credential are needed."
    return Reason("R7", fact, Effect.OUT, name, "", full)


def in_reason(pick: Pick) -> Reason:
    """Return why a move is in the plan."""
    full = f"{pick.exercise.name} at level {pick.level}: {pick.fact}."
    return Reason(pick.rule, pick.fact, Effect.IN, pick.exercise.id, pick.because, full)


def overrides_for(
    picks: Sequence[Pick], case: Case, author: str, credential: str, reason: str, plan: Plan | None = None
) -> tuple[Override, ...]:
    """Return an override for every move that is in the plan although an answer blocks it."""
    known = {one.exercise_id for one in plan.overrides} if plan else set()
    blocked = [(pick.exercise.id, tuple(sorted(pick.exercise.avoid & case.facts))) for pick in picks]
    return tuple(
        Override(name, facts, reason.strip(), author, credential.strip())
        for name, facts in blocked
        if facts and name not in known
    )
