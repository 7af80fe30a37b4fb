"""Answers of a client with plain low back pain and nothing else, as tapped and as settled."""

from datetime import date, datetime

from clinical.answers.asking import settle
from handlers.context import Context
from handlers.plans import drafting
from schemas.booking import Booking
from schemas.condition import Answer
from store import intakes
from tests.helpers.clinic import NOW
from tests.helpers.content import library

TODAY = date(2026, 11, 22)

TAPPED: dict[str, Answer] = {
    "date_of_birth": "1980-05-31",
    "emergency_contact_name": "Bo",
    "emergency_contact_phone": "555 123 4567",
    "visit_reason": "pain",
    "goals": ["less_pain"],
    "activity_profile": "desk",
    "activity_level": "some",
    "minutes_per_day": "10",
    "confidence": "8",
    "gate_move": ["none"],
    "pain_regions": ["low_back_l", "low_back_r"],
    "pain_now": "4",
    "pain_avg7": "4",
    "pain_worst24": "6",
    "pain_duration": "gt_3m",
    "pain_onset": "slowly",
    "pain_pattern": "comes_and_goes",
    "pain_spread": "no",
    "pain_feel": ["ache"],
    "worse_with": ["sitting"],
    "better_with": ["moving"],
    "morning_stiff": "lt_30",
    "night_wake": "no",
    "act1_name": "Put on socks",
    "act1_score": "5",
    "gate_nerves": ["none"],
    "gate_chest": ["none"],
    "gate_injury": ["none"],
    "gate_ill": ["none"],
    "gate_heart": ["none"],
    "gate_bones": ["none"],
    "gate_other": ["none"],
    "gate_medicines": ["none"],
    "under_other_care": ["none"],
    "consent_massage": "yes",
    "consent_exercise": "yes",
    "consent_health_data": "yes",
    "consent_email": "yes",
    "signature_name_date": "Ann Example",
}


def settled(**changes: Answer) -> dict[str, Answer]:
    """Return the settled answers, with single answers changed afterwards."""
    return settle(library().questionnaires["first_visit"], TAPPED, TODAY) | changes


def fill_in(context: Context, booking: Booking, now: datetime = NOW, **changes: Answer) -> None:
    """Zoë's answers to the whole questionnaire, sent to the clinic; the rules are looked at as always."""
    with context.db.begin() as tx:
        intake = intakes.of_booking(tx, booking.id)
        assert intake is not None
        answers = settled(**changes)
        intakes.save(tx, intake, "all", answers, answers, now)
        intakes.finish(tx, intake.id, {}, now)
        drafting.draft(tx, context, booking.id, now)
