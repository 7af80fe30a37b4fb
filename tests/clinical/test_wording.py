"""A plan is a decision: it reads in any language, and goes on reading when the content changes."""

from dataclasses import replace

import pytest

from clinical.answers import facts
from clinical.answers.flags import evaluate
from clinical.plan.case import Case, History, Policy, case_for
from clinical.plan.choose import choose
from clinical.plan.wording import change_text, remember, word
from schemas.checkin import PlanState, Step
from schemas.choosing import Action, PlanContent
from schemas.forms.condition import Answer
from schemas.plan import Plan, Sentence, dump
from tests.helpers.answers import TODAY, settled
from tests.helpers.content import library

ENGLISH, SPANISH = (library(language).plan_content for language in ("en", "es"))
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
def test_a_plan_is_the_same_decision_in_both_languages(changes: dict[str, Answer]) -> None:
    made, other = choose(case(**changes), ENGLISH, POLICY), choose(case(**changes), SPANISH, POLICY)
    assert made == other
    assert dump(replace(made, language="es", made_from=other.made_from)) == dump(other)
    spanish = word(made, SPANISH, POLICY)
    assert spanish == word(other, SPANISH, POLICY)
    assert all(each.because and each.dose_text for each in spanish.items)
    assert word(remember(made, ENGLISH, POLICY), SPANISH, POLICY) == spanish


def after(first: Plan, content: PlanContent) -> Plan:
    """Return the plan after an easy week."""
    state = PlanState(days_in_plan=7, days_in_stage=7, days_since_change=7)
    history = History(first, state, Step(Action.LEVEL_UP, "easy", "progress_up"))
    return choose(replace(case(), history=history), content, POLICY)


def test_what_changed_since_the_last_plan_is_said_in_the_readers_language() -> None:
    second = after(choose(case(), ENGLISH, POLICY), ENGLISH)
    said = change_text(second, SPANISH)
    assert said.startswith(SPANISH.wording.changes["up"].partition("{")[0])
    assert any(SPANISH.exercises[item.exercise_id].name in said for item in second.items)


def test_what_several_moves_are_there_for_is_said_once_and_each_keeps_a_reason_of_its_own() -> None:
    for content in (ENGLISH, SPANISH):
        said = word(choose(case(), content, POLICY), content, POLICY)
        shared = [item for item in said.items if item.because == said.because]
        assert said.because
        assert len(shared) > 1
        assert all(said.why(item) == item.helps != "" for item in shared)
        others = [item for item in said.items if item not in shared]
        assert all(said.why(item) == item.why for item in others)


def test_one_move_alone_keeps_its_whole_reason() -> None:
    plan = choose(case(), ENGLISH, POLICY)
    said = word(replace(plan, items=plan.items[:1]), ENGLISH, POLICY)
    assert said.because == ""
    assert said.why(said.items[0]) == said.items[0].why


def test_a_plan_holds_no_words_but_the_practitioners() -> None:
    text = str(dump(choose(case(), ENGLISH, POLICY)))
    for exercise in ENGLISH.exercises.values():
        assert exercise.name not in text
        assert exercise.why not in text
    assert ENGLISH.wording.modes[POLICY.mode].title not in text


def test_a_plan_names_each_file_that_it_was_made_from_by_its_hash() -> None:
    plan = choose(case(), ENGLISH, POLICY)
    files = {f"exercises/{item.exercise_id}.toml" for item in plan.items}
    assert files | {f"protocols/{plan.protocol_id}.toml", "rules/choosing.toml"} <= set(plan.made_from)
    assert all(len(digest) == 64 for digest in plan.made_from.values())
    spanish = choose(case(), SPANISH, POLICY).made_from
    assert plan.made_from.items() <= spanish.items()
    assert {f"es/exercises/{item.exercise_id}.toml" for item in plan.items} <= spanish.keys()


def without(content: PlanContent, name: str) -> PlanContent:
    """Return the content without an exercise, and without the row that chose the protocol."""
    exercises = {key: one for key, one in content.exercises.items() if key != name}
    rules = replace(content.choosing, match=content.choosing.match[-1:])
    return replace(content, exercises=exercises, choosing=rules)


def test_an_exercise_that_was_taken_out_of_the_content_is_shown_in_the_words_kept() -> None:
    plan = remember(choose(case(), ENGLISH, POLICY), ENGLISH, POLICY)
    gone = plan.items[0].exercise_id
    before, now = word(plan, ENGLISH, POLICY), word(plan, without(ENGLISH, gone), POLICY)
    assert now.items == before.items
    assert now.items[0].why.startswith("You told us")
    assert word(remember(plan, without(ENGLISH, gone), POLICY), without(ENGLISH, gone), POLICY) == now


def test_what_is_kept_in_another_language_helps_out_for_a_whole_exercise_alone() -> None:
    plan = remember(choose(case(), ENGLISH, POLICY), ENGLISH, POLICY)
    gone, stays = plan.items[0].exercise_id, plan.items[1].exercise_id
    items = word(plan, without(SPANISH, gone), POLICY).items
    assert (items[0].name, items[0].because) == (ENGLISH.exercises[gone].name, "")
    assert (items[1].name, items[1].because) == (SPANISH.exercises[stays].name, "")


def test_a_protocol_that_is_gone_keeps_its_name() -> None:
    plan = remember(choose(case(), ENGLISH, POLICY), ENGLISH, POLICY)
    assert (
        word(plan, replace(ENGLISH, protocols={}), POLICY).protocol_name
        == word(plan, ENGLISH, POLICY).protocol_name
    )


def test_words_that_were_corrected_since_are_the_words_of_now() -> None:
    plan = remember(choose(case(), ENGLISH, POLICY), ENGLISH, POLICY)
    first = plan.items[0].exercise_id
    better = replace(ENGLISH.exercises[first], name="A better name")
    changed = replace(ENGLISH, exercises=ENGLISH.exercises | {first: better})
    assert word(plan, changed, POLICY).items[0].name == "A better name"


@pytest.mark.parametrize("key", ["", "old", "match.nothing", "adjust.nothing.at_all", "nothing.at.all.here"])
def test_a_sentence_that_the_content_does_not_have_is_left_out(key: str) -> None:
    plan = choose(case(), ENGLISH, POLICY)
    items = tuple(replace(item, because=Sentence(key, {"name": "x"})) for item in plan.items)
    said = word(replace(plan, items=items), ENGLISH, POLICY)
    assert [item.why for item in said.items] == [item.helps for item in said.items]
