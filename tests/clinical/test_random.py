"""Random intakes and random replies by the hundred, and by the million every night: nothing safe is lost."""

import os
import random
from dataclasses import replace

import pytest

from clinical.answers.facts import age_on, derive
from clinical.answers.flags import evaluate
from clinical.plan import gate
from clinical.plan.case import Case, Policy, case_for, with_facts
from clinical.plan.choose import choose, holds_of
from clinical.plan.recipe import recipe
from schemas.choosing import Mode
from schemas.plan import Plan, Readiness
from tests.clinical.test_course import BETTER, UNCHANGED, WORSE, Weeks, asks, reply
from tests.helpers.content import library
from tests.helpers.strategies import HEALTHY, MULTI, OTHER, RISKS, TODAY, Answers, moves, with_answer

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
INTAKES, PAIRS, BLOCK = (1_000_000, 100_000, 10_000) if NIGHTLY else (400, 60, 200)
POLICY = Policy(mode=Mode.CLINICAL)
SYMPTOMS = {
    "pain_onset": ["slowly", "suddenly_no_reason", "lifting_twisting", "fall_crash_hit", "after_surgery"],
    "pain_pattern": ["comes_and_goes", "always_there_changes", "always_there_same"],
    "night_wake": ["no", "when_i_roll", "second_half_of_night", "all_night_no_ease"],
    "rf_weak": ["yes"],
    "rf_saddle": ["yes", "not_sure"],
    "rf_fever": ["yes"],
    "rf_infection_risk": ["yes"],
    "rf_pop": ["yes"],
    "comfort_note": ["chest pain on stairs", "quiet please"],
}
EVERY = [
    (name, value) for table in (RISKS, OTHER, SYMPTOMS) for name, values in table.items() for value in values
]
RISKY = [(name, value) for name, values in RISKS.items() for value in values]
HELD_PLACES = ("belly", "neck_front", "jaw", "chest")


def drawn(by: random.Random) -> Answers:
    """A healthy client with up to ten answers changed."""
    answers: Answers = dict(HEALTHY)
    for name, value in by.sample(EVERY, by.randint(0, 10)):
        answers = with_answer(answers, name, value)
    return answers


def case(answers: Answers) -> Case:
    known, age = derive(answers, TODAY), age_on(answers, TODAY)
    return case_for(answers, known, age, evaluate(answers, known, age, library().rules))


def held(case: Case) -> set[str]:
    """Every fact that keeps a plan of this case back, but for a plan that is too small."""
    known = with_facts(case, moves().choosing)
    return {hold.fact for hold in holds_of(known, recipe(known, moves())[0], POLICY)}


def check(answers: Answers, plan: Plan, case: Case) -> None:
    known = with_facts(case, moves().choosing)
    if case.stopped:
        assert plan.status is Readiness.NONE
        assert plan.items == ()
    if any(str(answers.get("main_region", "")).startswith(place) for place in HELD_PLACES):
        assert plan.status is not Readiness.READY
    if case.in_review:
        assert plan.status is not Readiness.READY
    for item in plan.items:
        exercise = moves().exercises[item.exercise_id]
        assert not exercise.avoid & known.facts
        assert item.level == 1 or not exercise.caution & known.facts


@pytest.mark.parametrize("block", range(0, INTAKES, BLOCK))
def test_no_random_intake_gets_past_what_keeps_it_safe(block: int) -> None:
    by = random.Random(block)
    for _ in range(min(BLOCK, INTAKES - block)):
        answers = drawn(by)
        asked = case(answers)
        check(answers, choose(asked, moves(), POLICY), asked)


@pytest.mark.parametrize("block", range(0, INTAKES, BLOCK))
def test_a_further_risk_lifts_no_hold(block: int) -> None:
    by = random.Random(block + 1)
    for _ in range(min(BLOCK, INTAKES - block) // 2):
        answers = drawn(by)
        name, value = by.choice(RISKY)
        if name in answers and name not in MULTI:
            continue
        more = with_answer(answers, name, value)
        lifted = held(case(answers)) - held(case(more))
        assert not lifted, (answers, name, value)


@pytest.mark.parametrize("block", range(0, PAIRS, BLOCK // 10))
def test_better_unchanged_and_worse_stay_in_order_whatever_the_client(block: int) -> None:
    by = random.Random(block + 2)
    for _ in range(min(BLOCK // 10, PAIRS - block)):
        asked = case(drawn(by))
        if choose(asked, moves(), POLICY).status is not Readiness.READY:
            continue
        more = {"difficulty": by.randint(1, 3), "days_done": by.randint(5, 7)}
        better, unchanged, worse = (
            asks(Weeks(asked).through(pains, **more).plan) for pains in (BETTER, UNCHANGED, WORSE)
        )
        assert better >= unchanged >= worse


def test_a_reply_that_is_worse_never_grows_a_plan() -> None:
    by = random.Random(3)
    for _ in range(PAIRS):
        asked = case(drawn(by))
        if choose(asked, moves(), POLICY).status is Readiness.READY:
            weeks = Weeks(asked)
            before = asks(weeks.plan)
            weeks.week(replace(reply(by.randint(7, 10)), days_done=by.randint(1, 7)))
            assert asks(weeks.plan) <= before


def test_what_holds_is_known_to_the_gate() -> None:
    by = random.Random(4)
    found = {fact.partition("=")[0] for _ in range(200) for fact in held(case(drawn(by)))}
    assert found <= {pattern.partition("=")[0] for pattern, _, _ in gate.ROWS}
