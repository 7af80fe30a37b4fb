"""Bookings (one thread each) and the records they are made of (one per identifier at the scheduler)."""

from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from schemas.booking import Booking, BookingState, BookingStatus, Person, Record
from schemas.intake import IntakeStatus
from store import sealing
from store.base import Tx, no_index, once, recall, remember
from store.tables import (
    attendances,
    bookings,
    checkins,
    clients,
    intakes,
    plan_edits,
    plans,
    receipt_clients,
    records,
    remarks,
    session_notes,
)

MOST_NAMES = 500  # in one statement
BATCH = 1000
_PLAIN = (
    *("version", "occurred_at", "cancelled", "gone_version", "gone_at", "no_show", "no_show_at"),
    *("replaces", "replaced_by", "root", "series"),
)


_TIMES = ("start", "end", "created_at")
_NAMES = frozenset(each.name for each in fields(BookingState))

_ID: sa.BindParameter[int] = sa.bindparam("booking_id")
_ONE = sa.select(bookings).where(bookings.c.id == _ID)
_SOME = sa.select(bookings).where(bookings.c.id.in_(sa.bindparam("booking_ids", expanding=True)))
_NAMED = (
    sa.select(records)
    .where(records.c.connection == sa.bindparam("connection"))
    .where(records.c.external_id == sa.bindparam("external_id"))
    .order_by(records.c.seat)
)
_SUCCESSORS = sa.select(records).where(
    sa.or_(  # the connection in each: SQLite walks along one index or the other then
        *(
            sa.and_(records.c.connection == sa.bindparam("connection"), each == sa.bindparam("external_id"))
            for each in (records.c.replaces, records.c.root)
        )
    )
)
_OF_THREAD = sa.select(records).where(records.c.booking_id == _ID).order_by(records.c.id)
_KEY = ("connection", "external_id", "seat")
_ATTACH = sa.update(records).where(*(records.c[name] == sa.bindparam(f"of_{name}") for name in _KEY))
_PUT = _ATTACH.returning(records.c.id)
_BETWEEN = (
    sa.select(bookings)
    .where(bookings.c.client_id.in_(sa.bindparam("client_ids", expanding=True)))
    .where(bookings.c.merged_into.is_(None))
    .where(bookings.c.start_at >= sa.bindparam("start"), bookings.c.start_at <= sa.bindparam("end"))
    .order_by(bookings.c.start_at, bookings.c.id)
)
_FORM = sa.select(attendances.c.intake_id).where(
    attendances.c.booking_id == _ID, attendances.c.ended_at.is_(None)
)
_TOGETHER = sa.union(
    sa.select(attendances.c.booking_id).where(
        attendances.c.intake_id.in_(_FORM), attendances.c.ended_at.is_(None)
    ),
    sa.select(bookings.c.id).where(bookings.c.merged_into == _ID),
)


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
        state=_load(sealing.unseal_json(tx, records.c.sealed_state, row)) if row.sealed_state else None,
        **{name: getattr(row, name) for name in _PLAIN},
    )


@once(records)
def named(tx: Tx, connection: str, external_id: str) -> list[Record]:
    """Every record with this identifier: one, or one per client of a group."""
    return [_record(tx, row) for row in tx.all(_NAMED, connection=connection, external_id=external_id)]


def successors(tx: Tx, connection: str, external_id: str) -> list[Record]:
    """Records that say that they replace this identifier, or that their chain began with it."""
    found = tx.all(_SUCCESSORS, connection=connection, external_id=external_id)
    return [_record(tx, row) for row in found]


def of_series(tx: Tx, connection: str, series: str) -> list[Record]:
    """Every record of one recurring booking, oldest first."""
    same = (records.c.connection == connection, records.c.series == series)
    return [_record(tx, row) for row in tx.all(sa.select(records).where(*same).order_by(records.c.id))]


