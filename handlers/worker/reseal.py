"""Seal old values again with the first of FIELD_KEYS, while everything else goes on."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from handlers.context import Context
from store import audit
from store import reseal as stored

AT_ONCE, MOST_BYTES = 200, 4_000_000  # values that are written with one commit, and what is held for it
BATCHES = 20  # after which it is told how far it is, also where nothing is written


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
    for some in _together(batches(context)):
        old = [each for batch in some for each in batch.old]
        if old:
            with context.db.begin() as tx:
                stored.write(tx, old)
        faults = [each for batch in some for each in batch.broken]
        values, broken = values + len(old), broken + len(faults)
        unbound += sum(each.unbound for each in faults)
        tell(sum(batch.rows for batch in some))
    with context.db.begin() as tx:
        if not unbound:
            stored.all_bound(tx)
        audit.add(tx, by, "resealed", "values", now, f"{values} again, {broken} broken")
    return Resealed(values, broken)


def _together(found: Iterable[stored.Batch]) -> Iterator[list[stored.Batch]]:
    """Batches whose values are written with one commit: each waits for the disk, and a webhook for it."""
    some: list[stored.Batch] = []
    for batch in found:
        some.append(batch)
        values, size = sum(len(each.old) for each in some), sum(each.size for each in some)
        if values >= AT_ONCE or size >= MOST_BYTES or len(some) == BATCHES:
            yield some
            some = []
    if some:
        yield some
