"""Which protocol, which stage, which moves to start from, at which level (steps R2, R5 and R8)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import inf

from clinical.plan.case import Case, number, places
from schemas.checkin import Step
from schemas.choosing import Action, ChoosingRules, Growth, LevelRow, MatchRow, Moves
from schemas.exercise import Adjust, Exercise, Protocol
from schemas.plan import Dose, Effect, PlanItem, Reason

CALM = "calm_only"
CALM_MOVE = "calm_belly_breath"
Free = Callable[[Exercise], bool]
MOVED = frozenset({"upd_pain_same_place=moved", "upd_pain_same_place=new_place"})
SAME = frozenset({Action.HOLD, Action.HOLD_NO_REPLY, Action.PAUSE, Action.STOP})


@dataclass(frozen=True, slots=True)
class Pick:
    """One move on its way into a plan: level, why it is here, and whether the budget must keep it."""

    exercise: Exercise
    level: int
    because: str
    rule: str
    fact: str
    keep: bool = False


@dataclass(frozen=True, slots=True)
class Recipe:
    """What was decided before any single move: protocol, stage, who matched, special cases."""

    protocol: Protocol
    stage: int
    row: MatchRow
    because: str
    fact: str
    adjusts: tuple[Adjust, ...] = ()
    fresh: bool = True
    hold: str = ""


def recipe(case: Case, moves: Moves) -> tuple[Recipe, list[Reason]]:
    """Return the protocol and the stage with their reasons (R2, R8 and table 5.3)."""
    row, fact = match(case, moves)
    chosen = _protocol_id(case, row, moves)
    hold = _hold(case, row, chosen, moves.choosing.growth)
    protocol = moves.protocols[chosen]
    adjusts = tuple(one for one in protocol.adjust if one.when.holds(case.answers, case.facts, case.age))
    stage, fresh, why = stage_for(case, protocol, moves.choosing.growth)
    because = row.because.format(region=region_words(case, moves.choosing))
    full = (
        f"Protocol {protocol.id}: row {row.id} of the match table, or the session note; stage {stage}: {why}."
    )
    reasons = [Reason("R2", fact, Effect.STAGE, None, "", full)]
    return Recipe(protocol, stage, row, because, fact, adjusts, fresh, hold), reasons


def match(case: Case, moves: Moves) -> tuple[MatchRow, str]:
    """Return the first row of the match table that holds, and the fact that made it hold."""
    for row in moves.choosing.match:
        if row.when.holds(case.answers, case.facts, case.age):
            because = row.when.because(case.answers, case.facts, case.age)
            return row, " ".join(f"{name}={value}" for name, value in because) or "always"
    raise LookupError("the last row of the match table must always hold")


def stage_for(case: Case, protocol: Protocol, growth: Growth) -> tuple[int, bool, str]:
    """Return the stage, whether the list is taken afresh (not the moves of the last plan), and why."""
    last = case.history.plan
    if last is None:
        return 1, True, "first plan"
    if last.protocol_id != protocol.id:
        return 1, True, "another protocol than before"
    if MOVED & case.facts:
        return 1, True, "the pain is in another place than before"
    if case.history.gap_days > growth.gap_restart_days:
        return 1, True, f"{case.history.gap_days} days without exercise"
    step = case.history.step
    if step and step.action is Action.STAGE_OK and not case.in_review:
        allowed = min(3, 1 + case.history.state.days_in_plan // (7 * protocol.stage_weeks))
        if allowed > last.stage:
            return (
                last.stage + 1,
                True,
                f"{case.history.state.days_in_plan} days in the plan, last check-in good",
            )
    return last.stage, False, "no reason to move on"


def picks_for(case: Case, chosen: Recipe, moves: Moves, free: Free) -> list[Pick]:
    """Return the moves to start from, most useful first, before any safety filter.

    `free` tells whether a move could be sent at all, so that a step up or down leads to one that can.
    """
    step, last = case.history.step, case.history.plan
    if chosen.fresh or last is None:
        return _from_stage(chosen, moves)
    known = [item for item in by_priority(last.items) if item.exercise_id in moves.exercises]
    picks = [_from_item(item, moves, chosen) for item in known]
    if case.history.gap_days >= moves.choosing.growth.gap_same_stage_days:
        return [replace(pick, level=1) for pick in picks]
    if step is None or step.action in SAME or step.action is Action.STAGE_OK:
        return picks
    if step.action is Action.LEVEL_UP:
        return list(_raised(picks, case, level_cap(case, chosen.protocol), moves, free))
    return _stepped(picks, step, moves, free)


def seconds_a_day(dose: Dose) -> int:
    """Return about how long one move takes on a day, in seconds, rests included."""
    if dose.minutes:
        return dose.minutes * 60 * dose.times_per_day
    a_rep = sum(int(part) for part in dose.tempo.split("-")) if dose.tempo else dose.hold_seconds + 2
    sides = 2 if dose.each_side else 1
    rests = max(0, dose.sets - 1) * (dose.rest_seconds or 10)
    return (dose.sets * dose.reps * a_rep * sides + rests) * dose.times_per_day


def by_priority(items: Sequence[PlanItem]) -> list[PlanItem]:
    """Return a plan's moves, most useful first."""
    return sorted(items, key=lambda item: item.priority)


