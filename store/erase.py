"""Everything that is kept about one client: reading it out, and erasing it."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from schemas.receipt import ReceiptStatus
from store import client_words
from store.base import Database, Tx
from store.tables import (
    audit,
    bookings,
    checkins,
    clients,
    deliveries,
    erased,
    flags,
    intake_changes,
    intakes,
    links,
    plan_edits,
    plans,
    receipts,
    records,
    session_notes,
)
from store.vault import SealBroken

BY_BOOKING = (flags, session_notes, plan_edits, deliveries)


def booking_ids(tx: Tx, client_id: int) -> list[int]:
    """The ids of a client's bookings, merged ones too."""
    return [row.id for row in tx.all(sa.select(bookings.c.id).where(bookings.c.client_id == client_id))]


def rows_of(tx: Tx, client_id: int) -> dict[str, list[dict[str, Any]]]:
    """Every row that belongs to a client, by table, with what was sealed opened."""
    ids = booking_ids(tx, client_id)
    intake_ids = [row.id for row in tx.all(sa.select(intakes.c.id).where(intakes.c.client_id == client_id))]
    wanted = {
        clients: clients.c.id == client_id,
        bookings: bookings.c.client_id == client_id,
        records: records.c.booking_id.in_(ids),
        intakes: intakes.c.client_id == client_id,
        intake_changes: intake_changes.c.intake_id.in_(intake_ids),
        plans: plans.c.client_id == client_id,
        checkins: checkins.c.booking_id.in_(ids),
        **{table: table.c.booking_id.in_(ids) for table in BY_BOOKING},
        links: _links(tx, ids, client_id),
        audit: audit.c.subject.in_([f"client:{client_id}", *(f"booking:{one}" for one in ids)]),
    }
    return {
        table.name: [_opened(tx, row) for row in tx.all(sa.select(table).where(which))]
        for table, which in wanted.items()
    }


def _links(tx: Tx, ids: Sequence[int], client_id: int) -> sa.ColumnElement[bool]:
    """A client's links: what a link opens is a booking, a check-in or the client."""
    asked = [row.id for row in tx.all(sa.select(checkins.c.id).where(checkins.c.booking_id.in_(ids)))]
    of_booking = sa.and_(links.c.purpose.in_(("intake", "plan", "note")), links.c.subject.in_(ids))
    of_checkin = sa.and_(links.c.purpose == "checkin", links.c.subject.in_(asked))
    return sa.or_(of_booking, of_checkin, sa.and_(links.c.purpose == "stop", links.c.subject == client_id))


def _opened(tx: Tx, row: sa.Row[Any]) -> dict[str, Any]:
    """A row in clear; hashes and ids of our own making say nothing about anybody and stay out."""
    values: dict[str, Any] = {}
    for name, value in row._mapping.items():
        if name.startswith("sealed_"):
            values[name.removeprefix("sealed_")] = _clear(tx, value)
        elif name not in ("identity", "token_hash", "lease_until", "generation"):
            values[name] = value.isoformat() if isinstance(value, datetime) else value
    return values


def _clear(tx: Tx, sealed: bytes | None) -> Any:
    if sealed is None:
        return None
    try:
        return tx.vault.open_json(sealed)
    except ValueError:
        return tx.vault.open(sealed).decode(errors="replace")
    except SealBroken as broken:
        return f"({broken})"


def external_ids(tx: Tx, ids: Sequence[int]) -> list[tuple[str, str, str]]:
    """(connection, identifier, seat) of the records of these bookings."""
    query = sa.select(records.c.connection, records.c.external_id, records.c.seat)
    return [tuple(row) for row in tx.all(query.where(records.c.booking_id.in_(ids)))]


def bodies(tx: Tx, connections: Sequence[str], after: int, most: int = 200) -> list[tuple[int, bytes | None]]:
    """Some raw webhooks of these connections by id, None where no key opens it; `after`: the last id seen."""
    query = sa.select(receipts.c.id, receipts.c.sealed_body).where(
        receipts.c.id > after, receipts.c.connection.in_(connections), receipts.c.sealed_body.is_not(None)
    )
    rows = tx.all(query.order_by(receipts.c.id).limit(most))
    return [(row.id, _body(tx, row.sealed_body)) for row in rows]


def _body(tx: Tx, sealed: bytes) -> bytes | None:
    with suppress(SealBroken):
        return tx.vault.open(sealed)
    return None


