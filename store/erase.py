"""Everything that is kept about one client: reading it out, and erasing it."""

import base64
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from schemas.person import ContactKind
from schemas.receipt import ReceiptStatus
from store import client_words, saved_plans, sealing, texts
from store.base import Database, Tx, once
from store.tables import (
    attendances,
    audit,
    bookings,
    checkins,
    client_requests,
    clients,
    contact_points,
    deliveries,
    drafts,
    erased,
    flags,
    intake_changes,
    intakes,
    links,
    looks,
    metadata,
    my_days,
    opt_outs,
    own_media,
    plan_edits,
    plans,
    receipt_clients,
    receipts,
    records,
    remarks,
    session_notes,
    staff,
)
from store.tables import texts as stored_texts
from store.vault import SealBroken

OF_CLIENT = (
    *(attendances, intakes, plans, flags, session_notes, plan_edits, checkins, deliveries, links),
    receipt_clients,
    client_requests,
    my_days,
    own_media,
    remarks,
    drafts,
    looks,
)
"""The tables whose rows say whose they are."""


def booking_ids(tx: Tx, client_ids: Sequence[int]) -> list[int]:
    """The ids of the bookings to which one person comes now, merged ones too."""
    mine = sa.select(bookings.c.id).where(bookings.c.client_id.in_(client_ids))
    merged = sa.select(bookings.c.id).where(bookings.c.merged_into.in_(mine))
    return sorted({row[0] for row in tx.all(sa.union(mine, merged))})


def rows_of(tx: Tx, client_ids: Sequence[int]) -> dict[str, list[dict[str, Any]]]:
    """Every row that belongs to one person, by table, with what was sealed opened."""
    ids = booking_ids(tx, client_ids)
    intake_ids = sa.select(intakes.c.id).where(intakes.c.client_id.in_(client_ids))
    subjects = [*(f"client:{each}" for each in client_ids), *(f"booking:{one}" for one in ids)]
    wanted = {
        clients: clients.c.id.in_(client_ids),
        contact_points: contact_points.c.id.in_(_contact_ids(tx, client_ids)),
        stored_texts: stored_texts.c.contact_id.in_(_own_numbers(tx, client_ids)),
        bookings: bookings.c.id.in_(ids),
        records: records.c.booking_id.in_(ids),
        intake_changes: intake_changes.c.intake_id.in_(intake_ids),
        **{table: table.c.client_id.in_(client_ids) for table in OF_CLIENT},
        audit: audit.c.subject.in_(subjects),
    }
    return {
        table.name: [_opened(tx, table, row) for row in tx.all(sa.select(table).where(which))]
        for table, which in wanted.items()
    }


def _contact_ids(tx: Tx, client_ids: Sequence[int]) -> list[int]:
    """The contact points at which one person is or was reached, those that were corrected away too."""
    places = (attendances.c.email_id, attendances.c.phone_id, deliveries.c.contact_id, links.c.contact_id)
    theirs = [sa.select(each).where(each.table.c.client_id.in_(client_ids)) for each in places]
    theirs += [_numbers(client_ids)]
    return sorted({row[0] for row in tx.all(sa.union(*theirs)) if row[0]})


def _numbers(client_ids: Sequence[int]) -> sa.Select[tuple[int]]:
    """The number of a client, also one that was typed into a form and nobody has confirmed."""
    same = sa.and_(contact_points.c.kind == ContactKind.sms, contact_points.c.value == clients.c.phone)
    return sa.select(contact_points.c.id).join(clients, same).where(clients.c.id.in_(client_ids))


def _own_numbers(tx: Tx, client_ids: Sequence[int]) -> list[int]:
    """Where this person is reached, and nobody else: what came from there is certainly theirs."""
    whose = {each: texts.senders(tx, each) for each in _contact_ids(tx, client_ids)}
    return [each for each, people in whose.items() if people and set(people) <= set(client_ids)]


def needles(tx: Tx, client_ids: Sequence[int]) -> list[str]:
    """What must not be found afterwards: names, addresses, numbers, but none that is another's too."""
    found: set[str] = set()
    for row in tx.all(sa.select(clients).where(clients.c.id.in_(client_ids))):
        found |= {row.name, row.email, row.phone}
    for row in tx.all(sa.select(attendances).where(attendances.c.client_id.in_(client_ids))):
        for column in sealing.columns(attendances):
            said = _clear(tx, column, row)
            found |= {said[name] for name in ("name", "email", "phone")} if isinstance(said, dict) else set()
    for row in tx.all(sa.select(contact_points).where(contact_points.c.id.in_(_contact_ids(tx, client_ids)))):
        found.add(row.value)
    others = sa.select(clients.c.name, clients.c.email, clients.c.phone).where(
        clients.c.id.not_in(client_ids)
    )
    shared = {part.casefold() for row in tx.all(others.where(_like_any(found))) for part in row}
    shared |= {part.casefold() for row in tx.all(sa.select(staff.c.name, staff.c.email)) for part in row}
    return sorted(each for each in found if len(each.strip()) > 3 and each.casefold() not in shared)


