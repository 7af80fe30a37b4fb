"""Looks whether sealed values open where they stand: one may be changed, moved, or without its key."""

from collections.abc import Collection, Iterator
from datetime import datetime

from handlers.context import Context
from handlers.worker.reseal import batches
from schemas.trouble import TroubleKind
from store import reseal as stored
from store.base import Tx
from store.running import troubles

BATCHES, MOST_BYTES = 20, 20_000_000  # of rows that are looked through in one go
MOST_NAMED = 20


def broken(context: Context) -> Iterator[stored.Broken]:
    """Every value that does not open, table by table."""
    for batch in batches(context):
        yield from batch.broken


class Rounds:
    """Looks through the whole database, a part at a time, again and again."""

    def __init__(self) -> None:
        self._batches: Iterator[stored.Batch] | None = None
        self._all_open = True

    def look(self, context: Context, now: datetime) -> None:
        """One part. At the end of a round it is known which rows there are, and whether all is well again."""
        if self._batches is None:
            self._batches, self._all_open = batches(context), True
        size = number = 0
        while number < BATCHES and size < MOST_BYTES:
            batch = next(self._batches, None)
            if batch is None:
                self._end(context)
                break
            self._all_open = self._all_open and not batch.broken
            number, size = number + 1, size + batch.size
        note(context, now)

    def _end(self, context: Context) -> None:
        self._batches = None
        if self._all_open:
            with context.db.begin() as tx:
                troubles.end(tx, TroubleKind.sealed, "")


def note(context: Context, now: datetime) -> None:
    """Have the clinic know of values that did not open since the last time."""
    found = context.db.vault.take_broken()
    if found:
        with context.db.begin() as tx:
            known = _known(tx)
            newest = now if found - known and len(known) < MOST_NAMED else None
            troubles.note(tx, TroubleKind.sealed, "", _named(found | known), now, newest=newest)


def _known(tx: Tx) -> set[str]:
    kept = [each for each in troubles.current(tx, "") if each.kind is TroubleKind.sealed]
    return {name for each in kept for name in each.text.split(", ") if name[-1:].isalnum()}


def _named(rows: Collection[str]) -> str:
    named = sorted(rows)[:MOST_NAMED]
    more = ["..."] if len(rows) > MOST_NAMED else []
    return ", ".join([*named, *more])
