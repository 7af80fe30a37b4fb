"""The hard invariants of choosing a plan (INV-01 to INV-33), as properties over random intakes."""

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from clinical.answers.asking import settle
from clinical.answers.facts import age_on, derive
from clinical.answers.flags import evaluate
from clinical.loop.feedback import adherence, next_plan
from clinical.plan import gate
from clinical.plan.case import Case, History, Policy, case_for, with_facts
from clinical.plan.choose import choose
from clinical.plan.recipe import seconds_a_week
from library.exercise_checks import banned_in
from schemas.checkin import PlanState, Reply, Step
from schemas.choosing import Action
from schemas.exercise import Kind
from schemas.forms.condition import Answer, values_of
from schemas.forms.questionnaire import Question
from schemas.hold import readiness_of
from schemas.plan import Effect, Plan, Readiness, Side, dump, load
from schemas.rules import Flag, Severity
from schemas.session_note import SessionNote
from tests.helpers.answers import TAPPED, TODAY, settled
from tests.helpers.content import library
from tests.helpers.strategies import (
    HEALTHY,
    Answers,
    case_of,
    flag,
    good_replies,
    intakes,
    moves,
    notes,
    policies,
    replies,
    risk_pairs,
    some_flags,
    with_answer,
    worded,
)

CASES = settings(max_examples=max(80, settings().max_examples))
"""Of each property: over 2 000 cases in all by default, over 100 000 with HYPOTHESIS_PROFILE=nightly."""

PREGNANT = {"pregnancy=t1", "pregnancy=t2", "pregnancy=t3"}


def tags_of(plan: Plan) -> set[str]:
    return {tag for item in plan.items for tag in moves().exercises[item.exercise_id].tags}


def facts_of(case: Case) -> frozenset[str]:
    return with_facts(case, moves().choosing).facts


@CASES
@given(intakes(), policies, st.sampled_from([Severity.STOP_EMERGENCY, Severity.STOP_URGENT]))
def test_inv_01_no_plan_while_a_stop_flag_is_active(
    answers: Answers, policy: Policy, severity: Severity
) -> None:
    case = case_of(answers, flag(severity), released_by="Dr. Ames")
    plan = choose(case, moves(), policy)
    assert plan.status is Readiness.NONE
    assert plan.items == ()


@CASES
@given(intakes(), policies)
def test_inv_02_no_plan_without_consent(answers: Answers, policy: Policy) -> None:
    answers.pop("consent_exercise")
    plan = choose(case_of(answers), moves(), policy)
    assert (plan.status, plan.items) == (Readiness.NONE, ())


@CASES
@given(intakes(), policies)
def test_inv_03_the_gate_looks_at_the_flags_of_now(answers: Answers, policy: Policy) -> None:
    drafted = case_of(answers)
    now = replace(drafted, flags=(flag(Severity.REVIEW),))
    assert readiness_of(gate.holds(gate.facts_of(now, policy))) in (Readiness.HELD, Readiness.NONE)


@CASES
@given(intakes(), notes(), policies)
def test_inv_04_no_move_that_an_answer_blocks(answers: Answers, note: SessionNote, policy: Policy) -> None:
    case = case_of(answers, note=note)
    plan = choose(case, moves(), policy)
    signed = {one.exercise_id for one in plan.overrides}
    assert all(one.reason and one.credential and one.author for one in plan.overrides)
    for item in plan.items:
        blocked = moves().exercises[item.exercise_id].avoid & facts_of(case)
        assert not blocked or item.exercise_id in signed


@CASES
@given(intakes(), policies)
def test_inv_05_a_review_never_goes_out_by_itself(answers: Answers, policy: Policy) -> None:
    plan = choose(case_of(answers, flag(Severity.REVIEW)), moves(), policy)
    assert plan.status is not Readiness.READY


SAFETY = tuple(
    one
    for one in library().questionnaires["first_visit"].questions()
    if one.safety and (one.show_if is None or one.show_if.holds(settled(), derive(settled(), TODAY), 46))
)
"""The safety items that concern a plain client with back pain."""


def test_inv_05_a_plain_intake_goes_out_by_itself() -> None:
    assert choose(settled_case(settled()), moves(), Policy()).status is Readiness.READY


@CASES
@given(st.sampled_from(SAFETY), st.sampled_from(["", "not_sure"]), policies)
def test_inv_05_blank_or_not_sure_on_a_safety_item_never_goes_out(
    one: Question, answer: str, policy: Policy
) -> None:
    assume(answer == "" or any(choice.id == "not_sure" for choice in one.choices))
    if one.covers:
        case = settled_case(
            settle(library().questionnaires["first_visit"], {**TAPPED, one.id: answer}, TODAY)
        )
    else:
        case = settled_case({**settled(), one.id: answer})
    assert choose(case, moves(), policy).status is not Readiness.READY


