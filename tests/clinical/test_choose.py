"""Choosing a plan: protocol, filter, levels, budget, edits, gate and words, case by case."""

from dataclasses import replace

import pytest

from clinical.plan.case import Case, History, Policy
from clinical.plan.choose import choose
from clinical.plan.decision import changes
from clinical.plan.edit import Edit, EditRefused, edit
from clinical.plan.recipe import seconds_a_day, seconds_a_week
from clinical.plan.wording import change_text
from schemas.checkin import PlanState, Step
from schemas.choosing import Action, Mode
from schemas.exercise import Kind
from schemas.plan import Dose, Effect, Plan, Readiness
from schemas.rules import Severity
from schemas.session_note import Response, SendWish, SessionNote
from tests.helpers.strategies import HEALTHY, Answers, case_of, flag, moves, with_answer, worded

CLINICAL = Policy(mode=Mode.CLINICAL, clinic_phone="555-0100")
NOTE = SessionNote(send=SendWish.OK_TO_SEND, author="sam", credential="LMT")


def intake(**changed: str | list[str]) -> Answers:
    answers = dict(HEALTHY)
    for name, value in changed.items():
        answers = with_answer(answers, name, value) if isinstance(value, str) else {**answers, name: value}
    return {name: value for name, value in answers.items() if value}


def plan_of(policy: Policy = CLINICAL, /, **changed: str | list[str]) -> Plan:
    return choose(case_of(intake(**changed)), moves(), policy)


def names(plan: Plan) -> list[str]:
    return [item.exercise_id for item in sorted(plan.items, key=lambda item: item.priority)]


def reason(plan: Plan, exercise: str, effect: Effect) -> str:
    said = zip(plan.reasons, worded(plan, CLINICAL).reasons, strict=True)
    return next(text for one, text in said if (one.exercise_id, one.effect) == (exercise, effect))


NOWHERE: dict[str, str | list[str]] = {"main_region": "", "pain_regions": []}
YOUNG, MIDDLE, OLD = "2000-01-01", "1970-01-01", "1950-01-01"


