"""Times that were written while the clock was ahead of where it is now."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from schemas.delivery import DeliveryStatus
from schemas.receipt import ReceiptStatus
from store.base import Tx
from store.tables import bookings, deliveries, receipts

CLOCKS_DIFFER = timedelta(minutes=5)
"""By less than that another machine's clock may differ from ours."""


def take_back(tx: Tx, now: datetime) -> list[int]:
    """What came in later than now came in now, and what follows so long after follows so long after that.

    Returns the bookings that it is about.
    """
    _receipts(tx, now)
    return sorted(_bookings(tx, now) | _deliveries(tx, now))


def _receipts(tx: Tx, now: datetime) -> None:
    ahead = sa.update(receipts).where(receipts.c.received_at > now + CLOCKS_DIFFER)
    tx.run(ahead.where(receipts.c.status == ReceiptStatus.pending).values(due_at=now))
    tx.run(ahead.values(received_at=now))


def _bookings(tx: Tx, now: datetime) -> set[int]:
    ahead = sa.update(bookings).where(bookings.c.first_seen_at > now + CLOCKS_DIFFER)
    return {row.id for row in tx.all(ahead.values(first_seen_at=now).returning(bookings.c.id))}


def _deliveries(tx: Tx, now: datetime) -> set[int]:
    waits = (deliveries.c.status == DeliveryStatus.scheduled, deliveries.c.created_at > now + CLOCKS_DIFFER)
    found = tx.all(sa.select(deliveries).where(*waits))
    for row in found:
        tx.change(deliveries, row.id, created_at=now, due_at=now + (row.due_at - row.created_at))
    return {row.booking_id for row in found}
