"""What a client submits is checked question by question, with a sentence that says what to do."""

from datetime import date
from typing import Any

import pytest
from marshmallow import ValidationError

from schemas.forms.condition import Known, parse
from schemas.forms.form_answers import READERS, clean_text, schema_for
from schemas.forms.questionnaire import Choice, Question, QuestionType, is_required, options
from tests.helpers.content import library

TODAY = date(2026, 11, 22)
ERRORS = library().errors
PHONE = "Type the whole phone number, with area code. For another country, start with + and its code."
CHOICES = (Choice("a", "Red"), Choice("b", "Blue"), Choice("none", "None of these", alone=True))


def ask(kind: QuestionType, value: object, required: bool = True, **more: Any) -> object:
    """Return the cleaned answer to one question."""
    question = Question("it", kind, "Which one?", **more)
    loaded = schema_for([question], {"it"} if required else (), TODAY, "US", ERRORS).load({"it": value})
    return loaded.get("it")


def refusal(kind: QuestionType, value: object, **more: Any) -> str:
    """Return the sentence with which an answer is refused."""
    with pytest.raises(ValidationError) as caught:
        ask(kind, value, **more)
    messages = caught.value.messages
    assert isinstance(messages, dict)
    return str(messages["it"][0])


@pytest.mark.parametrize(
    ("kind", "value", "clean"),
    [
        (QuestionType.TEXT, "  Ann\u0000 \u202eB\n ", "Ann B"),
        (QuestionType.LONGTEXT, "one\r\ntwo", "one\ntwo"),
        (QuestionType.EMAIL, " ann@example.com ", "ann@example.com"),
        (QuestionType.PHONE, "+1 (555) 010-0199", "+1 (555) 010-0199"),
        (QuestionType.DATE, "1980-5-31", "1980-05-31"),
        (QuestionType.DATE, "05/31/1980", "1980-05-31"),
        (QuestionType.CONSENT, "on", "yes"),
    ],
)
def test_a_good_answer_is_cleaned(kind: QuestionType, value: str, clean: str) -> None:
    assert ask(kind, value) == clean


def test_numbers_and_choices_come_back_as_text() -> None:
    assert ask(QuestionType.SCALE, "07", maximum=10) == "7"
    assert ask(QuestionType.CHOICE, ["b"], choices=CHOICES) == "b"
    assert ask(QuestionType.MULTI, ["b", "a", "b"], choices=CHOICES) == ["a", "b"]


def test_a_date_may_come_in_three_parts() -> None:
    schema = schema_for([Question("it", QuestionType.DATE, "When?")], {"it"}, TODAY, "US", ERRORS)
    assert schema.load({"it_year": "1980", "it_month": "5", "it_day": "31"}) == {"it": "1980-05-31"}
    with pytest.raises(ValidationError):
        schema.load({"it_year": "1980", "it_month": "", "it_day": "31"})


@pytest.mark.parametrize(
    ("kind", "value", "more", "sentence"),
    [
        (QuestionType.TEXT, "  ", {}, "Type an answer: Which one?"),
        (QuestionType.TEXT, "x" * 5, {"max_length": 4}, "Use no more than 4 letters. You used 5."),
        (QuestionType.EMAIL, "ann@", {}, "Type an email address, like name@example.com."),
        (QuestionType.EMAIL, "a@b.c\nBcc: x@y.z", {}, "Type an email address, like name@example.com."),
        (QuestionType.PHONE, "call me", {}, PHONE),
        (QuestionType.PHONE, "٣٤٥٦٧٨٩٠", {}, PHONE),
        (QuestionType.DATE, "2026-02-30", {}, "Type a real date. Use numbers for the month, day and year."),
        (QuestionType.DATE, "1800-01-01", {}, "Type a real date. Use numbers for the month, day and year."),
        (QuestionType.DATE, "2027-01-01", {}, "This date is not yet here. Check the year."),
        (QuestionType.SCALE, "11", {"maximum": 10}, "Type a whole number from 0 to 10."),
        (QuestionType.SCALE, "-1", {"maximum": 10}, "Type a whole number from 0 to 10."),
        (QuestionType.SCALE, "3.5", {"maximum": 10}, "Type a whole number from 0 to 10."),
        (QuestionType.CHOICE, "c", {"choices": CHOICES}, "Choose one of the answers shown: Which one?"),
        (
            QuestionType.CHOICE,
            ["a", "b"],
            {"choices": CHOICES},
            "Choose one of the answers shown: Which one?",
        ),
        (QuestionType.CHOICE, "", {"choices": CHOICES}, "Choose one answer: Which one?"),
        (QuestionType.MULTI, [], {"choices": CHOICES}, "Choose at least one answer: Which one?"),
        (QuestionType.MULTI, ["a", "x"], {"choices": CHOICES}, "Choose one of the answers shown: Which one?"),
        (QuestionType.MULTI, ["a", "b"], {"choices": CHOICES, "max_choices": 1}, "Choose no more than 1."),
        (
            QuestionType.GATE,
            ["a", "none"],
            {"choices": CHOICES},
            "You chose “None of these” and one more. Keep one of them.",
        ),
        (QuestionType.CONSENT, "", {}, "Tick this box to go on: Which one?"),
    ],
)
def test_a_bad_answer_is_refused_with_what_to_do(
    kind: QuestionType, value: object, more: dict[str, Any], sentence: str
) -> None:
    assert refusal(kind, value, **more) == sentence


def test_an_optional_question_may_be_left_blank() -> None:
    assert ask(QuestionType.EMAIL, " ", required=False) is None


def test_fields_that_are_not_asked_are_dropped() -> None:
    schema = schema_for([Question("it", QuestionType.TEXT, "?")], (), TODAY, "US", ERRORS)
    assert schema.load({"it": "x", "admin": "yes"}) == {"it": "x"}


def test_the_sentences_can_be_in_another_language() -> None:
    schema = schema_for(
        [Question("it", QuestionType.TEXT, "¿?")], {"it"}, TODAY, "US", {"missing_text": "Escriba: {label}"}
    )
    with pytest.raises(ValidationError, match="Escriba"):
        schema.load({})


def test_text_keeps_accents_and_other_scripts() -> None:
    assert clean_text("  José e\u0301 中文 ") == "José é 中文"


def test_a_safety_question_is_always_required() -> None:
    question = Question("it", QuestionType.CHOICE, "?", safety=True)
    assert is_required(question, Known({}))
    assert not is_required(Question("it", QuestionType.TEXT, "?"), Known({}))


def test_a_question_may_be_required_on_a_condition() -> None:
    question = Question("it", QuestionType.TEXT, "?", required=parse("other answered"))
    assert is_required(question, Known({"other": "x"}))
    assert not is_required(question, Known({}))


def test_choices_can_follow_an_earlier_answer() -> None:
    question = Question("it", QuestionType.CHOICE, "?", choices=CHOICES, choices_from="places")
    assert [choice.id for choice in options(question, {"places": ["b_l", "b_r"]})] == ["b"]


@pytest.mark.parametrize("kind", QuestionType)
def test_every_type_of_question_is_read(kind: QuestionType) -> None:
    assert kind.holds_many is not (kind in READERS)