@pytest.mark.parametrize(
    ("changed", "protocol"),
    [
        ({"pain_now": "9"}, "calm_only"),
        ({"post_exert_crash": "not_sure"}, "calm_only"),
        ({"under_other_care": "physical_therapist"}, "calm_only"),
        ({"cond_fibro": "yes"}, "fibromyalgia"),
        (
            {
                "pain_regions": [
                    "neck_back",
                    "knee_front_l",
                    "knee_front_r",
                    "wrist_hand_l",
                    "calf_r",
                    "chest_r",
                    "hip_side_l",
                ]
            },
            "fibromyalgia",
        ),
        ({"cond_inflam_arthritis": "quiet"}, "arthritis_gentle"),
        ({"date_of_birth": OLD, "goals": "balance"}, "senior_mobility_balance"),
        ({"main_region": "knee_outer_r", "is_runner": "yes"}, "runners_knee_itb"),
        ({"main_region": "knee_front_l", "is_runner": "yes"}, "runners_knee_pfp"),
        (
            {"main_region": "knee_front_l", "is_runner": "yes", "cond_oa": "knee", "date_of_birth": MIDDLE},
            "knee_oa",
        ),
        (
            {"main_region": "knee_front_l", "date_of_birth": YOUNG, "worse_with": "sitting"},
            "runners_knee_pfp",
        ),
        ({"main_region": "knee_inner_l", "date_of_birth": MIDDLE}, "knee_oa"),
        ({"main_region": "hip_groin_l", "date_of_birth": MIDDLE}, "hip_oa"),
        ({"main_region": "hip_side_r"}, "hip_gluteal"),
        ({"main_region": "buttock_l", "worse_with": "lying_on_side"}, "hip_gluteal"),
        ({"main_region": "buttock_l"}, "low_back_office"),
        ({"main_region": "mid_back"}, "thoracic_stiffness"),
        ({"main_region": "shoulder_blade_r", "visit_reason": "stiff"}, "thoracic_stiffness"),
        ({"main_region": "shoulder_blade_r"}, "neck_shoulder_desk"),
        ({"main_region": "neck_back"}, "neck_shoulder_desk"),
        ({"main_region": "shoulder_front_l"}, "shoulder_strength"),
        ({"main_region": "upper_arm_back_r", "date_of_birth": OLD}, "shoulder_strength"),
        ({"main_region": "achilles_heel_r"}, "achilles_load"),
        ({"main_region": "achilles_heel_r", "visit_reason": "sport"}, "achilles_load"),
        ({"main_region": "foot_sole_l", "date_of_birth": OLD}, "plantar_heel"),
        ({"main_region": "low_back_l"}, "low_back_office"),
        ({"main_region": "calf_r", "visit_reason": "sport"}, "shin_calf"),
        ({"main_region": "calf_r", "cond_oa": ["knee", "hand"]}, "shin_calf"),
        ({"main_region": "calf_r", "date_of_birth": OLD}, "shin_calf"),
        ({"main_region": "ankle_l"}, "ankle_steady"),
        ({"main_region": "foot_top_l"}, "ankle_steady"),
        ({"main_region": "elbow_outer_r"}, "elbow_load"),
        ({"main_region": "wrist_hand_r"}, "hand_wrist"),
        ({"main_region": "thigh_back_r"}, "hamstring_load"),
        ({"main_region": "thigh_inner_r"}, "thigh_groin"),
        ({"main_region": "head_front_r"}, "neck_shoulder_desk"),
        ({"main_region": "knee_front_l", "date_of_birth": YOUNG, "worse_with": "standing"}, "knee_daily"),
        ({"main_region": "knee_front_l", "date_of_birth": YOUNG, "visit_reason": "sport"}, "patellar_load"),
        ({"pain_duration": "lt_6w"}, "low_back_new"),
        ({"worse_with": "bending_forward"}, "low_back_bend"),
        ({"worse_with": "bending_back"}, "low_back_arch"),
        ({"worse_with": ["bending_back", "bending_forward"]}, "low_back_office"),
        ({"worse_with": "bending_back", "pain_spread": "below_elbow_knee"}, "low_back_office"),
        ({"pain_duration": "lt_6w", "cond_sciatica": "yes"}, "low_back_office"),
        ({"goals": "lift", "activity_profile": "athlete"}, "back_lifter"),
        ({**NOWHERE, "visit_reason": "sport"}, "athlete_overuse"),
        ({**NOWHERE, "cond_oa": ["knee", "hand"]}, "arthritis_gentle"),
        ({**NOWHERE, "date_of_birth": OLD, "visit_reason": "sport"}, "senior_mobility_balance"),
        (NOWHERE, "general_unknown"),
        ({"main_region": "chest_l"}, "general_unknown"),
        ({"main_region": "belly"}, "general_unknown"),
    ],
)
def test_the_first_row_that_fits_chooses_the_protocol(
    changed: dict[str, str | list[str]], protocol: str
) -> None:
    assert plan_of(**changed).protocol_id == protocol


@pytest.mark.parametrize("region", ["belly", "neck_front", "jaw_l", "chest_r", "hip_groin_l"])
def test_places_that_need_a_look_are_held(region: str) -> None:
    plan = plan_of(main_region=region)
    assert plan.status is Readiness.HELD
    assert "no_plan" in {one.values.get("row") for one in plan.reasons}
    assert worded(plan).items[0].because.startswith("We have no set plan for ")


def test_a_plain_back_gets_three_moves_in_phase_order_and_is_ready() -> None:
    plan = plan_of(sitting_hours="0-2", activity_profile="manual_job")
    assert plan.status is Readiness.READY
    assert names(plan) == ["act_bridge", "calm_legs_on_chair", "int_walk"]
    assert [item.phase_label for item in worded(plan).items] == ["Calm", "Build", "Move"]


def test_every_move_names_the_answer_that_chose_it() -> None:
    items = worded(plan_of()).items
    assert all(item.why.startswith("You told us that your low back bothers you most.") for item in items)


