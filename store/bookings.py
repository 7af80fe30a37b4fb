"""Bookings (one thread each) and the records they are made of (one per identifier at the scheduler)."""

from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from schemas.booking import Booking, BookingState, BookingStatus, Person, Record
from schemas.intake import IntakeStatus
from store.base import Tx
from store.tables import bookings, clients, deliveries, flags, intakes, plans, records, session_notes

_PLAIN = (
    *("version", "occurred_at", "cancelled", "gone_version", "gone_at", "no_show", "no_show_at"),
    *("replaces", "replaced_by", "root", "series"),
)


_TIMES = ("start", "end", "created_at")
_NAMES = frozenset(each.name for each in fields(BookingState))


def _dump(booking: BookingState) -> dict[str, Any]:
    values = asdict(booking)
    return values | {name: values[name].isoformat() for name in _TIMES if values[name]}


def _load(values: dict[str, Any]) -> BookingState:
    times = {name: datetime.fromisoformat(values[name]) for name in _TIMES if values[name]}
    parts = {"client": Person(**values["client"]), "status": BookingStatus(values["status"])}
    # A row may be older than the code, and hold what a booking has no longer.
    return BookingState(**{name: value for name, value in (values | times | parts).items() if name in _NAMES})


def _record(tx: Tx, row: sa.Row[Any]) -> Record:
    return Record(
        connection=row.connection,
        external_id=row.external_id,
        seat=row.seat,
        booking_id=row.booking_id,
        state=_load(tx.vault.open_json(row.sealed_state)) if row.sealed_state else None,
        **{name: getattr(row, name) for name in _PLAIN},
    )


def named(tx: Tx, connection: str, external_id: str) -> list[Record]:
    """Every record with this identifier: one, or one per client of a group."""
    same = (records.c.connection == connection, records.c.external_id == external_id)
    return [_record(tx, row) for row in tx.all(sa.select(records).where(*same).order_by(records.c.seat))]


def successors(tx: Tx, connection: str, external_id: str) -> list[Record]:
    """Records that say that they replace this identifier, or that their chain began with it."""
    names = sa.or_(records.c.replaces == external_id, records.c.root == external_id)
    return [
        _record(tx, row)
        for row in tx.all(sa.select(records).where(records.c.connection == connection, names))
    ]


def of_series(tx: Tx, connection: str, series: str) -> list[Record]:
    """Every record of one recurring booking, oldest first."""
    same = (records.c.connection == connection, records.c.series == series)
    return [_record(tx, row) for row in tx.all(sa.select(records).where(*same).order_by(records.c.id))]


def of_booking(tx: Tx, booking_id: int) -> list[Record]:
    """The records of one thread, oldest first."""
    query = sa.select(records).where(records.c.booking_id == booking_id).order_by(records.c.id)
    return [_record(tx, row) for row in tx.all(query)]


def put(tx: Tx, record: Record) -> None:
    """Write a record."""
    values: dict[str, Any] = {
        "booking_id": record.booking_id,
        "sealed_state": tx.vault.seal_json(_dump(record.state)) if record.state else None,
        **{name: getattr(record, name) for name in _PLAIN},
    }
    key = {"connection": record.connection, "external_id": record.external_id, "seat": record.seat}
    same = [records.c[name] == value for name, value in key.items()]
    if tx.first(sa.update(records).where(*same).values(**values).returning(records.c.id)) is None:
        tx.run(sa.insert(records).values(**key, **values))


def rehome(tx: Tx, old: int, new: int) -> None:
    """Two threads turned out to be one: everything but the schedule moves from `old` to `new`."""
    for table in (records, session_notes):
        tx.run(sa.update(table).where(table.c.booking_id == old).values(booking_id=new))
    tx.run(sa.update(bookings).where(bookings.c.id == old).values(merged_into=new))
    _rehome_intake(tx, old, new)
    known = sa.select(flags.c.rule).where(flags.c.booking_id == new)
    moving = (flags.c.booking_id == old, flags.c.rule.not_in(known))
    tx.run(sa.update(flags).where(*moving).values(booking_id=new))
    if tx.first(sa.select(plans.c.id).where(plans.c.booking_id == new)) is None:
        tx.run(sa.update(plans).where(plans.c.booking_id == old).values(booking_id=new))