@once(records)
def of_booking(tx: Tx, booking_id: int) -> list[Record]:
    """The records of one thread, oldest first."""
    return [_record(tx, row) for row in tx.all(_OF_THREAD, booking_id=booking_id)]


def put(tx: Tx, record: Record) -> None:
    """Write a record."""
    key = {name: getattr(record, name) for name in _KEY}
    known = recall(tx, named, record.connection, record.external_id)
    values: dict[str, Any] = {
        "booking_id": record.booking_id,
        "sealed_state": _sealed(tx, record.state, key) if record.state else None,
        **{name: getattr(record, name) for name in _PLAIN},
    }
    new = known is not None and all(each.seat != record.seat for each in known)
    if new or tx.first(_PUT, **values, **_of(record)) is None:
        tx.insert(records, **key, **values)
    _written(tx, record, known)


def attach(tx: Tx, record: Record, booking_id: int) -> None:
    """Put a record that is written already into a thread."""
    known = recall(tx, named, record.connection, record.external_id)
    tx.run(_ATTACH, [{"booking_id": booking_id, **_of(record)}])
    _written(tx, replace(record, booking_id=booking_id), known)


def _of(record: Record) -> dict[str, str]:
    return {f"of_{name}": getattr(record, name) for name in _KEY}


def _written(tx: Tx, record: Record, before: list[Record] | None) -> None:
    """So that `named` knows what was just written, where one client has the identifier."""
    if before is not None and all(each.seat == record.seat for each in before):
        remember(tx, named, [record], record.connection, record.external_id)


def _sealed(tx: Tx, state: BookingState, key: dict[str, str]) -> bytes:
    return sealing.seal(tx.vault, records.c.sealed_state, _dump(state), key)


def rehome(tx: Tx, old: int, new: int) -> None:
    """Two threads turned out to be one: everything but schedule and flags moves from `old` to `new`.

    What each person has there already stays; a form that nobody has touched makes room for one with answers.
    """
    for table in (records, session_notes, plan_edits, remarks):
        tx.run(sa.update(table).where(table.c.booking_id == old).values(booking_id=new))
    tx.run(sa.update(bookings).where(bookings.c.id == old).values(merged_into=new))
    _drop_blank_forms(tx, old, new)
    for table in (intakes, plans):
        _move(tx, table, table.c.client_id, old, new)
    _move(tx, checkins, checkins.c.kind, old, new)


def _move(tx: Tx, table: sa.Table, part: sa.Column[Any], old: int, new: int) -> None:
    """Move rows of which the other booking has none for this client and this part."""
    there = sa.alias(table, "there")
    same = (there.c.booking_id == new, there.c.client_id == table.c.client_id, there.c[part.name] == part)
    taken = sa.exists(sa.select(there.c.id).where(*same).correlate(table))
    tx.run(sa.update(table).where(table.c.booking_id == old, ~taken).values(booking_id=new))


def _drop_blank_forms(tx: Tx, old: int, new: int) -> None:
    """Where a client has two forms for what is one visit, one that nobody has touched goes."""
    rows = tx.all(sa.select(intakes).where(intakes.c.booking_id.in_((old, new))).order_by(intakes.c.id))
    for client_id in {row.client_id for row in rows}:
        mine = sorted(
            (row for row in rows if row.client_id == client_id),
            key=lambda row: row.status == IntakeStatus.open,
        )
        for blank in (row for row in mine[1:] if row.status == IntakeStatus.open):
            change = sa.update(attendances).where(attendances.c.intake_id == blank.id)
            tx.run(change.values(intake_id=mine[0].id))
            tx.run(sa.delete(intakes).where(intakes.c.id == blank.id))


def _thread(row: sa.Row[Any]) -> Booking:
    names = ("connection", "client_id", "zone", "service", "service_name", "practitioner", "place")
    same = {name: getattr(row, name) for name in (*names, "remote", "language", "earlier", "first_seen_at")}
    status = BookingStatus(row.status)
    return Booking(id=row.id, status=status, start=row.start_at, end=row.end_at, **same)


