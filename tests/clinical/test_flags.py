"""Every safety rule fires when it must, and only then; blank and "not sure" never pass."""

from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinical.answers.asking import settle
from clinical.answers.facts import age_on, derive
from clinical.answers.flags import (
    UNSURE,
    at_once,
    evaluate,
    from_stored,
    stops,
    to_stored,
    worst,
)
from schemas.forms.condition import Answer, Answers, Known
from schemas.forms.questionnaire import Question, Questionnaire, applies
from schemas.rules import Flag, Severity
from tests.helpers.answers import TAPPED, TODAY, settled
from tests.helpers.content import library

EMERGENCY, URGENT, REVIEW = Severity.STOP_EMERGENCY, Severity.STOP_URGENT, Severity.REVIEW
SENIOR, TEEN, CHILD = "1950-01-01", "2009-06-01", "2013-01-01"


def first_visit() -> Questionnaire:
    """Return the questionnaire under test."""
    return library().questionnaires["first_visit"]


def flags_of(answers: Answers, asked: Questionnaire | None = None) -> tuple[Flag, ...]:
    """Evaluate answers on the test day."""
    facts = derive(answers, TODAY)
    return evaluate(answers, facts, age_on(answers, TODAY), library().rules, asked or first_visit())


def severities(**changes: Answer) -> dict[str, Severity]:
    """Return what the rules find when a healthy client's answers are changed."""
    return {flag.rule: flag.severity for flag in flags_of(settled(**changes))}


