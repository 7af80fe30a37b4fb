"""Progress the right way up: five weeks of many clients, who get better, stay as they are, or get worse."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinical.loop.feedback import difference, next_plan
from clinical.plan.case import Case, History, Policy
from clinical.plan.choose import choose
from schemas.checkin import PlanState, Reply, Step
from schemas.choosing import Action, Difference, Mode
from schemas.plan import Plan, Readiness
from tests.helpers.strategies import HEALTHY, case_of, intakes, moves, with_answer

POLICY = Policy(mode=Mode.CLINICAL)
START = 5
BETTER, UNCHANGED, WORSE = (4, 3, 3, 2, 1), (5, 5, 5, 5, 5), (7, 7, 8, 8, 8)
PLACES = [
    "low_back_l",
    "neck_back",
    "knee_inner_l",
    "hip_side_r",
    "mid_back",
    "knee_front_l",
    "calf_r",
    "shin_l",
    "achilles_heel_l",
    "elbow_outer_r",
]


def reply(pain: int | None, **more: object) -> Reply:
    said = Reply(pain=pain, pain_during=2, worse_next_day=False, days_done=6, difficulty=3)
    return replace(said, **more)  # type: ignore[arg-type]


class Weeks:
    """One client, week by week; `gap_days` are those since the last word of having exercised."""

    def __init__(self, case: Case, pain: int | None = START, gap_days: int = 7) -> None:
        self.case, self.gap_days = case, gap_days
        self.plan: Plan = choose(case, moves(), POLICY)
        self.state = PlanState(pain_at_start=pain, pain_cap=self.plan.pain_cap)
        self.state = replace(self.state, days_per_week=self.plan.days_per_week)

    def week(self, said: Reply, days: int = 7) -> Step:
        old = self.state
        passed = replace(
            old,
            days_in_plan=old.days_in_plan + days,
            days_in_stage=old.days_in_stage + days,
            days_since_change=old.days_since_change + days,
        )
        history = History(self.plan, passed, gap_days=self.gap_days)
        plan, step = next_plan(replace(self.case, history=history), said, moves(), POLICY)
        moved, kept = plan.stage != self.plan.stage, plan is self.plan
        self.state = replace(
            passed,
            last_action=step.action,
            days_in_stage=0 if moved else passed.days_in_stage,
            days_since_change=passed.days_since_change if kept else 0,
        )
        self.plan = plan
        return step

    def through(self, pains: tuple[int, ...], **more: object) -> "Weeks":
        for pain in pains:
            if self.plan.status is Readiness.READY:
                self.week(reply(pain, **more))
        return self


def asks(plan: Plan) -> tuple[int, int]:
    """How much a plan asks: its stage, and its exercises by rank and level."""
    ranks = (3 * moves().exercises[item.exercise_id].rank + item.level for item in plan.items)
    return (plan.stage if plan.status is Readiness.READY else 0), sum(ranks)


ready = intakes().map(case_of).filter(lambda case: choose(case, moves(), POLICY).status is Readiness.READY)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("difficulty", [1, 2, 3])
def test_who_gets_better_is_a_stage_further_by_week_four(place: str, difficulty: int) -> None:
    case = case_of(with_answer(HEALTHY, "main_region", place))
    assert Weeks(case).through(BETTER[:4], difficulty=difficulty).plan.stage >= 2


@given(ready, st.sampled_from([1, 2, 3]))
def test_better_never_ends_below_unchanged_and_unchanged_never_below_worse(
    case: Case, difficulty: int
) -> None:
    ends = [Weeks(case).through(pains, difficulty=difficulty).plan for pains in (BETTER, UNCHANGED, WORSE)]
    better, unchanged, worse = (asks(plan) for plan in ends)
    assert better >= unchanged >= worse


@given(ready, st.lists(st.sampled_from([5, 5, 6, None]), min_size=5, max_size=5), st.sampled_from([1, 2, 3]))
def test_unchanged_or_unknown_pain_never_makes_a_plan_harder(
    case: Case, pains: list[int | None], difficulty: int
) -> None:
    weeks = Weeks(case)
    first = weeks.plan
    for pain in pains:
        weeks.week(reply(pain, difficulty=difficulty))
    assert weeks.plan is first


@pytest.mark.parametrize("minutes", ["5", "10", "15"])
@pytest.mark.parametrize("place", PLACES)
def test_who_gets_better_is_never_sent_a_smaller_plan(place: str, minutes: str) -> None:
    answers = with_answer({**HEALTHY, "minutes_per_day": minutes}, "main_region", place)
    weeks = Weeks(case_of(answers))
    changes = [weeks.week(reply(pain, difficulty=2)).change for pain in (*BETTER, 1, 1, 1)]
    assert "plan_less" not in changes


def test_after_four_weeks_without_a_change_a_person_is_asked() -> None:
    weeks = Weeks(case_of(HEALTHY))
    steps = [weeks.week(reply(5, difficulty=1)) for _ in range(4)]
    told = [[alert.id for alert in step.alerts] for step in steps]
    assert told == [[], [], [], ["no_change"]]
    assert steps[-1].messages == ("progress_look", "plan_same")


def test_who_has_no_pain_grows_by_what_was_done() -> None:
    senior = case_of({**HEALTHY, "date_of_birth": "1950-01-01", "goals": ["balance"], "pain_regions": []})
    weeks = Weeks(senior, pain=None)
    for _ in range(4):
        weeks.week(reply(None))
    assert weeks.plan.stage >= 2


@pytest.mark.parametrize("gap", [14, 35])
def test_the_reply_that_is_judged_counts_in_the_gap(gap: int) -> None:
    weeks = Weeks(case_of(HEALTHY)).through(BETTER[:2])
    before = weeks.plan
    weeks.gap_days = gap
    step = weeks.week(reply(2), days=gap)
    assert asks(weeks.plan) > asks(before)
    assert step.change == "plan_more"


def test_a_break_that_the_reply_does_not_end_still_lowers_the_plan_and_says_so() -> None:
    weeks = Weeks(case_of(HEALTHY)).through(BETTER[:2])
    weeks.gap_days = 35
    step = weeks.week(reply(4, days_done=None), days=35)
    assert (weeks.plan.stage, step.change) == (1, "plan_less")


@given(
    ready,
    st.lists(
        st.tuples(st.integers(0, 9), st.sampled_from([1, 3, 4, 5]), st.sampled_from([1, 4, 6])), max_size=5
    ),
)
def test_the_words_about_a_change_agree_with_the_two_plans(
    case: Case, weeks: list[tuple[int, int, int]]
) -> None:
    said = Weeks(case)
    for pain, difficulty, days in weeks:
        last = said.plan
        step = said.week(reply(pain, difficulty=difficulty, days_done=days))
        if said.plan.status is not Readiness.READY:
            return
        found = difference(last, said.plan, moves())
        assert step.change == f"plan_{found}"
        assert (found is Difference.SAME) == (said.plan is last)
        if found is Difference.MORE:
            assert step.action is Action.STAGE_OK


@given(ready)
def test_a_stage_takes_back_no_level_that_was_reached(case: Case) -> None:
    weeks = Weeks(case)
    for pain in BETTER:
        last = {item.exercise_id: item.level for item in weeks.plan.items}
        weeks.week(reply(pain, difficulty=1))
        now = {item.exercise_id: item.level for item in weeks.plan.items}
        assert all(now[name] >= level for name, level in last.items() if name in now)
