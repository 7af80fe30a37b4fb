"""FHIR R4: what is exported is valid by an independent model, and says what was said."""

import json

import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.careplan import CarePlan
from fhir.resources.R4B.questionnaire import Questionnaire
from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse

from handlers.clients import export, fhir
from handlers.context import Context
from handlers.plans import drafting
from schemas.forms.questionnaire import QuestionType
from tests.helpers.answers import fill_in
from tests.helpers.clinic import NOW
from tests.helpers.visits import book


@pytest.mark.parametrize("name", ["first_visit", "short", "returning", "checkin"])
@pytest.mark.parametrize("language", ["en", "es"])
def test_every_questionnaire_is_a_valid_fhir_questionnaire(
    context: Context, name: str, language: str
) -> None:
    made = fhir.questionnaire(context.library(language).questionnaires[name])
    found = Questionnaire.model_validate(made)
    asked = {question.id for question in context.library(language).questionnaires[name].questions()}
    told = json.loads(found.model_dump_json())
    assert {item["linkId"] for group in told["item"] for item in group["item"]} == asked


def test_a_booking_with_answers_and_plan_is_a_valid_bundle(context: Context) -> None:
    booking = book(context)
    fill_in(context, booking)
    with context.db.begin() as tx:
        assert drafting.draft(tx, context, booking.id, NOW) is not None
        bundle = export.fhir_bundle(tx, context, booking.id)
    assert bundle is not None
    Bundle.model_validate(json.loads(json.dumps(bundle)))
    asked, answered, plan = (entry["resource"] for entry in bundle["entry"])
    response = QuestionnaireResponse.model_validate(answered)
    assert response.status == "completed"
    assert response.questionnaire == f"{asked['url']}|{asked['version']}"
    care = CarePlan.model_validate(plan)
    assert 2 <= len(care.activity or []) <= 5


def test_every_answer_points_at_a_question_of_the_same_questionnaire(context: Context) -> None:
    booking = book(context)
    fill_in(context, booking)
    with context.db.read() as tx:
        bundle = export.fhir_bundle(tx, context, booking.id)
    assert bundle is not None
    asked, answered = (entry["resource"] for entry in bundle["entry"][:2])
    known = {item["linkId"] for group in asked["item"] for item in group["item"]}
    given = {item["linkId"] for group in answered["item"] for item in group["item"]}
    assert given
    assert given <= known


def test_a_booking_without_an_intake_gives_nothing(context: Context) -> None:
    with context.db.read() as tx:
        assert export.fhir_bundle(tx, context, 12345) is None


def test_every_type_of_question_has_one_of_fhir() -> None:
    assert set(fhir.TYPES) == set(QuestionType)