FIRES: list[tuple[str, Severity, dict[str, Answer]]] = [
    ("RF01", EMERGENCY, {"rf_saddle": "yes"}),
    ("RF01", EMERGENCY, {"rf_bladder_bowel": "yes"}),
    ("RF01", EMERGENCY, {"rf_both_legs": "yes"}),
    ("RF02", URGENT, {"rf_weak": "yes"}),
    ("RF02", URGENT, {"pain_spread": "below_elbow_knee", "pain_feel": ["numb"], "grc": "worse"}),
    ("RF03", URGENT, {"rf_clumsy": "yes"}),
    ("RF04", EMERGENCY, {"rf_face_arm_speech": "yes"}),
    ("RF04", EMERGENCY, {"rf_neck_vascular": "yes"}),
    ("RF04", EMERGENCY, {"rf_worst_head_neck": "yes"}),
    ("RF05", URGENT, {"rf_trauma": "yes"}),
    ("RF05", URGENT, {"rf_no_weight": "yes"}),
    ("RF05", URGENT, {"pain_onset": "fall_crash_hit", "pain_duration": "lt_6w", "pain_worst24": "7"}),
    ("RF06", REVIEW, {"rf_minor_fall": "yes"}),
    ("RF06", URGENT, {"rf_minor_fall": "yes", "date_of_birth": SENIOR}),
    ("RF06", URGENT, {"rf_minor_fall": "yes", "cond_bone": "osteoporosis"}),
    ("RF06", URGENT, {"rf_minor_fall": "yes", "med_steroids": "not_sure"}),
    ("RF07", URGENT, {"rf_weight_loss": "yes"}),
    ("RF07", URGENT, {"cond_cancer": "past", "pain_duration": "lt_6w"}),
    ("RF07", URGENT, {"cond_cancer": "active", "grc": "much_worse"}),
    (
        "RF07",
        URGENT,
        {
            "pain_pattern": "always_there_same",
            "night_wake": "all_night_no_ease",
            "worse_with": ["nothing_changes_it"],
        },
    ),
    ("RF07", REVIEW, {"rf_new_lump": "yes"}),
    ("RF08", EMERGENCY, {"rf_hot_joint": "yes", "rf_fever": "yes"}),
    ("RF08", URGENT, {"rf_hot_joint": "yes"}),
    ("RF08", URGENT, {"rf_fever": "yes"}),
    ("RF08", URGENT, {"rf_fever": "yes", "pain_regions": ["jaw_l"], "rf_infection_risk": "yes"}),
    ("RF08", REVIEW, {"rf_fever": "yes", "pain_regions": ["jaw_l"]}),
    ("RF09", URGENT, {"rf_calf": "yes"}),
    ("RF09", EMERGENCY, {"rf_calf": "yes", "rf_breath": "yes"}),
    ("RF10", EMERGENCY, {"rf_chest_now": "yes"}),
    ("RF10", EMERGENCY, {"rf_breath": "yes"}),
    ("RF10", URGENT, {"rf_chest_effort": "yes"}),
    ("RF10", URGENT, {"cond_heart": "not_cleared"}),
    ("RF10", URGENT, {"cond_bp": "controlled", "bp_reading_high": "180_110"}),
    ("RF11", EMERGENCY, {"rf_belly_pulse": "yes"}),
    ("RF11", EMERGENCY, {"rf_cold_limb": "yes"}),
    (
        "RF12",
        REVIEW,
        {"morning_stiff": "30_60", "night_wake": "second_half_of_night", "date_of_birth": "1995-01-01"},
    ),
    ("RF12", REVIEW, {"morning_stiff": "gt_60", "better_with": ["moving", "heat"]}),
    (
        "RF12",
        REVIEW,
        {
            "morning_stiff": "gt_60",
            "pain_duration": "6_12w",
            "date_of_birth": SENIOR,
            "pain_regions": ["shoulder_front_l", "shoulder_front_r"],
        },
    ),
    ("RF13", EMERGENCY, {"rf_vision_jaw": "yes", "date_of_birth": SENIOR}),
    ("RF14", URGENT, {"rf_urine_belly": "yes"}),
    ("RF15", URGENT, {"rf_seizure_faint": "yes"}),
    ("RF16", EMERGENCY, {"pregnancy": "t2", "rf_pregnancy_warn": "yes"}),
    ("RF17", URGENT, {"recent_surgery": ["leg_hip"], "rf_wound": "yes"}),
    ("RF18", REVIEW, {"activity_profile": "athlete", "rf_bone_spot": "yes"}),
    ("RF19", REVIEW, {"pain_regions": ["knee_front_l"], "rf_knee_lock": "yes"}),
    ("RF20", REVIEW, {"date_of_birth": TEEN}),
    ("RF20", URGENT, {"date_of_birth": CHILD, "pain_regions": ["hip_groin_l"]}),
    ("RF21", REVIEW, {"pain_now": "8"}),
    ("RF21", REVIEW, {"pain_avg7": "9"}),
    ("RF21", REVIEW, {"pain_worst24": "10", "pain_pattern": "always_there_same"}),
    ("RF22", URGENT, {"rf_doctor_said_no": "yes"}),
    ("RF23", REVIEW, {"cond_fibro": "yes", "post_exert_crash": "yes"}),
    ("RF23", REVIEW, {"cond_fibro": "yes", "post_exert_crash": "not_sure"}),
    ("RF24", REVIEW, {"pregnancy": "t1", "rf_pregnancy_warn": "no"}),
    ("RF24", REVIEW, {"cond_other_text": "I had gout"}),
    ("typed_cauda", EMERGENCY, {"act1_name": "cant hold my pee"}),
    ("typed_thinner", REVIEW, {"med_other": "eliquis"}),
    ("typed_violence", REVIEW, {"comfort_note": "my husband hits me"}),
    ("RF24", REVIEW, {"rf_weak": "not_sure"}),
    ("RF25", REVIEW, {"comfort_note": "Some days I WANT  to\ndie."}),
    ("RF25", REVIEW, {"goal_text": "a veces quiero morír"}),
    ("RF26", EMERGENCY, {"fu_symptoms": ["chest_breath", "fall"]}),
    ("RF26", URGENT, {"fu_symptoms": ["hot_limb"]}),
    ("RF26", URGENT, {"fu_symptoms": ["ill"]}),
    ("RF26", REVIEW, {"fu_symptoms": ["fall"]}),
    ("RF26", REVIEW, {"fu_feel": "very_sore"}),
    ("R_CLASH", REVIEW, {"under_other_care": ["doctor", "surgeon"]}),
    ("RF08", REVIEW, {"rf_infection_risk": "yes"}),
    ("RF08", URGENT, {"rf_fever": "yes", "pain_regions": ["jaw_l"], "cond_joint_replacement": ["old"]}),
    ("RF12", REVIEW, {"morning_stiff": "30_60", "pain_regions": ["wrist_hand_l", "foot_top_r"]}),
    ("RF12", REVIEW, {"rf_small_joints": "yes"}),
    ("RF15", EMERGENCY, {"rf_seizure_faint": "yes", "med_blood_thinner": "yes"}),
    ("RF27", REVIEW, {"pain_spread": "below_elbow_knee", "pain_feel": ["ache", "tingling"]}),
    ("RF27", REVIEW, {"pain_spread": "below_elbow_knee", "pain_duration": "lt_6w"}),
    ("RF28", REVIEW, {"night_wake": "all_night_no_ease"}),
    ("RF28", REVIEW, {"pain_pattern": "always_there_same", "better_with": ["nothing"]}),
    ("RF29", REVIEW, {"cond_cancer": "past", "pain_duration": "6_12w"}),
    ("RF29", REVIEW, {"cond_cancer": "past", "worse_with": ["night"]}),
    ("RF30", REVIEW, {"pain_onset": "suddenly_no_reason", "pain_duration": "lt_6w", "date_of_birth": SENIOR}),
    ("RF30", REVIEW, {"pain_onset": "suddenly_no_reason", "pain_duration": "lt_6w", "med_steroids": "yes"}),
    (
        "RF30",
        REVIEW,
        {"pain_onset": "lifting_twisting", "pain_duration": "lt_6w", "cond_bone": "osteoporosis"},
    ),
    ("RF30", REVIEW, {"date_of_birth": SENIOR, "pain_regions": ["mid_back"], "pain_duration": "lt_6w"}),
    ("RF31", REVIEW, {"pain_onset": "fall_crash_hit", "pain_duration": "lt_6w"}),
    (
        "RF31",
        REVIEW,
        {
            "pain_onset": "fall_crash_hit",
            "pain_duration": "6_12w",
            "date_of_birth": SENIOR,
            "pain_regions": ["shoulder_front_l"],
        },
    ),
    ("RF32", REVIEW, {"rf_pop": "not_sure"}),
    (
        "RF32",
        REVIEW,
        {"pain_onset": "suddenly_no_reason", "pain_duration": "lt_6w", "pain_regions": ["calf_l"]},
    ),
    (
        "RF33",
        REVIEW,
        {
            "is_runner": "yes",
            "training_jump": "yes",
            "pain_regions": ["hip_groin_l"],
            "worse_with": ["running"],
        },
    ),
    (
        "RF33",
        REVIEW,
        {
            "is_runner": "yes",
            "training_jump": "not_sure",
            "pain_regions": ["shin_l"],
            "night_wake": "second_half_of_night",
        },
    ),
    ("RF34", REVIEW, {"rf_effort": "yes"}),
    ("RF34", REVIEW, {"pain_regions": ["jaw_l"], "worse_with": ["walking"], "better_with": ["rest"]}),
    (
        "RF34",
        REVIEW,
        {
            "date_of_birth": SENIOR,
            "pain_regions": ["calf_l", "calf_r"],
            "worse_with": ["walking"],
            "better_with": ["rest"],
        },
    ),
    (
        "RF35",
        REVIEW,
        {"pain_regions": ["calf_l"], "pain_duration": "lt_6w", "rf_clot_risk": ["long_trip_bed_rest"]},
    ),
    ("RF35", REVIEW, {"pain_regions": ["calf_l"], "pain_duration": "lt_6w", "cond_clot": "past"}),
    (
        "RF36",
        REVIEW,
        {"pain_regions": ["head_front"], "pain_duration": "lt_6w", "date_of_birth": "1970-01-01"},
    ),
    (
        "RF36",
        REVIEW,
        {
            "pain_regions": ["neck_back", "head_back_l"],
            "pain_duration": "lt_6w",
            "pain_onset": "suddenly_no_reason",
        },
    ),
    ("RF37", REVIEW, {"pain_onset": "after_surgery"}),
    ("RF37", REVIEW, {"recent_surgery": ["other"], "rf_wound": "no"}),
    (
        "RF38",
        REVIEW,
        {"pain_feel": ["burning"], "pain_onset": "fall_crash_hit", "pain_regions": ["wrist_hand_l"]},
    ),
    ("RF38", REVIEW, {"pain_feel": ["burning"], "cond_skin": "yes"}),
    ("RF39", REVIEW, {"pain_worst24": "9"}),
    ("RF40", REVIEW, {"falls_unsteady": "yes", "cond_numb": "yes"}),
    ("RF41", URGENT, {"rf_dark_urine": "yes"}),
    ("RF41", REVIEW, {"rf_dark_urine": "not_sure"}),
    ("RF42", REVIEW, {"pain_regions": ["jaw_l"], "main_region": "jaw"}),
    (
        "RF35",
        REVIEW,
        {"pain_regions": ["knee_back_r"], "pain_duration": "lt_6w", "rf_clot_risk": ["hormones"]},
    ),
    (
        "RF30",
        REVIEW,
        {"date_of_birth": SENIOR, "pain_regions": ["low_back_l", "belly"], "pain_duration": "lt_6w"},
    ),
    ("RF43", REVIEW, {"date_of_birth": SENIOR, "falls_12m": "1", "cond_bone": "osteoporosis"}),
    ("RF43", REVIEW, {"date_of_birth": SENIOR, "falls_unsteady": "yes", "med_blood_thinner": "not_sure"}),
    ("RF42", REVIEW, {"pain_regions": ["chest_l"], "main_region": "chest"}),
]


