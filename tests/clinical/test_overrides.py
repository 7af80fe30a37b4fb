"""A signature past the safety filter covers what was known when it was given, and nothing that came later."""

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from clinical.plan.case import Case, Policy, with_facts
from clinical.plan.choose import choose
from clinical.plan.edit import Edit, EditRefused, again, edit
from clinical.plan.overrides import overtaken
from clinical.plan.safety import against, ground_for
from schemas.choosing import Mode
from schemas.plan import Effect, Override, Readiness
from schemas.session_note import SendWish, SessionNote
from tests.helpers.strategies import HEALTHY, MULTI, RISKS, Answers, case_of, moves, with_answer

CLINICAL = Policy(mode=Mode.CLINICAL)
EVERY = [(name, value) for name, values in RISKS.items() for value in values]
ROLLER = "inh_upper_back_roller"
WHY = "Shown in the visit, soft roller"


@st.composite
def signed_ones(draw: st.DrawFn) -> tuple[Case, Case, str]:
    """A client, the same client with more risks, and an exercise that the first answers block."""
    answers: Answers = dict(HEALTHY)
    for name, value in draw(st.lists(st.sampled_from(EVERY), min_size=1, max_size=3)):
        answers = with_answer(answers, name, value)
    more = dict(answers)
    for name, value in draw(st.lists(st.sampled_from(EVERY), max_size=2)):
        if name not in more or name in MULTI:
            more = with_answer(more, name, value)
    case = case_of(answers)
    blocked = [name for name in sorted(moves().exercises) if speaking(case, name)]
    assume(blocked and choose(case, moves(), CLINICAL).status is not Readiness.NONE)
    return case, case_of(more), draw(st.sampled_from(blocked))


def speaking(case: Case, name: str) -> set[str]:
    """Every fact against an exercise that a signature has to cover."""
    ground = ground_for(with_facts(case, moves().choosing), moves(), CLINICAL)
    return set(against(moves().exercises[name], ground, moves()))


def signed(case: Case, name: str) -> Edit:
    """A plan of this exercise alone, signed for, as it is kept."""
    plan = choose(case, moves(), CLINICAL)
    change = Edit("sam", "PT", remove=tuple(one.exercise_id for one in plan.items), add=(name,), reason=WHY)
    made = edit(plan, change, case, moves(), CLINICAL)
    assert [one.exercise_id for one in made.items] == [name]
    return replace(change, overrides=made.overrides)


@given(signed_ones())
def test_a_signature_covers_the_facts_of_its_time_alone(drawn: tuple[Case, Case, str]) -> None:
    case, later, name = drawn
    change, plan = signed(case, name), choose(later, moves(), CLINICAL)
    assume(plan.status is not Readiness.NONE)
    new = speaking(later, name) - speaking(case, name)
    if not new:
        assert name in [one.exercise_id for one in again(plan, change, later, moves(), CLINICAL).items]
        return
    with pytest.raises(EditRefused) as refused:
        again(plan, change, later, moves(), CLINICAL)
    assert refused.value.new == {name}
    assert refused.value.facts[name] in new
    signed_again = edit(plan, replace(change, overrides=()), later, moves(), CLINICAL)
    assert name in [one.exercise_id for one in signed_again.items]


@given(signed_ones())
def test_a_plan_that_is_out_of_the_rules_hands_tells_what_is_new(drawn: tuple[Case, Case, str]) -> None:
    case, later, name = drawn
    plan = choose(case, moves(), CLINICAL)
    made = edit(plan, signed(case, name), case, moves(), CLINICAL)
    assert overtaken(made, case, moves(), CLINICAL) == {}
    new = speaking(later, name) - speaking(case, name)
    assert {name: set(facts) for name, facts in overtaken(made, later, moves(), CLINICAL).items()} == (
        {name: new} if new else {}
    )


@given(signed_ones())
def test_a_note_signs_for_what_was_known_then_too(drawn: tuple[Case, Case, str]) -> None:
    case, later, name = drawn
    note = SessionNote(SendWish.OK_TO_SEND, "sam", "PT", add=(name,), add_reason=WHY)
    first = choose(replace(case, note=note), moves(), CLINICAL)
    assume(first.status is not Readiness.NONE and first.overrides)
    kept = replace(note, overrides=first.overrides)
    then = choose(replace(later, note=kept), moves(), CLINICAL)
    assume(then.status is not Readiness.NONE)
    if speaking(later, name) - speaking(case, name):
        assert name not in [one.exercise_id for one in then.items]
        assert then.status is Readiness.HELD
        assert any(one.fact == f"override={name}" for one in then.reasons if one.effect is Effect.HELD)


@pytest.mark.parametrize("facts", [(), ("cond_bone=osteopenia",)])
def test_a_signature_that_was_kept_without_what_it_was_for_covers_nothing(facts: tuple[str, ...]) -> None:
    case = case_of({**HEALTHY, "cond_bone": "osteoporosis"})
    plan = choose(case, moves(), CLINICAL)
    old = Override(ROLLER, facts, WHY, "sam", "PT")
    for change in (
        Edit("sam", "PT", add=(ROLLER,), reason=WHY),
        Edit("sam", add=(ROLLER,), overrides=(old,)),
    ):
        with pytest.raises(EditRefused):
            again(plan, change, case, moves(), CLINICAL)


def test_a_caution_that_came_later_is_new_too() -> None:
    case = case_of({**HEALTHY, "cond_bone": "osteoporosis"})
    change = signed(case, ROLLER)
    later = case_of({**HEALTHY, "cond_bone": "osteoporosis", "cond_heart": "stable"})
    with pytest.raises(EditRefused) as refused:
        again(choose(later, moves(), CLINICAL), change, later, moves(), CLINICAL)
    assert refused.value.facts == {ROLLER: "cond_heart=stable"}