def settled_case(answers: Mapping[str, Answer]) -> Case:
    """The case of a whole intake, with the flags that the clinic's own rules raise."""
    facts, age = derive(answers, TODAY), age_on(answers, TODAY)
    flags = evaluate(answers, facts, age, library().rules, library().questionnaires["first_visit"])
    return case_for(answers, facts, age, flags)


@pytest.mark.B9
@CASES
@given(intakes(), some_flags, notes(), policies)
def test_inv_06_and_07_two_to_five_moves_each_once(
    answers: Answers, flags: list[Flag], note: SessionNote, policy: Policy
) -> None:
    plan = choose(case_of(answers, *flags, note=note), moves(), policy)
    names = [item.exercise_id for item in plan.items]
    assert len(names) == len(set(names))
    assert len(names) <= 5
    assert plan.status is not Readiness.READY or len(names) >= 2


journeys = st.lists(
    st.tuples(st.sampled_from([3, 7, 7, 14]), st.one_of(st.none(), good_replies, good_replies, replies)),
    min_size=1,
    max_size=6,
)


def in_time(plan: Plan, minutes: int) -> bool:
    """Whether a plan fits into a client's day, or is as small as a plan can be and says so."""
    honest = len(plan.items) <= 2 and plan.over_time
    return plan.minutes_per_day <= minutes or honest


@CASES
@given(intakes(), journeys, policies, st.sampled_from([5, 10, 15]))
def test_inv_06_a_plan_keeps_to_the_minutes_of_the_client_as_it_grows_and_shrinks(
    answers: Answers, journey: list[tuple[int, Reply | None]], policy: Policy, minutes: int
) -> None:
    for before, after, _, _, _ in walk({**answers, "minutes_per_day": f"{minutes}"}, journey, policy):
        assert in_time(before, minutes)
        assert in_time(after, minutes) or after.status is Readiness.NONE


@CASES
@given(intakes(), policies)
def test_inv_08_an_easier_stand_in_is_never_harder(answers: Answers, policy: Policy) -> None:
    for reason in choose(case_of(answers), moves(), policy).reasons:
        if reason.effect is Effect.SWAPPED and reason.exercise_id and reason.other_id:
            old, new = moves().exercises[reason.exercise_id], moves().exercises[reason.other_id]
            chain, step = set(), old.easier
            while step:
                chain.add(step)
                step = moves().exercises[step].easier
            assert new.id not in chain or new.rank <= old.rank


@CASES
@given(intakes(), notes(), policies)
def test_inv_09_a_move_with_a_caution_is_at_level_1(
    answers: Answers, note: SessionNote, policy: Policy
) -> None:
    case = case_of(answers, note=note)
    for item in choose(case, moves(), policy).items:
        cautious = moves().exercises[item.exercise_id].caution & facts_of(case)
        assert item.level == 1 or not cautious
        assert bool(item.caution) == bool(cautious)


def walk(
    answers: Answers, journey: list[tuple[int, Reply | None]], policy: Policy
) -> list[tuple[Plan, Plan, Reply | None, PlanState, Step]]:
    """Every check-in of a journey as (plan before, plan after, reply, state, step)."""
    case, seen = case_of(answers), []
    plan = choose(case, moves(), policy)
    state = PlanState(pain_at_start=3, pain_cap=plan.pain_cap, days_per_week=plan.days_per_week, age=case.age)
    for days, reply in journey:
        state = replace(
            state,
            days_in_plan=state.days_in_plan + days,
            days_in_stage=state.days_in_stage + days,
            days_since_change=state.days_since_change + days,
        )
        now = replace(case, history=History(plan, state))
        after, step = next_plan(now, reply, moves(), policy)
        seen.append((plan, after, reply, state, step))
        stage_days = 0 if after.stage != plan.stage else state.days_in_stage
        changed = 0 if after is not plan else state.days_since_change
        state = replace(state, last_action=step.action, days_in_stage=stage_days, days_since_change=changed)
        state = replace(state, pain_cap=after.pain_cap, days_per_week=after.days_per_week)
        if after.status is Readiness.NONE:
            break
        plan = after
    return seen


def rises(before: Plan, after: Plan) -> list[int]:
    levels = {item.exercise_id: item.level for item in before.items}
    both = [(levels[item.exercise_id], item.level) for item in after.items if item.exercise_id in levels]
    return [new - old for old, new in both if new > old]