@pytest.mark.parametrize(("rule", "severity", "changes"), FIRES)
def test_a_rule_fires_with_its_severity(rule: str, severity: Severity, changes: dict[str, Answer]) -> None:
    assert severities(**changes).get(rule) is severity


def test_every_rule_of_the_clinical_sources_is_there_and_tried() -> None:
    numbers = {f"RF{number:02}" for number in range(1, 44)}
    assert {rule for rule, _, _ in FIRES if not rule.startswith("typed_")} == numbers | {"R_CLASH"}
    assert {rule.id for rule in library().rules.rules} == numbers - {"RF24", "RF25"}
    assert len(library().rules.review.facts) == 31


def test_a_client_with_plain_back_pain_has_no_flag() -> None:
    assert flags_of(settled()) == ()


NEAR_MISSES: list[tuple[str, dict[str, Answer]]] = [
    ("RF02", {"pain_spread": "below_elbow_knee", "pain_feel": ["numb"]}),
    ("RF05", {"pain_onset": "fall_crash_hit", "pain_duration": "lt_6w", "pain_worst24": "6"}),
    ("RF07", {"cond_cancer": "past"}),
    ("RF12", {"morning_stiff": "gt_60", "better_with": ["moving", "rest"]}),
    ("RF20", {"date_of_birth": "2008-11-22"}),
    ("RF21", {"pain_now": "7", "pain_avg7": "7", "pain_worst24": "10"}),
    ("RF27", {"pain_spread": "below_elbow_knee"}),
    ("RF28", {"pain_pattern": "always_there_same"}),
    ("RF29", {"cond_cancer": "past"}),
    ("RF30", {"pain_onset": "suddenly_no_reason", "pain_duration": "lt_6w"}),
    ("RF31", {"pain_onset": "fall_crash_hit"}),
    (
        "RF33",
        {"is_runner": "yes", "training_jump": "no", "pain_regions": ["shin_l"], "worse_with": ["running"]},
    ),
    ("RF34", {"pain_regions": ["calf_l"], "worse_with": ["walking"], "better_with": ["rest"]}),
    ("RF35", {"pain_regions": ["calf_l"], "pain_duration": "lt_6w", "rf_clot_risk": ["none"]}),
    ("RF36", {"pain_regions": ["head_front"], "date_of_birth": "1970-01-01"}),
    ("RF39", {"pain_worst24": "8"}),
    ("RF30", {"date_of_birth": SENIOR, "pain_regions": ["low_back_l", "belly"]}),
    ("RF43", {"date_of_birth": SENIOR, "falls_12m": "0", "cond_bone": "osteoporosis"}),
    ("RF43", {"falls_12m": "1", "cond_bone": "osteoporosis"}),
    ("RF43", {"date_of_birth": SENIOR, "falls_12m": "1"}),
    ("RF24", {"cond_other_text": "None."}),
    ("RF24", {"cond_other_text": "n/a"}),
    ("RF24", {"cond_other_text": "ninguno"}),
    ("RF25", {"goal_text": "On the weekend my life is busy"}),
    ("typed_thinner", {"med_other": "eliquis", "med_blood_thinner": "yes"}),
    ("RF26", {"fu_symptoms": ["none"], "fu_feel": "bit_sore"}),
    ("R_CLASH", {"under_other_care": ["doctor"]}),
]


