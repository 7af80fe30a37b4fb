"""Typed danger reaches a person, and what ordinary people type does not."""

import tomllib
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinical.answers.typed import says_nothing, search, sentences
from schemas.forms.typed import TypedRules
from schemas.severity import Severity
from tests.helpers.content import library

TEXTS = Path(__file__).parent / "typed"
LANGUAGES = ("en", "es")
RULES = library().rules.typed
EXAMPLES = [(danger.id, text) for danger in RULES.dangers for text in danger.match]
HARMLESS = [text for danger in RULES.dangers for text in danger.no_match]


@cache
def texts(language: str, kind: str) -> list[str]:
    found: list[str] = tomllib.loads((TEXTS / f"{language}.toml").read_text("utf-8"))[kind]
    return found


def dangers(text: str) -> set[str]:
    return {found.danger.id for found in search(text, RULES)}


@pytest.mark.parametrize(("danger", "text"), EXAMPLES)
def test_each_danger_is_found_in_its_examples(danger: str, text: str) -> None:
    assert danger in dangers(text)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_must_not_match_does_not(text: str) -> None:
    assert dangers(text) == set()


@pytest.mark.parametrize("danger", RULES.dangers, ids=lambda danger: danger.id)
def test_each_danger_has_examples_in_both_directions(danger: object) -> None:
    assert len(danger.match) >= 4  # type: ignore[attr-defined]
    assert len(danger.no_match) >= 3  # type: ignore[attr-defined]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_different_people_type_of_danger_reaches_a_person(language: str) -> None:
    missed = [text for text in texts(language, "danger") if not dangers(text)]
    assert len(texts(language, "danger")) >= 60
    assert missed == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_ordinary_people_type_is_let_alone(language: str) -> None:
    held = [(text, dangers(text)) for text in texts(language, "ordinary") if dangers(text)]
    assert len(texts(language, "ordinary")) >= 120
    assert held == []


@pytest.mark.parametrize(
    "change", [str.upper, lambda text: text.replace("e", "e\u200b"), lambda text: f"  {text}!!"]
)
def test_case_signs_and_hidden_characters_hide_nothing(change: object) -> None:
    for danger, text in EXAMPLES:
        assert danger in dangers(change(text))  # type: ignore[operator]


@given(
    st.sampled_from(EXAMPLES),
    st.sampled_from(texts("en", "ordinary") + texts("es", "ordinary")),
    st.booleans(),
)
def test_an_ordinary_sentence_before_or_after_hides_no_danger(
    example: tuple[str, str], other: str, first: bool
) -> None:
    danger, text = example
    assert danger in dangers(f"{other}. {text}" if first else f"{text}. {other}")


@pytest.mark.parametrize(
    "before", ["No,", "Nope -", "No allergies,", "no pills, no allergies,", "no,", "Sin alergias,", "No\n"]
)
def test_a_no_to_something_else_hides_no_danger(before: str) -> None:
    plain = [(danger, text) for danger, text in EXAMPLES if "," not in text]  # a comma more makes a list
    assert [(danger, text) for danger, text in plain if danger not in dangers(f"{before} {text}")] == []


@given(st.permutations(["numbness", "tingling", "chest pain", "fainting", "blood clots"]), st.integers(2, 5))
def test_a_no_denies_a_whole_list_of_names(names: list[str], many: int) -> None:
    some = names[:many]
    assert not dangers(f"No {', '.join(some[:-1])} or {some[-1]}")
    assert not dangers(f"I have not had {', '.join(some[:-1])}, or {some[-1]}.")


@pytest.mark.parametrize(
    ("harmless", "dangerous"),
    [
        ("Was on Lovenox in 2016, nothing since", "On Lovenox since 2016"),
        ("passed out when I was nine", "passed out when I was lifting"),
        ("the heart attack was my husband's", "my husband says it was a heart attack"),
        ("my daughter had slurred speech", "my daughter says my speech is slurred"),
        ("me desmayé de niño, nada desde entonces", "me desmayé de niño, y desde entonces otra vez"),
        (
            "my calf was swollen after soccer, back to normal",
            "my calf is swollen, back to normal activity but",
        ),
        ("the rash is back to normal", "my face drooped for five minutes, then back to normal"),
        ("my toddler had a fever", "my toddler had a fever and now I have a fever"),
    ],
)
def test_whose_it_was_and_when_it_was_counts(harmless: str, dangerous: str) -> None:
    assert not dangers(harmless)
    assert dangers(dangerous)


