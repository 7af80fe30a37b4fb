"""Plans as values and as JSON, and a dose in words."""

import json

import pytest
from marshmallow import ValidationError

from clinical.plan.case import Policy
from clinical.plan.choose import choose
from schemas.plan import Dose, dump, load
from schemas.plan_words import dose_text, tempo_text
from tests.helpers.strategies import HEALTHY, case_of, moves


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
    ],
)
def test_a_dose_reads_as_a_client_says_it(dose: Dose, text: str) -> None:
    assert dose_text(dose, "en") == text


@pytest.mark.parametrize(
    ("language", "text"),
    [("es", "2 series de 8 · 4 días a la semana"), ("xx", "2 sets of 8 · 4 days a week")],
)
def test_a_dose_reads_in_the_language_of_the_client_or_in_english(language: str, text: str) -> None:
    assert dose_text(Dose(sets=2, reps=8, days_per_week=4), language) == text


def test_a_pace_is_one_sentence() -> None:
    assert tempo_text("2-1-3", "en") == "Go slow. Take 2 seconds one way and 3 seconds back."
    assert tempo_text("", "en") == ""


def test_a_plan_survives_json_and_gives_the_same_bytes() -> None:
    plan = choose(case_of(HEALTHY), moves(), Policy(clinic_phone="555-0100"))
    assert load(dump(plan)) == plan
    text = json.dumps(dump(plan))
    assert json.dumps(dump(load(json.loads(text)))) == text


def test_json_with_an_unknown_key_or_a_wrong_type_is_refused() -> None:
    values = dump(choose(case_of(HEALTHY), moves(), Policy()))
    with pytest.raises(ValidationError):
        load({**values, "colour": "red"})
    with pytest.raises(ValidationError):
        load({**values, "items": [{"level": 1}]})
    with pytest.raises(ValidationError):
        load({**values, "stage": "one"})
