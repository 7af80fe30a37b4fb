"""The newest time that the database holds."""

from datetime import datetime

import sqlalchemy as sa

from store.base import Tx
from store.tables import deliveries, receipts, workers


def newest(tx: Tx) -> datetime | None:
    """When anything last came in, went out, or gave a sign of life; None in an empty database."""
    columns = (receipts.c.received_at, deliveries.c.settled_at, workers.c.seen_at)
    found: list[datetime] = [at for each in columns if (at := tx.value(sa.select(sa.func.max(each))))]
    return max(found, default=None)