@once(bookings)
def get(tx: Tx, booking_id: int) -> Booking | None:
    """One booking; a merged one answers as the one that it was merged into."""
    row = tx.first(_ONE, booking_id=booking_id)
    if row is not None and row.merged_into is not None:
        return get(tx, row.merged_into)
    return _thread(row) if row else None


def read_ahead(tx: Tx, booking_ids: Sequence[int]) -> list[Booking]:
    """So that `get` knows these bookings; those that were merged into another are left to it."""
    found = [_thread(row) for row in tx.all(_SOME, booking_ids=booking_ids) if row.merged_into is None]
    for each in found:
        remember(tx, get, each, each.id)
    return found


def _columns(state: BookingState, status: BookingStatus) -> dict[str, Any]:
    same = ("zone", "service", "service_name", "practitioner", "place", "remote")
    values = {name: getattr(state, name) for name in same}
    times = {"start_at": state.start, "end_at": state.end}
    return values | times | {"status": status, "language": state.client.language}


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
    values = _columns(state, status) | {"connection": connection, "client_id": client_id}
    values |= {"earlier": earlier, "first_seen_at": now, "updated_at": now}
    row = tx.insert_row(bookings, **values)
    remember(tx, get, _thread(row), row.id)
    return int(row.id)


def update(tx: Tx, booking_id: int, state: BookingState, status: BookingStatus, now: datetime) -> None:
    """The thread's state is now this; who comes to it is an attendance."""
    tx.change(bookings, booking_id, **_columns(state, status), updated_at=now)


@once(attendances, bookings)
def together(tx: Tx, booking_id: int) -> list[int]:
    """This booking, those that were merged into it, and those that the same form serves now."""
    return sorted({booking_id, *(row[0] for row in tx.all(_TOGETHER, booking_id=booking_id))})


@once(bookings)
def between(tx: Tx, client_ids: Sequence[int], start: datetime, end: datetime) -> list[Booking]:
    """The bookings of one person that begin in [start, end], in order of time."""
    return [_thread(row) for row in tx.all(_BETWEEN, client_ids=client_ids, start=start, end=end)]


def on(tx: Tx, connection: str, start: datetime, end: datetime) -> list[Booking]:
    """The confirmed bookings of one connection that begin in [start, end), in order of time."""
    query = sa.select(bookings).where(bookings.c.start_at >= start, bookings.c.start_at < end)
    query = query.where(bookings.c.connection == connection, no_index(bookings.c.merged_into).is_(None))
    query = query.where(bookings.c.status == BookingStatus.confirmed)
    return [_thread(row) for row in tx.all(query.order_by(bookings.c.start_at, bookings.c.id))]


def belongs_to(tx: Tx, booking_id: int, connection: str) -> None:
    """Which connection speaks of a booking from now on."""
    tx.change(bookings, booking_id, connection=connection)


def change_scheduler(tx: Tx, connection: str, before: str, after: str) -> None:
    """Lay aside what the former scheduler calls its bookings, and take up what the new one called its own.

    An identifier says which booking it is at one scheduler only: no other one is asked for it.
    """
    for old, new in ((connection, f"{connection}/{before}"), (f"{connection}/{after}", connection)):
        _seal_under(tx, old, new)
        tx.run(sa.update(records).where(records.c.connection == old).values(connection=new))


def _seal_under(tx: Tx, old: str, new: str) -> None:
    """What is sealed in a record is bound to its connection; what does not open is no worse under another."""
    some = sa.select(records).where(records.c.connection == old, records.c.sealed_state.is_not(None))
    last, column = 0, records.c.sealed_state
    while rows := tx.all(some.where(records.c.id > last).order_by(records.c.id).limit(BATCH)):
        for row, state in sealing.that_open(tx, column, rows):
            mine = {**row._mapping, "connection": new}
            tx.change(
                records, row.id, connection=new, sealed_state=sealing.seal(tx.vault, column, state, mine)
            )
        last = rows[-1].id


