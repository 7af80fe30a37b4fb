"""A visit that no scheduler knows of: somebody stands at the desk. Its booking may still come later that day.

No scheduler is asked about a walk-in or written to: it belongs to no connection until a booking comes.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from clinical import identity
from clinical.identity import Names
from handlers.bookings.records import head_of, is_off
from handlers.clients import people
from handlers.context import Context
from handlers.schedule import due, settle
from schemas.booking import WALK_IN, Booking, BookingState, BookingStatus, Person, Record
from schemas.identity import Change, NameRules, Verdict
from schemas.person import Attendance, Doubt
from store import attendances, audit, bookings, clients
from store.base import Tx
from store.views import days

NEAR = timedelta(hours=2)
"""Namesakes who share no address and no number may be one person only where the visits are so close."""
RECENT = timedelta(days=7)
"""Bookings of other days are not compared with anybody who stood at the desk."""


NOT_HERE = "This visit is off, or the scheduler has it: change it there."


class AlreadyHere(Exception):
    """The same person, by address, number or name, has a visit on that day already."""

    def __init__(self, booking: Booking) -> None:
        """`booking` is that visit."""
        super().__init__("This person has a visit on that day already.")
        self.booking = booking


@dataclass(frozen=True, slots=True)
class Met:
    """The walk-in that a scheduler's booking is of, and whether that is certain."""

    booking: Booking
    certain: bool


def take_in(
    tx: Tx, context: Context, state: BookingState, by: str, now: datetime, *, another: bool = False
) -> int:
    """Take a visit in; returns its booking. The same form sent twice is one visit.

    Raises `AlreadyHere` where the person has a visit that day, unless it is `another`.
    """
    tx.lock(f"bookings-{WALK_IN}")
    state = replace(state, external_id=_name(state))
    known = bookings.named(tx, WALK_IN, state.external_id)
    if known and known[0].booking_id is not None:
        return known[0].booking_id
    if not another:
        _refuse_twice(tx, context, state)
    comes = people.whose(tx, context, state.client, now)
    confirmed = BookingStatus.confirmed
    number = bookings.create(tx, WALK_IN, state, comes.client_id, confirmed, earlier=False, now=now)
    people.begin_new(tx, context, number, comes, state.client, now)
    bookings.put(tx, Record(WALK_IN, state.external_id, "", booking_id=number, state=state))
    audit.add(tx, by, "walk_in", f"booking:{number}", now)
    due.sync(tx, context, number, now)
    return number


