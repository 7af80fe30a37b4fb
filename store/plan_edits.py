"""A practitioner's changes to a drafted plan (sealed), oldest first; none is ever overwritten."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from store import sealing
from store.base import Tx
from store.tables import bookings, plan_edits


def add(tx: Tx, booking_id: int, author: str, edit: dict[str, Any], now: datetime) -> None:
    """Keep one change, as plain JSON values."""
    comes = tx.value(sa.select(bookings.c.client_id).where(bookings.c.id == booking_id))
    row = {"booking_id": booking_id, "client_id": comes, "author": author, "created_at": now}
    sealing.add(tx, plan_edits, row, sealed_edit=edit)


def there_are(tx: Tx, booking_id: int) -> bool:
    """True where somebody changed the plan of one booking, or made it."""
    return (
        tx.first(sa.select(plan_edits.c.id).where(plan_edits.c.booking_id == booking_id).limit(1)) is not None
    )


def of_booking(tx: Tx, booking_id: int) -> list[dict[str, Any]]:
    """Every change to the plan of one booking, oldest first."""
    query = sa.select(plan_edits).where(plan_edits.c.booking_id == booking_id).order_by(plan_edits.c.id)
    return [sealing.unseal_json(tx, plan_edits.c.sealed_edit, row) for row in tx.all(query)]