@pytest.mark.parametrize(
    ("harmless", "dangerous"),
    [
        (
            "fainted in march, cardiologist checked me, all clear, none since",
            "fainted in march, cardiologist checked me, all clear, but it happened again",
        ),
        (
            "Had a DVT scare in spring. Ultrasound was clean, back to running.",
            "My leg is swollen and hot on one side. Ultrasound was clean, back to running.",
        ),
        (
            "me desmayé en marzo, el cardiólogo me revisó, todo normal, no ha vuelto a pasar",
            "me desmayo seguido, el cardiólogo me revisó, todo normal",
        ),
        (
            "slipped last week, x-ray clean, go ahead",
            "slipped last week, can't put weight on it, x-ray clean",
        ),
        ("knee checked, all clear, none since", "kidney transplant, checked, all clear, none since"),
    ],
)
def test_what_a_doctor_has_cleared_and_is_over_is_let_alone(harmless: str, dangerous: str) -> None:
    assert not dangers(harmless)
    assert dangers(dangerous)


@pytest.mark.parametrize(
    ("harmless", "dangerous"),
    [
        ("nearly had an aneurysm when I saw the bill", "nearly fainted when I stood up"),
        ("almost passed out laughing", "almost passed out climbing stairs"),
        ("casi me da un infarto con el precio de la luz", "casi me da un infarto ayer"),
        ("casi me desmayo cuando vi la factura", "me desmayé cuando vi la factura"),
        ("my husband beats me at chess", "my husband beats me"),
        ("paint thinner stinks", "I take a thinner"),
        ("ran suicides at practice", "thoughts of suicide at practice"),
        ("legs felt like jelly after squats", "both legs are like jelly since yesterday"),
        ("No numbness down there, bladder fine", "numbness down there, bladder fine"),
    ],
)
def test_a_turn_of_phrase_is_let_alone(harmless: str, dangerous: str) -> None:
    assert not dangers(harmless)
    assert dangers(dangerous)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("my elbow went purple yesterday", {"typed_unclear"}),
        ("my elbow went purple years ago", set()),
        ("no numbness in my elbow since yesterday", set()),
        ("my elbow is sore from work since yesterday, heavy after the gym", set()),
        ("my shin feels like paper", {"typed_unclear"}),
        ("my shin feels like paper after work", set()),
    ],
)
def test_what_is_odd_and_new_with_the_body_is_looked_at(text: str, found: set[str]) -> None:
    assert dangers(text) == found
    assert all(RULES.danger(name).severity is Severity.REVIEW for name in found)  # type: ignore[union-attr]


def test_calm_words_make_a_turn_of_phrase_only_of_what_says_so() -> None:
    assert dangers("I worry about my kidneys") == {"typed_worry"}
    assert not dangers("I worry about my kidneys at my desk job")
    assert dangers("I take warfarin at my desk job") == {"typed_thinner"}


def test_rules_of_before_that_know_no_tone_find_what_they_found() -> None:
    old = TypedRules(RULES.dangers, RULES.harmless)
    assert not list(search("my elbow went purple yesterday", old))
    assert all(
        danger in {one.danger.id for one in search(text, old)}
        for danger, text in EXAMPLES
        if danger != "typed_unclear"
    )


@given(st.text(max_size=80))
def test_any_text_is_read_without_failing(text: str) -> None:
    dangers(text)
    assert all(words for words in sentences(text))


@pytest.mark.parametrize(
    "text", ["", "No.", "none", "N/A", "nada", "Ninguno", "no, gracias", "nothing else", "-"]
)
def test_a_comment_that_says_nothing_is_nothing(text: str) -> None:
    assert says_nothing(text, RULES)


@pytest.mark.parametrize("text", ["gout", "no gout now, but last year", "a bad knee"])
def test_a_comment_that_says_something_is_not(text: str) -> None:
    assert not says_nothing(text, RULES)