@CASES
@given(intakes(), journeys, policies)
def test_inv_10_levels_rise_by_one_on_at_most_two_moves_a_week(
    answers: Answers, journey: list[tuple[int, Reply | None]], policy: Policy
) -> None:
    for before, after, _, state, _ in walk(answers, journey, policy):
        up = rises(before, after)
        assert len(up) <= 2
        assert all(step == 1 for step in up)
        assert not up or state.days_since_change >= 7


@CASES
@given(intakes(), journeys, policies)
def test_inv_11_nothing_grows_after_a_bad_check_in(
    answers: Answers, journey: list[tuple[int, Reply | None]], policy: Policy
) -> None:
    for before, after, reply, state, _ in walk(answers, journey, policy):
        if reply is None or bad(reply, state):
            assert after.stage <= before.stage
            assert not rises(before, after)


def bad(reply: Reply, state: PlanState) -> bool:
    done = adherence(reply, state.days_per_week)
    over = reply.pain_during is not None and reply.pain_during > state.pain_cap
    up = reply.pain is not None and state.pain_at_start is not None and reply.pain - state.pain_at_start >= 2
    return bool(reply.red_flag or reply.worse_next_day or over or up or done is None or done < 0.7)


@CASES
@given(intakes(), journeys, policies)
def test_inv_12_a_stage_needs_its_days(
    answers: Answers, journey: list[tuple[int, Reply | None]], policy: Policy
) -> None:
    for _, after, _, state, _ in walk(answers, journey, policy):
        weeks = moves().protocols[after.protocol_id].stage_weeks
        assert after.stage <= 1 + state.days_in_plan // (7 * weeks)


RULES = [
    ("impact", PREGNANT | {"flag_bone_stress=yes", "cond_bone=osteoporosis", "recent_surgery=leg_hip"}),
    ("impact", {"recent_fracture=leg_hip", "falls_flag=yes"}),
    ("neck_end", {"cond_neck_unstable=yes", "cond_stroke=recent"}),
    ("neck_load", {"cond_neck_unstable=yes", "cond_stroke=recent"}),
    ("spine_flex", {"cond_bone=spine_fracture"}),
    ("spine_rot", {"cond_bone=spine_fracture"}),
    (
        "roller_leg",
        PREGNANT | {"cond_clot=past", "cond_clot=recent", "med_blood_thinner=yes", "cond_diabetes=numb_feet"},
    ),
    ("supine", {"pregnancy=t2", "pregnancy=t3"}),
    ("prone", PREGNANT),
    ("single_leg", {"falls_flag=yes"}),
    ("floor", {"move_floor=no"}),
    ("standing", {"move_stand=no"}),
]


@CASES
@given(intakes(), policies)
def test_inv_13_to_19_named_dangers_never_meet(answers: Answers, policy: Policy) -> None:
    case = case_of(answers)
    tags, facts = tags_of(choose(case, moves(), policy)), facts_of(case)
    for tag, dangers in RULES:
        assert not (tag in tags and dangers & facts), tag


@CASES
@given(intakes(), some_flags, policies)
def test_inv_20_every_plan_has_its_rules_and_a_phone(
    answers: Answers, flags: list[Flag], policy: Policy
) -> None:
    plan = choose(case_of(answers, *flags), moves(), policy)
    said = worded(plan, policy)
    assert all((said.pain_rule, said.stop_rule, said.scope_text, said.clinic_phone))
    assert "{" not in "".join((said.intro, said.pain_rule, said.stop_rule, said.scope_text))


@pytest.mark.B9
@CASES
@given(intakes(), some_flags, notes(), policies)
def test_inv_21_the_same_case_gives_the_same_bytes_and_every_choice_a_reason(
    answers: Answers, flags: list[Flag], note: SessionNote, policy: Policy
) -> None:
    case = case_of(answers, *flags, note=note)
    plan = choose(case, moves(), policy)
    again = choose(case_of(dict(reversed(answers.items())), *flags, note=note), moves(), policy)
    assert json.dumps(dump(plan)) == json.dumps(dump(again))
    assert load(json.loads(json.dumps(dump(plan)))) == plan
    told = {reason.exercise_id for reason in plan.reasons if reason.effect is Effect.IN}
    assert told == {item.exercise_id for item in plan.items}
    assert all(item.because and item.helps for item in worded(plan, policy).items)