def _rehome_intake(tx: Tx, old: int, new: int) -> None:
    """Answers are never left behind: an intake that nobody has opened makes room for one with answers."""
    blank = (intakes.c.booking_id == new, intakes.c.status == IntakeStatus.open)
    answered = sa.select(intakes.c.id).where(
        intakes.c.booking_id == old, intakes.c.status != IntakeStatus.open
    )
    if tx.first(answered) is not None:
        tx.run(sa.delete(intakes).where(*blank))
    if tx.first(sa.select(intakes.c.id).where(intakes.c.booking_id == new)) is None:
        tx.run(sa.update(intakes).where(intakes.c.booking_id == old).values(booking_id=new))


def _thread(row: sa.Row[Any]) -> Booking:
    names = ("connection", "client_id", "zone", "service", "service_name", "practitioner", "place")
    same = {name: getattr(row, name) for name in (*names, "remote", "language", "earlier", "first_seen_at")}
    status = BookingStatus(row.status)
    return Booking(id=row.id, status=status, start=row.start_at, end=row.end_at, **same)


def get(tx: Tx, booking_id: int) -> Booking | None:
    """One booking; a merged one answers as the one that it was merged into."""
    row = tx.first(sa.select(bookings).where(bookings.c.id == booking_id))
    if row is not None and row.merged_into is not None:
        return get(tx, row.merged_into)
    return _thread(row) if row else None


def _columns(state: BookingState, client_id: int, status: BookingStatus) -> dict[str, Any]:
    same = ("zone", "service", "service_name", "practitioner", "place", "remote")
    values = {name: getattr(state, name) for name in same}
    times = {"start_at": state.start, "end_at": state.end}
    return values | times | {"client_id": client_id, "status": status, "language": state.client.language}


def create(
    tx: Tx,
    connection: str,
    state: BookingState,
    client_id: int,
    status: BookingStatus,
    *,
    earlier: bool,
    now: datetime,
) -> int:
    """A new thread; returns its id."""
    values = _columns(state, client_id, status)
    values |= {"connection": connection, "earlier": earlier, "first_seen_at": now, "updated_at": now}
    return int(tx.value(sa.insert(bookings).values(**values).returning(bookings.c.id)))


def update(
    tx: Tx, booking_id: int, state: BookingState, client_id: int, status: BookingStatus, now: datetime
) -> None:
    """The thread's state is now this; answers and plans stay with whoever comes."""
    values = _columns(state, client_id, status)
    tx.run(sa.update(bookings).where(bookings.c.id == booking_id).values(**values, updated_at=now))
    for table in (intakes, plans):
        other = (table.c.booking_id == booking_id, table.c.client_id != client_id)
        tx.run(sa.update(table).where(*other).values(client_id=client_id))


def attach_to(record: Record, booking_id: int) -> Record:
    """The same record in a thread."""
    return replace(record, booking_id=booking_id)


def with_open_deliveries(tx: Tx, connection: str, now: datetime) -> Sequence[int]:
    """Bookings of a connection that are still owed something."""
    query = (
        sa.select(bookings.c.id)
        .join(deliveries, deliveries.c.booking_id == bookings.c.id)
        .where(bookings.c.connection == connection, deliveries.c.status == "scheduled")
        .where(bookings.c.end_at > now)
        .distinct()
    )
    return [row.id for row in tx.all(query)]


def listing(tx: Tx, *, email: str = "", limit: int = 1000) -> list[Booking]:
    """The newest bookings, or those of one e-mail address."""
    query = sa.select(bookings).where(bookings.c.merged_into.is_(None))
    if email:
        query = query.join(clients, clients.c.id == bookings.c.client_id)
        query = query.where(sa.func.lower(clients.c.email) == email.strip().lower())
    return [_thread(row) for row in tx.all(query.order_by(bookings.c.start_at.desc()).limit(limit))]


def of_client(tx: Tx, client_id: int, limit: int = 100) -> list[sa.Row[Any]]:
    """The bookings of a client, newest first, with the state of each intake."""
    query = (
        sa.select(bookings, intakes.c.status.label("intake"), intakes.c.submitted_at)
        .outerjoin(intakes, intakes.c.booking_id == bookings.c.id)
        .where(bookings.c.client_id == client_id, bookings.c.merged_into.is_(None))
        .order_by(bookings.c.start_at.desc())
        .limit(limit)
    )
    return list(tx.all(query))