def region_words(case: Case, rules: ChoosingRules) -> str:
    """Return the client's words for the main sore place."""
    region = next(iter(places(case, "main_region")), "")
    return rules.regions.get(region, "one place")


def low_row(case: Case, rules: ChoosingRules) -> LevelRow | None:
    """Return the first reason to start every move at level 1, if any."""
    rows = (row for row in rules.start_low if row.when.holds(case.answers, case.facts, case.age))
    return next(rows, None)


def high_row(case: Case, chosen: Recipe, rules: ChoosingRules) -> LevelRow | None:
    """Return the reason to start one level higher; never in a first plan or when nothing moves on."""
    if not chosen.fresh or chosen.stage == 1 or case.history.plan is None:
        return None
    rows = (row for row in rules.start_high if row.when.holds(case.answers, case.facts, case.age))
    return next(rows, None)


def may_rise(case: Case, growth: Growth) -> bool:
    """Tell whether any level may rise now: a good check-in, and long enough after the last change."""
    step = case.history.step
    good = step is not None and step.action in (Action.LEVEL_UP, Action.STAGE_OK)
    soon = case.history.state.days_since_change < growth.days_between_rises
    return good and not soon and not case.in_review and not case.stopped


def level_cap(case: Case, protocol: Protocol) -> int:
    """Return the highest level that the session note and the protocol allow now."""
    early = case.history.state.days_in_plan < 7 * protocol.level_cap_weeks
    from_note = case.note.level_cap if case.note else 3
    return min(from_note, protocol.level_cap if early else 3)


def _protocol_id(case: Case, row: MatchRow, moves: Moves) -> str:
    step = case.history.step
    if case.note and case.note.protocol in moves.protocols:
        return case.note.protocol
    last = case.history.plan
    if step and (step.action is Action.REGRESS_REVIEW or (last and last.protocol_id == CALM)):
        return CALM  # a check-in alone never leads out of it: a practitioner does, in a session note
    return row.protocol


def _hold(case: Case, row: MatchRow, chosen: str, growth: Growth) -> str:
    if case.note and case.note.protocol:
        return ""
    last, state = case.history.plan, case.history.state
    if chosen == CALM and last and last.protocol_id == CALM and state.days_in_stage >= growth.calm_only_days:
        return f"{CALM}={state.days_in_stage}_days"
    return f"match={row.id}" if row.hold else ""


def _from_stage(chosen: Recipe, moves: Moves) -> list[Pick]:
    listed = [(move.exercise, move.level) for move in chosen.protocol.stage[chosen.stage - 1].moves]
    picks = [_pick(name, level, chosen, moves) for name, level in listed]
    for adjust in chosen.adjusts:
        picks = _adjusted(picks, adjust, moves)
    return picks


def _pick(name: str, level: int, chosen: Recipe, moves: Moves) -> Pick:
    return Pick(moves.exercises[name], level, chosen.because, "R2", chosen.fact)