def test_a_blocked_move_is_swapped_down_the_easier_chain_and_says_why() -> None:
    plan = plan_of(move_floor="no")
    assert "act_glute_squeeze" in names(plan)
    assert reason(plan, "act_bridge", Effect.SWAPPED) == (
        "We chose this in place of Bridge because getting down to the floor and up is hard for you."
    )


def test_a_move_without_its_thing_at_home_is_left_out_or_swapped() -> None:
    plan = plan_of(main_region="mid_back", equipment=["none"])
    assert names(plan) == ["act_scap_squeeze", "len_chair_back_arch", "inh_neck_rub"]
    said = reason(plan, "inh_shoulder_blade_ball", Effect.SWAPPED)
    assert said.endswith("because you do not have a ball at home.")


def test_a_move_that_needs_something_nobody_asked_about_is_left_out() -> None:
    answers = intake()
    del answers["move_floor"]
    assert "act_bridge" not in names(choose(case_of(answers), moves(), CLINICAL))


def test_a_desk_worker_keeps_the_break_beside_what_loads_and_what_eases() -> None:
    plan = plan_of(main_region="neck_back", minutes_per_day="10")
    assert names(plan) == ["act_scap_squeeze", "inh_neck_rub", "int_desk_reset"]


def test_a_new_sprain_starts_in_a_chair() -> None:
    plan = plan_of(main_region="ankle_l", pain_duration="lt_6w")
    assert names(plan)[:2] == ["act_heel_raise_sit", "len_ankle_pump"]


def test_pain_down_the_leg_puts_the_gentle_moves_first() -> None:
    plan = plan_of(pain_spread="below_elbow_knee")
    assert names(plan)[:2] == ["int_walk", "act_glute_squeeze"]


def test_sore_hands_of_many_sore_joints_get_a_move_for_the_hands() -> None:
    answers = with_answer({**HEALTHY, "cond_inflam_arthritis": "quiet"}, "main_region", "wrist_hand_l")
    assert "len_tendon_glide" in names(choose(case_of(answers), moves(), Policy()))


def test_a_flare_gets_only_calm_and_easy_range() -> None:
    plan = plan_of(cond_inflam_arthritis="flare")
    assert set(names(plan)) <= {"len_heel_slide", "act_quad_set", "calm_belly_breath", "int_walk"}
    assert plan.pain_cap == 3


@pytest.mark.parametrize(
    ("changed", "count"),
    [
        ({}, 3),
        ({"minutes_per_day": "5"}, 2),
        ({"minutes_per_day": "15"}, 3),
        ({"confidence": "3"}, 2),
        ({"minutes_per_day": "5", "confidence": "3"}, 2),
    ],
)
def test_the_budget_follows_minutes_and_confidence(changed: dict[str, str], count: int) -> None:
    assert len(plan_of(**changed).items) == count


@pytest.mark.parametrize("region", ["low_back_l", "knee_inner_l", "hip_groin_l"])
def test_ten_minutes_a_day_hold_a_walk_because_minutes_count_by_the_week(region: str) -> None:
    plan = plan_of(minutes_per_day="10", main_region=region, date_of_birth=MIDDLE)
    assert "int_walk" in names(plan)
    assert sum(seconds_a_week(item.dose) for item in plan.items) <= 10 * 60 * 7
    assert plan.minutes_per_day <= 10


def test_a_move_that_does_not_fit_into_the_week_waits_and_the_client_hears_why() -> None:
    plan = plan_of(replace(CLINICAL, first_moves=4), **NOWHERE, visit_reason="sport", minutes_per_day="10")
    text = reason(plan, "int_walk", Effect.BUDGET)
    assert text == "We left out Walking plan for now, so that your plan fits into the minutes you have."


