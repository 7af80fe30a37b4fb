"""How each connection has been doing: first seen, last heard, last read."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from schemas.trouble import TroubleKind
from store import bookings, sealing
from store.base import Database, Tx
from store.running import troubles
from store.tables import connections

CLOCK = "A genuine webhook was refused: its time is too far from ours. Check the clock of this machine."


def ensure(tx: Tx, name: str, scheduler: str, now: datetime) -> None:
    """Note the moment a connection was first configured; later calls change nothing.

    Under another scheduler it is a new connection: what exists there is older than it, and a place in the
    list of the former one says nothing. What the former one called its bookings is laid aside.
    """
    tx.lock(f"connection-{name}")
    row = get(tx, name)
    if row is None:
        tx.run(sa.insert(connections).values(name=name, scheduler=scheduler, first_seen_at=now))
    elif row.scheduler != scheduler:
        began = {"first_seen_at": now, "last_read_at": None, "read_begun_at": None, "read_place": ""}
        mine = sa.update(connections).where(connections.c.name == name)
        tx.run(mine.values(scheduler=scheduler, **began))
        bookings.change_scheduler(tx, name, row.scheduler, scheduler)


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


def first_seen(tx: Tx) -> datetime | None:
    """When the first connection was configured."""
    at: datetime | None = tx.value(sa.select(sa.func.min(connections.c.first_seen_at)))
    return at


def heard(tx: Tx, names: set[str], now: datetime) -> None:
    """A genuine webhook came in."""
    for name in sorted(names):  # one order everywhere: two processes must not wait for each other
        tx.run(sa.update(connections).where(connections.c.name == name).values(last_receipt_at=now))
        troubles.end(tx, TroubleKind.clock, name)


def refused(tx: Tx, name: str, now: datetime, *, clock: bool = False) -> None:
    """A webhook with a wrong credential came in; `clock`: a genuine one, whose time is far from ours."""
    tx.run(sa.update(connections).where(connections.c.name == name).values(last_refused_at=now))
    if clock:
        troubles.note(tx, TroubleKind.clock, name, CLOCK, now)


def begin_reading(tx: Tx, name: str, now: datetime) -> sa.Row[Any] | None:
    """The reading that is under way, or a new one; None for a connection that nobody knows yet.

    What is under way goes on at its place, also after a restart.
    """
    row = sa.update(connections).where(connections.c.name == name)
    fresh = {"read_begun_at": now, "read_place": "", "read_failed": 0, "read_step_at": now}
    number = connections.c.read_number + 1
    tx.run(row.where(connections.c.read_begun_at.is_(None)).values(**fresh, read_number=number))
    return get(tx, name)


def step(tx: Tx, name: str, reading: int, now: datetime, *, place: str = "", failed: int = 0) -> None:
    """A reading came further; `place` where it may go on ("": where it was); `failed` of it not taken in."""
    row = sa.update(connections).where(*_under_way(name, reading))
    further = {"read_place": place} if place else {}
    tx.run(row.values(read_step_at=now, read_failed=connections.c.read_failed + failed, **further))


def let_through(tx: Tx, name: str, now: datetime) -> None:
    """The scheduler answered a question of ours."""
    tx.run(sa.update(connections).where(connections.c.name == name).values(read_step_at=now))


def end_reading(tx: Tx, name: str, reading: int, due_at: datetime, now: datetime) -> None:
    """A reading came to its end; the next one begins at `due_at`."""
    row = sa.update(connections).where(*_under_way(name, reading))
    done = {"last_reconcile_at": now, "last_read_at": connections.c.read_begun_at, "read_due_at": due_at}
    tx.run(row.values(**done, read_begun_at=None, read_place=""))


def _under_way(name: str, reading: int) -> tuple[sa.ColumnElement[bool], ...]:
    """What an older process still does for a reading that has ended changes nothing."""
    mine = (connections.c.name == name, connections.c.read_number == reading)
    return (*mine, connections.c.read_begun_at.is_not(None))


def read_at(tx: Tx, name: str, due_at: datetime) -> None:
    """The scheduler is to be read at `due_at`."""
    tx.run(sa.update(connections).where(connections.c.name == name).values(read_due_at=due_at))


def claim_reading(tx: Tx, name: str, now: datetime, until: datetime, longest: timedelta) -> bool:
    """True when a reading is due: it is left to the caller until `until`.

    What is due later than `longest` from now was planned by a clock that has been set back.
    """
    due = connections.c.read_due_at
    is_due = sa.or_(due.is_(None), due <= now, due > now + longest)
    row = sa.update(connections).where(connections.c.name == name, is_due)
    return tx.first(row.values(read_due_at=until, last_reconcile_at=now).returning(due)) is not None


def webhook_seen(tx: Tx, name: str, now: datetime) -> None:
    """Our subscription is at the scheduler."""
    tx.run(sa.update(connections).where(connections.c.name == name).values(webhook_seen_at=now))


def keep_secret(tx: Tx, name: str, secret: str) -> None:
    """Keep a signing secret that a subscription was made with."""
    sealed = sealing.seal(tx.vault, connections.c.sealed_secret, secret.encode(), {"name": name})
    tx.run(sa.update(connections).where(connections.c.name == name).values(sealed_secret=sealed))


def kept(db: Database, name: str) -> str:
    """The secret that `keep_secret` kept, or ""; also before the first migration."""
    if not sa.inspect(db.engine).has_table(connections.name):
        return ""
    with db.read() as tx:
        row = get(tx, name)
        if row is None or not row.sealed_secret:
            return ""
        return sealing.unseal(tx, connections.c.sealed_secret, row).decode()
