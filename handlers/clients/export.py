"""What leaves the clinic for another system, when a person asks for it."""

from typing import Any

from clinical.plan.case import policy_for
from clinical.plan.wording import word
from handlers.answers import effective
from handlers.clients import fhir
from handlers.context import Context
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
        plan = stored.plan
        worded = word(plan, context.plan_content(plan.language), policy_for(context.clinic))
        found.append(fhir.care_plan(worded, booking, stored.status, stored.created_at))
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in found]}
