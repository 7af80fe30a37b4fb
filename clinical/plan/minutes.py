"""The minutes of a week: which exercises fit into the time that the client can give (step R6).

A plan joins ease and work: what calms or releases comes first and then what loads, as massage comes before
exercise. So one of each stays in, however small the plan; the others follow in the order of the list.
"""

from collections.abc import Callable, Sequence
from itertools import combinations, product

from clinical.plan.case import Case, number
from clinical.plan.decision import dose_of
from clinical.plan.recipe import Pick, seconds_a_week, seconds_of
from clinical.plan.safety import no_room
from schemas.choosing import PlanContent
from schemas.exercise import Kind
from schemas.plan import Effect, PlanReason

Cost = Callable[[Pick], int]


def fitted_to_week(
    picks: Sequence[Pick], count: int, case: Case, content: PlanContent
) -> tuple[list[Pick], list[PlanReason]]:
    """Return the most useful exercises that fit into the client's minutes, and why the rest wait.

    There are two to `count`. Where no two fit, the two that take least time stay: the plan then says how
    long it takes.
    """

    def cost(pick: Pick) -> int:
        return seconds_a_week(dose_of(pick, case, content)[0])

    week = seconds_of(case)
    taken = _core(picks, content.choosing.budget.least, week, cost)
    late: list[Pick] = []
    for pick in (*(pick for pick in picks if pick.keep), *picks):
        if pick in taken or len(taken) >= count:
            continue
        (taken if sum(map(cost, taken)) + cost(pick) <= week else late).append(pick)
    minutes = number(case, "minutes_per_day") or 0
    gone = [pick for pick in picks if pick not in taken]
    return [pick for pick in picks if pick in taken], [
        _no_time(pick, minutes) if pick in late else no_room(pick, count) for pick in gone
    ]


def _core(picks: Sequence[Pick], least: int, week: float, cost: Cost) -> list[Pick]:
    pairs = _pairs(picks, least)
    fits = [pair for pair in pairs if sum(map(cost, pair)) <= week]
    if not pairs:
        return list(picks)
    return list(fits[0] if fits else min(pairs, key=lambda pair: sum(map(cost, pair))))


def _pairs(picks: Sequence[Pick], least: int) -> list[tuple[Pick, ...]]:
    """Every pair of load and ease, best first; any others where a list has not both."""
    first = [*(pick for pick in picks if pick.keep), *(pick for pick in picks if not pick.keep)]
    loads = [pick for pick in picks if pick.exercise.kind is Kind.LOAD]
    eases = [pick for pick in first if pick.exercise.kind is Kind.EASE]
    return list(product(loads, eases)) or list(combinations(picks, least))


def _no_time(pick: Pick, minutes: float) -> PlanReason:
    values = {"minutes": f"{minutes:g}"}
    return PlanReason(
        "R6", f"minutes_per_day={minutes:g}", Effect.BUDGET, pick.exercise.id, "no_time", values
    )
