"""How far a client has come: shown at the end of a check-in, to who knows the date of birth (PRV-3).

Whoever holds a forwarded link can reply, and learns nothing of what was said before.
"""

from dataclasses import dataclass
from datetime import datetime

from clinical.answers.facts import BORN
from handlers.answers import effective
from handlers.checkins import progress
from handlers.checkins.progress import Outcome
from handlers.context import Context
from schemas.checkin import WEEK, CheckIn, CheckInKind
from store import audit, bookings, checkins, intakes
from store.base import Tx
from store.views import board

WRONG = "result_birthday_wrong"
MOST_TRIES = 3  # dates of birth that are not theirs; then it is asked no more for this check-in
BY_WEEK = (CheckInKind.w1, CheckInKind.w2, CheckInKind.w4)  # their windows do not overlap


@dataclass(frozen=True, slots=True)
class Result:
    """Pain first and last, each thing that was hard, and days done of days planned; None and 0: not known."""

    pain: tuple[int, int] | None
    outcomes: tuple[Outcome, ...]
    done: int = 0
    planned: int = 0


def offered(tx: Tx, checkin: CheckIn) -> bool:
    """True where there is a date of birth to ask for, and it was not guessed at too often."""
    wrong = audit.log(tx, action=WRONG, subject=_subject(checkin), limit=MOST_TRIES)
    return checkin.answered_at is not None and bool(_born(tx, checkin)) and len(wrong) < MOST_TRIES


def shown(tx: Tx, context: Context, checkin: CheckIn, born: str, now: datetime) -> Result | None:
    """The result for who typed their date of birth (ISO); None for any other, which counts as a try."""
    if not offered(tx, checkin):
        return None
    if born != _born(tx, checkin):
        if born:
            audit.add(tx, "client", WRONG, _subject(checkin), now)
        return None
    booking = bookings.get(tx, checkin.booking_id)
    assert booking is not None
    found = progress.of_client(tx, context, booking.client_id)
    pains = [each.score for each in found.pains]
    done, planned = _days(tx, checkin)
    return Result((pains[0], pains[-1]) if len(pains) > 1 else None, found.outcomes, done, planned)


def _days(tx: Tx, checkin: CheckIn) -> tuple[int, int]:
    """Days done and planned in the weeks that were asked about since this visit."""
    of_visit = [each for each in checkins.of_booking(tx, checkin.booking_id) if each.kind in BY_WEEK]
    per_week = board.days_per_week(tx, {each.plan_id for each in of_visit})
    said = [
        (str(each.reply.get(progress.DAYS_DONE, "")), per_week.get(each.plan_id, WEEK)) for each in of_visit
    ]
    known = [(int(days), planned) for days, planned in said if days.isdigit()]
    return sum(days for days, _ in known), sum(planned for _, planned in known)


def _born(tx: Tx, checkin: CheckIn) -> str:
    intake = intakes.of_booking(tx, checkin.booking_id)
    return str(effective(tx, intake).get(BORN) or "") if intake else ""


def _subject(checkin: CheckIn) -> str:
    return f"checkin:{checkin.id}"
