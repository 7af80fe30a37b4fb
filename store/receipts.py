"""Receipts: what schedulers sent, kept before anybody has understood it."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from schemas.receipt import Receipt, ReceiptStatus
from schemas.webhook import Inbound
from store import sealing
from store.base import Tx, no_index
from store.running import tally
from store.running.leases import EVERY, LEASE, Connections, is_over
from store.tables import is_word, receipt_clients, receipts
from store.vault import SealBroken, Vault, is_bound

GAPS_OF = 50  # webhooks
_WAITING = (
    sa.select(sa.func.count())
    .select_from(receipts)
    .where(receipts.c.status.in_((ReceiptStatus.pending, ReceiptStatus.working)))
    .where(no_index(receipts.c.connection) == sa.bindparam("connection"))
    .where(no_index(receipts.c.received_at) <= sa.bindparam("now"))
)
_PUT = sa.insert(receipts)
_TAKEN_IN = sa.update(receipts).where(receipts.c.id == sa.bindparam("of_id"))


def sealed(vault: Vault, public_id: str, connection: str, inbound: Inbound) -> dict[str, Any]:
    """A webhook as the row that it is kept in."""
    row = {"public_id": public_id, "connection": connection, "url": inbound.url}
    return {
        **row,
        "received_at": inbound.received_at,
        "due_at": inbound.received_at,
        "sealed_headers": sealing.seal(vault, receipts.c.sealed_headers, dict(inbound.headers), row),
        "sealed_body": sealing.seal(vault, receipts.c.sealed_body, inbound.body, row),
    }


def put(tx: Tx, rows: Sequence[dict[str, Any]]) -> None:
    """Store rows that `sealed` has made."""
    tx.run(_PUT, rows)


def add(tx: Tx, arrivals: Iterable[tuple[str, str, Inbound]]) -> None:
    """Store webhooks, each as (public id, connection, inbound)."""
    put(tx, [sealed(tx.vault, *each) for each in arrivals])


def _due(now: datetime, of: Connections) -> sa.ColumnElement[bool]:
    over = is_over(receipts.c.lease_until, now)
    due = sa.or_(
        sa.and_(receipts.c.status == ReceiptStatus.pending, receipts.c.due_at <= now),
        sa.and_(receipts.c.status == ReceiptStatus.working, over),
    )
    return sa.and_(due, of.hold(no_index(receipts.c.connection)))


def any_due(tx: Tx, now: datetime, of: Connections = EVERY) -> bool:
    """True when `claim` would find something: a look that takes no lock."""
    return tx.first(sa.select(receipts.c.id).where(_due(now, of)).limit(1)) is not None


def claim(tx: Tx, now: datetime, limit: int, of: Connections = EVERY) -> list[Receipt]:
    """Take up to `limit` receipts that are due, oldest first; a lease makes a crash harmless."""
    ids = sa.select(receipts.c.id).where(_due(now, of)).order_by(receipts.c.id).limit(limit)
    take = (
        sa.update(receipts)
        .where(receipts.c.id.in_(ids.with_for_update(skip_locked=True)))
        .values(status=ReceiptStatus.working, lease_until=now + LEASE, attempts=receipts.c.attempts + 1)
        .returning(receipts)
    )
    # What was tried before comes last: should it end the process, the others are done already.
    return sorted((_receipt(tx, row) for row in tx.all(take)), key=lambda each: (each.attempts, each.id))


def waiting(tx: Tx, now: datetime, connection: str) -> int:
    """How many webhooks of a connection came in by now and have not been taken in."""
    return int(tx.value(_WAITING, connection=connection, now=now) or 0)


def in_work(tx: Tx, now: datetime, connection: str) -> bool:
    """True while a worker has a webhook of a connection that came in by now."""
    held = (receipts.c.status == ReceiptStatus.working, receipts.c.lease_until > now)
    mine = (no_index(receipts.c.connection) == connection, no_index(receipts.c.received_at) <= now)
    return tx.first(sa.select(receipts.c.id).where(*held, *mine).limit(1)) is not None


def trace(tx: Tx, receipt_id: int, client_ids: Iterable[int]) -> None:
    """Write down whom a receipt told of."""
    tx.insert_missing(receipt_clients, _told_of(receipt_id, client_ids))
    tx.change(receipts, receipt_id, traced=True)


def _told_of(receipt_id: int, client_ids: Iterable[int]) -> list[dict[str, int]]:
    return [{"receipt_id": receipt_id, "client_id": client_id} for client_id in sorted(set(client_ids))]


def untraced(tx: Tx, after: int, limit: int) -> list[Receipt]:
    """Settled receipts of an older database whose clients are not written down, by id."""
    query = sa.select(receipts).where(
        receipts.c.id > after,
        ~receipts.c.traced,
        receipts.c.sealed_body.is_not(None),
        receipts.c.status.not_in((ReceiptStatus.pending, ReceiptStatus.working)),
    )
    return [_receipt(tx, row) for row in tx.all(query.order_by(receipts.c.id).limit(limit))]


def of_clients(tx: Tx, client_ids: Sequence[int]) -> list[Receipt]:
    """The receipts that told of one person and still have a body."""
    mine = sa.select(receipt_clients.c.receipt_id).where(receipt_clients.c.client_id.in_(client_ids))
    query = sa.select(receipts).where(receipts.c.id.in_(mine), receipts.c.sealed_body.is_not(None))
    return [_receipt(tx, row) for row in tx.all(query.order_by(receipts.c.id))]


def renew(tx: Tx, ids: Iterable[int], until: datetime) -> None:
    """Keep the lease on those that are still worked on."""
    ours = (receipts.c.id.in_(list(ids)), receipts.c.status == ReceiptStatus.working)
    tx.run(sa.update(receipts).where(*ours).values(lease_until=until))


def _receipt(tx: Tx, row: sa.Row[Any]) -> Receipt:
    headers: dict[str, str] = {}
    body, locked = b"", False
    try:
        headers = sealing.unseal_json(tx, receipts.c.sealed_headers, row) if row.sealed_headers else {}
        body = sealing.unseal(tx, receipts.c.sealed_body, row) if row.sealed_body else b""
    except SealBroken:  # one that does not open must not keep the others waiting
        locked = True
    inbound = Inbound(headers=headers, body=body, url=row.url, received_at=row.received_at)
    known = (row.id, row.public_id, row.connection, ReceiptStatus(row.status), row.attempts, row.replays)
    return Receipt(*known, inbound, locked, row.note)


def opens(tx: Tx) -> bool:
    """False when the newest webhook that is kept was sealed with a key that we do not have."""
    newest = sa.select(receipts).where(receipts.c.sealed_headers.is_not(None))
    row = tx.first(newest.order_by(receipts.c.id.desc()).limit(1))
    if row is None:
        return True
    try:
        return bool(sealing.unseal(tx, receipts.c.sealed_headers, row))
    except SealBroken:
        return is_bound(row.sealed_headers) and tx.vault.has_key(row.sealed_headers)


def settle(tx: Tx, receipt_id: int, status: ReceiptStatus, note: str, now: datetime) -> None:
    """Say how it ended."""
    tx.change(receipts, receipt_id, status=status, note=note[:500], settled_at=now, lease_until=None)


def taken_in(
    tx: Tx, receipt_id: int, status: ReceiptStatus, note: str, client_ids: Iterable[int], now: datetime
) -> None:
    """It was understood: say how it ended, and whom it told of.

    That is done at the end of the transaction, for all receipts together.
    """
    row = {"of_id": receipt_id, "status": status, "note": note[:500], "settled_at": now}
    tx.later.append(_TakenIn({**row, "lease_until": None, "traced": True}, _told_of(receipt_id, client_ids)))


@dataclass(frozen=True, slots=True)
class _TakenIn:
    """A receipt that the transaction settles at its end, with all others."""

    row: dict[str, Any]
    told_of: list[dict[str, int]]

    def __call__(self, tx: Tx) -> None:
        """Settle this one and the others."""
        some = [self, *(each for each in tx.later if isinstance(each, _TakenIn))]
        tx.later[:] = [each for each in tx.later if not isinstance(each, _TakenIn)]
        tx.run(_TAKEN_IN, [each.row for each in some])
        tx.insert_missing(receipt_clients, [row for each in some for row in each.told_of])


def give_back(tx: Tx, ids: Iterable[int]) -> None:
    """Let somebody else have what was taken and not begun."""
    ours = (receipts.c.id.in_(list(ids)), receipts.c.status == ReceiptStatus.working)
    row = sa.update(receipts).where(*ours)
    tx.run(row.values(status=ReceiptStatus.pending, lease_until=None, attempts=receipts.c.attempts - 1))


def retry(tx: Tx, receipt_id: int, due_at: datetime, note: str) -> None:
    """Try again at `due_at`."""
    waits = {"status": ReceiptStatus.pending, "due_at": due_at, "lease_until": None}
    tx.change(receipts, receipt_id, **waits, note=note[:500])


def replay(tx: Tx, public_id: str, now: datetime) -> bool:
    """Process a receipt again; False when there is none, or its body has been deleted."""
    again = (
        sa.update(receipts)
        .where(receipts.c.public_id == public_id, receipts.c.sealed_body.is_not(None))
        .values(
            status=ReceiptStatus.pending,
            due_at=now,
            attempts=0,
            replays=receipts.c.replays + 1,
            settled_at=None,
        )
        .returning(receipts.c.id)
    )
    return tx.first(again) is not None


def by_public_id(tx: Tx, public_id: str) -> Receipt | None:
    """One receipt with its body."""
    row = tx.first(sa.select(receipts).where(receipts.c.public_id == public_id))
    return _receipt(tx, row) if row else None


def counts(tx: Tx) -> dict[str, int]:
    """How many receipts there are in each status."""
    rows = tx.all(sa.select(receipts.c.status, sa.func.count()).group_by(receipts.c.status))
    return {name: count for name, count in rows}  # noqa: C416 - dict() loses the types


def oldest(tx: Tx, now: datetime) -> datetime | None:
    """Since when the webhook that is due for longest has been due; None when none is."""
    waits = (receipts.c.status == ReceiptStatus.pending, receipts.c.due_at <= now)
    found: datetime | None = tx.value(
        sa.select(receipts.c.due_at).where(*waits).order_by(receipts.c.due_at).limit(1)
    )
    return found


def not_understood(tx: Tx, since: datetime) -> dict[str, tuple[int, datetime]]:
    """By connection: how many genuine webhooks since then we could not read, and when the newest failed."""
    newest = sa.func.max(receipts.c.settled_at, type_=receipts.c.settled_at.type)
    query = sa.select(receipts.c.connection, sa.func.count(), newest).group_by(receipts.c.connection)
    unread = (receipts.c.status == ReceiptStatus.not_understood, receipts.c.settled_at >= since)
    return {name: (count, at) for name, count, at in tx.all(query.where(*unread))}


FAILED = tally.of(
    sa.select(receipts)
    .where(is_word(receipts.c.status, ReceiptStatus.dead), receipts.c.settled_at >= sa.bindparam("since"))
    .where(receipts.c.sealed_body.is_not(None)),
    receipts.c.settled_at,
)
"""The webhooks since then that we failed on, and that can be processed again."""
OLDEST_DUE = [
    tally.first(is_word(receipts.c.status, each), receipts.c.due_at)
    for each in (ReceiptStatus.pending, ReceiptStatus.working)
]
"""Since when the first of what is not settled has been due."""


def recent(tx: Tx, *, status: str = "", connection: str = "", limit: int = 100) -> Sequence[sa.Row[Any]]:
    """The newest receipts, without their bodies, in the order of the index that finds them."""
    columns = [column for column in receipts.c if column.name not in ("sealed_body", "sealed_headers")]
    newest = receipts.c.due_at if status else receipts.c.received_at
    order = [newest.desc()] if status or connection else []
    query = sa.select(*columns).order_by(*order, receipts.c.id.desc()).limit(limit)
    if status:
        query = query.where(receipts.c.status == status)
    if connection:
        column = no_index(receipts.c.connection) if status else receipts.c.connection
        query = query.where(column == connection)
    return tx.all(query)


def forget_body(tx: Tx, receipt_id: int) -> None:
    """Delete the raw body and headers of one receipt that was read."""
    tx.change(receipts, receipt_id, sealed_body=None, sealed_headers=None)


def forget_bodies(tx: Tx, before: datetime) -> int:
    """Delete raw bodies and headers of settled receipts older than `before`; returns how many."""
    gone = (
        sa.update(receipts)
        .where(
            receipts.c.received_at < before,
            receipts.c.sealed_body.is_not(None),
            receipts.c.status.not_in((ReceiptStatus.pending, ReceiptStatus.working)),
        )
        .values(sealed_body=None, sealed_headers=None)
        .returning(receipts.c.id)
    )
    return len(tx.all(gone))


def gaps(tx: Tx, connection: str) -> list[timedelta]:
    """The times between the latest webhooks of a connection, newest first."""
    query = (
        sa.select(receipts.c.received_at)
        .where(receipts.c.connection == connection)
        .order_by(receipts.c.received_at.desc())
        .limit(GAPS_OF)
    )
    times = [row.received_at for row in tx.all(query)]
    return [later - earlier for later, earlier in itertools.pairwise(times)]
