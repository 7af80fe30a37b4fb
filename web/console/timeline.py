"""One client's timeline: visits, forms, flags, notes, plans, replies, messages, each with day and source."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import url_for

from handlers.checkins.progress import Progress
from schemas.booking import WALK_IN
from schemas.checkin import CheckInKind
from schemas.delivery import DeliveryStatus
from schemas.rules import Severity
from schemas.staff import Role
from store import bookings, checkins, deliveries, intakes, notes
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


def events(tx: Tx, family: Sequence[int], made: Progress | None) -> list[Event]:
    """The newest first; `made` is there for practitioners alone, and so is whatever tells of answers."""
    visits = [visit for each in family for visit in bookings.of_client(tx, each)]
    found = [*_visits(visits), *_messages(tx, family, visits)]
    if made is not None:
        found += [*_forms(tx, family), *_flags(tx, family), *_notes(tx, visits), *_replies(tx, family)]
        found += _plans(made)
    return sorted(found, key=lambda one: one.at, reverse=True)[:MOST]


def say(text: str, /, **values: object) -> str:
    """A text in the language of the page."""
    return words()(text, **values)


def _page(booking_id: int, part: str = "") -> str:
    if not me().may(Role.practitioner):
        return ""
    return url_for("console_booking.booking", booking_id=booking_id, _anchor=part or None)


def _visits(visits: Sequence[Any]) -> Iterator[Event]:
    for one in visits:
        text = " · ".join(filter(None, (one.service_name or one.service, one.practitioner)))
        yield Event(
            one.start_at,
            say("Visit"),
            text,
            _source(one),
            _page(one.id),
        )


def _source(visit: Any) -> str:
    """Where a visit stands, or who told us of it."""
    if state := BOOKINGS.get(visit.status):
        return say(state)
    return say("Walk-in") if visit.connection == WALK_IN else say("from the scheduler")


def _messages(tx: Tx, family: Sequence[int], visits: Sequence[Any]) -> Iterator[Event]:
    """What went to them: a visit that was handed over has messages to who was to come before, too."""
    for visit in visits:
        for one in deliveries.of_booking(tx, visit.id):
            out = one.status in (DeliveryStatus.sent, DeliveryStatus.unknown) and one.purpose.to_client
            if out and one.settled_at and one.key.client in (0, *family):
                what, way = PURPOSES[one.purpose], CHANNELS[one.channel]
                yield Event(one.settled_at, say("Message"), say(what), say(way), _page(visit.id))


def _forms(tx: Tx, family: Sequence[int]) -> Iterator[Event]:
    for one in intakes.done_of_client(tx, family):
        if one.submitted_at:
            by = say("read by {name}", name=one.reviewed_by) if one.reviewed_at else ""
            yield Event(
                one.submitted_at, say("Form"), by, say("from the client"), _page(one.booking_id, "pain-h")
            )


def _flags(tx: Tx, family: Sequence[int]) -> Iterator[Event]:
    for one in intakes.flags_ever(tx, family):
        text = f"{say(FLAGS[Severity(one.severity)][0])} ({one.rule})"
        href = _page(one.booking_id, "flags")
        yield Event(one.raised_at, say("Flag"), text, say("from the answers"), href)
        if one.cleared_at:
            yield Event(one.cleared_at, say("Flag cleared"), text, one.cleared_by, href)


def _notes(tx: Tx, visits: Sequence[Any]) -> Iterator[Event]:
    for visit in visits:
        for at, note in notes.every(tx, visit.id):
            took = say(TOOK[note.response]) if note.response else ""
            text = " · ".join(filter(None, (took, note.client_note)))
            yield Event(at, say("Session note"), text, note.author, _page(visit.id, "note"))


def _plans(made: Progress) -> Iterator[Event]:
    for one in made.versions:
        at = one.sent_at or one.released_at
        if at:
            text = say("version {n}", n=one.version)
            source = one.released_by or say("by itself")
            yield Event(at, say("Plan"), text, source, _page(one.booking_id, "plan"))


def _replies(tx: Tx, family: Sequence[int]) -> Iterator[Event]:
    for one in checkins.of_client(tx, family):
        if one.answered_at:
            ticked = not isinstance(one.kind, CheckInKind)
            what = say("A day ticked off") if ticked else say("Check-in")
            yield Event(one.answered_at, what, "", say("from the client"), _page(one.booking_id, "pain-h"))
