"""The answers that count for a booking: what was said now, over what was said in the last full form."""

from dataclasses import dataclass
from datetime import UTC, datetime

from clinical.answers import facts, flags
from clinical.answers.asking import carried
from clinical.plan import gate
from clinical.plan.case import said_no, said_yes
from handlers.context import Context
from schemas.booking import Booking
from schemas.client_request import RequestKind
from schemas.intake import Answers, Intake
from schemas.rules import Flag, Severity
from store import client_requests, clients, intakes
from store.base import Tx
from store.vault import MOVED, SealBroken

FULL, SHORT_UPDATE = "first_visit", "returning"


@dataclass(frozen=True, slots=True)
class Picture:
    """All that the rules may look at: answers, derived facts, age in years, and the flags that stand."""

    answers: Answers
    facts: frozenset[str]
    age: int | None
    flags: tuple[Flag, ...]


def effective(tx: Tx, intake: Intake) -> Answers:
    """A short update stands on the client's last full form; any other intake stands alone.

    A consent that was withdrawn or given again after the form was sent counts as it is now.
    """
    changed = _changed_since(tx, intake)
    if intake.questionnaire != SHORT_UPDATE:
        return intake.answers | changed
    before = previous(tx, intake)
    return (carried(effective(tx, before)) if before else {}) | intake.answers | changed


def _changed_since(tx: Tx, intake: Intake) -> Answers:
    """The consents about which the client decided after sending this form; raises SealBroken.

    A decision that does not open may have been any: nothing is taken as agreed to then.
    """
    if intake.submitted_at is None:
        return {}
    made = client_requests.of_client(tx, clients.family(tx, intake.client_id))
    later = [each for each in made if each.kind is RequestKind.consent and each.said_at > intake.submitted_at]
    if not all(each.what for each in later):
        raise SealBroken(MOVED)
    return {each.what: "yes" if each.yes else "no" for each in later}


def agreed(tx: Tx, intake: Intake, consent: str) -> bool:
    """True when the client gave this consent, now or in the last full form."""
    return said_yes(effective(tx, intake), consent)


def withdrew(tx: Tx, intake: Intake, consent: str) -> bool:
    """True when the client said no to this, or took it back; not where nobody asked."""
    return said_no(effective(tx, intake), consent)


def previous(tx: Tx, intake: Intake, *, questionnaires: tuple[str, ...] = ()) -> Intake | None:
    """The form that the same person sent last before this one; one that is open comes after all others."""
    before = intake.submitted_at or datetime.max.replace(tzinfo=UTC)
    family = clients.family(tx, intake.client_id)
    return intakes.last_done(tx, family, before, but=intake.id, questionnaires=questionnaires)


def picture(tx: Tx, context: Context, booking: Booking, intake: Intake, now: datetime) -> Picture:
    """What the rules see at this moment. A flag that was raised stands until a clinician cleared it.

    Raises SealBroken where older answers were put in the place of those that were saved last.
    """
    intakes.saved_last(tx, intake.id, intake.answers)
    answers = effective(tx, intake)
    today = now.astimezone(context.zone(booking.zone)).date()
    library = context.library(context.clinic.language)
    known, age = facts.derive(answers, today), facts.age_on(answers, today)
    asked = library.questionnaires[intake.questionnaire]
    found = {flag.rule: flag for flag in flags.evaluate(answers, known, age, library.rules, asked)}
    cleared = set()
    for stored in intakes.flags_of(tx, booking.id):
        if stored["cleared_at"]:
            found.pop(stored["rule"], None)
            cleared |= {stored["rule"]} if stored["severity"] != Severity.ADJUST else set()
        elif stored["rule"] not in found:
            found[stored["rule"]] = flags.from_stored(stored)
    known |= {f"{gate.CLEARED}{rule}" for rule in cleared}
    return Picture(answers, known, age, tuple(found.values()))
