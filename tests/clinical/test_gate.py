"""The gate: facts in, holds out. A further fact never lifts a hold; only a person's act does."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinical.plan import gate
from clinical.plan.case import Case, History, Policy, with_facts
from clinical.plan.choose import choose
from clinical.plan.recipe import recipe
from schemas.checkin import PlanState, Step
from schemas.choosing import Action
from schemas.hold import FINAL, LOOKS, OF_THE_GATE, REFUSALS, readiness_of
from schemas.plan import Effect, Readiness
from schemas.reason import Reason
from schemas.rules import Flag, Severity
from schemas.session_note import SendWish, SessionNote
from tests.helpers.strategies import (
    HEALTHY,
    Answers,
    case_of,
    flag,
    intakes,
    moves,
    notes,
    policies,
    risk_pairs,
    with_answer,
)
from web.console.labels import SENTENCES

KNOWN = [pattern.replace("*", "x") for pattern, _reason, _rule in gate.ROWS]
facts = st.one_of(
    st.sampled_from(KNOWN),
    st.builds(
        "{}={}".format, st.sampled_from(["stop", "flag", "match", "check-in", "age"]), st.text(max_size=8)
    ),
    st.text(max_size=12),
)
severities = st.sampled_from(list(Severity))


def reasons(case: Case, policy: Policy) -> set[Reason]:
    """Return what holds the plan of a case, before anybody released it."""
    case = with_facts(replace(case, released_by=""), moves().choosing)
    chosen, _ = recipe(case, moves())
    return {hold.reason for hold in gate.holds(gate.facts_of(case, policy) | chosen.holds)}


@given(st.frozensets(facts), st.frozensets(facts))
def test_a_further_fact_never_lifts_a_hold(some: frozenset[str], more: frozenset[str]) -> None:
    before, after = gate.holds(some), gate.holds(some | more)
    assert set(before) <= set(after)
    assert len(after) == len(some | more)
    worse = list(Readiness)
    assert worse.index(readiness_of(after)) >= worse.index(readiness_of(before))


@given(facts)
def test_no_fact_passes_and_one_that_no_row_knows_is_looked_at(fact: str) -> None:
    (hold,) = gate.holds({fact})
    rows = {pattern: reason for pattern, reason, _rule in gate.ROWS}
    name = fact.partition("=")[0]
    assert hold.reason is rows.get(fact, rows.get(f"{name}=*", Reason.needs_review))


@given(st.frozensets(facts))
def test_what_weighs_most_is_named_first_however_the_facts_come(some: frozenset[str]) -> None:
    assert gate.holds(sorted(some)) == gate.holds(sorted(some, reverse=True))
    if any(fact.startswith("stop=") for fact in some):
        assert gate.holds(some)[0].reason is Reason.red_flag


@given(st.frozensets(facts))
def test_a_release_lifts_what_needs_a_look_and_nothing_else(some: frozenset[str]) -> None:
    found = gate.holds(some)
    left = gate.released(found)
    assert {hold.reason for hold in left} == {hold.reason for hold in found} - LOOKS


@given(intakes(), notes(), policies, st.lists(st.builds(flag, severities, st.sampled_from(["RF12", "RF21"]))))
def test_a_flag_more_lifts_no_hold(
    answers: Answers, note: SessionNote, policy: Policy, more: list[Flag]
) -> None:
    case = case_of(answers, note=note)
    assert reasons(case, policy) <= reasons(replace(case, flags=(*case.flags, *more)), policy)


@given(intakes(), policies, st.lists(risk_pairs, min_size=1, max_size=3))
def test_a_risk_more_lifts_no_hold(answers: Answers, policy: Policy, risks: list[tuple[str, str]]) -> None:
    riskier = answers
    for name, value in risks:
        if riskier.get(name, HEALTHY.get(name)) == HEALTHY.get(name):  # not a smaller one in its place
            riskier = with_answer(riskier, name, value)
    assert reasons(case_of(answers), policy) <= reasons(case_of(riskier), policy)


def test_a_place_that_needs_a_look_holds_whatever_else_the_client_has() -> None:
    plan = choose(case_of({**HEALTHY, "main_region": "belly", "cond_fibro": "yes"}), moves(), Policy())
    assert (plan.protocol_id, plan.status) == ("fibromyalgia", Readiness.HELD)
    assert "match=no_plan" in gate.facts_in(plan)


@given(intakes(), notes(), policies)
def test_a_plan_keeps_what_held_it(answers: Answers, note: SessionNote, policy: Policy) -> None:
    plan = choose(case_of(answers, note=note), moves(), policy)
    found = gate.holds(gate.facts_in(plan))
    assert readiness_of(found) is plan.status
    held = [
        one for one in plan.reasons if one.exercise_id is None and one.effect in (Effect.HELD, Effect.OUT)
    ]
    assert [hold.reason for hold in found] == [
        one.key for one in sorted(held, key=lambda one: found_at(one.fact))
    ]


def found_at(fact: str) -> tuple[int, str]:
    """Where a fact stands among the rows."""
    rows = [pattern for pattern, _reason, _rule in gate.ROWS]
    name = fact.partition("=")[0]
    return next((n for n, row in enumerate(rows) if row in (fact, f"{name}=*")), len(rows)), fact


def test_every_reason_has_its_row_its_sentence_and_one_kind() -> None:
    assert {reason for _pattern, reason, _rule in gate.ROWS} == set(OF_THE_GATE)
    assert set(SENTENCES) >= OF_THE_GATE
    assert not REFUSALS & LOOKS
    assert set(Reason) >= FINAL


@pytest.mark.parametrize("action", list(Action))
def test_a_check_in_that_stops_refuses_and_one_that_pauses_holds(action: Action) -> None:
    history = History(None, PlanState(), Step(action, "row", ""))
    found = {
        hold.reason
        for hold in gate.holds(gate.facts_of(replace(case_of(HEALTHY), history=history), Policy()))
    }
    held = {Action.PAUSE: Reason.needs_review, Action.REGRESS_REVIEW: Reason.needs_review}
    wanted = {Action.STOP: Reason.red_flag} | held
    assert found == ({wanted[action]} if action in wanted else set())


def test_a_note_that_agrees_is_the_ok_that_a_clinic_may_want() -> None:
    strict, case = Policy(require_ok=True), case_of(HEALTHY)
    note = SessionNote(send=SendWish.OK_TO_SEND, author="sam")
    assert reasons(case, strict) == {Reason.needs_ok}
    assert reasons(replace(case, note=note), strict) == set()
