"""A plan put into words: its moves, texts and minutes, and what changed since the last (step R10)."""

from collections.abc import Sequence
from math import ceil

from clinical.plan.case import Case, Policy, number, sore_side
from clinical.plan.recipe import Pick, Recipe, seconds_a_day
from clinical.plan.safety import RUNNING, fact_words
from schemas.choosing import Moves
from schemas.plan import Dose, Override, Phase, Plan, PlanItem, Readiness, Reason, Side

LOW_PAIN = 3
PHASES = tuple(Phase)


def item_for(pick: Pick, priority: int, case: Case, moves: Moves, policy: Policy) -> PlanItem:
    """Return one move as the client will see it."""
    exercise, words = pick.exercise, moves.wording
    dose = dose_of(pick, case, moves)
    return PlanItem(
        exercise_id=exercise.id,
        name=exercise.name,
        phase=exercise.phase,
        phase_label=words.phases[exercise.phase],
        level=pick.level,
        dose=dose,
        steps=exercise.steps,
        cues=exercise.cues,
        mistakes=exercise.mistakes,
        stop_when=(exercise.stop_when or words.stop_when).format(emergency_number=policy.emergency_number),
        why=" ".join(part for part in (pick.because, exercise.why) if part),
        side=sore_side(case) if dose.each_side else Side.NONE,
        equipment=exercise.equipment,
        caution=_caution(pick, case, moves),
        priority=priority,
        helps=exercise.why,
    )


def plan_for(
    picks: Sequence[Pick],
    case: Case,
    chosen: Recipe,
    status: Readiness,
    reasons: Sequence[Reason],
    moves: Moves,
    policy: Policy,
    overrides: tuple[Override, ...] = (),
) -> Plan:
    """Return the plan with every text filled in and its moves in phase order."""
    items = [item_for(pick, number, case, moves, policy) for number, pick in enumerate(picks)]
    shown = tuple(sorted(items, key=lambda item: (PHASES.index(item.phase), item.priority)))
    mode, words = moves.wording.modes[policy.mode], moves.wording
    cap = LOW_PAIN if _low_pain(picks, case, chosen) else chosen.protocol.pain_cap
    days, minutes = days_per_week(items), ceil(sum(seconds_a_day(item.dose) for item in items) / 60)
    intro = mode.intro.format(count=len(items), minutes=minutes, days=days)
    last = case.history.plan
    return Plan(
        protocol_id=chosen.protocol.id,
        protocol_name_for_client=chosen.protocol.client_name,
        title=mode.title,
        stage=chosen.stage,
        version=last.version + 1 if last else 1,
        status=status,
        items=shown,
        reasons=tuple(reasons),
        intro=f"{intro} {words.over_time}" if _over_time(minutes, case) else intro,
        pain_rule=words.pain_rule_low if cap <= LOW_PAIN else words.pain_rule,
        stop_rule=words.stop_rule.format(emergency_number=policy.emergency_number),
        scope_text=mode.scope,
        days_per_week=days,
        minutes_per_day=minutes,
        pain_cap=cap,
        language=moves.language,
        clinic_phone=policy.clinic_phone,
        practitioner_note=case.note.client_note.strip() if case.note else "",
        change_text=change_text(last, items, moves) if last else "",
        tip=chosen.protocol.tip,
        protocol_name_full=chosen.protocol.name if mode.protocol_names else "",
        evidence=chosen.protocol.sources,
        overrides=overrides,
    )


def days_per_week(items: Sequence[PlanItem]) -> int:
    """Return the middle one of the moves' days a week: what adherence is counted against."""
    days = sorted(item.dose.days_per_week for item in items)
    return days[(len(days) - 1) // 2] if days else 0


def change_text(last: Plan, items: Sequence[PlanItem], moves: Moves) -> str:
    """Return what is new against the last plan, as a few short sentences for the client."""
    before = {item.exercise_id: item for item in last.items}
    now = {item.exercise_id: item for item in items}
    both = [name for name in now if name in before]
    groups = {
        "new": [now[name].name for name in now if name not in before],
        "up": [now[name].name for name in both if now[name].level > before[name].level],
        "down": [now[name].name for name in both if now[name].level < before[name].level],
        "gone": [before[name].name for name in before if name not in now],
    }
    words = moves.wording.changes
    said = [words[key].format(names=", ".join(names)) for key, names in groups.items() if names]
    return " ".join(said) or words["same"]


def dose_of(pick: Pick, case: Case, moves: Moves) -> Dose:
    """Return how much of a move this client does."""
    dose = pick.exercise.dose.at(pick.level)
    for note in moves.choosing.dose_note:
        if note.exercise == pick.exercise.id and note.when.holds(case.answers, case.facts, case.age):
            return Dose(days_per_week=dose.days_per_week, note=note.note, language=dose.language)
    return dose


def _caution(pick: Pick, case: Case, moves: Moves) -> str:
    for fact in sorted(pick.exercise.caution & case.facts):
        return moves.wording.side_note.format(fact=fact_words(fact, moves))
    return ""


def _over_time(minutes: int, case: Case) -> bool:
    given = number(case, "minutes_per_day")
    return given is not None and minutes > given


def _low_pain(picks: Sequence[Pick], case: Case, chosen: Recipe) -> bool:
    runs = any(RUNNING in pick.exercise.tags for pick in picks)
    return runs or case.in_review or bool(chosen.hold) or chosen.protocol.pain_cap <= LOW_PAIN