def test_where_no_two_moves_fit_the_plan_says_how_long_it_takes() -> None:
    plan = plan_of(minutes_per_day="5", under_other_care=["surgeon"])
    assert (plan.protocol_id, names(plan)) == ("calm_only", ["calm_belly_breath", "calm_muscle_let_go"])
    assert "about 6 minutes a day" in worded(plan).intro
    assert worded(plan).intro.endswith(moves().wording.over_time)


def test_a_step_up_that_does_not_fit_into_the_minutes_waits() -> None:
    first = plan_of(minutes_per_day="5")
    last = History(first, PlanState(days_in_plan=7, days_since_change=7), Step(Action.LEVEL_UP, "easy", ""))
    second = choose(replace(case_of(intake(minutes_per_day="5")), history=last), moves(), CLINICAL)
    assert [(item.exercise_id, item.level) for item in second.items] == [
        ("calm_legs_on_chair", 1),
        ("act_bridge", 2),
    ]


def test_the_clinic_decides_how_many_moves_a_first_plan_has() -> None:
    assert len(plan_of(replace(CLINICAL, first_moves=4)).items) == 4


def test_what_does_not_fit_is_kept_for_later_in_plain_words() -> None:
    text = reason(plan_of(), "act_pelvic_tilt", Effect.BUDGET)
    assert text == "We kept Pelvic tilt for later, so that your plan stays small."


def test_an_athlete_starts_at_the_listed_level_and_a_sore_one_at_level_1() -> None:
    fit = plan_of(**NOWHERE, visit_reason="sport")
    sore = plan_of(**NOWHERE, visit_reason="sport", pain_now="6")
    assert max(item.level for item in fit.items) == 2
    assert {item.level for item in sore.items} == {1}
    assert reason(sore, "act_bridge", Effect.LEVEL) == "We start low because you are quite sore now."


def test_a_caution_keeps_a_move_at_level_1_with_a_note() -> None:
    plan = plan_of(cond_heart="stable")
    walk = next(item for item in plan.items if item.exercise_id == "int_walk")
    assert walk.level == 1
    said = next(item for item in worded(plan).items if item.exercise_id == "int_walk")
    assert said.caution == "Go easy with this one, because your heart needs care."


@pytest.mark.B14
def test_self_care_wording_leaves_running_drills_out_and_names_no_condition() -> None:
    plan = plan_of(Policy(), main_region="knee_front_l", is_runner="yes")
    assert "int_walk" in names(plan)
    assert "int_walk_run" not in names(plan)
    assert worded(plan).title == "Your self-care ideas"
    assert worded(plan).protocol_name_full == ""
    clinical = worded(plan_of(main_region="knee_front_l", is_runner="yes"), CLINICAL)
    assert clinical.protocol_name_full.startswith("Runner's knee")


def test_who_runs_with_little_pain_runs_half_instead_of_starting_over() -> None:
    plan = plan_of(main_region="knee_front_l", is_runner="yes", fu_pain_during="2")
    run = next(item for item in worded(plan).items if item.exercise_id == "int_walk_run")
    assert run.dose_text == "Run half your usual minutes on flat ground · 3 days a week"
    assert plan.pain_cap == 3


def test_a_stop_flag_and_a_no_give_no_plan_with_a_reason() -> None:
    stopped = choose(case_of(intake(), flag(Severity.STOP_URGENT, "RF02")), moves(), CLINICAL)
    assert (stopped.status, stopped.reasons[-1].fact) == (Readiness.NONE, "stop=RF02")
    refused = choose(case_of(intake(), note=replace(NOTE, send=SendWish.NO_PLAN)), moves(), CLINICAL)
    assert refused.status is Readiness.NONE


def test_a_review_holds_until_a_named_practitioner_releases_it() -> None:
    held = choose(case_of(intake(), flag(Severity.REVIEW)), moves(), CLINICAL)
    free = choose(case_of(intake(), flag(Severity.REVIEW), released_by="Ana Ruiz, LMT"), moves(), CLINICAL)
    assert (held.status, free.status) == (Readiness.HELD, Readiness.READY)
    assert held.pain_cap == 3


