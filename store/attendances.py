"""Attendances: which client comes to which booking, since when. One of a booking is open: who comes now."""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, fields, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from schemas.booking import Person
from schemas.person import Arrival, Attendance, Doubt
from store import sealing
from store.base import Tx, once, remember
from store.tables import IS_ASKED_ABOUT, attendances, bookings, intakes
from store.vault import SealBroken

_OPEN = sa.select(attendances).where(attendances.c.ended_at.is_(None))
_CURRENT = (
    _OPEN.where(attendances.c.booking_id == sa.bindparam("booking_id"))
    .order_by(attendances.c.id.desc())
    .limit(1)
)
_OF_BOOKING = (
    sa.select(attendances)
    .where(attendances.c.booking_id == sa.bindparam("booking_id"))
    .order_by(attendances.c.id)
)
_CLIENT = sa.select(attendances.c.client_id).where(attendances.c.id == sa.bindparam("attendance_id"))
_END = sa.update(attendances).where(
    attendances.c.booking_id == sa.bindparam("of_booking"), attendances.c.ended_at.is_(None)
)
_SOME = _OPEN.where(attendances.c.booking_id.in_(sa.bindparam("booking_ids", expanding=True))).order_by(
    attendances.c.id
)
_SERVED = _OPEN.where(attendances.c.intake_id.in_(sa.bindparam("intake_ids", expanding=True))).order_by(
    attendances.c.id
)
_SHARING = _OPEN.where(attendances.c.intake_id == sa.bindparam("intake_id")).order_by(attendances.c.id)


def _attendance(tx: Tx, row: sa.Row[Any]) -> Attendance:
    same = ("id", "booking_id", "client_id", "email_id", "phone_id", "intake_id", "since", "ended_at")
    return Attendance(
        **{name: getattr(row, name) for name in (*same, "confirmed_at")},
        said=_person(tx, attendances.c.sealed_said, row),
        asked=_person(tx, attendances.c.sealed_asked, row),
        unsure=Doubt(row.unsure),
    )


def _person(tx: Tx, column: sa.Column[Any], row: sa.Row[Any]) -> Person | None:
    """A description; None where there is none, or it does not open."""
    with suppress(SealBroken):
        return Person(**sealing.unseal_json(tx, column, row)) if row._mapping[column.name] else None
    return None


def _sealed(tx: Tx, column: sa.Column[Any], person: Person, attendance_id: int) -> bytes:
    """A description of the client of an attendance, who stays the same one."""
    client_id = tx.value(_CLIENT, attendance_id=attendance_id)
    return sealing.seal(tx.vault, column, asdict(person), {"id": attendance_id, "client_id": client_id})


@once(attendances)
def current(tx: Tx, booking_id: int) -> Attendance | None:
    """Who comes to a booking now."""
    row = tx.first(_CURRENT, booking_id=booking_id)
    return _attendance(tx, row) if row else None


@once(attendances)
def of_booking(tx: Tx, booking_id: int) -> list[Attendance]:
    """Everybody who came or was to come to a booking, oldest first."""
    return [_attendance(tx, row) for row in tx.all(_OF_BOOKING, booking_id=booking_id)]


def begin(tx: Tx, booking_id: int, comes: Arrival) -> Attendance:
    """A client comes to a booking from now on; who came before does no more."""
    end(tx, booking_id, comes.since)
    tx.change(bookings, booking_id, client_id=comes.client_id)
    return begin_new(tx, booking_id, comes)


def begin_new(tx: Tx, booking_id: int, comes: Arrival) -> Attendance:
    """The same for a booking that was made for this client, and to which nobody has come before."""
    row = {"booking_id": booking_id} | {each.name: getattr(comes, each.name) for each in fields(comes)}
    said = row.pop("said")
    number = sealing.add(tx, attendances, row, sealed_said=asdict(said))
    found = Attendance(
        **row, id=number, intake_id=None, said=said, asked=None, ended_at=None, confirmed_at=None
    )
    remember(tx, current, found, booking_id)
    return found


def end(tx: Tx, booking_id: int, now: datetime) -> None:
    """Nobody comes to a booking any more."""
    tx.run(_END, [{"of_booking": booking_id, "ended_at": now}])


def recognise(
    tx: Tx,
    attendance_id: int,
    said: Person,
    *,
    email_id: int | None,
    phone_id: int | None,
    unsure: Doubt = Doubt.none,
) -> None:
    """The same client, as the scheduler describes them now; nobody is asked any more."""
    sealed = _sealed(tx, attendances.c.sealed_said, said, attendance_id)
    values = {"sealed_said": sealed, "sealed_asked": None, "unsure": unsure}
    tx.change(attendances, attendance_id, **values, email_id=email_id, phone_id=phone_id)


def ask(tx: Tx, attendance_id: int, asked: Person, unsure: Doubt) -> None:
    """Staff are asked whether this is the same person."""
    sealed = _sealed(tx, attendances.c.sealed_asked, asked, attendance_id)
    tx.change(attendances, attendance_id, sealed_asked=sealed, unsure=unsure)