@pytest.mark.B9
@CASES
@given(intakes(), policies)
def test_inv_21_every_move_of_the_stage_is_in_or_says_why_not(answers: Answers, policy: Policy) -> None:
    plan = choose(case_of(answers), moves(), policy)
    listed = {move.exercise for move in moves().protocols[plan.protocol_id].stage[plan.stage - 1].moves}
    facts = {reason.fact for reason in plan.reasons}
    assume(not any(fact.startswith("adjust=") for fact in facts))
    assert listed <= {reason.exercise_id for reason in plan.reasons}


@CASES
@given(intakes(), policies, st.sampled_from(["2012-01-01", "2016-05-05", "2009-06-01"]), st.booleans())
def test_inv_22_children_get_no_plan_and_teens_need_a_guardian_and_a_look(
    answers: Answers, policy: Policy, born: str, guardian: bool
) -> None:
    answers = {**answers, "date_of_birth": born, "guardian_name": "Pat" if guardian else ""}
    plan = choose(case_of(answers), moves(), policy)
    teen = born == "2009-06-01"
    assert plan.status is (Readiness.HELD if teen and guardian else Readiness.NONE)


FREE_TEXT = [
    "goal_text",
    "act1_name",
    "cond_other_text",
    "med_other",
    "comfort_note",
    "allergy_text",
    "full_name",
]


@CASES
@given(intakes(), policies, st.dictionaries(st.sampled_from(FREE_TEXT), st.text(min_size=1, max_size=40)))
def test_inv_23_free_text_never_changes_the_plan(
    answers: Answers, policy: Policy, typed: dict[str, str]
) -> None:
    plan = choose(case_of(answers), moves(), policy)
    other = choose(case_of({**answers, **typed}), moves(), policy)
    assert json.dumps(dump(plan)) == json.dumps(dump(other))


@CASES
@given(intakes(), risk_pairs, policies)
def test_inv_24_a_further_risk_adds_nothing_it_blocks_and_raises_no_level(
    answers: Answers, risk: tuple[str, str], policy: Policy
) -> None:
    riskier = case_of(with_answer(answers, *risk))
    before, after = choose(case_of(answers), moves(), policy), choose(riskier, moves(), policy)
    new = facts_of(riskier) - facts_of(case_of(answers))
    levels = {item.exercise_id: item.level for item in before.items}
    for item in after.items:
        assert not moves().exercises[item.exercise_id].avoid & new
        assert item.level <= levels.get(item.exercise_id, 3)
    if before.protocol_id == after.protocol_id:
        assert minutes_aside(riskier, policy) <= minutes_aside(case_of(answers), policy)
        new_moves = {item.exercise_id: item for item in after.items if item.exercise_id not in levels}
        assert all(item.level == 1 or listed_at(after, name) for name, item in new_moves.items())


def minutes_aside(case: Case, policy: Policy) -> int:
    """How many moves a case gets: a risk that swaps a long move may make room for one more in a short day."""
    given = {name: value for name, value in case.answers.items() if name != "minutes_per_day"}
    facts = frozenset(fact for fact in case.facts if not fact.startswith("minutes_per_day="))
    return len(choose(replace(case, answers=given, facts=facts), moves(), policy).items)


def listed_at(plan: Plan, name: str) -> bool:
    return any(
        move.exercise == name for move in moves().protocols[plan.protocol_id].stage[plan.stage - 1].moves
    )


@CASES
@given(intakes(), journeys, policies, risk_pairs)
def test_inv_24_a_risk_learned_later_raises_nothing(
    answers: Answers, journey: list[tuple[int, Reply | None]], policy: Policy, risk: tuple[str, str]
) -> None:
    assume(answers.get(risk[0]) == HEALTHY.get(risk[0]))  # a further risk, not a smaller one in its place
    plan, after, reply, state, _ = walk(answers, journey, policy)[-1]
    assume(plan.protocol_id == after.protocol_id)
    riskier = replace(case_of(with_answer(answers, *risk)), history=History(plan, state))
    safer, _ = next_plan(riskier, reply, moves(), policy)
    levels = {item.exercise_id: item.level for item in after.items}
    assert all(item.level <= levels.get(item.exercise_id, 3) for item in safer.items)
    assert safer.stage <= after.stage


@CASES
@given(intakes(), notes(), policies, st.sampled_from(["buttock_l", "calf_r", "mid_back", "thigh_front_l"]))
def test_inv_25_places_to_leave_alone_are_never_pressed(
    answers: Answers, note: SessionNote, policy: Policy, place: str
) -> None:
    answers = {**answers, "avoid_areas": [place]}
    bare = place.removesuffix("_l").removesuffix("_r")
    pressing = tuple(one.id for one in moves().exercises.values() if bare in one.presses)
    note = replace(note, add=pressing, add_reason="", areas_worked=(place, "neck_back"))
    case = case_of(answers, note=note)
    for item in choose(case, moves(), policy).items:
        assert bare not in moves().exercises[item.exercise_id].presses