@pytest.mark.parametrize(("rule", "changes"), NEAR_MISSES)
def test_a_rule_does_not_fire_on_a_near_miss(rule: str, changes: dict[str, Answer]) -> None:
    assert rule not in severities(**changes)


@pytest.mark.parametrize("fact", library().rules.review.facts)
def test_each_review_fact_holds_the_plan(fact: str) -> None:
    answers = settled(rf_pregnancy_warn="no")
    found = evaluate(answers, derive(answers, TODAY) | {fact}, 46, library().rules, first_visit())
    name, _, value = fact.partition("=")
    assert [flag.rule for flag in found] == ["RF24"]
    assert (name, value) in found[0].because


def test_a_flag_says_which_answer_raised_it() -> None:
    flag = flags_of(settled(rf_saddle="yes"))[0]
    assert flag.because == (("rf_saddle", "yes"),)
    assert flag.client_text in library().messages
    assert "E05" in flag.source


def test_typed_words_are_named_but_the_text_around_them_is_not_kept() -> None:
    flag = flags_of(settled(comfort_note="All my sisters know. I want to kill  MYSELF some days"))[0]
    assert flag.because == (("comfort_note", "kill myself"),)


def test_the_worst_flag_comes_first() -> None:
    found = flags_of(settled(rf_weak="yes", rf_saddle="yes", pain_now="9"))
    assert [flag.rule for flag in found] == ["RF01", "RF02", "RF21"]
    assert worst(found) == found[0]
    assert worst(()) is None
    assert stops(found)
    assert not stops(found[2:])


