"""What somebody on the staff chose, by a short name: which list they see, and what they are mailed about."""

import sqlalchemy as sa

from store.base import Tx
from store.tables import staff_choices

LONGEST = 200


def of(tx: Tx, staff_id: int) -> dict[str, str]:
    """Everything that one person chose."""
    query = sa.select(staff_choices.c.name, staff_choices.c.value).where(staff_choices.c.staff_id == staff_id)
    return {row.name: row.value for row in tx.all(query)}


def every(tx: Tx) -> dict[int, dict[str, str]]:
    """Everything that everybody chose, by account."""
    found: dict[int, dict[str, str]] = {}
    for row in tx.all(sa.select(staff_choices)):
        found.setdefault(row.staff_id, {})[row.name] = row.value
    return found


def put(tx: Tx, staff_id: int, name: str, value: str) -> None:
    """Keep a choice in place of the one before."""
    mine = (staff_choices.c.staff_id == staff_id, staff_choices.c.name == name)
    row = sa.update(staff_choices).where(*mine).values(value=value[:LONGEST])
    if tx.first(row.returning(staff_choices.c.name)) is None:
        tx.run(sa.insert(staff_choices).values(staff_id=staff_id, name=name, value=value[:LONGEST]))