@CASES
@given(intakes(), policies, st.sampled_from(["yes", "no", ""]))
def test_inv_26_marketing_consent_has_no_part_in_a_plan(answers: Answers, policy: Policy, wish: str) -> None:
    plan = choose(case_of(answers), moves(), policy)
    other = choose(case_of({**answers, "consent_marketing": wish}), moves(), policy)
    assert json.dumps(dump(plan)) == json.dumps(dump(other))


@CASES
@given(intakes(), policies, st.sampled_from(["left", "right"]))
def test_inv_28_a_move_with_sides_names_the_side_of_the_client(
    answers: Answers, policy: Policy, side: str
) -> None:
    plan = choose(case_of({**answers, "main_side": side}), moves(), policy)
    for item, said in zip(plan.items, worded(plan, policy).items, strict=True):
        assert item.side is (Side(side) if item.dose.each_side else Side.NONE)
        assert not item.dose.each_side or side in said.side_text


@pytest.mark.B14
@CASES
@given(intakes(), some_flags, notes(), policies)
def test_inv_29_no_banned_word_reaches_a_client(
    answers: Answers, flags: list[Flag], note: SessionNote, policy: Policy
) -> None:
    plan = worded(choose(case_of(answers, *flags, note=note), moves(), policy), policy)
    wording = moves().wording
    banned = (*wording.words.banned, *wording.modes[policy.mode].banned)
    said = [
        plan.title,
        plan.intro,
        plan.scope_text,
        plan.pain_rule,
        plan.stop_rule,
        plan.tip,
        plan.change_text,
    ]
    said += [plan.protocol_name, *plan.reasons]
    for item in plan.items:
        said += [item.name, item.why, item.caution, item.stop_when, item.dose_text, item.tempo_text]
        said += [*item.steps, *item.cues, *item.mistakes]
    assert not [word for text in said for word in banned_in(text, banned)]


@CASES
@given(intakes(), notes(), policies)
def test_inv_30_every_id_in_a_plan_resolves(answers: Answers, note: SessionNote, policy: Policy) -> None:
    plan = choose(case_of(answers, note=note), moves(), policy)
    named = {reason.exercise_id for reason in plan.reasons} | {reason.other_id for reason in plan.reasons}
    assert (named | {item.exercise_id for item in plan.items}) - {None} <= set(moves().exercises)
    assert plan.protocol_id in moves().protocols


@CASES
@given(intakes(), notes(), policies)
def test_inv_31_at_most_one_running_move_and_none_for_who_does_not_run(
    answers: Answers, note: SessionNote, policy: Policy
) -> None:
    note = replace(note, add=(*note.add, "int_run_cadence", "int_walk_run"), remove=())
    case = case_of(answers, note=note)
    plan = choose(case, moves(), policy)
    running = [item for item in plan.items if "running" in moves().exercises[item.exercise_id].tags]
    assert len(running) <= 1
    assert not running or "is_runner=no" not in facts_of(case) or plan.overrides


@CASES
@given(intakes(), policies)
def test_inv_32_a_first_plan_eases_and_loads(answers: Answers, policy: Policy) -> None:
    plan = choose(case_of(answers), moves(), policy)
    kinds = {moves().exercises[item.exercise_id].kind for item in plan.items}
    assert Kind.EASE in kinds or not plan.items
    assert Kind.LOAD in kinds or not plan.items or plan.protocol_id == "calm_only"


@CASES
@given(intakes(), policies)
def test_inv_33_a_first_plan_fits_into_the_week_or_says_that_it_does_not(
    answers: Answers, policy: Policy
) -> None:
    plan = choose(case_of(answers), moves(), policy)
    minutes = next(iter(values_of(answers, "minutes_per_day")), "")
    seconds = sum(seconds_a_week(item.dose) for item in plan.items)
    assert not minutes or plan.over_time or seconds <= float(minutes) * 60 * 7


@pytest.mark.parametrize("action", list(Action))
def test_every_action_of_the_feedback_table_gives_a_plan(action: Action) -> None:
    case = case_of({**dict.fromkeys(["consent_exercise"], "yes"), "date_of_birth": "1986-03-01"})
    plan = choose(case, moves(), Policy())
    step = Step(action, "row", "")
    after = choose(replace(case, history=History(plan, PlanState(days_in_plan=30), step)), moves(), Policy())
    assert after.version == 2
    assert (after.status is Readiness.NONE) == (action is Action.STOP)
