"""The day's minutes: which exercises fit into the time that the client can give (step R6)."""

from collections.abc import Callable, Sequence
from itertools import combinations

from clinical.plan.case import Case, number
from clinical.plan.decision import dose_of
from clinical.plan.recipe import Pick, seconds_a_day
from clinical.plan.safety import fitted
from schemas.choosing import PlanContent
from schemas.plan import Effect, PlanReason

Cost = Callable[[Pick], int]


def fitted_to_day(
    picks: Sequence[Pick], count: int, case: Case, content: PlanContent
) -> tuple[list[Pick], list[PlanReason]]:
    """Return the most useful exercises that fit into the client's minutes, and why the rest wait.

    There are two to `count`. Where no two fit, the two that take least time stay: the plan then says how
    long it takes.
    """
    plain, cut = fitted(picks, count)
    minutes = number(case, "minutes_per_day")
    if minutes is None:
        return plain, cut
    seconds = 60 * minutes

    def cost(pick: Pick) -> int:
        return seconds_a_day(dose_of(pick, case, content)[0])

    inside = _within(picks, count, content.choosing.budget.least, seconds, cost)
    gone = [pick for pick in picks if pick not in inside]
    names = {pick.exercise.id for pick in plain} if len(inside) == count else {p.exercise.id for p in gone}
    late = [pick for pick in gone if pick.exercise.id in names]
    others = [
        reason for reason in cut if reason.exercise_id in {p.exercise.id for p in gone if p not in late}
    ]
    return inside, [*(_no_time(pick, minutes) for pick in late), *others]


def _within(picks: Sequence[Pick], count: int, least: int, seconds: float, cost: Cost) -> list[Pick]:
    """Take exercises in order as long as they fit, those to keep first; else the first pair that fits."""
    taken = [pick for pick in picks if pick.keep][:count]
    for pick in picks:
        room = len(taken) < count and sum(map(cost, taken)) + cost(pick) <= seconds
        if pick not in taken and room:
            taken.append(pick)
    if len(taken) < least <= len(picks):
        taken = _pair(picks, least, seconds, cost)
    return [pick for pick in picks if pick in taken]


def _pair(picks: Sequence[Pick], least: int, seconds: float, cost: Cost) -> list[Pick]:
    kept = {pick.exercise.id for pick in picks if pick.keep}
    pairs = [pair for pair in combinations(picks, least) if kept <= {pick.exercise.id for pick in pair}]
    fits = [pair for pair in pairs if sum(map(cost, pair)) <= seconds]
    return list(fits[0] if fits else min(pairs, key=lambda pair: sum(map(cost, pair))))


def _no_time(pick: Pick, minutes: float) -> PlanReason:
    values = {"minutes": f"{minutes:g}"}
    return PlanReason(
        "R6", f"minutes_per_day={minutes:g}", Effect.BUDGET, pick.exercise.id, "no_time", values
    )
