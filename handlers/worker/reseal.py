"""Seal old values again with the first of FIELD_KEYS, while everything else goes on."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from handlers.context import Context
from store import audit
from store import reseal as stored


@dataclass(frozen=True, slots=True)
class Resealed:
    """How many values were sealed again, and how many do not open."""

    values: int
    broken: int


def rows(context: Context) -> int:
    """How many rows there are to look through."""
    with context.db.read() as tx:
        return sum(stored.count(tx, table) for table in stored.tables())


def batches(context: Context) -> Iterator[stored.Batch]:
    """All rows with sealed values, table by table; none is held while the next one is waited for."""
    for table in stored.tables():
        last = None
        while True:
            with context.db.read() as tx:
                batch = stored.look(tx, table, last)
            if batch is None:
                break
            yield batch
            last = batch.last


def reseal(context: Context, by: str, now: datetime, tell: Callable[[int], object]) -> Resealed:
    """Look through every sealed value; `tell` hears how many rows have been seen since it was last told.

    It may end anywhere and be run again: what has the new seal already is left as it is. Once no value of the
    kind of before is left, no such value is read any more.
    """
    values = broken = unbound = 0
    for batch in batches(context):
        if batch.old:
            with context.db.begin() as tx:
                for old in batch.old:
                    stored.write(tx, old)
        values, broken = values + len(batch.old), broken + len(batch.broken)
        unbound += sum(each.unbound for each in batch.broken)
        tell(batch.rows)
    with context.db.begin() as tx:
        if not unbound:
            stored.all_bound(tx)
        audit.add(tx, by, "resealed", "values", now, f"{values} again, {broken} broken")
    return Resealed(values, broken)
