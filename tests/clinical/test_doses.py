"""A dose in words, in the language of the client."""

import pytest

from clinical.plan.doses import dose_text, side_text, tempo_text
from schemas.plan import Dose, Side
from tests.helpers.content import doses


@pytest.mark.parametrize(
    ("dose", "text"),
    [
        (
            Dose(sets=2, reps=8, hold_seconds=3, days_per_week=4),
            "2 sets of 8 · hold 3 seconds · 4 days a week",
        ),
        (Dose(sets=1, reps=10, each_side=True, days_per_week=5), "10 times each side · 5 days a week"),
        (
            Dose(sets=2, reps=1, hold_seconds=30, each_side=True, days_per_week=5),
            "Hold 30 seconds · 2 times each side · 5 days a week",
        ),
        (Dose(sets=1, reps=1, hold_seconds=45, days_per_week=4), "Hold 45 seconds · once · 4 days a week"),
        (Dose(minutes=1, times_per_day=3, days_per_week=5), "1 minute · 3 times a day · 5 days a week"),
        (Dose(minutes=8, days_per_week=7), "8 minutes · every day"),
        (Dose(days_per_week=3, note="Run half."), "Run half · 3 days a week"),
        (Dose(sets=3, reps=1, hold_seconds=1, days_per_week=1), "Hold 1 second · 3 times · 1 day a week"),
    ],
)
def test_a_dose_reads_as_a_client_says_it(dose: Dose, text: str) -> None:
    assert dose_text(dose, doses()) == text


@pytest.mark.parametrize(
    ("language", "text"),
    [("es", "2 series de 8 · 4 días a la semana"), ("ar", "2 sets of 8 · 4 days a week")],
)
def test_a_dose_reads_in_the_language_of_the_client_or_in_english(language: str, text: str) -> None:
    assert dose_text(Dose(sets=2, reps=8, days_per_week=4), doses(language)) == text


def test_a_pace_is_one_sentence() -> None:
    assert tempo_text("2-1-3", doses()) == "Go slow. Take 2 seconds one way and 3 seconds back."
    assert tempo_text("", doses()) == ""


def test_only_an_exercise_with_sides_says_where_to_begin() -> None:
    said = {side: side_text(side, doses()) for side in Side}
    assert said.pop(Side.NONE) == ""
    assert all(text.startswith("Do both sides.") for text in said.values())
