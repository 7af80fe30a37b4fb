"""What a practitioner has typed into a form and not sent yet (sealed)."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from store import sealing
from store.base import Tx, once
from store.tables import drafts


def keep(tx: Tx, staff_id: int, client_id: int, place: str, words: dict[str, Any], now: datetime) -> None:
    """Keep what stands in a form now, in place of what stood there before."""
    forget(tx, staff_id, place)
    row = {"staff_id": staff_id, "client_id": client_id, "place": place, "typed_at": now}
    sealing.add(tx, drafts, row, sealed_words=words)


@once(drafts)
def places(tx: Tx, staff_id: int) -> set[str]:
    """Every place where somebody has typed something."""
    return {row.place for row in tx.all(sa.select(drafts.c.place).where(drafts.c.staff_id == staff_id))}


def find(tx: Tx, staff_id: int, client_id: int, place: str) -> tuple[datetime, dict[str, Any]] | None:
    """When it was typed, and what; None for nothing, for another client, and for what does not open."""
    mine = (drafts.c.staff_id == staff_id, drafts.c.client_id == client_id, drafts.c.place == place)
    rows = tx.all(sa.select(drafts).where(*mine))
    found = sealing.that_open(tx, drafts.c.sealed_words, rows)
    return next(((row.typed_at, words) for row, words in found), None)


def forget(tx: Tx, staff_id: int, place: str) -> None:
    """It was sent, or thrown away."""
    tx.run(sa.delete(drafts).where(drafts.c.staff_id == staff_id, drafts.c.place == place))


def forget_before(tx: Tx, before: datetime) -> None:
    """Nobody came back to it."""
    tx.run(sa.delete(drafts).where(drafts.c.typed_at < before))