def _name(state: BookingState) -> str:
    """The form's own name with what was typed: typed otherwise it is another visit."""
    text = json.dumps(asdict(state), default=str, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _refuse_twice(tx: Tx, context: Context, state: BookingState) -> None:
    known, _doubt = people.known_client(tx, context, state.client)
    start, end = _day_of(context, state.start)
    for each in bookings.between(tx, clients.family(tx, known), start, end) if known else []:
        if each.status is BookingStatus.confirmed and each.start < end:
            raise AlreadyHere(each)
    for visit in days.day(tx, start, end, pain=False):
        same = _called_the_same(visit.client, state.client.name, context.names)
        if same and visit.status == BookingStatus.confirmed and (found := bookings.get(tx, visit.id)):
            raise AlreadyHere(found)


def _called_the_same(one: str, other: str, names: NameRules) -> bool:
    """True for names of which somebody should be asked; not for any two in two scripts."""
    how = identity.related(one, other, names)
    words = [set(identity.folded(each, names)) for each in (one, other)]
    same = how in (Names.equal, Names.part, Names.slip)
    return same or (how is Names.doubtful and not words[0].isdisjoint(words[1]))


def _day_of(context: Context, at: datetime) -> tuple[datetime, datetime]:
    """Midnight to midnight around a time, on the clinic's wall."""
    day = at.astimezone(context.zone()).date()
    return context.midnight(day), context.midnight(day + timedelta(days=1))


def met(tx: Tx, context: Context, state: BookingState, now: datetime) -> Met | None:
    """The walk-in of the same day and the same person, nearest in time; None where there is none.

    Not certain: a name that may be theirs at the same address, or a namesake at nearly the same time.
    """
    if abs(state.start - now) > RECENT:
        return None
    found: list[tuple[bool, timedelta, Booking]] = []
    for each in bookings.on(tx, WALK_IN, *_day_of(context, state.start)):
        apart = abs(each.start - state.start)
        verdict = _verdict(tx, context, each, state.client, near=apart <= NEAR)
        if verdict is not Verdict.another:
            found.append((verdict is Verdict.unsure, apart, each))
    if not found:
        return None
    unsure, _apart, booking = min(found, key=lambda one: one[:2])
    return Met(booking, certain=not unsure)


def _verdict(tx: Tx, context: Context, booking: Booking, said: Person, *, near: bool) -> Verdict:
    comes = attendances.current(tx, booking.id)
    known = (comes.said if comes else None) or clients.person(clients.get(tx, booking.client_id))
    match = identity.compare(known, said, context.names, same_booking=False)
    if match.change is not Change.too_little:
        return match.verdict
    namesake = identity.related(known.name, said.name, context.names) is Names.equal
    return Verdict.unsure if namesake and near else Verdict.another


def become(tx: Tx, context: Context, met: Met, head: Record, now: datetime) -> None:
    """A walk-in is the scheduler's booking from now on; where that is not certain, staff are asked."""
    assert head.state is not None
    number = met.booking.id
    for each in bookings.of_booking(tx, number):
        if each.connection == WALK_IN:
            bookings.put(tx, replace(each, replaced_by=head.external_id))
    bookings.belongs_to(tx, number, head.connection)
    bookings.update(tx, number, head.state, BookingStatus.confirmed, now)
    if met.certain:
        people.attend(tx, context, number, head.state.client, now)
    elif comes := attendances.current(tx, number):
        attendances.ask(tx, comes.id, head.state.client, Doubt.name)
    audit.add(tx, "scheduler", "walk_in_booked", f"booking:{number}", now)


def who_comes(tx: Tx, context: Context, booking_id: int, by: str, now: datetime, *, same: bool) -> None:
    """Staff say whether a scheduler names the same person. Raises LookupError where nobody asks any more.

    Another person than who walked in has a booking of their own: both came.
    """
    comes = attendances.current(tx, booking_id)
    walked = [each for each in bookings.of_booking(tx, booking_id) if each.connection == WALK_IN]
    booked = [each for each in bookings.of_booking(tx, booking_id) if each.connection != WALK_IN]
    if same or comes is None or comes.asked is None or not walked or not booked:
        settle.who_comes(tx, context, booking_id, by, now, same=same)
        return
    audit.add(tx, by, "another_person", f"booking:{booking_id}", now)
    _part(tx, context, comes, walked[0], booked, now)


def _part(
    tx: Tx, context: Context, comes: Attendance, walked: Record, booked: list[Record], now: datetime
) -> None:
    """The walk-in stays with who walked in; the scheduler's booking becomes one of its own."""
    head, before = head_of(booked), bookings.get(tx, comes.booking_id)
    assert head is not None
    assert head.state is not None
    assert walked.state is not None
    assert before is not None
    who = people.somebody_else(tx, context, comes, head.state.client, now)
    other = bookings.create(
        tx, head.connection, head.state, who.client_id, before.status, earlier=False, now=now
    )
    people.begin_new(tx, context, other, who, head.state.client, now)
    for each in booked:
        bookings.attach(tx, each, other)
    bookings.put(tx, replace(walked, replaced_by=""))
    bookings.belongs_to(tx, before.id, WALK_IN)
    bookings.update(tx, before.id, walked.state, BookingStatus.confirmed, now)
    said = comes.said or walked.state.client
    attendances.recognise(tx, comes.id, said, email_id=comes.email_id, phone_id=comes.phone_id)
    for number in (before.id, other):
        due.sync(tx, context, number, now)


def typed(tx: Tx, booking_id: int) -> BookingState:
    """A walk-in as it was typed last. Raises LookupError where it is off, or a scheduler speaks of it."""
    record, state = _taken_in(tx, booking_id)
    if is_off(record):
        raise LookupError(NOT_HERE)
    return state


def correct(tx: Tx, context: Context, booking_id: int, state: BookingState, by: str, now: datetime) -> None:
    """A walk-in as the desk describes it now: who comes is decided as for a scheduler's word.

    Raises LookupError where it is off, or a scheduler speaks of it.
    """
    tx.lock(f"bookings-{WALK_IN}")
    state = replace(state, external_id=typed(tx, booking_id).external_id)
    bookings.put(tx, replace(_taken_in(tx, booking_id)[0], state=state))
    bookings.update(tx, booking_id, state, BookingStatus.confirmed, now)
    audit.add(tx, by, "walk_in_corrected", f"booking:{booking_id}", now)
    people.attend(tx, context, booking_id, state.client, now)
    due.sync(tx, context, booking_id, now)


def cancel(tx: Tx, context: Context, booking_id: int, by: str, now: datetime) -> None:
    """A walk-in was taken in by mistake. Raises LookupError where a scheduler speaks of the visit."""
    record, state = _taken_in(tx, booking_id)
    if is_off(record):
        return
    bookings.put(tx, replace(record, cancelled=True))
    bookings.update(tx, booking_id, state, BookingStatus.cancelled, now)
    audit.add(tx, by, "walk_in_cancelled", f"booking:{booking_id}", now)
    due.sync(tx, context, booking_id, now)


def _taken_in(tx: Tx, booking_id: int) -> tuple[Record, BookingState]:
    found = bookings.get(tx, booking_id)
    record = head_of(bookings.of_booking(tx, booking_id))
    walked_in = found is not None and found.connection == WALK_IN
    if not walked_in or record is None or record.state is None:
        raise LookupError(NOT_HERE)
    return record, record.state
