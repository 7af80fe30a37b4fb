"""Bookings (one thread each) and the records they are made of (one per identifier at the scheduler)."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from schemas.booking import Booking, BookingStatus, Person
from store.base import Tx
from store.tables import bookings, clients, deliveries, intakes, plans, records


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of one identifier: its newest state, its order, and how it hangs together with others."""

    connection: str
    external_id: str
    seat: str
    booking_id: int | None = None
    state: Booking | None = None
    version: int | None = None
    occurred_at: datetime | None = None
    cancelled: bool = False
    no_show: bool | None = None
    no_show_at: datetime | None = None
    replaces: str = ""
    replaced_by: str = ""


@dataclass(frozen=True, slots=True)
class Thread:
    """One booking as the clinic knows it. Times are aware and in UTC."""

    id: int
    connection: str
    client_id: int
    status: BookingStatus
    start: datetime
    end: datetime
    zone: str
    service: str
    service_name: str
    practitioner: str
    place: str
    remote: bool
    language: str
    earlier: bool
    first_seen_at: datetime


_TIMES = ("start", "end", "changed_at", "created_at")


def _dump(booking: Booking) -> dict[str, Any]:
    values = asdict(booking)
    return values | {name: values[name].isoformat() for name in _TIMES if values[name]}


def _load(values: dict[str, Any]) -> Booking:
    times = {name: datetime.fromisoformat(values[name]) for name in _TIMES if values[name]}
    parts = {"client": Person(**values["client"]), "status": BookingStatus(values["status"])}
    return Booking(**(values | times | parts))


def _record(tx: Tx, row: sa.Row[Any]) -> Record:
    return Record(
        connection=row.connection,
        external_id=row.external_id,
        seat=row.seat,
        booking_id=row.booking_id,
        state=_load(tx.vault.open_json(row.sealed_state)) if row.sealed_state else None,
        version=row.version,
        occurred_at=row.occurred_at,
        cancelled=row.cancelled,
        no_show=row.no_show,
        no_show_at=row.no_show_at,
        replaces=row.replaces,
        replaced_by=row.replaced_by,
    )


def named(tx: Tx, connection: str, external_id: str) -> list[Record]:
    """Every record with this identifier: one, or one per client of a group."""
    same = (records.c.connection == connection, records.c.external_id == external_id)
    return [_record(tx, row) for row in tx.all(sa.select(records).where(*same).order_by(records.c.seat))]


def successors(tx: Tx, connection: str, external_id: str) -> list[Record]:
    """Records that say that they replace this identifier."""
    same = (records.c.connection == connection, records.c.replaces == external_id)
    return [_record(tx, row) for row in tx.all(sa.select(records).where(*same))]


def of_booking(tx: Tx, booking_id: int) -> list[Record]:
    """The records of one thread, oldest first."""
    query = sa.select(records).where(records.c.booking_id == booking_id).order_by(records.c.id)
    return [_record(tx, row) for row in tx.all(query)]


def put(tx: Tx, record: Record) -> None:
    """Write a record."""
    values: dict[str, Any] = {
        "booking_id": record.booking_id,
        "sealed_state": tx.vault.seal_json(_dump(record.state)) if record.state else None,
        "version": record.version,
        "occurred_at": record.occurred_at,
        "cancelled": record.cancelled,
        "no_show": record.no_show,
        "no_show_at": record.no_show_at,
        "replaces": record.replaces,
        "replaced_by": record.replaced_by,
    }
    key = {"connection": record.connection, "external_id": record.external_id, "seat": record.seat}
    same = [records.c[name] == value for name, value in key.items()]
    if tx.first(sa.update(records).where(*same).values(**values).returning(records.c.id)) is None:
        tx.run(sa.insert(records).values(**key, **values))


def rehome(tx: Tx, old: int, new: int) -> None:
    """Two threads turned out to be one: everything but the schedule moves from `old` to `new`."""
    tx.run(sa.update(records).where(records.c.booking_id == old).values(booking_id=new))
    tx.run(sa.update(bookings).where(bookings.c.id == old).values(merged_into=new))
    if tx.first(sa.select(intakes.c.id).where(intakes.c.booking_id == new)) is None:
        tx.run(sa.update(intakes).where(intakes.c.booking_id == old).values(booking_id=new))
    if tx.first(sa.select(plans.c.id).where(plans.c.booking_id == new)) is None:
        tx.run(sa.update(plans).where(plans.c.booking_id == old).values(booking_id=new))


def _thread(row: sa.Row[Any]) -> Thread:
    names = ("connection", "client_id", "zone", "service", "service_name", "practitioner", "place")
    same = {name: getattr(row, name) for name in (*names, "remote", "language", "earlier", "first_seen_at")}
    status = BookingStatus(row.status)
    return Thread(id=row.id, status=status, start=row.start_at, end=row.end_at, **same)


def get(tx: Tx, booking_id: int) -> Thread | None:
    """One booking; a merged one answers as the one that it was merged into."""
    row = tx.first(sa.select(bookings).where(bookings.c.id == booking_id))
    if row is not None and row.merged_into is not None:
        return get(tx, row.merged_into)
    return _thread(row) if row else None


def _columns(state: Booking, client_id: int, status: BookingStatus) -> dict[str, Any]:
    same = ("zone", "service", "service_name", "practitioner", "place", "remote")
    values = {name: getattr(state, name) for name in same}
    times = {"start_at": state.start, "end_at": state.end}
    return values | times | {"client_id": client_id, "status": status, "language": state.client.language}


def create(
    tx: Tx,
    connection: str,
    state: Booking,
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
    tx: Tx, booking_id: int, state: Booking, client_id: int, status: BookingStatus, now: datetime
) -> None:
    """The thread's state is now this."""
    values = _columns(state, client_id, status)
    tx.run(sa.update(bookings).where(bookings.c.id == booking_id).values(**values, updated_at=now))


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


def listing(tx: Tx, *, email: str = "", limit: int = 1000) -> list[Thread]:
    """The newest bookings, or those of one e-mail address."""
    query = sa.select(bookings).where(bookings.c.merged_into.is_(None))
    if email:
        query = query.join(clients, clients.c.id == bookings.c.client_id)
        query = query.where(sa.func.lower(clients.c.email) == email.strip().lower())
    return [_thread(row) for row in tx.all(query.order_by(bookings.c.start_at.desc()).limit(limit))]
