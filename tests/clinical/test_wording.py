"""A plan said in another language is the plan that would have been made in it."""

from dataclasses import replace

import pytest

from clinical.answers import facts
from clinical.answers.flags import evaluate
from clinical.plan.case import Case, History, Policy, case_for
from clinical.plan.choose import choose
from clinical.plan.translate import in_language
from schemas.checkin import PlanState, Step
from schemas.choosing import Action
from schemas.condition import Answer
from tests.helpers.answers import TODAY, settled
from tests.helpers.content import library

ENGLISH, SPANISH = (library(language).moves for language in ("en", "es"))
POLICY = Policy(clinic_phone="+1 555 010 0199")


def case(**changes: Answer) -> Case:
    """Return the case of the plain client, with single answers changed."""
    answers = settled(**changes)
    known, age = facts.derive(answers, TODAY), facts.age_on(answers, TODAY)
    return case_for(answers, known, age, evaluate(answers, known, age, library().rules))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"pain_now": "7", "pain_avg7": "7"},
        {"pain_regions": ["knee_front_l"], "main_region": "knee_front", "main_side": "left"},
        {"pain_regions": ["neck_back"], "main_region": "neck_back"},
        {"cond_osteoporosis": "yes", "move_floor": "no"},
        {"activity_profile": "athlete", "activity_level": "very"},
        {"under_other_care": ["surgeon"], "equipment": []},
        {"avoid_areas": ["low_back_l"], "move_kneel": "no"},
    ],
)
def test_the_words_are_those_of_a_plan_made_in_that_language(changes: dict[str, Answer]) -> None:
    made, wanted = choose(case(**changes), ENGLISH, POLICY), choose(case(**changes), SPANISH, POLICY)
    said = in_language(made, ENGLISH, SPANISH, POLICY)
    assert replace(said, reasons=()) == replace(wanted, reasons=())
    assert [each.client_text for each in said.reasons] == [each.client_text for each in wanted.reasons]
    assert in_language(said, SPANISH, ENGLISH, POLICY) == made


def test_what_changed_since_the_last_plan_is_said_too() -> None:
    first = choose(case(), ENGLISH, POLICY)
    state = PlanState(days_in_plan=7, days_in_stage=7, days_since_change=7)
    history = History(first, state, Step(Action.LEVEL_UP, "easy", "progress_up"))
    second = choose(replace(case(), history=history), ENGLISH, POLICY)
    assert second.change_text
    said = in_language(second, ENGLISH, SPANISH, POLICY, first)
    names = [SPANISH.exercises[item.exercise_id].name for item in second.items]
    assert said.change_text.startswith(SPANISH.wording.changes["up"].partition("{")[0])
    assert any(name in said.change_text for name in names)


def test_the_same_language_is_left_alone() -> None:
    plan = choose(case(), ENGLISH, POLICY)
    assert in_language(plan, ENGLISH, ENGLISH, POLICY) is plan
