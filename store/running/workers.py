"""Heartbeats: which workers are alive."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from store.base import Tx
from store.tables import workers

SILENT = timedelta(seconds=90)
"""A worker that gave no sign for so long is taken for gone."""


_NOT_AHEAD = workers.c.seen_at <= sa.bindparam("ahead")


def beat(tx: Tx, name: str, now: datetime) -> None:
    """Say that a worker is alive."""
    tx.lock(f"worker-{name}")
    row = sa.update(workers).where(workers.c.name == name).values(seen_at=now).returning(workers.c.name)
    if tx.first(row) is None:
        tx.run(sa.insert(workers).values(name=name, seen_at=now))


def last_seen(tx: Tx, now: datetime) -> datetime | None:
    """When any worker was last alive; what a clock has said that was far ahead says nothing."""
    seen: datetime | None = tx.value(
        sa.select(sa.func.max(workers.c.seen_at)).where(_NOT_AHEAD), ahead=now + SILENT
    )
    return seen


def alive(seen: datetime | None, now: datetime) -> bool:
    """Tell from the last sign of any worker whether one is alive."""
    return seen is not None and now - seen < SILENT
