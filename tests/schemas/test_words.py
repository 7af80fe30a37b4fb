"""Words: filled in once, counted as the language counts, read in its direction."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.notions.words import Words, direction, fill, placeholders

CHOSEN = {
    "en": {"one": "1 place", "other": "{n} places"},
    "pl": {"one": "1 miejsce", "few": "{n} miejsca", "many": "{n} miejsc", "other": "{n} miejsca"},
    "ar": {
        "zero": "لا مكان",
        "one": "مكان واحد",
        "two": "مكانان",
        "few": "{n} أماكن",
        "many": "{n} مكانًا",
        "other": "{n} مكان",
    },
}


@pytest.mark.parametrize(
    ("language", "count", "said"),
    [
        ("en", 1, "1 place"),
        ("en", 0, "0 places"),
        ("en", 12, "12 places"),
        ("pl", 3, "3 miejsca"),
        ("pl", 5, "5 miejsc"),
        ("pl", 22, "22 miejsca"),
        ("ar", 0, "لا مكان"),
        ("ar", 2, "مكانان"),
        ("ar", 7, "7 أماكن"),
        ("ar", 100, "100 مكان"),
    ],
)
def test_a_number_takes_the_form_of_its_language(language: str, count: int, said: str) -> None:
    assert Words(language, {"map.chosen": CHOSEN[language]}).say("map.chosen", n=count) == said


def test_a_form_that_is_not_there_is_the_other() -> None:
    words = Words("ar", {"chosen": CHOSEN["en"]})
    assert words.say("chosen", n=7) == "7 places"


@given(st.text(), st.text())
def test_no_value_is_read_as_a_text(name: str, number: str) -> None:
    assert fill("{name} {number}", {"name": name, "number": number}) == f"{name} {number}"


def test_what_nobody_knows_stays_as_it_stands() -> None:
    assert fill("Hi {name}, call {number}", {"name": "{number}"}) == "Hi {number}, call {number}"


def test_a_text_may_always_name_the_clinic() -> None:
    words = Words("en", {"page.emergency": "Call {emergency_number}."}).knowing({"emergency_number": "112"})
    assert words.say("page.emergency") == "Call 112."
    assert words.fill("{emergency_number}: {minutes}", minutes=8) == "112: 8"


def test_the_names_of_all_forms_count() -> None:
    assert placeholders(CHOSEN["en"]) == {"n"}
    assert placeholders("{a} {b} {a}") == {"a", "b"}


@pytest.mark.parametrize(
    ("language", "way"), [("en", "ltr"), ("ar-EG", "rtl"), ("he", "rtl"), ("es-MX", "ltr")]
)
def test_a_language_has_its_direction(language: str, way: str) -> None:
    assert direction(language) == way


def test_a_table_is_given_by_its_last_words() -> None:
    words = Words("en", {"plan.for": "For", "plan.of": CHOSEN["en"], "planned.for": "No"})
    assert words.table("plan") == {"for": "For"}
