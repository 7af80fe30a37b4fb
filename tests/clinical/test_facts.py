"""Facts that follow from answers."""

from datetime import date

import pytest

from clinical.answers.facts import age_on, derive, main_place
from clinical.plan.case import case_for, with_facts
from clinical.plan.recipe import match
from clinical.plan.wording import fact_words, sentence
from schemas.forms.condition import Answer, Answers
from tests.helpers.answers import TODAY
from tests.helpers.content import library
from tests.helpers.strategies import moves


def facts(**answers: Answer) -> frozenset[str]:
    """Derive facts on the test day."""
    return derive(answers, TODAY)


@pytest.mark.parametrize(
    ("born", "today", "age"),
    [
        ("2000-11-22", date(2026, 11, 22), 26),
        ("2000-11-23", date(2026, 11, 22), 25),
        ("2004-02-29", date(2025, 2, 28), 20),
        ("2004-02-29", date(2025, 3, 1), 21),
        ("2030-01-01", date(2026, 11, 22), None),
        ("soon", date(2026, 11, 22), None),
        ("", date(2026, 11, 22), None),
    ],
)
def test_age_counts_whole_years(born: str, today: date, age: int | None) -> None:
    assert age_on({"date_of_birth": born}, today) == age


def test_every_chosen_answer_is_a_fact_and_regions_lose_their_side() -> None:
    found = facts(pain_now="4", cond_oa=["knee", "hip"], pain_regions=["low_back_l", "low_back_r"])
    assert {"pain_now=4", "cond_oa=knee", "cond_oa=hip", "pain_regions=low_back"} <= found


def test_typed_words_never_become_facts() -> None:
    found = facts(full_name="ann", goal_text="walk", act1_name="run", med_other="x", cond_other_text="gout")
    assert found == {"cond_other_text=present", "is_runner=no"}


@pytest.mark.parametrize(
    ("answers", "fact"),
    [
        ({"falls_12m": "2+"}, "falls_flag=yes"),
        ({"falls_unsteady": "yes", "falls_12m": "0"}, "falls_flag=yes"),
        ({"falls_12m": "1", "date_of_birth": "1950-01-01"}, "falls_flag=yes"),
        ({"falls_12m": "0", "falls_worry": "yes", "date_of_birth": "1950-01-01"}, "falls_flag=yes"),
        ({"date_of_birth": "1950-01-01"}, "falls_flag=yes"),
        ({"rf_bone_spot": "yes"}, "flag_bone_stress=yes"),
        ({"rf_bone_spot": "not_sure"}, "flag_bone_stress=yes"),
        ({"cond_dizzy": "unexplained"}, "cond_dizzy=yes"),
        ({"med_steroids": "not_sure"}, "med_steroids=yes"),
        ({"pain_spread": "below_elbow_knee"}, "cond_sciatica=yes"),
        ({"allergy_oils": ["latex"]}, "allergy_latex=yes"),
        ({"bp_reading_high": "160_100"}, "cond_bp=not_controlled"),
        ({"date_of_birth": "2010-01-01"}, "age=under18"),
        ({"date_of_birth": "2012-01-01"}, "age=under16"),
        ({"pain_regions": ["jaw_l", "calf_r"]}, "pain_places=several"),
        ({"pain_regions": ["jaw_l", "jaw_r"]}, "pain_places=one"),
        ({"pain_regions": ["jaw_l", "calf_r", "knee_front_l", "chest_r", "wrist_hand_l"]}, "widespread=yes"),
        ({}, "is_runner=no"),
    ],
)
def test_a_derived_fact_follows(answers: dict[str, Answer], fact: str) -> None:
    assert fact in derive(answers, TODAY)


@pytest.mark.parametrize(
    ("answers", "fact"),
    [
        ({"falls_12m": "1", "date_of_birth": "1980-01-01"}, "falls_flag=yes"),
        ({"falls_12m": "0", "date_of_birth": "1950-01-01"}, "falls_flag=yes"),
        ({"rf_bone_spot": "no"}, "flag_bone_stress=yes"),
        ({"cond_dizzy": "no"}, "cond_dizzy=yes"),
        ({"date_of_birth": "1980-01-01"}, "age=under18"),
        ({"is_runner": "yes"}, "is_runner=no"),
        (
            {"pain_regions": ["jaw_l", "neck_back_l", "chest_l", "wrist_hand_l", "head_back_l"]},
            "widespread=yes",
        ),
    ],
)
def test_a_derived_fact_does_not_follow(answers: dict[str, Answer], fact: str) -> None:
    assert fact not in derive(answers, TODAY)


