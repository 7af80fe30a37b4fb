"""A plan, a clinic and drawings to print and mail."""

from datetime import UTC, date, datetime
from typing import Any

from clinical.plan.doses import dose_text, side_text, tempo_text
from render.mail import Envelope
from schemas.clinic import Clinic
from schemas.figure import Picture
from schemas.plan import Dose, Side
from schemas.worded_plan import WordedItem, WordedPlan
from tests.helpers.content import doses

TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 13, 0, tzinfo=UTC)
TOKEN = "abcdefghijklmnopqrstuvwxyz012345"
LINK = f"https://clinic.example/p/{TOKEN}"
CLINIC = Clinic(
    "Stone & Sons", "+1 555 0142", "care@clinic.example", "America/New_York", "https://clinic.example"
)
DRAWING = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 272 100">'
    '<rect width="134" height="100" fill="#ddd"/>'
    '<circle cx="200" cy="50" r="40" fill="#c2410c"/></svg>'
)
PAIN_RULE = (
    "Pain guide. 0 to 3 out of 10 is fine. 4 to 5 is okay if it goes back to normal by the next morning. "
    "Over 5, or worse the next day: stop that move and do less. Tell us."
)
STOP_RULE = (
    "Stop at once and call 911 if you have chest pain. Also if it is hard to breathe, your face droops, an "
    "arm or leg goes weak, or you feel numb between your legs. Stop and call us if you get new tingling or "
    "dizzy spells. A hot, swollen leg needs a doctor today."
)
SCOPE = "This is general movement advice. It is not a diagnosis. If you are not sure, skip it and ask us."
STEPS = (
    "Lie on your back with knees bent and feet flat.",
    "Squeeze your seat and lift your hips.",
    "Hold, then lower slowly.",
)


DOSE = Dose(sets=2, reps=8, hold_seconds=3, days_per_week=4, tempo="2-1-3")


def move(number: int, language: str = "en") -> WordedItem:
    """One exercise like those in the content."""
    return WordedItem(
        exercise_id=f"move_{number}",
        name=f"Bridge {number}",
        phase_label="Wake up",
        level=1,
        dose=DOSE,
        dose_text=dose_text(DOSE, doses(language)),
        steps=STEPS,
        cues=("Push through your heels.",),
        mistakes=("Arching the low back.",),
        stop_when="You get a leg cramp that will not ease.",
        helps="",
        because="You said that your low back hurts when you sit.",
        tempo_text=tempo_text(DOSE.tempo, doses(language)),
        side_text=side_text(Side.BOTH, doses(language)),
    )


def plan(moves: int = 3, language: str = "en") -> WordedPlan:
    """A plan of so many exercises, with texts as long as the real ones."""
    return WordedPlan(
        version=1,
        language=language,
        title="Low back comfort and strength",
        protocol_name="Low back comfort",
        items=tuple(move(number, language) for number in range(1, moves + 1)),
        intro="Here is your plan. Do it 4 days a week. Start easy. More is not better this week.",
        pain_rule=PAIN_RULE,
        stop_rule=STOP_RULE,
        scope_text=SCOPE,
        days_per_week=4,
    )


def pictures(of: WordedPlan) -> dict[str, Picture]:
    """A drawing for each move."""
    return {item.exercise_id: Picture(DRAWING, f"{item.name}, from start to finish") for item in of.items}


def envelope(to: str = "maria@client.example", stop: bool = True) -> Envelope:
    """The way to one client."""
    return Envelope(
        to=to,
        sender="care@clinic.example",
        message_id="<intake.0123456789abcdef@clinic.example>",
        date=NOW,
        unsubscribe_url=f"https://clinic.example/u/{TOKEN}" if stop else "",
    )


def opened(data: bytes) -> Any:
    """The document, to be looked into."""
    import pymupdf  # takes a second, and most test processes never come here

    return pymupdf.open(stream=data)  # type: ignore[no-untyped-call]