def test_a_flag_survives_storage() -> None:
    for flag in flags_of(settled(rf_weak="yes", pregnancy="t1")):
        assert from_stored({**to_stored(flag), "id": 7}) == flag


def at_once_of(**answers: Answer) -> dict[str, Severity]:
    """Return what acts while the form is open."""
    found = at_once(answers, derive(answers, TODAY), None, library().rules, first_visit())
    return {flag.rule: flag.severity for flag in found}


def test_while_the_form_is_open_blanks_wait_but_what_was_said_acts_at_once() -> None:
    assert at_once_of(visit_reason="pain") == {}
    assert at_once_of(rf_saddle="yes") == {"RF01": EMERGENCY}
    assert at_once_of(rf_saddle="not_sure") == {UNSURE: URGENT}
    assert at_once_of(goal_text="I want to die") == {"RF25": REVIEW}
    assert at_once_of(pregnancy="t1", pain_now="9") == {}


def test_what_a_rule_is_about_stands_in_the_rules_whatever_their_names() -> None:
    ours = library().rules
    renamed = tuple(replace(rule, id=f"X{rule.id}") for rule in ours.rules)
    dangers = tuple(replace(danger, id=f"X{danger.id}") for danger in ours.typed.dangers)
    typed = replace(ours.typed, dangers=dangers)
    rules = replace(ours, rules=renamed, review=replace(ours.review, id="X1"), typed=typed)
    said: Answers = {"goal_text": "I want to die", "rf_weak": "not_sure"}
    found = at_once(said, derive(said, TODAY), None, rules, first_visit())
    assert [flag.rule for flag in found] == ["XRF25"]
    assert {flag.rule for flag in evaluate(said, derive(said, TODAY), None, rules)} == {"XRF25", "X1"}
    assert [rule.id for rule in renamed if rules.is_of_check_in(rule.id)] == ["XRF26"]


