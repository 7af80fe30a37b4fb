"""A practitioner's changes to a drafted plan (sealed), oldest first; none is ever overwritten."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from store.base import Tx
from store.tables import plan_edits


def add(tx: Tx, booking_id: int, author: str, edit: dict[str, Any], now: datetime) -> None:
    """Keep one change, as plain JSON values."""
    row = {"booking_id": booking_id, "author": author, "sealed_edit": tx.vault.seal_json(edit)}
    tx.run(sa.insert(plan_edits).values(**row, created_at=now))


def of_booking(tx: Tx, booking_id: int) -> list[dict[str, Any]]:
    """Every change to the plan of one booking, oldest first."""
    query = sa.select(plan_edits).where(plan_edits.c.booking_id == booking_id).order_by(plan_edits.c.id)
    return [tx.vault.open_json(row.sealed_edit) for row in tx.all(query)]
