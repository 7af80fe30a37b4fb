"""Plans that practitioners keep for later clients (sealed)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from store import sealing
from store.base import Tx
from store.tables import saved_plans


def add(tx: Tx, staff_id: int, plan: dict[str, Any], now: datetime) -> None:
    """Keep one, as plain JSON values."""
    sealing.add(tx, saved_plans, {"staff_id": staff_id, "created_at": now}, sealed_plan=plan)


def of_staff(tx: Tx, staff_id: int) -> list[tuple[int, dict[str, Any]]]:
    """(id, plain JSON values) of everything that one practitioner keeps, the oldest first."""
    query = sa.select(saved_plans).where(saved_plans.c.staff_id == staff_id).order_by(saved_plans.c.id)
    rows = tx.all(query)
    return [(row.id, found) for row, found in sealing.that_open(tx, saved_plans.c.sealed_plan, rows)]


def remove(tx: Tx, staff_id: int, saved_id: int) -> None:
    """Forget one of this practitioner's."""
    tx.run(sa.delete(saved_plans).where(saved_plans.c.staff_id == staff_id, saved_plans.c.id == saved_id))


def scrub(tx: Tx, texts: Sequence[str], instead: str) -> int:
    """Take these texts out of what was typed into any of them; returns in how many they stood."""
    rows = tx.all(sa.select(saved_plans))
    changed = 0
    for row, found in sealing.that_open(tx, saved_plans.c.sealed_plan, rows):
        clean = _without(found, texts, instead)
        if clean != found:
            sealed = sealing.seal(tx.vault, saved_plans.c.sealed_plan, clean, row._mapping)
            tx.change(saved_plans, row.id, sealed_plan=sealed)
            changed += 1
    return changed


def _without(value: Any, texts: Sequence[str], instead: str) -> Any:
    """A JSON value without these texts, in capitals or not."""
    if isinstance(value, dict):
        return {name: _without(each, texts, instead) for name, each in value.items()}
    if isinstance(value, list):
        return [_without(each, texts, instead) for each in value]
    if isinstance(value, str) and any(text.casefold() in value.casefold() for text in texts):
        return instead
    return value
