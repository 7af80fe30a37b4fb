"""A whole plan by hand: order, doses, texts and own exercises, within what the client's answers allow."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinical.plan.case import Case, History, Policy, with_facts
from clinical.plan.choose import choose
from clinical.plan.edit import Edit, EditRefused, edit
from clinical.plan.limits import figures, limits
from clinical.plan.safety import blocked_by, ground_for
from clinical.plan.wording import word
from handlers.plans import edits
from schemas.checkin import Step
from schemas.choosing import Action, Mode
from schemas.plan import Dose, Own, Plan, PlanItem, Readiness, dump, load
from schemas.reason import Reason
from tests.helpers.strategies import HEALTHY, RISKS, case_of, moves

CLINICAL = Policy(mode=Mode.CLINICAL)
OWN = Own("Towel pull", ("Pull the towel.", "Breathe out."), "image/jpeg")
RISK = st.sampled_from([(name, value) for name, values in RISKS.items() for value in values])


def made(item: PlanItem, exercise_id: str, **changed: Any) -> PlanItem:
    return replace(item, exercise_id=exercise_id, dose=replace(item.dose, **changed), by_hand=True)


@st.composite
def wholes(draw: st.DrawFn) -> tuple[Case, Plan, tuple[PlanItem, ...]]:
    """A client, their plan, and a plan by hand: some of it, some of the library, some of their own."""
    name, value = draw(RISK)
    case = case_of({**HEALTHY, name: value})
    plan = choose(case, moves(), CLINICAL)
    others = draw(st.lists(st.sampled_from(sorted(moves().exercises)), max_size=2, unique=True))
    known = moves().exercises
    lines = [item for item in plan.items if item.exercise_id not in others]
    lines += [PlanItem(one, 1, replace(known[one].dose.at(1), note="")) for one in others]
    lines.append(PlanItem("own_1", 1, Dose(2, 8, days_per_week=3), by_hand=True, own=OWN))
    lines = draw(st.permutations(lines))[: draw(st.integers(1, 4))]
    figure = st.integers(-1, 70)
    hand = [
        made(line, line.exercise_id, **{draw(st.sampled_from(figures(line.dose))): draw(figure)})
        if draw(st.booleans())
        else line
        for line in lines
    ]
    return case, plan, tuple(replace(line, text=draw(st.text(max_size=5))) for line in hand)


@given(wholes())
def test_what_stands_on_the_list_is_the_plan_or_the_list_is_refused(
    given: tuple[Case, Plan, tuple[PlanItem, ...]],
) -> None:
    case, plan, lines = given
    change = edits.load(edits.dump(Edit("sam", lines=lines)))
    assert change.lines == lines
    facts = with_facts(case, moves().choosing)
    ground = ground_for(facts, moves(), CLINICAL)
    there = {item.exercise_id for item in plan.items} | {"own_1"}
    new = {line.exercise_id for line in lines} - there
    known = moves().exercises
    blocked = any(blocked_by(known[one], ground, moves()) for one in new)
    past = any(
        not limit.least <= getattr(line.dose, name) <= limit.most
        for line in lines
        if line.by_hand and not line.own
        for name, limit in limits(known[line.exercise_id], line.dose, facts.facts).items()
    )
    own = next((line for line in lines if line.own), None)
    past |= own is not None and not (
        1 <= own.dose.sets <= 10 and 1 <= own.dose.reps <= 60 and 0 <= own.dose.hold_seconds <= 180
    )
    past |= own is not None and not 1 <= own.dose.days_per_week <= 7
    if plan.status is Readiness.NONE:
        return
    if blocked or past:
        with pytest.raises(EditRefused):
            edit(plan, change, case, moves(), CLINICAL)
        return
    edited = load(dump(edit(plan, change, case, moves(), CLINICAL)))
    kept = {item.exercise_id: item for item in edited.items}
    assert list(kept) == [line.exercise_id for line in lines if line.exercise_id in kept]
    assert all(
        line.exercise_id in kept for line in lines if line.exercise_id != "int_walk_run" or len(new) < 2
    )
    assert all(
        kept[line.exercise_id].dose == line.dose
        for line in lines
        if line.by_hand and line.exercise_id in kept
    )
    assert {item.text for item in edited.items} == {line.text for line in lines if line.exercise_id in kept}
    assert any(one.key == Reason.changed_by_hand for one in edited.reasons)
    said = word(edited, moves("es"), CLINICAL)
    assert [item.name for item in said.items if item.media] == ["Towel pull"] * ("own_1" in kept)


def after(plan: Plan, action: Action, **said: str) -> Plan:
    """The plan that a check-in makes of one that was sent."""
    step = Step(action, "row", "")
    history = History(replace(plan, status=Readiness.READY), step=step)
    return choose(replace(case_of({**HEALTHY, **said}), history=history), moves(), CLINICAL)


@given(st.sampled_from(list(Action)), st.integers(1, 10), st.integers(1, 60))
def test_no_check_in_makes_more_of_what_was_set_by_hand(action: Action, sets: int, reps: int) -> None:
    case = case_of(HEALTHY)
    plan = choose(case, moves(), CLINICAL)
    lines = tuple(
        made(item, item.exercise_id, sets=sets, reps=reps) if item.dose.reps else item
        for item in reversed(plan.items)
    )
    hand = edit(plan, Edit("sam", lines=lines), case, moves(), CLINICAL)
    for answers in ({}, {"cond_heart": "stable"}):
        then = {item.exercise_id: item for item in after(hand, action, **answers).items}
        for item in hand.items:
            if item.by_hand and item.exercise_id in then:
                assert then[item.exercise_id].dose.sets <= sets
                assert then[item.exercise_id].dose.reps <= reps


def test_own_exercise_order_and_texts_stay_with_the_plan_after_a_check_in() -> None:
    case = case_of(HEALTHY)
    plan = choose(case, moves(), CLINICAL)
    own = PlanItem("own_1", 1, Dose(2, 8, days_per_week=3), by_hand=True, text="Slowly", own=OWN)
    hand = edit(plan, Edit("sam", lines=(own, *reversed(plan.items[:2]))), case, moves(), CLINICAL)
    then = after(hand, Action.HOLD)
    assert [item.exercise_id for item in then.items] == [item.exercise_id for item in hand.items]
    assert then.items[0] == hand.items[0]
    assert then.arranged