def _like_any(texts: set[str]) -> sa.ColumnElement[bool]:
    low = [text.casefold() for text in texts if text]
    columns = (clients.c.name, clients.c.email, clients.c.phone)
    return sa.or_(sa.false(), *(sa.func.lower(column).in_(low) for column in columns))


OURS = ("token_hash", "lease_until", "generation", "hash", "key_id", "keyed", "via", "source")


def _opened(tx: Tx, table: sa.Table, row: sa.Row[Any]) -> dict[str, Any]:
    """A row in clear; hashes and ids of our own making say nothing about anybody and stay out."""
    values: dict[str, Any] = {}
    for name, value in row._mapping.items():
        if name.startswith("sealed_"):
            values[name.removeprefix("sealed_")] = _clear(tx, table.c[name], row)
        elif name not in OURS:
            values[name] = value.isoformat() if isinstance(value, datetime) else value
    if table is flags and isinstance(values["flag"], dict):  # in the export they stand beside it
        values |= {name: values["flag"].get(name, "") for name in ("rule", "severity")}
    return values


def _clear(tx: Tx, column: sa.Column[Any], row: sa.Row[Any]) -> Any:
    if row._mapping[column.name] is None:
        return None
    try:
        plain = sealing.unseal(tx, column, row)
    except SealBroken as broken:
        return f"({broken})"
    if column is own_media.c.sealed_media:
        return base64.b64encode(plain).decode()
    try:
        return json.loads(plain)
    except ValueError:
        return plain.decode(errors="replace")


def external_ids(tx: Tx, ids: Sequence[int]) -> list[tuple[str, str, str]]:
    """(connection, identifier, seat) of the records of these bookings."""
    query = sa.select(records.c.connection, records.c.external_id, records.c.seat)
    return [tuple(row) for row in tx.all(query.where(records.c.booking_id.in_(ids)))]


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


def erase_rows(tx: Tx, client_ids: Sequence[int], hashes: Sequence[str], now: datetime) -> dict[str, int]:
    """Delete every row of one person; bookings and client stay as nameless numbers."""
    ids, places = booking_ids(tx, client_ids), _contact_ids(tx, client_ids)
    intake_ids = sa.select(intakes.c.id).where(intakes.c.client_id.in_(client_ids))
    tx.run(sa.update(attendances).where(attendances.c.intake_id.in_(intake_ids)).values(intake_id=None))
    gone = {
        intake_changes: intake_changes.c.intake_id.in_(intake_ids),
        checkins: checkins.c.client_id.in_(client_ids),
        records: records.c.booking_id.in_(ids),
        **{table: table.c.client_id.in_(client_ids) for table in OF_CLIENT},
    }
    counts = {table.name: _delete(tx, table, which) for table, which in gone.items()}
    for client_id in client_ids:
        client_words.forget(tx, client_id)
    counts["texts"] = texts.forget_from(tx, places)
    counts["contact_points"] = _forget_places(tx, places)
    _blank(tx, client_ids, ids, now)
    never_again(tx, hashes, now)
    return counts | {"bookings": len(ids)}


def _forget_places(tx: Tx, places: Sequence[int]) -> int:
    """Contact points that nobody is reached at any more, those that were corrected at once too."""
    used = sa.union(sa.select(attendances.c.email_id), sa.select(attendances.c.phone_id)).subquery()
    refused = sa.select(opt_outs.c.contact_id)
    free = sa.select(contact_points.c.id).where(
        ~sa.exists().where(used.c[0] == contact_points.c.id),
        ~sa.exists().where(stored_texts.c.contact_id == contact_points.c.id),
        sa.or_(contact_points.c.id.in_(places), contact_points.c.id.not_in(refused)),
    )
    alone = [row.id for row in tx.all(free)]
    tx.run(sa.delete(opt_outs).where(opt_outs.c.contact_id.in_(alone)))
    return _delete(tx, contact_points, contact_points.c.id.in_(alone))


def _delete(tx: Tx, table: sa.Table, which: sa.ColumnElement[bool]) -> int:
    return len(tx.all(sa.delete(table).where(which).returning(sa.literal(1))))


def _blank(tx: Tx, client_ids: Sequence[int], ids: Sequence[int], now: datetime) -> None:
    nothing = {"name": "", "email": "", "phone": "", "zone": "", "language": ""}
    tx.run(sa.update(clients).where(clients.c.id.in_(client_ids)).values(**nothing, erased_at=now))
    some = {"place": "", "language": "", "zone": "", "status": "cancelled", "updated_at": now}
    tx.run(sa.update(bookings).where(bookings.c.id.in_(ids)).values(**some))


def scrub(tx: Tx, texts: Sequence[str]) -> int:
    """Take the texts out of every other column in clear (a title, a note); returns how many rows.

    Not out of the log, which nobody changes: it speaks of clients by number.
    """
    count = saved_plans.scrub(tx, texts, ERASED)
    for table in (each for each in metadata.sorted_tables if each is not audit):
        for column in (each for each in table.c if _may_mention(each)):
            for text in texts:
                holds = sa.func.lower(column).contains(text.casefold(), autoescape=True)
                row = sa.update(table).where(holds).values({column: ERASED}).returning(sa.literal(1))
                count += len(tx.all(row))
    return count


