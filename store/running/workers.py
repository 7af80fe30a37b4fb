"""Heartbeats: which workers are alive."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from store.base import Tx
from store.tables import workers

SILENT = timedelta(seconds=90)
"""A worker that gave no sign for so long is taken for gone."""


def beat(tx: Tx, name: str, now: datetime) -> None:
    """Say that a worker is alive."""
    tx.lock(f"worker-{name}")
    row = sa.update(workers).where(workers.c.name == name).values(seen_at=now).returning(workers.c.name)
    if tx.first(row) is None:
        tx.run(sa.insert(workers).values(name=name, seen_at=now))


def last_seen(tx: Tx) -> datetime | None:
    """When any worker was last alive."""
    seen: datetime | None = tx.value(sa.select(workers.c.seen_at).order_by(workers.c.seen_at.desc()).limit(1))
    return seen


def alive(seen: datetime | None, now: datetime) -> bool:
    """Tell from the last sign of any worker whether one is alive."""
    return seen is not None and now - seen < SILENT
