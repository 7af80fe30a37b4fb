"""One client's timeline: visits, forms, flags, notes, plans, replies, messages, each with day and source."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from operator import itemgetter
from typing import Any

from flask import url_for

from schemas.booking import WALK_IN, Booking
from schemas.checkin import CheckIn, CheckInKind
from schemas.delivery import Delivery
from schemas.intake import Intake
from schemas.rules import Severity
from schemas.session_note import SessionNote
from schemas.staff import Role
from store import attendances, bookings, checkins, deliveries, intakes, notes, plans
from store.base import Tx
from web.console.gate import me
from web.console.labels import BOOKINGS, CHANNELS, PURPOSES
from web.console.note_words import TOOK
from web.console.tags import FLAGS
from web.console.view import say as words

MOST = 200


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened: when, what it is, what was said, who or what says so, its page ("": none)."""

    at: datetime
    what: str
    text: str = ""
    source: str = ""
    href: str = ""


Known = tuple[datetime, Callable[[], Event]]


def events(
    tx: Tx, family: Sequence[int], visits: Sequence[Any], since: datetime | None, *, clinical: bool
) -> list[Event]:
    """The newest first (`since` a time); whatever tells of answers is for practitioners alone (`clinical`).

    Only what is shown is put into words.
    """
    ids = [visit.id for visit in visits]
    found: list[Known] = [(one.start_at, partial(_visit, one)) for one in visits]
    found += [*_messages(tx, (0, *family), ids), *_handed_over(tx, family)]
    if clinical:
        found += [*_forms(tx, family), *_flags(tx, family), *_replies(tx, family, since), *_plans(tx, family)]
        found += [(at, partial(_note, visit, at, note)) for visit, at, note in notes.every(tx, ids)]
    newest = sorted(found, key=itemgetter(0), reverse=True)[:MOST]
    return [made() for at, made in newest if since is None or at >= since]


def say(text: str, /, **values: object) -> str:
    """A text in the language of the page."""
    return words()(text, **values)


def _page(booking_id: int, part: str = "") -> str:
    if not me().may(Role.practitioner):
        return ""
    return url_for("console_booking.booking", booking_id=booking_id, _anchor=part or None)


def _visit(one: Any) -> Event:
    text = " · ".join(filter(None, (one.service_name or one.service, one.practitioner)))
    return Event(one.start_at, say("Visit"), text, _source(one), _page(one.id))


def _source(visit: Any) -> str:
    """Where a visit stands, or who told us of it."""
    if state := BOOKINGS.get(visit.status):
        return say(state)
    return say("Walk-in") if visit.connection == WALK_IN else say("from the scheduler")


def _handed_over(tx: Tx, family: Sequence[int]) -> Iterator[Known]:
    """Visits to which somebody else comes now, and what went to them before."""
    left = attendances.left_by(tx, family)
    for visit in filter(None, (bookings.get(tx, each) for each in left)):
        yield visit.start, partial(_left, visit)
    yield from _messages(tx, family, left)


def _left(one: Booking) -> Event:
    text = " · ".join(filter(None, (one.service_name or one.service, one.practitioner)))
    return Event(one.start, say("Visit"), text, say("handed over"), _page(one.id))


def _messages(tx: Tx, about: Sequence[int], visits: Sequence[int]) -> Iterator[Known]:
    """What went to these clients (0: to whoever comes): a visit may have messages to somebody before."""
    for one in deliveries.gone_out(tx, visits, MOST):
        if one.settled_at and one.key.client in about:
            yield one.settled_at, partial(_message, one, one.settled_at)


def _message(one: Delivery, at: datetime) -> Event:
    what, way = PURPOSES[one.purpose], CHANNELS[one.channel]
    return Event(at, say("Message"), say(what), say(way), _page(one.booking_id))


def _forms(tx: Tx, family: Sequence[int]) -> Iterator[Known]:
    for one in intakes.done_of_client(tx, family):
        if one.submitted_at:
            yield one.submitted_at, partial(_form, one, one.submitted_at)


def _form(one: Intake, at: datetime) -> Event:
    by = say("read by {name}", name=one.reviewed_by) if one.reviewed_at else ""
    return Event(at, say("Form"), by, say("from the client"), _page(one.booking_id, "pain-h"))


def _flags(tx: Tx, family: Sequence[int]) -> Iterator[Known]:
    for one in intakes.flags_ever(tx, family):
        text = f"{say(FLAGS[Severity(one.severity)][0])} ({one.rule})"
        href = _page(one.booking_id, "flags")
        yield one.raised_at, partial(Event, one.raised_at, say("Flag"), text, say("from the answers"), href)
        if one.cleared_at:
            cleared = (one.cleared_at, say("Flag cleared"), text, one.cleared_by, href)
            yield one.cleared_at, partial(Event, *cleared)


def _note(visit: int, at: datetime, note: SessionNote) -> Event:
    took = say(TOOK[note.response]) if note.response else ""
    text = " · ".join(filter(None, (took, note.client_note)))
    return Event(at, say("Session note"), text, note.author, _page(visit, "note"))


def _plans(tx: Tx, family: Sequence[int]) -> Iterator[Known]:
    for one in plans.dates_of_client(tx, family):
        at = one.sent_at or one.released_at
        if at:
            yield at, partial(_plan, one, at)


def _plan(one: Any, at: datetime) -> Event:
    source = one.released_by or say("by itself")
    return Event(at, say("Plan"), say("version {n}", n=one.version), source, _page(one.booking_id, "plan"))


def _replies(tx: Tx, family: Sequence[int], since: datetime | None) -> Iterator[Known]:
    for one in checkins.of_client(tx, family, since):
        if one.answered_at:
            yield one.answered_at, partial(_reply, one, one.answered_at)


def _reply(one: CheckIn, at: datetime) -> Event:
    what = say("Check-in") if isinstance(one.kind, CheckInKind) else say("A day ticked off")
    return Event(at, what, "", say("from the client"), _page(one.booking_id, "pain-h"))
