"""The condition language: what holds, what does not, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.forms.condition import ConditionError, parse, values_of

ANSWERS = {
    "rf_calf": "yes",
    "rf_breath": "no",
    "pain_now": "8",
    "pain_regions": ["low_back_l", "knee_front_r"],
    "main_region": "low_back",
    "cond_oa": ["knee", "hip"],
    "cond_implant": ["no"],
    "falls_12m": "2+",
    "blank": "  ",
}
FACTS = frozenset({"falls_flag=yes", "age=under18", "pain_regions=low_back", "cond_bp=not_controlled"})


@pytest.mark.parametrize(
    "text",
    [
        "rf_calf = yes",
        "rf_calf=yes and rf_breath=no",
        "rf_breath = yes or rf_calf = yes",
        "rf_calf = no or rf_breath = no and pain_now >= 8",
        "not (rf_calf = no)",
        "NOT rf_calf = no AND (pain_now > 7 OR age > 90)",
        "pain_regions has low_back",
        "pain_regions has low_back_l",
        "pain_regions has {jaw, knee_front}",
        "pain_regions lacks calf",
        "pain_regions has knee_*",
        "main_region in {low_back, buttock}",
        "falls_12m = 2+",
        "falls_flag = yes",
        "cond_bp = not_controlled",
        "age = under18",
        "age >= 40 and age < 41",
        "count(cond_oa) >= 2",
        "count(pain_regions) > 2",
        "rf_calf answered",
        "not blank answered",
        "always",
        "rf_calf\n  = yes",
    ],
)
def test_a_condition_that_is_true_holds(text: str) -> None:
    assert parse(text).holds(ANSWERS, FACTS, 40)


@pytest.mark.parametrize(
    "text",
    [
        "rf_calf = no",
        "rf_calf != yes",
        "rf_calf = yes and rf_breath = yes",
        "pain_regions has low_back_r",
        "pain_regions lacks low_back",
        "pain_now < 8",
        "age > 40",
        "cond_oa lacks knee",
        "count(cond_implant) >= 1",
        "main_region = knee_*",
        "rf_calf > 3",
        "blank answered",
    ],
)
def test_a_condition_that_is_false_does_not_hold(text: str) -> None:
    assert not parse(text).holds(ANSWERS, FACTS, 40)


@pytest.mark.parametrize(
    "text", ["x = no", "x != no", "x > 1", "x < 1", "x has a", "x lacks a", "count(x) < 9", "age < 200"]
)
def test_a_missing_answer_makes_every_test_false(text: str) -> None:
    assert not parse(text).holds({}, frozenset(), None)


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 0),
        ("rf_calf", 7),
        ("rf_calf =", 9),
        ("rf_calf = yes and", 17),
        ("(rf_calf = yes", 14),
        ("rf_calf = yes pain", 14),
        ("pain_now >= much", 12),
        ("pain in {a b}", 11),
        ("a ? b", 1),
        ("and = no", 0),
    ],
)
def test_a_condition_that_cannot_be_read_says_where(text: str, position: int) -> None:
    with pytest.raises(ConditionError) as caught:
        parse(text)
    assert caught.value.position == position


def test_names_and_values_can_be_listed_for_checking() -> None:
    condition = parse("not (a = x or b in {y, z}) and count(c) >= 2")
    assert condition.names() == {"a", "b", "c"}
    assert {value for test in condition.tests() for value in test.values} == {"x", "y", "z", "2"}


def test_because_names_only_the_answers_that_made_it_true() -> None:
    condition = parse("(rf_breath = yes or rf_calf = yes) and pain_now >= 8")
    assert condition.because(ANSWERS) == (("rf_calf", "yes"), ("pain_now", "8"))
    assert parse("rf_breath = yes").because(ANSWERS) == ()


def test_values_are_read_from_text_lists_and_numbers() -> None:
    answers = {"a": " x ", "b": ["y", ""], "c": 3}
    assert [values_of(answers, name) for name in "abcd"] == [("x",), ("y",), ("3",), ()]  # type: ignore[arg-type]


_words = st.sampled_from(
    ["rf_calf", "pain_now", "yes", "8", "and", "or", "not", "(", ")", "=", "!=", ">=", "has"]
)


@given(st.lists(_words, max_size=9).map(" ".join))
def test_any_text_is_either_read_or_refused_with_a_position_inside_it(text: str) -> None:
    position, condition = 0, None
    try:
        condition = parse(text)
    except ConditionError as error:
        position = error.position
    assert 0 <= position <= len(text)
    assert condition is None or str(parse(str(condition))) == str(condition)


@given(st.sampled_from(["=", "!=", "has", "lacks"]), st.text("abcxyz_", min_size=1).map(lambda t: "v" + t))
def test_not_turns_every_test_round(sign: str, value: str) -> None:
    condition = f"rf_calf {sign} {value}"
    assert parse(condition).holds(ANSWERS) != parse(f"not {condition}").holds(ANSWERS)
