"""How each connection has been doing: first seen, last heard, last read."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from store.base import Database, Tx
from store.tables import connections

CLOCK = (
    "A genuine webhook was refused: its time is over 5 minutes from ours. Check the clock of this machine."
)


def ensure(tx: Tx, name: str, scheduler: str, now: datetime) -> None:
    """Note the moment a connection was first configured; later calls change nothing."""
    tx.lock(f"connection-{name}")
    if get(tx, name) is None:
        tx.run(sa.insert(connections).values(name=name, scheduler=scheduler, first_seen_at=now))


def writes(tx: Tx, name: str, way: str, now: datetime) -> None:
    """Note the way in which link and status are written onto bookings, and since when it is this one."""
    row = sa.update(connections).where(connections.c.name == name, connections.c.attach_way != way)
    tx.run(row.values(attach_way=way, attach_since=now))


def get(tx: Tx, name: str) -> sa.Row[Any] | None:
    """One connection's row."""
    return tx.first(sa.select(connections).where(connections.c.name == name))


def every(tx: Tx) -> Sequence[sa.Row[Any]]:
    """Every connection ever configured."""
    return tx.all(sa.select(connections).order_by(connections.c.name))


def heard(tx: Tx, names: set[str], now: datetime) -> None:
    """A genuine webhook came in."""
    was = connections.c.trouble == CLOCK
    trouble = sa.case((was, ""), else_=connections.c.trouble)
    since = sa.case((was, None), else_=connections.c.trouble_at)
    for name in sorted(names):  # one order everywhere: two processes must not wait for each other
        row = sa.update(connections).where(connections.c.name == name)
        tx.run(row.values(last_receipt_at=now, trouble=trouble, trouble_at=since))


def refused(tx: Tx, name: str, now: datetime, *, clock: bool = False) -> None:
    """A webhook with a wrong credential came in; `clock`: a genuine one, whose time is far from ours."""
    tx.run(sa.update(connections).where(connections.c.name == name).values(last_refused_at=now))
    if clock:
        set_trouble(tx, name, CLOCK, now)


def reconciled(tx: Tx, name: str, now: datetime) -> None:
    """It was tried to read the scheduler through."""
    tx.run(sa.update(connections).where(connections.c.name == name).values(last_reconcile_at=now))


def read_through(tx: Tx, name: str, now: datetime) -> None:
    """The scheduler was read through to the end."""
    row = sa.update(connections).where(connections.c.name == name)
    tx.run(row.values(last_reconcile_at=now, last_read_at=now))


def set_trouble(tx: Tx, name: str, text: str, now: datetime) -> None:
    """What is wrong with a connection now; "" for nothing."""
    since = sa.func.coalesce(connections.c.trouble_at, now) if text else None
    row = sa.update(connections).where(connections.c.name == name)
    tx.run(row.values(trouble=text[:500], trouble_at=since))


def tell(tx: Tx, name: str, now: datetime) -> bool:
    """True for the first who is about to tell somebody of this trouble: nobody else will."""
    row = sa.update(connections).where(connections.c.name == name, connections.c.told_at.is_(None))
    return tx.first(row.values(told_at=now).returning(connections.c.name)) is not None


def untell(tx: Tx, name: str) -> None:
    """It works again, or nobody could be told: the next trouble is told."""
    row = sa.update(connections).where(connections.c.name == name, connections.c.told_at.is_not(None))
    tx.run(row.values(told_at=None))


def keep_secret(tx: Tx, name: str, secret: str) -> None:
    """Keep a signing secret that a subscription was made with."""
    sealed = tx.vault.seal(secret.encode())
    tx.run(sa.update(connections).where(connections.c.name == name).values(sealed_secret=sealed))


def kept(db: Database, name: str) -> str:
    """The secret that `keep_secret` kept, or ""; also before the first migration."""
    if not sa.inspect(db.engine).has_table(connections.name):
        return ""
    with db.read() as tx:
        row = get(tx, name)
    return db.vault.open(row.sealed_secret).decode() if row and row.sealed_secret else ""
