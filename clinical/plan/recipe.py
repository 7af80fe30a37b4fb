"""Which protocol, which stage, which exercises to start from, at which level (steps R2, R5 and R8)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import inf

from clinical.plan.case import MOVED, Case, number, places
from schemas.checkin import Step
from schemas.choosing import Action, ChoosingRules, Growth, LevelRow, MatchRow, PlanContent
from schemas.exercise import Adjust, Exercise, Protocol
from schemas.plan import Dose, Effect, PlanItem, PlanReason, Sentence

CALM = "calm_only"
CALM_EXERCISE = "calm_belly_breath"
Free = Callable[[Exercise], bool]
SAME = frozenset({Action.HOLD, Action.HOLD_NO_REPLY, Action.PAUSE, Action.STOP})
RISES = frozenset({Action.LEVEL_UP, Action.STAGE_OK})


@dataclass(frozen=True, slots=True)
class Pick:
    """One exercise on its way into a plan: level, why it is here, and whether the budget must keep it.

    `hand` is what a practitioner set for it: it counts for this exercise, not for one in its place.
    """

    exercise: Exercise
    level: int
    because: Sentence
    rule: str
    fact: str
    keep: bool = False
    hand: PlanItem | None = None

    @property
    def by_hand(self) -> PlanItem | None:
        """What a practitioner set for this very exercise."""
        return self.hand if self.hand and self.hand.exercise_id == self.exercise.id else None


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is decided before any single exercise: protocol, stage, why, special cases, what holds it."""

    protocol: Protocol
    stage: int
    because: Sentence
    fact: str
    adjusts: tuple[Adjust, ...] = ()
    fresh: bool = True
    holds: frozenset[str] = frozenset()


def recipe(case: Case, content: PlanContent) -> tuple[Recipe, list[PlanReason]]:
    """Return the protocol and the stage with their reasons (R2, R8 and table 5.3)."""
    row, fact = match(case, content)
    chosen = _protocol_id(case, row, content)
    protocol = content.protocols[chosen]
    adjusts = tuple(one for one in protocol.adjust if one.when.holds(case.answers, case.facts, case.age))
    stage, fresh, why = stage_for(case, protocol, content.choosing.growth)
    region = next(iter(places(case, "main_region")), "")
    because = Sentence(f"match.{row.id}", {"region": region} if "{region}" in row.because else {})
    values = {"protocol": protocol.id, "row": row.id, "stage": f"{stage}"} | _days(why, case)
    reasons = [PlanReason("R2", fact, Effect.STAGE, key=why, values=values)]
    holds = _holds(case, chosen, content.choosing)
    return Recipe(protocol, stage, because, fact, adjusts, fresh, holds), reasons


def _days(why: str, case: Case) -> dict[str, str]:
    """The days that a reason for a stage speaks of."""
    days = {"stage_gap": case.history.gap_days, "stage_good": case.history.state.days_in_plan}
    return {"days": f"{days[why]}"} if why in days else {}


def match(case: Case, content: PlanContent) -> tuple[MatchRow, str]:
    """Return the first row of the match table that holds, and the fact that made it hold."""
    for row in content.choosing.match:
        if row.when.holds(case.answers, case.facts, case.age):
            because = row.when.because(case.answers, case.facts, case.age)
            return row, " ".join(f"{name}={value}" for name, value in because) or "always"
    raise LookupError("the last row of the match table must always hold")