@cache
def _safety() -> tuple[Question, ...]:
    return tuple(question for question in first_visit().questions() if question.safety)


_STOPPING = sorted(
    {
        (test.name, value)
        for rule in library().rules.rules
        for case in rule.cases
        if case.severity.stops
        for test in case.when.tests()
        for value in test.values
        if test.name.startswith("rf_")
        and value == "yes"
        and test.name not in ("rf_infection_risk", "rf_minor_fall")
    }
    - {("rf_fever", "yes")}
)
_WORDS = st.sampled_from(["yes", "no", "not_sure", ""])
_RF = [question.id for question in _safety() if question.id.startswith("rf_")]
_RANDOM = st.fixed_dictionaries(dict.fromkeys(_RF, _WORDS))
_AROUND = st.fixed_dictionaries(
    {
        "date_of_birth": st.sampled_from(["1950-01-01", "1980-05-31", "2009-06-01"]),
        "pregnancy": st.sampled_from(["no", "t1"]),
        "recent_surgery": st.sampled_from([["no"], ["leg_hip"]]),
        "pain_regions": st.sampled_from([["low_back_l"], ["knee_front_l", "shin_r"]]),
        "activity_profile": st.sampled_from(["desk", "athlete"]),
    }
)


def _concerned(question: Question, answers: Answers) -> bool:
    return applies(question, Known(answers, derive(answers, TODAY), age_on(answers, TODAY)))


@given(_RANDOM, _AROUND)
def test_no_blank_or_unsure_safety_answer_ever_passes(
    said: dict[str, Answer], around: dict[str, Answer]
) -> None:
    answers = settled(**around) | said
    found = flags_of(answers)
    for question in _safety():
        if _concerned(question, answers) and answers.get(question.id) in (None, "", "not_sure"):
            wanted = UNSURE if question.emergency else "RF24"
            flag = next(flag for flag in found if flag.rule == wanted)
            assert question.id in {name for name, _ in flag.because}
            assert flag.severity is (URGENT if question.emergency else REVIEW)


@given(_RANDOM, _AROUND, st.sampled_from(_STOPPING))
def test_a_stop_answer_always_stops(
    said: dict[str, Answer], around: dict[str, Answer], stop: tuple[str, str]
) -> None:
    assert stops(flags_of(settled(**around) | said | dict([stop])))


@given(st.sets(st.sampled_from(sorted(TAPPED)), min_size=1))
def test_a_form_with_any_safety_part_missing_is_never_clear(left_out: set[str]) -> None:
    tapped = {name: value for name, value in TAPPED.items() if name not in left_out}
    found = flags_of(settle(first_visit(), tapped, TODAY))
    gates = {gate.id for gate in _gates_over_safety()}
    assert bool(found) == bool(left_out & (gates | {"date_of_birth"}))


@cache
def _gates_over_safety() -> tuple[Question, ...]:
    over = first_visit().gate_of
    return tuple(
        {over[question.id].id: over[question.id] for question in _safety() if question.id in over}.values()
    )


def test_emergency_questions_are_those_of_the_emergency_rules() -> None:
    named = {
        test.name
        for rule in library().rules.rules
        for case in rule.cases
        if case.severity is EMERGENCY
        for test in case.when.tests()
    }
    marked = {question.id for question in _safety() if question.emergency and not question.covers}
    with_others = {"rf_fever", "rf_seizure_faint", "med_blood_thinner", "cond_bleeding", "fu_symptoms"}
    assert marked == named - with_others