def test_a_clinic_can_want_an_ok_for_every_plan() -> None:
    careful = replace(CLINICAL, require_ok=True)
    assert plan_of(careful).status is Readiness.HELD
    assert choose(case_of(intake(), note=NOTE), moves(), careful).status is Readiness.READY


@pytest.mark.parametrize("note", [replace(NOTE, send=SendWish.HOLD), replace(NOTE, new_concern=True)])
def test_a_note_can_hold_the_plan(note: SessionNote) -> None:
    assert choose(case_of(intake(), note=note), moves(), CLINICAL).status is Readiness.HELD


def test_an_unknown_age_is_held() -> None:
    answers = intake()
    del answers["date_of_birth"]
    assert choose(case_of(answers), moves(), CLINICAL).status is Readiness.HELD


def test_the_note_overrides_the_protocol_and_caps_the_level() -> None:
    note = replace(NOTE, protocol="athlete_overuse", level_cap=1)
    plan = choose(case_of(intake(), note=note), moves(), CLINICAL)
    assert plan.protocol_id == "athlete_overuse"
    assert {item.level for item in plan.items} == {1}


def test_a_sore_visit_adds_a_calm_move_and_starts_low() -> None:
    plan = choose(case_of(intake(), note=replace(NOTE, response=Response.SORE)), moves(), CLINICAL)
    assert "calm_belly_breath" in names(plan)
    assert {item.level for item in plan.items} == {1}


def test_a_note_removes_and_adds_within_the_filter() -> None:
    note = replace(NOTE, remove=("act_bridge",), add=("len_seated_cat", "len_cat_camel"))
    plan = choose(case_of(intake(move_kneel="no"), note=note), moves(), CLINICAL)
    assert "act_bridge" not in names(plan)
    assert "len_seated_cat" in names(plan)
    assert "len_cat_camel" not in names(plan)
    assert any(one.rule == "R7" and one.fact == "move_kneel=no" for one in plan.reasons)


def test_an_override_needs_a_reason_and_a_credential_and_is_kept() -> None:
    note = replace(NOTE, add=("len_cat_camel",), add_reason="On a soft bed, shown in the visit.")
    plan = choose(case_of(intake(move_kneel="no"), note=note), moves(), CLINICAL)
    assert "len_cat_camel" in names(plan)
    kept = plan.overrides[0]
    assert (kept.facts, kept.author, kept.credential) == (("move_kneel=no",), "sam", "LMT")


def case_and_plan(**changed: str | list[str]) -> tuple[Case, Plan]:
    case = case_of(intake(**changed))
    return case, choose(case, moves(), CLINICAL)


def test_an_edit_swaps_removes_and_levels_and_keeps_the_version() -> None:
    case, plan = case_and_plan()
    change = Edit("sam", swap=(("act_bridge", "act_glute_squeeze"),), levels=(("int_walk", 2),))
    edited = edit(plan, change, case, moves(), CLINICAL)
    levels = {item.exercise_id: item.level for item in edited.items}
    assert levels == {"act_glute_squeeze": 1, "calm_legs_on_chair": 1, "int_walk": 2}
    assert edited.version == plan.version
    assert reason(edited, "act_bridge", Effect.OUT) == "Your therapist left out Bridge."


def test_an_edit_that_the_filter_blocks_is_refused_without_a_signed_reason() -> None:
    case, plan = case_and_plan(move_floor="no")
    with pytest.raises(EditRefused) as refused:
        edit(plan, Edit("sam", add=("act_bridge",)), case, moves(), CLINICAL)
    assert refused.value.facts == {"act_bridge": "move_floor=no"}
    signed = Edit("sam", "PT", add=("act_bridge",), reason="Does it on the bed.")
    edited = edit(plan, signed, case, moves(), CLINICAL)
    assert edited.overrides[0].exercise_id == "act_bridge"