def stage_for(case: Case, protocol: Protocol, growth: Growth) -> tuple[int, bool, str]:
    """Return the stage, whether its list is taken (not the exercises of the last plan), and why (a key)."""
    last = case.history.plan
    if last is None:
        return 1, True, "stage_first"
    if last.protocol_id != protocol.id:
        return 1, True, "stage_protocol"
    if MOVED & case.facts:
        return 1, True, "stage_place"
    if case.history.gap_days > growth.gap_restart_days:
        return 1, True, "stage_gap"
    step = case.history.step
    if step and step.action is Action.STAGE_OK and not case.in_review:
        state, least = case.history.state, 7 * protocol.stage_weeks
        allowed = min(3, 1 + state.days_in_plan // least)
        if allowed > last.stage and state.days_in_stage >= least:
            return last.stage + 1, True, "stage_good"
    return last.stage, False, "stage_same"


def picks_for(case: Case, chosen: Recipe, content: PlanContent, free: Free) -> list[Pick]:
    """Return the exercises to start from, most useful first, before any safety filter.

    `free` tells whether an exercise could be sent at all, so that a step up or down leads to one that can.
    """
    step, last = case.history.step, case.history.plan
    if chosen.fresh or last is None:
        return _from_stage(chosen, content)
    known = [item for item in by_priority(last.items) if item.exercise_id in content.exercises]
    picks = [_from_item(item, content, chosen) for item in known]
    if case.history.gap_days >= content.choosing.growth.gap_same_stage_days:
        return [replace(pick, level=1) for pick in picks]
    if step is None or step.action in SAME:
        return picks
    if step.action in RISES:
        return list(_raised(picks, case, level_cap(case, chosen.protocol), content, free))
    return _stepped(picks, step, content, free)


def seconds_of(case: Case) -> float:
    """Return the seconds of a week that the client can give; without an end where they did not say."""
    minutes = number(case, "minutes_per_day")
    return inf if minutes is None else 60 * 7 * minutes


def seconds_a_day(dose: Dose) -> int:
    """Return about how long one exercise takes on a day, in seconds, rests included."""
    if dose.minutes:
        return dose.minutes * 60 * dose.times_per_day
    a_rep = sum(int(part) for part in dose.tempo.split("-")) if dose.tempo else dose.hold_seconds + 2
    sides = 2 if dose.each_side else 1
    rests = max(0, dose.sets - 1) * (dose.rest_seconds or 10)
    return (dose.sets * dose.reps * a_rep * sides + rests) * dose.times_per_day


def seconds_a_week(dose: Dose) -> int:
    """Return about how long one exercise takes in a week, in seconds."""
    return seconds_a_day(dose) * dose.days_per_week


def by_priority(items: Sequence[PlanItem]) -> list[PlanItem]:
    """Return a plan's content, most useful first."""
    return sorted(items, key=lambda item: item.priority)


def low_row(case: Case, rules: ChoosingRules) -> LevelRow | None:
    """Return the first reason to start every exercise at level 1, if any."""
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
    good = step is not None and step.action in RISES
    soon = case.history.state.days_since_change < growth.days_between_rises
    return good and not soon and not case.in_review and not case.stopped


def level_cap(case: Case, protocol: Protocol) -> int:
    """Return the highest level that the session note and the protocol allow now."""
    early = case.history.state.days_in_plan < 7 * protocol.level_cap_weeks
    from_note = case.note.level_cap if case.note else 3
    return min(from_note, protocol.level_cap if early else 3)


def _protocol_id(case: Case, row: MatchRow, content: PlanContent) -> str:
    step = case.history.step
    if case.note and case.note.protocol in content.protocols:
        return case.note.protocol
    last = case.history.plan
    if step and (step.action is Action.REGRESS_REVIEW or (last and last.protocol_id == CALM)):
        return CALM  # a check-in alone never leads out of it: a practitioner does, in a session note
    return row.protocol


def _holds(case: Case, chosen: str, rules: ChoosingRules) -> frozenset[str]:
    """Every row that wants a look, also one that chose no protocol: a further answer lifts no hold."""
    if case.note and case.note.protocol:
        return frozenset()
    rows = (row for row in rules.match if row.hold and row.when.holds(case.answers, case.facts, case.age))
    found = {f"match={row.id}" for row in rows}
    last, days = case.history.plan, case.history.state.days_in_stage
    if chosen == CALM and last and last.protocol_id == CALM and days >= rules.growth.calm_only_days:
        found.add(f"{CALM}={days}_days")
    return frozenset(found)


def _from_stage(chosen: Recipe, content: PlanContent) -> list[Pick]:
    listed = [(move.exercise, move.level) for move in chosen.protocol.stage[chosen.stage - 1].moves]
    picks = [_pick(name, level, chosen, content) for name, level in listed]
    for adjust in chosen.adjusts:
        picks = _adjusted(picks, adjust, chosen.protocol, content)
    return picks


def _pick(name: str, level: int, chosen: Recipe, content: PlanContent) -> Pick:
    return Pick(content.exercises[name], level, chosen.because, "R2", chosen.fact)


def _from_item(item: PlanItem, content: PlanContent, chosen: Recipe) -> Pick:
    keep = any(item.exercise_id in one.keep for one in chosen.adjusts)
    exercise = content.exercises[item.exercise_id]
    return Pick(exercise, item.level, item.because, "R8", "last plan", keep=keep, hand=item)


def _adjusted(picks: list[Pick], adjust: Adjust, protocol: Protocol, content: PlanContent) -> list[Pick]:
    fact, because = f"adjust={adjust.id}", Sentence(f"adjust.{protocol.id}.{adjust.id}")

    def made(name: str) -> Pick:
        return Pick(content.exercises[name], 1, because, "R2", fact)

    if adjust.instead:
        return [made(name) for name in adjust.instead]
    rest = [
        replace(pick, keep=True, because=because, fact=fact) if pick.exercise.id in adjust.keep else pick
        for pick in picks
        if pick.exercise.id not in (*adjust.drop, *adjust.first)
    ]
    return [*(made(name) for name in adjust.first), *rest]


def _stepped(picks: list[Pick], step: Step, content: PlanContent, free: Free) -> list[Pick]:
    if step.action is Action.SHRINK:
        return picks[:2]
    if step.action is Action.REGRESS:
        return _without_hardest([_easier(pick, content, free) for pick in picks])
    named = any(pick.exercise.id == step.hard_exercise for pick in picks)
    target = step.hard_exercise if named else _hardest(picks)
    return [_easier(pick, content, free) if pick.exercise.id == target else pick for pick in picks]


def _easier(pick: Pick, content: PlanContent, free: Free) -> Pick:
    because = Sentence("stepped_down")
    if pick.level > 1:
        return replace(pick, level=pick.level - 1, because=because, rule="R8", fact="step down")
    easier = content.exercises.get(pick.exercise.easier)
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


def _raised(picks: Sequence[Pick], case: Case, cap: int, content: PlanContent, free: Free) -> Iterator[Pick]:
    left = content.choosing.growth.rises if may_rise(case, content.choosing.growth) else 0
    week = seconds_of(case)
    room = week - sum(_seconds(pick.exercise, pick.level) for pick in picks)
    taken = {pick.exercise.id for pick in picks}

    def apart(
        up: Exercise,
    ) -> bool:  # in place of another, one that is there already would only take that out
        return up.id not in taken and free(up)

    for pick in picks:
        more = _seconds(*_wish(pick, content)) - _seconds(pick.exercise, pick.level)
        rises = left > 0 and more <= max(0, room)
        yield (_higher(pick, case, cap, content, apart) if rises else None) or pick
        # One that may not rise uses its turn and time up: a risk never lets another exercise rise instead.
        left -= 1
        room -= max(0, more) if rises else 0


def _wish(pick: Pick, content: PlanContent) -> tuple[Exercise, int]:
    harder = content.exercises.get(pick.exercise.harder)
    return (harder, 1) if pick.level == 3 and harder else (pick.exercise, min(3, pick.level + 1))


def _seconds(exercise: Exercise, level: int) -> int:
    return seconds_a_week(exercise.dose.at(level))


def _higher(pick: Pick, case: Case, cap: int, content: PlanContent, free: Free) -> Pick | None:
    if pick.by_hand and pick.by_hand.by_hand:  # what a practitioner set, a practitioner raises
        return None
    up = replace(pick, because=Sentence("stepped_up"), rule="R8", fact="step up")
    if pick.level < 3:
        limited = pick.level >= cap or bool(pick.exercise.caution & case.facts)
        return None if limited else replace(up, level=pick.level + 1)
    harder = content.exercises.get(pick.exercise.harder)
    more = harder and harder.rank > pick.exercise.rank and free(harder)
    return replace(up, exercise=harder, level=1) if harder and more else None
