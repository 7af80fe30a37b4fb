"""FHIR R4 for other systems: Questionnaire, QuestionnaireResponse and CarePlan as plain JSON values.

https://hl7.org/fhir/R4/questionnaire.html · questionnaireresponse.html · careplan.html
"""

from datetime import datetime
from typing import Any

from schemas.booking import Booking
from schemas.forms.condition import Answers, values_of
from schemas.forms.questionnaire import Question, Questionnaire, QuestionType
from schemas.plan import PlanStatus
from schemas.worded_plan import WordedItem, WordedPlan

SYSTEM = "urn:aftercare:questionnaire"
TYPES = {
    QuestionType.TEXT: "string",
    QuestionType.LONGTEXT: "text",
    QuestionType.EMAIL: "string",
    QuestionType.PHONE: "string",
    QuestionType.DATE: "date",
    QuestionType.NUMBER: "integer",
    QuestionType.SCALE: "integer",
    QuestionType.CHOICE: "choice",
    QuestionType.MULTI: "choice",
    QuestionType.BODYMAP: "choice",
    QuestionType.GATE: "choice",
    QuestionType.CONSENT: "boolean",
}
YES = frozenset({"yes", "true", "on", "1", "agree"})
STATUS = {
    PlanStatus.draft: "draft",
    PlanStatus.held: "on-hold",
    PlanStatus.released: "active",
    PlanStatus.sent: "active",
}


def questionnaire(asked: Questionnaire) -> dict[str, Any]:
    """A questionnaire as a FHIR Questionnaire: one group per screen."""
    return {
        "resourceType": "Questionnaire",
        "id": _id(asked.id),
        "url": f"{SYSTEM}:{asked.id}",
        "version": asked.version,
        "name": asked.id.replace("_", " ").title().replace(" ", ""),
        "title": asked.title,
        "status": "active",
        "language": asked.language,
        "subjectType": ["Patient"],
        "item": [
            {
                "linkId": f"step-{step.id}",
                "text": step.title,
                "type": "group",
                "item": [_question(question) for question in step.questions],
            }
            for step in asked.steps
            if step.questions
        ],
    }


def _id(name: str) -> str:
    return name.replace("_", "-")


def _question(question: Question) -> dict[str, Any]:
    kind = TYPES[question.type]
    item: dict[str, Any] = {"linkId": question.id, "text": question.label, "type": kind}
    if question.type.holds_many:
        item["repeats"] = True
    if kind == "choice":
        item["answerOption"] = [{"valueCoding": _coding(question, one.id)} for one in question.choices]
    return item


def _coding(question: Question, value: str) -> dict[str, str]:
    system = f"{SYSTEM}:{question.id}"
    return {"system": system, "code": value, "display": question.label_of(value)}


def response(
    asked: Questionnaire, answers: Answers, booking: Booking, submitted_at: datetime | None
) -> dict[str, Any]:
    """A client's answers as a FHIR QuestionnaireResponse; the person is only named by our number."""
    found: dict[str, Any] = {
        "resourceType": "QuestionnaireResponse",
        "id": f"intake-{booking.id}",
        "questionnaire": f"{SYSTEM}:{asked.id}|{asked.version}",
        "status": "completed" if submitted_at else "in-progress",
        "subject": _person(booking),
        "item": _answered(asked, answers),
    }
    if submitted_at:
        found["authored"] = submitted_at.isoformat()
    return found


def _person(booking: Booking) -> dict[str, Any]:
    return {"identifier": {"system": "urn:aftercare:client", "value": str(booking.client_id)}}


def _answered(asked: Questionnaire, answers: Answers) -> list[dict[str, Any]]:
    groups = []
    for step in asked.steps:
        items = [
            {"linkId": one.id, "text": one.label, "answer": [_value(one, value) for value in given]}
            for one in step.questions
            if (given := [value for value in values_of(answers, one.id) if value])
        ]
        if items:
            groups.append({"linkId": f"step-{step.id}", "text": step.title, "item": items})
    return groups


def _value(question: Question, value: str) -> dict[str, Any]:
    kind = TYPES[question.type]
    if kind == "boolean":
        return {"valueBoolean": value.casefold() in YES}
    if kind == "integer":
        return {"valueInteger": int(value)}
    if kind == "date":
        return {"valueDate": value}
    if kind == "choice":
        return {"valueCoding": _coding(question, value)}
    return {"valueString": value}


def care_plan(plan: WordedPlan, booking: Booking, status: PlanStatus, made_at: datetime) -> dict[str, Any]:
    """A plan as a FHIR CarePlan: one activity per exercise, with its dose in words."""
    return {
        "resourceType": "CarePlan",
        "id": f"plan-{booking.id}-{plan.version}",
        "status": STATUS.get(status, "revoked"),
        "intent": "plan",
        "title": plan.title,
        "description": plan.intro,
        "language": plan.language,
        "created": made_at.isoformat(),
        "subject": _person(booking),
        "activity": [{"detail": _activity(item)} for item in plan.items],
        "note": [{"text": text} for text in (plan.pain_rule, plan.stop_rule, plan.scope_text) if text],
    }


def _activity(item: WordedItem) -> dict[str, Any]:
    dose = item.dose
    detail: dict[str, Any] = {
        "code": {
            "coding": [{"system": "urn:aftercare:exercise", "code": item.exercise_id, "display": item.name}],
            "text": item.name,
        },
        "status": "not-started",
        "description": " ".join((f"{item.dose_text}.", *item.steps)),
    }
    if dose.days_per_week:
        repeat = {
            "frequency": dose.days_per_week * max(dose.times_per_day, 1),
            "period": 1,
            "periodUnit": "wk",
        }
        detail["scheduledTiming"] = {"repeat": repeat}
    return detail