def test_an_edit_keeps_cautions_and_the_limit_of_moves() -> None:
    case, plan = case_and_plan(cond_heart="stable")
    edited = edit(plan, Edit("sam", levels=(("int_walk", 3),)), case, moves(), CLINICAL)
    assert next(item.level for item in edited.items if item.exercise_id == "int_walk") == 1
    many = ("act_scap_squeeze", "int_desk_reset", "act_glute_squeeze")
    with pytest.raises(EditRefused):
        edit(plan, Edit("sam", add=many), case, moves(), CLINICAL)


def test_an_edit_that_leaves_one_move_is_held() -> None:
    case, plan = case_and_plan()
    edited = edit(plan, Edit("sam", remove=("act_bridge", "int_walk")), case, moves(), CLINICAL)
    assert edited.status is Readiness.HELD


def returning(plan: Plan, action: Action, days: int = 14, /, **changed: str | list[str]) -> Plan:
    history = History(
        plan, PlanState(days_in_plan=days, days_in_stage=days, days_since_change=days), Step(action, "x", "")
    )
    return choose(replace(case_of(intake(**changed)), history=history), moves(), CLINICAL)


def test_the_next_stage_raises_only_two_levels_at_a_time() -> None:
    first = plan_of(main_region="knee_inner_l", date_of_birth=MIDDLE)
    second = returning(first, Action.STAGE_OK, main_region="knee_inner_l", date_of_birth=MIDDLE)
    assert second.stage == 2
    before = {item.exercise_id: item.level for item in first.items}
    up = [item for item in second.items if item.level > before.get(item.exercise_id, 3)]
    assert len(up) == 2


def test_a_risk_that_takes_one_move_lets_no_other_rise_instead() -> None:
    knee = {"main_region": "knee_inner_l", "date_of_birth": MIDDLE}
    first = plan_of(**knee)
    second = returning(first, Action.STAGE_OK, **knee)
    riskier = returning(first, Action.STAGE_OK, **knee, recent_surgery="leg_hip")
    levels = {item.exercise_id: item.level for item in second.items}
    assert all(item.level <= levels.get(item.exercise_id, 1) for item in riskier.items)


def test_a_stage_is_not_skipped_and_not_early() -> None:
    first = plan_of()
    assert returning(first, Action.STAGE_OK, 13).stage == 1
    assert returning(first, Action.STAGE_OK, 60).stage == 2


def test_a_new_main_place_starts_again_at_stage_1() -> None:
    later = returning(returning(plan_of(), Action.STAGE_OK), Action.STAGE_OK, 28, main_region="neck_back")
    assert (later.protocol_id, later.stage) == ("neck_shoulder_desk", 1)


@pytest.mark.parametrize("answer", ["moved", "new_place"])
def test_pain_that_moved_starts_again_and_is_looked_at_first(answer: str) -> None:
    second = returning(plan_of(), Action.STAGE_OK)
    third = returning(second, Action.STAGE_OK, 28, upd_pain_same_place=answer)
    assert (third.stage, third.status) == (1, Readiness.HELD)


def test_the_practitioner_reads_the_fact_and_the_tag() -> None:
    reasons = plan_of(move_floor="no").reasons
    causes = {(one.exercise_id, one.other_id, one.values.get("cause")) for one in reasons}
    assert ("act_bridge", "act_glute_squeeze", "move_floor=no (floor)") in causes


@pytest.mark.parametrize(("gap", "stage", "top"), [(13, 2, 2), (14, 2, 1), (29, 1, 1)])
def test_a_break_lowers_the_level_and_a_long_one_the_stage(gap: int, stage: int, top: int) -> None:
    second = returning(plan_of(), Action.STAGE_OK)
    history = History(second, PlanState(days_in_plan=40), gap_days=gap)
    plan = choose(replace(case_of(intake()), history=history), moves(), CLINICAL)
    assert plan.stage == stage
    assert max(item.level for item in plan.items) == top


def test_a_better_day_alone_raises_no_level() -> None:
    sore = plan_of(main_region="calf_r", visit_reason="sport", pain_now="6")
    history = History(sore, PlanState(days_in_plan=60, days_since_change=60), gap_days=30)
    fresh = case_of(intake(main_region="calf_r", visit_reason="sport"))
    plan = choose(replace(fresh, history=history), moves(), CLINICAL)
    assert {item.level for item in plan.items} == {1}