def confirm(tx: Tx, attendance_id: int, now: datetime) -> None:
    """The client said "this is for me"."""
    tx.change(attendances, attendance_id, confirmed_at=now, unsure=Doubt.none)


def reached_at(tx: Tx, attendance_id: int, *, email_id: int | None, phone_id: int | None) -> None:
    """The client is reached elsewhere from now on."""
    tx.change(attendances, attendance_id, email_id=email_id, phone_id=phone_id)


def merge(tx: Tx, old: int, new: int, now: datetime) -> None:
    """Two bookings turned out to be one: of the two who come, the one with the further form goes on."""
    both = [each for each in (current(tx, new), current(tx, old)) if each is not None]
    ahead = sorted(both, key=lambda each: -_progress(tx, each))[:1]
    row = sa.update(attendances).where(attendances.c.booking_id == old)
    tx.run(row.values(booking_id=new))
    for each in both:
        if each not in ahead:
            tx.change(attendances, each.id, ended_at=now)
    for each in ahead:
        tx.change(bookings, new, client_id=each.client_id)


def _progress(tx: Tx, one: Attendance) -> int:
    status = tx.value(sa.select(intakes.c.status).where(intakes.c.id == one.intake_id))
    return ("open", "started", "done").index(status) if status else -1


def served_by(tx: Tx, comes: Attendance, intake_id: int, *, instead: bool = False) -> None:
    """The form that serves a visit; whom it is for is asked again where it is one `instead` of another."""
    fresh: dict[str, Any] = {"intake_id": intake_id} | ({"confirmed_at": None} if instead else {})
    tx.change(attendances, comes.id, **fresh)
    remember(tx, current, replace(comes, **fresh), comes.booking_id)


@once(attendances)
def sharing(tx: Tx, intake_id: int) -> list[Attendance]:
    """The open attendances that one form serves."""
    return [_attendance(tx, row) for row in tx.all(_SHARING, intake_id=intake_id)]


def read_ahead(tx: Tx, booking_ids: Sequence[int]) -> list[Attendance]:
    """So that `current` knows who comes to these bookings, and `sharing` whom else their forms serve."""
    rows = tx.all(_SOME, booking_ids=booking_ids)
    comes = {row.booking_id: _attendance(tx, row) for row in rows}
    for booking_id in booking_ids:
        remember(tx, current, comes.get(booking_id), booking_id)
    served = defaultdict[int, list[Attendance]](list)
    forms = sorted({each.intake_id for each in comes.values() if each.intake_id})
    for row in tx.all(_SERVED, intake_ids=forms) if forms else ():
        same = comes.get(row.booking_id)
        served[row.intake_id].append(same if same and same.id == row.id else _attendance(tx, row))
    for form in forms:
        remember(tx, sharing, served[form], form)
    return list(comes.values())


def unsettled(tx: Tx) -> list[Attendance]:
    """Those about which staff are asked, oldest first."""
    query = sa.select(attendances).where(IS_ASKED_ABOUT)
    return [_attendance(tx, row) for row in tx.all(query.order_by(attendances.c.id))]


def count_unsettled(tx: Tx) -> int:
    """About how many staff are asked."""
    return int(tx.value(sa.select(sa.func.count()).select_from(attendances).where(IS_ASKED_ABOUT)) or 0)


def left_by(tx: Tx, client_ids: Sequence[int]) -> list[int]:
    """The bookings to which one person came once, and another person comes now."""
    query = sa.select(attendances.c.booking_id).where(attendances.c.client_id.in_(client_ids))
    query = query.join(bookings, bookings.c.id == attendances.c.booking_id)
    query = query.where(bookings.c.client_id.not_in(client_ids)).distinct()
    return sorted(row.booking_id for row in tx.all(query))


def is_reached(tx: Tx, client_ids: Sequence[int], contact_id: int) -> bool:
    """True while one person is reached at a contact point, at a visit to which they come."""
    at = sa.or_(attendances.c.email_id == contact_id, attendances.c.phone_id == contact_id)
    open_ones = sa.select(attendances.c.id).where(at, attendances.c.ended_at.is_(None))
    return tx.first(open_ones.where(attendances.c.client_id.in_(client_ids)).limit(1)) is not None


def beside(tx: Tx, client_ids: Sequence[int]) -> set[int]:
    """The clients who are reached where one person is reached, too: a couple with one address."""
    mine = sa.select(attendances.c.email_id, attendances.c.phone_id).distinct()
    mine = mine.where(attendances.c.client_id.in_(client_ids), attendances.c.ended_at.is_(None))
    places = {place for row in tx.all(mine) for place in row if place}
    at = sa.or_(attendances.c.email_id.in_(places), attendances.c.phone_id.in_(places))
    others = sa.select(attendances.c.client_id).where(at, attendances.c.ended_at.is_(None)).distinct()
    return {row.client_id for row in tx.all(others)} - set(client_ids)


def clients_at(tx: Tx, contact_id: int) -> set[int]:
    """The clients who are, or were, reached at a contact point."""
    at = sa.or_(attendances.c.email_id == contact_id, attendances.c.phone_id == contact_id)
    return {row.client_id for row in tx.all(sa.select(attendances.c.client_id).where(at))}
