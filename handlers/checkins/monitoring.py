"""The remote monitoring sheet of one client, from what is kept anyway and the timer of whoever reads it."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from handlers.context import Context
from schemas.booking import BookingStatus
from schemas.checkin import Tick
from schemas.delivery import Purpose
from schemas.monitoring import DAYS, Line, Sheet, What
from store import bookings, checkins, clients, deliveries, intakes, looks
from store.base import Tx


def sheet(tx: Tx, context: Context, client_id: int, first: date, now: datetime) -> Sheet:
    """30 days from `first`, days on the clinic's calendar."""
    family, zone = clients.family(tx, client_id), context.zone()
    found = [*_data(tx, family, zone), *_reviews(tx, family, zone), *_contacts(tx, family, zone, now)]
    until = first + timedelta(days=DAYS)
    inside = (line for line in found if first <= line.day < until)
    return Sheet(first, tuple(sorted(inside, key=_order)))


def _order(line: Line) -> tuple[date, str, str]:
    return line.day, line.at.isoformat() if line.at else "", line.source


def _line(at: datetime, zone: ZoneInfo, what: What, source: str, by: str = "", minutes: int = 0) -> Line:
    return Line(at.astimezone(zone).date(), at, what, source, by, minutes)


def _data(tx: Tx, family: Sequence[int], zone: ZoneInfo) -> Iterator[Line]:
    for at in intakes.submitted(tx, family):
        yield _line(at, zone, What.data, "form")
    for kind, answered_at in checkins.dates_of_client(tx, family):
        if isinstance(kind, Tick):
            on_the_day = answered_at is not None and answered_at.astimezone(zone).date() == kind.day
            yield Line(kind.day, answered_at if on_the_day else None, What.data, "tick")
        elif answered_at:
            yield _line(answered_at, zone, What.data, "checkin")


def _reviews(tx: Tx, family: Sequence[int], zone: ZoneInfo) -> Iterator[Line]:
    for one in looks.of_client(tx, family):
        source = "forgotten" if one.forgotten else "timer"
        yield _line(one.started_at, zone, What.review, source, one.author, one.minutes)


def _contacts(tx: Tx, family: Sequence[int], zone: ZoneInfo, now: datetime) -> Iterator[Line]:
    visits = [each for one in family for each in bookings.of_client(tx, one)]
    for visit in visits:
        if visit.status == BookingStatus.confirmed and visit.start_at <= now:
            yield _line(visit.start_at, zone, What.contact, "visit", visit.practitioner)
    for sent in deliveries.sent_to(tx, [visit.id for visit in visits]):
        if sent.key.client in (0, *family) and sent.settled_at:
            source = "answer" if sent.purpose is Purpose.answer else "message"
            yield _line(sent.settled_at, zone, What.contact, source)