def forget_bodies(tx: Tx, receipt_ids: Sequence[int]) -> None:
    """Delete the raw bodies and headers of these receipts; one that waits will not be read any more."""
    row = sa.update(receipts).where(receipts.c.id.in_(receipt_ids))
    tx.run(
        row.values(
            sealed_body=None,
            sealed_headers=None,
            status=ReceiptStatus.ignored,
            note="erased",
            lease_until=None,
        )
    )


def erase_rows(
    tx: Tx, client_id: int, hashes: Sequence[str], tombstone: str, now: datetime
) -> dict[str, int]:
    """Delete every row of a client; bookings and the client stay as numbers without a name."""
    ids = booking_ids(tx, client_id)
    intake_ids = sa.select(intakes.c.id).where(intakes.c.client_id == client_id)
    gone = {
        intake_changes: intake_changes.c.intake_id.in_(intake_ids),
        intakes: intakes.c.client_id == client_id,
        checkins: checkins.c.booking_id.in_(ids),
        plans: plans.c.client_id == client_id,
        records: records.c.booking_id.in_(ids),
        links: _links(tx, ids, client_id),
        **{table: table.c.booking_id.in_(ids) for table in BY_BOOKING},
    }
    counts = {table.name: _delete(tx, table, which) for table, which in gone.items()}
    client_words.forget(tx, client_id)
    _blank(tx, client_id, ids, tombstone, now)
    never_again(tx, hashes, now)
    return counts | {"bookings": len(ids)}


def _delete(tx: Tx, table: sa.Table, which: sa.ColumnElement[bool]) -> int:
    return len(tx.all(sa.delete(table).where(which).returning(table.c.id)))


def _blank(tx: Tx, client_id: int, ids: Sequence[int], tombstone: str, now: datetime) -> None:
    nothing = {"name": "", "email": "", "phone": "", "zone": "", "language": ""}
    row = sa.update(clients).where(clients.c.id == client_id)
    tx.run(row.values(**nothing, identity=tombstone, erased_at=now, no_email_at=now, no_sms_at=now))
    some = {"place": "", "language": "", "zone": "", "status": "cancelled", "updated_at": now}
    tx.run(sa.update(bookings).where(bookings.c.id.in_(ids)).values(**some))


def never_again(tx: Tx, hashes: Sequence[str], now: datetime) -> None:
    """Remember keyed hashes of bookings that must not come back."""
    known = {row.record_hash for row in tx.all(sa.select(erased).where(erased.c.record_hash.in_(hashes)))}
    rows = [{"record_hash": one, "erased_at": now} for one in dict.fromkeys(hashes) if one not in known]
    if rows:
        tx.conn.execute(sa.insert(erased), rows)


def every_hash(tx: Tx) -> list[str]:
    """The keyed hashes of all bookings that must not come back."""
    return [row.record_hash for row in tx.all(sa.select(erased.c.record_hash).order_by("record_hash"))]


def every_record(tx: Tx) -> list[tuple[int, str, str, str]]:
    """(client, connection, identifier, seat) of every record that belongs to a booking."""
    joined = records.join(bookings, bookings.c.id == records.c.booking_id)
    columns = (bookings.c.client_id, records.c.connection, records.c.external_id, records.c.seat)
    return [(row[0], row[1], row[2], row[3]) for row in tx.all(sa.select(*columns).select_from(joined))]


def is_erased(tx: Tx, hashes: Sequence[str]) -> bool:
    """True when one of these keyed hashes belongs to somebody who was erased."""
    return tx.first(sa.select(erased.c.record_hash).where(erased.c.record_hash.in_(hashes))) is not None


def sweep(db: Database) -> None:
    """Clear what deleting leaves behind: SQLite's log of pages, PostgreSQL's dead rows."""
    with db.engine.connect() as conn:
        if db.sqlite:
            conn.exec_driver_sql("ROLLBACK")
            conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            conn.exec_driver_sql("BEGIN")
            return
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        for name in ("intakes", "intake_changes", "plans", "receipts", "deliveries"):
            conn.exec_driver_sql(f"VACUUM {name}")
        # A plain VACUUM leaves the old bytes in the pages; these tables hold names in clear, and are small.
        for name in ("clients", "client_words", "records", "bookings"):
            conn.exec_driver_sql(f"VACUUM FULL {name}")
