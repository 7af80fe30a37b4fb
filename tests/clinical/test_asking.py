"""Going through a questionnaire: gates, hidden questions, the update of a returning client, the burden."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinical.answers.asking import accept, carried, gate_lines, screens, settle, shown_value, unanswered
from clinical.answers.facts import age_on, derive
from clinical.answers.flags import UNSURE, evaluate
from schemas.forms.condition import Answer, Answers
from schemas.forms.questionnaire import Questionnaire
from tests.helpers.answers import TAPPED, TODAY, UPDATE, settled
from tests.helpers.content import library

KNOWN = {"name", "email", "phone"}
AGREED = KNOWN | {"mail_agreed"}
HERE = ("US", library().errors)


def questionnaire(name: str = "first_visit") -> Questionnaire:
    """Return a real questionnaire."""
    return library().questionnaires[name]


def walk(
    asked: Questionnaire, wanted: Answers, before: Answers | None = None
) -> tuple[dict[str, Answer], int, int]:
    """Fill in screen by screen as a client does; return answers, screens, taps (Next is one)."""
    answers: dict[str, Answer] = {}
    seen: list[str] = []
    taps = 0
    past = before or {}
    while True:
        left = [
            s
            for s in screens(asked, answers, TODAY, AGREED if past else KNOWN, past)
            if s.step.id not in seen
        ]
        if not left:
            return answers, len(seen), taps
        posted = {q.id: wanted[q.id] for q in left[0].questions if q.id in wanted}
        outcome = accept(asked, left[0].step.id, posted, answers, TODAY, *HERE, KNOWN, before=past)
        assert outcome.errors == {}
        answers = outcome.answers
        seen.append(left[0].step.id)
        taps += 1 + sum(_taps(name, value) for name, value in posted.items())


def _taps(name: str, value: Answer) -> int:
    if name == "date_of_birth":
        return 3
    return 1 if isinstance(value, str) else len(value)


def test_a_first_visit_takes_at_most_24_screens_and_58_taps() -> None:
    answers, seen, taps = walk(questionnaire(), TAPPED)
    assert unanswered(questionnaire(), answers, TODAY, KNOWN) == ()
    assert seen <= 24
    assert taps <= 58


def test_a_returning_visit_takes_at_most_5_screens_and_18_taps() -> None:
    asked = questionnaire("returning")
    answers, seen, taps = walk(asked, UPDATE, settled())
    assert unanswered(asked, answers, TODAY, KNOWN, settled()) == ()
    assert seen <= 5
    assert taps <= 18


def test_a_relaxing_client_is_still_asked_all_about_safety() -> None:
    asked = questionnaire("short")
    answers, _, _ = walk(asked, {k: v for k, v in TAPPED.items() if not k.startswith("pain")})
    assert unanswered(asked, answers, TODAY, KNOWN) == ()
    full = {
        q.id for q in questionnaire().questions() if q.safety and not q.id.endswith(("move", "move_stand"))
    }
    assert full <= {question.id for question in asked.questions()}


def test_none_of_these_answers_every_item_of_its_gate() -> None:
    answers = settled()
    assert answers["rf_saddle"] == "no"
    assert answers["move_floor"] == "yes"
    assert answers["falls_12m"] == "0"
    assert answers["recent_surgery"] == ["no"]
    assert answers["allergy_oils"] == ["none"]


def test_an_untouched_gate_answers_nothing() -> None:
    answers = settle(questionnaire(), {k: v for k, v in TAPPED.items() if k != "gate_nerves"}, TODAY)
    assert "rf_saddle" not in answers
    assert ("safety_1", "gate_nerves") in unanswered(questionnaire(), answers, TODAY, KNOWN)


def test_an_item_of_no_concern_gets_no_answer() -> None:
    assert "rf_vision_jaw" not in settled()
    assert "rf_knee_lock" not in settled()


def test_yes_or_not_sure_asks_each_item_of_the_gate_by_itself() -> None:
    answers = settle(questionnaire(), {**TAPPED, "gate_nerves": ["some"]}, TODAY)
    asked = {q.id for screen in screens(questionnaire(), answers, TODAY) for q in screen.questions}
    assert {"rf_saddle", "rf_seizure_faint"} <= asked
    assert "rf_vision_jaw" not in asked
    assert "rf_saddle" not in answers
    assert ("safety_nerves", "rf_saddle") in unanswered(questionnaire(), answers, TODAY, KNOWN)


def test_a_ticked_item_is_set_or_asked_and_the_others_are_clear() -> None:
    answers = settle(questionnaire(), {**TAPPED, "gate_heart": ["cond_varicose", "cond_bp"]}, TODAY)
    assert answers["cond_varicose"] == "yes"
    assert answers["cond_stroke"] == "no"
    assert "cond_bp" not in answers
    assert ("health_heart", "cond_bp") in unanswered(questionnaire(), answers, TODAY, KNOWN)


def test_ticking_that_you_can_not_stand_is_a_no() -> None:
    assert settle(questionnaire(), {**TAPPED, "gate_move": ["move_stand"]}, TODAY)["move_stand"] == "no"


def test_none_can_not_be_chosen_with_something_else() -> None:
    outcome = accept(questionnaire(), "safety_1", {"gate_nerves": ["none", "some"]}, {}, TODAY, *HERE)
    assert "Keep one" in outcome.errors["gate_nerves"]
    assert outcome.answers == {}


def test_the_answer_to_a_hidden_question_is_dropped() -> None:
    runner: dict[str, Answer] = {
        **TAPPED,
        "visit_reason": "sport",
        "is_runner": "yes",
        "run_minutes_week": "90",
    }
    assert settle(questionnaire(), runner, TODAY)["run_minutes_week"] == "90"
    assert "run_minutes_week" not in settle(questionnaire(), {**runner, "is_runner": "no"}, TODAY)


def test_a_blank_question_on_a_screen_loses_its_earlier_answer() -> None:
    before: dict[str, Answer] = {"goal_text": "walk", "visit_reason": "pain"}
    posted = {name: TAPPED[name] for name in ("visit_reason", "goals", "activity_profile")}
    outcome = accept(questionnaire(), "goals", posted | {"activity_level": "some"}, before, TODAY, *HERE)
    assert outcome.errors == {}
    assert "goal_text" not in outcome.answers


def test_a_mistake_keeps_what_was_sent_and_names_the_question() -> None:
    outcome = accept(questionnaire(), "scores", {"pain_now": "11", "pain_avg7": "3"}, settled(), TODAY, *HERE)
    assert outcome.errors["pain_now"] == "Type a whole number from 0 to 10."
    assert outcome.errors["pain_worst24"] == "Choose one answer: Worst pain, last 24 hours"
    assert outcome.shown == {"pain_now": "11", "pain_avg7": "3"}
    assert outcome.answers == settled()


def test_consents_are_separate_and_an_unticked_box_is_a_no() -> None:
    posted = {"consent_massage": "on", "consent_health_data": "yes", "signature_name_date": "Ann"}
    answers = accept(questionnaire(), "consent", posted, {}, TODAY, *HERE).answers
    assert answers["consent_massage"] == "yes"
    assert {answers[f"consent_{x}"] for x in ("exercise", "email", "sms")} == {"no"}


def test_required_consents_can_not_be_left_out() -> None:
    errors = accept(questionnaire(), "consent", {"signature_name_date": "Ann"}, {}, TODAY, *HERE).errors
    assert set(errors) == {"consent_massage", "consent_health_data"}


def test_only_tapped_places_can_be_the_main_one() -> None:
    answers = settled(pain_regions=["low_back_l", "calf_r"])
    screen = next(s for s in screens(questionnaire(), answers, TODAY) if s.step.id == "main_place")
    assert [choice.id for choice in screen.questions[0].choices] == ["low_back", "calf"]
    refused = accept(
        questionnaire(),
        "main_place",
        {"main_region": "jaw", "main_side": "left"},
        answers,
        TODAY,
        "US",
        library().errors,
    )
    assert set(refused.errors) == {"main_region"}


def test_a_minor_is_asked_for_a_guardian() -> None:
    steps = [s.step.id for s in screens(questionnaire(), {"date_of_birth": "2010-01-01"}, TODAY)]
    assert "guardian" in steps
    assert "guardian" not in [s.step.id for s in screens(questionnaire(), settled(), TODAY)]


def test_what_the_booking_knows_is_not_asked_and_not_lost() -> None:
    asked = {q.id for s in screens(questionnaire(), {}, TODAY, KNOWN) for q in s.questions}
    assert not asked & {"full_name", "email", "mobile_phone"}
    posted = {
        name: TAPPED[name] for name in ("date_of_birth", "emergency_contact_name", "emergency_contact_phone")
    }
    outcome = accept(questionnaire(), "about", posted, {"full_name": "Ann"}, TODAY, *HERE, KNOWN)
    assert outcome.answers["full_name"] == "Ann"


def test_a_step_that_does_not_exist_is_refused() -> None:
    with pytest.raises(KeyError):
        accept(questionnaire(), "nowhere", {}, {}, TODAY, *HERE)


def test_a_gate_lists_only_what_concerns_the_client() -> None:
    gate = questionnaire().question("gate_nerves")
    assert gate is not None
    young = {question.id for question in gate_lines(questionnaire(), gate, settled(), TODAY)}
    old = {q.id for q in gate_lines(questionnaire(), gate, settled(date_of_birth="1950-01-01"), TODAY)}
    assert old - young == {"rf_vision_jaw"}


def test_answers_are_shown_in_words() -> None:
    question = questionnaire().question("minutes_per_day")
    assert question is not None
    assert shown_value(question, settled()) == ("10 minutes",)


# ---- returning clients


def update(changes: Mapping[str, Answer], before: Answers) -> tuple[Questionnaire, dict[str, Answer]]:
    """Settle an update and lay it over the last visit, as the plan sees it."""
    asked = questionnaire("returning")
    now = settle(asked, {**UPDATE, **changes}, TODAY, before)
    return asked, {**carried(before), **now}


def rules_found(asked: Questionnaire, answers: Answers) -> set[str]:
    """Return the ids of the flags that stand."""
    found = evaluate(answers, derive(answers, TODAY), age_on(answers, TODAY), library().rules, asked)
    return {flag.rule for flag in found}


def test_an_update_without_news_has_no_flag() -> None:
    asked, answers = update({}, settled())
    assert rules_found(asked, answers) == set()
    assert answers["rf_saddle"] == "no"


def test_a_blank_safety_screen_never_passes_on_the_word_of_last_time() -> None:
    asked, answers = update({"upd_safety": []}, settled())
    assert "rf_saddle" not in answers
    assert {UNSURE, "RF24"} <= rules_found(asked, answers)


def test_a_new_sign_opens_only_its_own_questions() -> None:
    asked, answers = update({"upd_safety": ["new_weak"]}, settled())
    questions = {q.id for s in screens(asked, answers, TODAY, KNOWN, settled()) for q in s.questions}
    assert {q for q in questions if q.startswith("rf_")} == {"rf_weak", "rf_clumsy"}
    assert answers["rf_saddle"] == "no"
    assert "RF24" in rules_found(asked, answers)


def test_a_health_change_opens_the_health_questions_again() -> None:
    asked, answers = update({"upd_health_change": "yes"}, settled())
    left = {question for _, question in unanswered(asked, answers, TODAY, KNOWN, settled())}
    assert {"upd_gate_heart", "upd_gate_bones", "upd_gate_other", "upd_gate_medicines"} <= left
    assert "RF24" in rules_found(asked, answers)


def test_a_pregnant_client_is_asked_for_warning_signs_at_every_visit() -> None:
    before = settled(pregnancy="t2", rf_pregnancy_warn="no")
    asked = questionnaire("returning")
    steps = {s.step.id for s in screens(asked, UPDATE, TODAY, KNOWN, before)}
    assert "health_watch" in steps
    assert UNSURE in rules_found(*update({}, before))


def test_what_belongs_to_one_visit_is_not_carried_to_the_next() -> None:
    before = settled(upd_safety=["none"], grc="worse", fu_feel="fine")
    kept = carried(before)
    assert kept["cond_bp"] == "no"
    assert not [name for name in kept if name.startswith(("rf_", "upd_", "gate_", "fu_", "grc"))]


def test_the_update_asks_every_safety_sign_of_the_first_visit_again() -> None:
    signs = {q.id for q in questionnaire().questions() if q.id.startswith("rf_")}
    assert signs <= {q.id for q in questionnaire("returning").questions()}


def test_nothing_of_last_time_is_filled_in() -> None:
    shown = screens(questionnaire("returning"), {}, TODAY, KNOWN, settled(act1_name="Lift my son"))
    assert "Lift my son" not in str(shown)


@given(
    st.dictionaries(st.sampled_from(sorted(TAPPED)), st.sampled_from(["", "no", "yes", "none"]), max_size=6)
)
def test_settling_twice_changes_nothing(changes: dict[str, str]) -> None:
    once = settle(questionnaire(), {**TAPPED, **changes}, TODAY)
    assert settle(questionnaire(), once, TODAY) == once


@given(
    st.text(max_size=30), st.sampled_from([q.id for q in library().questionnaires["first_visit"].questions()])
)
def test_any_posted_text_is_taken_or_refused_but_never_fails(text: str, name: str) -> None:
    step = next(s for s in questionnaire().steps if name in {q.id for q in s.questions})
    outcome = accept(questionnaire(), step.id, {name: [text, text]}, settled(), TODAY, *HERE)
    assert all(sentence for sentence in outcome.errors.values())