ERASED = "(erased)"


def _may_mention(column: sa.Column[Any]) -> bool:
    """True for text that is long enough; PostgreSQL refuses the statement where our word does not fit."""
    text = column.type
    return (
        isinstance(text, sa.String)
        and not column.primary_key
        and (text.length is None or text.length >= len(ERASED))
    )


def never_again(tx: Tx, hashes: Sequence[str], now: datetime) -> None:
    """Remember keyed hashes of bookings that must not come back."""
    known = {row.record_hash for row in tx.all(sa.select(erased).where(erased.c.record_hash.in_(hashes)))}
    rows = [{"record_hash": one, "erased_at": now} for one in dict.fromkeys(hashes) if one not in known]
    if rows:
        tx.run(sa.insert(erased), rows)


def every_hash(tx: Tx) -> list[str]:
    """The keyed hashes of all bookings that must not come back."""
    return [row.record_hash for row in tx.all(sa.select(erased.c.record_hash).order_by("record_hash"))]


def every_record(tx: Tx) -> list[tuple[int, str, str, str]]:
    """(client, connection, identifier, seat) of every record that belongs to a booking."""
    joined = records.join(bookings, bookings.c.id == records.c.booking_id)
    columns = (bookings.c.client_id, records.c.connection, records.c.external_id, records.c.seat)
    return [(row[0], row[1], row[2], row[3]) for row in tx.all(sa.select(*columns).select_from(joined))]


_ERASED = sa.select(erased.c.record_hash).where(
    erased.c.record_hash.in_(sa.bindparam("hashes", expanding=True))
)


def is_erased(tx: Tx, hashes: Sequence[str]) -> bool:
    """True when one of these keyed hashes belongs to somebody who was erased."""
    return bool(remembered(tx, hashes))


@once(erased)
def remembered(tx: Tx, hashes: Sequence[str]) -> frozenset[str]:
    """Which of these keyed hashes are remembered."""
    return frozenset(row.record_hash for row in tx.all(_ERASED, hashes=hashes))


def prove(db: Database, texts: Sequence[str]) -> int:
    """Clear what deleting leaves behind, then count how often the texts are still there: 0 is the proof.

    SQLite: bytes of the file and of its log. PostgreSQL: every column in clear; its log of writes and old
    backups are out of reach.
    """
    if not db.sqlite:
        return _prove_postgres(db, texts)
    for _ in range(TRIES):
        if _checkpoint(db):
            break
        time.sleep(PAUSE)
    return _in_files([Path(f"{db.engine.url.database}{end}") for end in ("", "-wal")], texts)


TRIES, PAUSE = 20, 0.25  # looks and seconds: how long a reader may keep the log from being emptied


def _checkpoint(db: Database) -> bool:
    """Move the log into the file and empty it; False while somebody reads."""
    with db.engine.connect() as conn:
        conn.exec_driver_sql("ROLLBACK")
        row = conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
        conn.exec_driver_sql("BEGIN")
        return not row[0]


LOOK = """
import json, pathlib, sys
asked = json.load(sys.stdin)
found = 0
for name in asked["files"]:
    path = pathlib.Path(name)
    held = path.read_bytes() if path.exists() else b""
    found += sum(held.count(text.encode()) for text in asked["texts"])
print(found)
"""


def _in_files(files: Sequence[Path], texts: Sequence[str]) -> int:
    """How often the texts stand in files. Another process looks: closing a file here would drop our locks."""
    asked = json.dumps(
        {"files": [str(path) for path in files], "texts": sorted({*texts, *map(str.casefold, texts)})}
    )
    look = [sys.executable, "-c", LOOK]
    done = subprocess.run(look, input=asked, capture_output=True, text=True, check=True)  # noqa: S603 - our own words
    return int(done.stdout)


def _prove_postgres(db: Database, texts: Sequence[str]) -> int:
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        for name in (
            "intakes",
            "intake_changes",
            "plans",
            "own_media",
            "saved_plans",
            "receipts",
            "deliveries",
        ):
            conn.exec_driver_sql(f"VACUUM {name}")
        # A plain VACUUM leaves the old bytes in the pages; these tables hold names in clear, and are small.
        for name in ("clients", "client_words", "contact_points", "records", "bookings", "attendances"):
            conn.exec_driver_sql(f"VACUUM FULL {name}")
    with db.read() as tx:
        return sum(_holding(tx, table, texts) for table in metadata.sorted_tables)


def _holding(tx: Tx, table: sa.Table, texts: Sequence[str]) -> int:
    columns = [each for each in table.c if isinstance(each.type, sa.String)]
    if not columns or not texts:
        return 0
    holds = [
        sa.func.lower(each).contains(text.casefold(), autoescape=True) for each in columns for text in texts
    ]
    return int(tx.value(sa.select(sa.func.count()).select_from(table).where(sa.or_(*holds))) or 0)