def looked_at(tx: Tx, connection: str, names: Sequence[str], reading: int) -> None:
    """These identifiers were looked at in this reading."""
    for at in range(0, len(names), MOST_NAMES):
        some = records.c.external_id.in_(names[at : at + MOST_NAMES])
        row = sa.update(records).where(records.c.connection == connection, some)
        tx.run(row.values(listed_in=reading))


def unlisted(tx: Tx, connection: str, reading: int, now: datetime) -> list[tuple[int, str]]:
    """Of visits to come: what was not looked at in this reading, as (booking, identifier)."""
    query = (
        sa.select(records.c.booking_id, records.c.external_id)
        .join(bookings, bookings.c.id == records.c.booking_id)
        .where(records.c.connection == connection, records.c.listed_in != reading)
        .where(bookings.c.end_at > now, bookings.c.status != BookingStatus.cancelled)
        .distinct()
    )
    return [(row.booking_id, row.external_id) for row in tx.all(query)]


def unknown_successors(tx: Tx, connection: str, reading: int) -> list[str]:
    """What bookings that were looked at in this reading were moved to, and nothing is known of."""
    new = sa.alias(records, "new")
    known = sa.exists(
        sa.select(new.c.id).where(
            new.c.connection == connection,
            new.c.external_id == records.c.replaced_by,
            sa.or_(new.c.sealed_state.is_not(None), new.c.listed_in == reading),
        )
    )
    moved = (records.c.connection == connection, records.c.replaced_by != "", records.c.listed_in == reading)
    query = sa.select(records.c.replaced_by).where(*moved, ~known)
    return [row.replaced_by for row in tx.all(query.distinct())]


def listing(tx: Tx, *, email: str = "", limit: int = 1000) -> list[Booking]:
    """The newest bookings, or those of one e-mail address."""
    query = sa.select(bookings).where(bookings.c.merged_into.is_(None))
    if email:
        query = query.join(clients, clients.c.id == bookings.c.client_id)
        query = query.where(sa.func.lower(clients.c.email) == email.strip().lower())
    return [_thread(row) for row in tx.all(query.order_by(bookings.c.start_at.desc()).limit(limit))]


def newest(tx: Tx, connection: str, receipt_id: int | None = None) -> Booking | None:
    """What a connection brought last: of what a receipt told of, else of what was made since it is there."""
    query = sa.select(bookings).where(bookings.c.connection == connection, bookings.c.merged_into.is_(None))
    if receipt_id is None:
        query = query.where(~bookings.c.earlier)
    else:
        mine = sa.select(receipt_clients.c.client_id).where(receipt_clients.c.receipt_id == receipt_id)
        query = query.where(bookings.c.client_id.in_(mine))
    row = tx.first(query.order_by(bookings.c.first_seen_at.desc(), bookings.c.id.desc()).limit(1))
    return _thread(row) if row else None


def count_of_clients(tx: Tx, client_ids: Sequence[int]) -> int:
    """How many bookings one person has."""
    mine = (bookings.c.client_id.in_(client_ids), bookings.c.merged_into.is_(None))
    return int(tx.value(sa.select(sa.func.count()).select_from(bookings).where(*mine)) or 0)


def of_client(tx: Tx, client_id: int, limit: int = 100) -> list[sa.Row[Any]]:
    """The bookings of a client, newest first, with the state of each intake."""
    query = (
        sa.select(bookings, intakes.c.status.label("intake"), intakes.c.submitted_at)
        .outerjoin(
            attendances, sa.and_(attendances.c.booking_id == bookings.c.id, attendances.c.ended_at.is_(None))
        )
        .outerjoin(intakes, intakes.c.id == attendances.c.intake_id)
        .where(bookings.c.client_id == client_id, bookings.c.merged_into.is_(None))
        .order_by(bookings.c.start_at.desc())
        .limit(limit)
    )
    return list(tx.all(query))