@pytest.mark.parametrize(
    ("regions", "place"),
    [
        (["low_back_l", "low_back_r"], {"main_region": "low_back", "main_side": "both"}),
        (["calf_r"], {"main_region": "calf", "main_side": "right"}),
        (["belly"], {"main_region": "belly", "main_side": "middle"}),
        (["belly", "calf_r"], {}),
        ([], {}),
    ],
)
def test_one_tapped_place_is_the_main_one(regions: list[str], place: dict[str, str]) -> None:
    assert main_place({"pain_regions": regions}) == place


def test_a_main_place_that_was_chosen_stays() -> None:
    assert main_place({"pain_regions": ["calf_r"], "main_region": "calf", "main_side": "both"}) == {}


GRADES = [
    ("cond_stroke=past", "cond_stroke=recent"),
    ("cond_clot=past", "cond_clot=recent"),
    ("cond_inflam_arthritis=quiet", "cond_inflam_arthritis=flare"),
    ("cond_joint_replacement=old", "cond_joint_replacement=hip_recent"),
    ("cond_joint_replacement=old", "cond_joint_replacement=knee_recent"),
    ("cond_joint_replacement=old", "cond_joint_replacement=shoulder_recent"),
    ("cond_bone=osteopenia", "cond_bone=osteoporosis"),
    ("cond_bone=osteoporosis", "cond_bone=spine_fracture"),
    ("cond_cancer=past", "cond_cancer=active"),
    ("cond_heart=stable", "cond_heart=not_cleared"),
    ("cond_bp=not_controlled", "cond_bp=unknown_high"),
]


@pytest.mark.parametrize(("mild", "grave"), GRADES)
def test_the_graver_grade_of_a_condition_never_loosens_an_exercise(mild: str, grave: str) -> None:
    for exercise in moves().exercises.values():
        assert mild not in exercise.avoid or grave in exercise.avoid, exercise.id
        assert mild not in exercise.caution or grave in exercise.avoid | exercise.caution, exercise.id


UNSURE = [
    (question.id, choice.id)
    for name in ("first_visit", "returning")
    for question in library().questionnaires[name].questions()
    if any(one.id == "not_sure" for one in question.choices)
    for choice in question.choices
]


@pytest.mark.parametrize(("question", "other"), sorted(set(UNSURE)))
def test_not_sure_asks_for_the_care_of_every_other_answer(question: str, other: str) -> None:
    unsure, said = (_known({question: value}) for value in ("not_sure", other))
    for exercise in moves().exercises.values():
        assert not exercise.avoid & said or exercise.avoid & unsure, exercise.id
        care = exercise.avoid | exercise.caution
        assert not care & said or care & unsure, exercise.id


def _known(answers: Answers) -> frozenset[str]:
    case = case_for(answers, derive(answers, TODAY), 40)
    return with_facts(case, moves().choosing).facts


@pytest.mark.parametrize("language", ["en", "es"])
def test_not_sure_is_named_as_that(language: str) -> None:
    assert fact_words("cond_bone=not_sure", library(language).plan_content)
    assert fact_words("cond_skin=not_sure", library(language).plan_content)


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("question", sorted({question for question, _ in UNSURE}))
def test_not_sure_is_never_read_back_as_a_yes(question: str, language: str) -> None:
    content, unsure = library(language).plan_content, _known({question: "not_sure"})
    new = unsure - _known({question: "no"})
    said = [min(care & new) for one in moves().exercises.values() if (care := one.avoid | one.caution) & new]
    assert [fact for fact in said if not _open(fact_words(fact, content))] == []
    case = case_for({question: "not_sure"}, unsure, 40)
    row, _ = match(case, moves())
    assert not sentence(f"match.{row.id}", {}, content).startswith(("You told us", "Nos dijo", "Nos habl"))


def _open(words: str) -> bool:
    return any(one in words for one in ("may ", "can ", "not sure", "puede", "No sé")) or not words