def test_very_active_people_with_little_pain_go_one_level_higher_after_the_first_plan() -> None:
    first = plan_of(activity_level="very")
    assert {item.level for item in first.items} == {1}
    usual = returning(plan_of(), Action.STAGE_OK)
    keen = returning(first, Action.STAGE_OK, activity_level="very", pain_avg7="1")
    assert sum(item.level for item in keen.items) >= sum(item.level for item in usual.items)


def test_fibromyalgia_stays_small_low_and_slow() -> None:
    first = plan_of(cond_fibro="yes")
    assert first.pain_cap == 3
    assert returning(first, Action.STAGE_OK, 14, cond_fibro="yes").stage == 1
    assert returning(first, Action.STAGE_OK, 28, cond_fibro="yes").stage == 2


def test_what_changed_is_said_in_one_line() -> None:
    first = plan_of()
    second = returning(first, Action.STAGE_OK)
    said = change_text(second, moves())
    assert said.startswith("New: ")
    assert "A little more of: " in said
    same = replace(first, changes=changes(first, first.items))
    assert change_text(same, moves()) == "The moves stay the same."


@pytest.mark.parametrize(
    ("dose", "seconds"),
    [
        (Dose(minutes=8, days_per_week=5), 480),
        (Dose(minutes=1, times_per_day=3), 180),
        (Dose(sets=2, reps=1, hold_seconds=20, each_side=True), 98),
        (Dose(sets=2, reps=8, hold_seconds=2, tempo="2-2-3", rest_seconds=30), 142),
    ],
)
def test_minutes_are_estimated_from_counts_holds_pace_and_rests(dose: Dose, seconds: int) -> None:
    assert seconds_a_day(dose) == seconds


@pytest.mark.parametrize("date_of_birth", [YOUNG, MIDDLE, OLD])
@pytest.mark.parametrize("minutes", ["5", "10", "15"])
@pytest.mark.parametrize("things", [["none"], ["ball", "band", "foam_roller", "rolling_pin", "step"]])
def test_every_first_plan_has_a_move_that_eases_and_one_that_loads(
    date_of_birth: str, minutes: str, things: list[str]
) -> None:
    for region in moves().choosing.regions:
        plan = plan_of(
            Policy(),
            main_region=region,
            date_of_birth=date_of_birth,
            minutes_per_day=minutes,
            equipment=things,
        )
        kinds = {moves().exercises[item.exercise_id].kind for item in plan.items}
        assert {Kind.EASE, Kind.LOAD} <= kinds, (region, names(plan))


def test_breath_work_that_makes_a_client_worse_gives_way_to_letting_go() -> None:
    plan = plan_of(main_region="shoulder_front_l", cond_panic_breath="yes")
    assert "calm_muscle_let_go" in names(plan)
    assert "breath" not in {tag for name in names(plan) for tag in moves().exercises[name].tags}


def test_one_line_ties_the_massage_to_what_keeps_its_ease() -> None:
    note = replace(NOTE, areas_worked=("low_back_l", "low_back_r", "buttock_l"))
    said = worded(choose(case_of(intake(), note=note), moves(), CLINICAL)).massage
    assert said.startswith("Your massage worked to ease your low back and your buttock. Rest with legs on")
    assert worded(plan_of()).massage.startswith("Massage eases first.")


def test_every_move_is_in_some_list() -> None:
    listed = {name for protocol in moves().protocols.values() for name in protocol.exercises()}
    assert set(moves().exercises) == listed


def test_every_list_has_a_move_that_eases_and_all_but_the_calm_one_a_load() -> None:
    for protocol in moves().protocols.values():
        for stage in protocol.stage:
            kinds = {moves().exercises[move.exercise].kind for move in stage.moves}
            assert Kind.EASE in kinds, protocol.id
            assert Kind.LOAD in kinds or protocol.id == "calm_only", protocol.id
