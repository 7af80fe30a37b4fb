"""Times that a practitioner spent with what a client sent: started and stopped by hand."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from schemas.monitoring import Look
from store.base import Tx
from store.tables import looks


def start(tx: Tx, client_id: int, staff_id: int, author: str, now: datetime) -> None:
    """One more; what this person had running stops, since nobody reads two clients at once."""
    stop(tx, staff_id, now)
    tx.insert(looks, client_id=client_id, staff_id=staff_id, author=author, started_at=now)


def stop(tx: Tx, staff_id: int, now: datetime) -> None:
    """What this person has running stops."""
    mine = (looks.c.staff_id == staff_id, looks.c.ended_at.is_(None))
    tx.run(sa.update(looks).where(*mine).values(ended_at=now))


def running(tx: Tx, staff_id: int, client_ids: Sequence[int]) -> datetime | None:
    """Since when this person reads a client; None while they do not."""
    mine = (looks.c.staff_id == staff_id, looks.c.client_id.in_(client_ids), looks.c.ended_at.is_(None))
    row = tx.first(sa.select(looks).where(*mine))
    return row.started_at if row else None


def of_client(tx: Tx, client_ids: Sequence[int]) -> list[Look]:
    """Every one of a client that was stopped, in order of time."""
    done = (looks.c.client_id.in_(client_ids), looks.c.ended_at.is_not(None))
    rows = tx.all(sa.select(looks).where(*done).order_by(looks.c.started_at, looks.c.id))
    return [Look(row.author, row.started_at, row.ended_at) for row in rows]
