"""Plans as values and as JSON, and a dose in words."""

import json

import pytest
from marshmallow import ValidationError

from clinical.plan.case import Policy
from clinical.plan.choose import choose
from schemas.plan import Dose, dump, load
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
        (Dose(sets=2, reps=8, days_per_week=4, language="es"), "2 series de 8 · 4 días a la semana"),
        (Dose(sets=2, reps=8, days_per_week=4, language="xx"), "2 sets of 8 · 4 days a week"),
    ],
)
def test_a_dose_reads_as_a_client_says_it(dose: Dose, text: str) -> None:
    assert dose.text == text


def test_a_pace_is_one_sentence() -> None:
    assert Dose(tempo="2-1-3").tempo_text == "Go slow. Take 2 seconds one way and 3 seconds back."
    assert Dose().tempo_text == ""


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
        load({**values, "items": [{"name": "Bridge"}]})
    with pytest.raises(ValidationError):
        load({**values, "stage": "one"})
