"""Plans as values and as JSON."""

import json

import pytest
from marshmallow import ValidationError

from clinical.plan.case import Policy
from clinical.plan.choose import choose
from schemas.plan import dump, load
from tests.helpers.strategies import HEALTHY, case_of, moves


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
