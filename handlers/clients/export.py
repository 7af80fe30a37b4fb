"""What leaves the clinic for another system, when a person asks for it."""

from typing import Any

from handlers.answers import effective
from handlers.clients import fhir
from handlers.context import Context
from schemas import plan as plans_json
from store import bookings, intakes, plans
from store.base import Tx


def fhir_bundle(tx: Tx, context: Context, booking_id: int) -> dict[str, Any] | None:
    """A FHIR R4 bundle of questionnaire, answers and plan of one booking; None without an intake."""
    booking = bookings.get(tx, booking_id)
    intake = intakes.of_booking(tx, booking.id) if booking else None
    if booking is None or intake is None:
        return None
    asked = context.library(context.clinic.spoken(intake.language)).questionnaires[intake.questionnaire]
    found = [
        fhir.questionnaire(asked),
        fhir.response(asked, effective(tx, intake), booking, intake.submitted_at),
    ]
    stored = plans.newest(tx, booking.id)
    if stored is not None:
        content = plans_json.load(stored.content)
        found.append(fhir.care_plan(content, booking, stored.status, stored.created_at))
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in found]}
