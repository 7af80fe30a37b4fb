"""The days that a client chose for the plan."""

from collections.abc import Sequence
from datetime import datetime, time

import sqlalchemy as sa

from schemas.delivery import Channel
from schemas.my_days import MyDays
from store.base import Tx
from store.tables import my_days


def of_client(tx: Tx, client_ids: Sequence[int]) -> MyDays | None:
    """What one person chose last; None until they did."""
    query = sa.select(my_days).where(my_days.c.client_id.in_(client_ids))
    row = tx.first(query.order_by(my_days.c.changed_at.desc()).limit(1))
    if row is None:
        return None
    days = tuple(int(day) for day in row.days.split())
    return MyDays(days, time.fromisoformat(row.time), Channel(row.way) if row.way else None)


def keep(tx: Tx, client_ids: Sequence[int], client_id: int, chosen: MyDays, now: datetime) -> None:
    """The choice of one person, in place of the one before."""
    tx.run(sa.delete(my_days).where(my_days.c.client_id.in_(client_ids)))
    row = {"days": " ".join(map(str, chosen.days)), "time": f"{chosen.time:%H:%M}", "way": chosen.way or ""}
    tx.run(sa.insert(my_days).values(client_id=client_id, changed_at=now, **row))