def _from_item(item: PlanItem, moves: Moves, chosen: Recipe) -> Pick:
    exercise = moves.exercises[item.exercise_id]
    because = item.why.removesuffix(exercise.why).strip()
    keep = any(item.exercise_id in one.keep for one in chosen.adjusts)
    return Pick(exercise, item.level, because, "R8", "last plan", keep=keep)


def _adjusted(picks: list[Pick], adjust: Adjust, moves: Moves) -> list[Pick]:
    fact = f"adjust={adjust.id}"

    def made(name: str) -> Pick:
        return Pick(moves.exercises[name], 1, adjust.because, "R2", fact)

    if adjust.instead:
        return [made(name) for name in adjust.instead]
    rest = [
        replace(pick, keep=True, because=adjust.because, fact=fact)
        if pick.exercise.id in adjust.keep
        else pick
        for pick in picks
        if pick.exercise.id not in (*adjust.drop, *adjust.first)
    ]
    return [*(made(name) for name in adjust.first), *rest]


def _stepped(picks: list[Pick], step: Step, moves: Moves, free: Free) -> list[Pick]:
    if step.action is Action.SHRINK:
        return picks[:2]
    if step.action is Action.REGRESS:
        return _without_hardest([_easier(pick, moves, free) for pick in picks])
    named = any(pick.exercise.id == step.hard_exercise for pick in picks)
    target = step.hard_exercise if named else _hardest(picks)
    return [_easier(pick, moves, free) if pick.exercise.id == target else pick for pick in picks]


def _easier(pick: Pick, moves: Moves, free: Free) -> Pick:
    because = moves.wording.reasons["stepped_down"]
    if pick.level > 1:
        return replace(pick, level=pick.level - 1, because=because, rule="R8", fact="step down")
    easier = moves.exercises.get(pick.exercise.easier)
    if easier is None or not free(easier):
        return pick
    return replace(pick, exercise=easier, because=because, rule="R8", fact="step down")


def _hardest(picks: Sequence[Pick]) -> str:
    return max(picks, key=lambda pick: (pick.exercise.rank, pick.level)).exercise.id if picks else ""


def _without_hardest(picks: list[Pick]) -> list[Pick]:
    if len(picks) <= 2:
        return picks
    hardest = _hardest(picks)
    return [pick for pick in picks if pick.exercise.id != hardest]


def _raised(picks: Sequence[Pick], case: Case, cap: int, moves: Moves, free: Free) -> Iterator[Pick]:
    left = moves.choosing.growth.rises if may_rise(case, moves.choosing.growth) else 0
    minutes = number(case, "minutes_per_day")
    room = (
        inf if minutes is None else 60 * minutes - sum(_seconds(pick.exercise, pick.level) for pick in picks)
    )
    for pick in picks:
        more = _seconds(*_wish(pick, moves)) - _seconds(pick.exercise, pick.level)
        rises = left > 0 and more <= max(0, room)
        yield (_higher(pick, case, cap, moves, free) if rises else None) or pick
        # A move that may not rise uses its turn and time up: a risk never lets another move rise instead.
        left -= 1
        room -= max(0, more) if rises else 0


def _wish(pick: Pick, moves: Moves) -> tuple[Exercise, int]:
    harder = moves.exercises.get(pick.exercise.harder)
    return (harder, 1) if pick.level == 3 and harder else (pick.exercise, min(3, pick.level + 1))


def _seconds(exercise: Exercise, level: int) -> int:
    return seconds_a_day(exercise.dose.at(level))


def _higher(pick: Pick, case: Case, cap: int, moves: Moves, free: Free) -> Pick | None:
    up = replace(pick, because=moves.wording.reasons["stepped_up"], rule="R8", fact="step up")
    if pick.level < 3:
        limited = pick.level >= cap or bool(pick.exercise.caution & case.facts)
        return None if limited else replace(up, level=pick.level + 1)
    harder = moves.exercises.get(pick.exercise.harder)
    return replace(up, exercise=harder, level=1) if harder and free(harder) else None
