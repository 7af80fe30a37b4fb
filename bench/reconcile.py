"""One reading of a long list, every booking really taken in: `python -m bench.reconcile [bookings]`.

A worker's rounds with a restart after every tenth; a limit after every fifth page. Ends with 1 when a booking
is missed or read twice.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

import settings as configuration
from handlers.bookings import reconcile
from handlers.context import Context
from integrations.base import Batch, IntegrationError
from schemas.booking import BookingState, BookingStatus, Person
from store import connections
from store.tables import records
from tests.helpers.clinic import NOW, environ, make_context
from tests.helpers.databases import migrate_fresh
from tests.helpers.readable_scheduler import Readable, reading

PAGE = 100


class Listed(Readable):
    """Lists a hundred at once, and asks to slow down after every fifth page."""

    pages = 0

    def batches(self, since: datetime, place: str = "") -> Iterator[Batch]:
        """A page, and the one that comes next."""
        self.since = since
        rows = list(self.rows.values())
        for at in range(int(place or 0), len(rows), PAGE):
            self.pages += 1
            if self.pages % 6 == 0:
                raise IntegrationError("It asks us to slow down (429).", retry_after=5, status=429)
            yield Batch(tuple(rows[at : at + PAGE]), str(at + PAGE))


def row(number: int) -> BookingState:
    """A visit of somebody who has no other."""
    start = NOW + timedelta(days=1, minutes=7 * number)
    client = Person(f"Zoë {number}", f"z{number}@example.org", zone="America/New_York", language="en")
    end, name = start + timedelta(hours=1), f"u{number}"
    return BookingState(name, BookingStatus.confirmed, start, end, client, created_at=NOW)


def rounds(context: Context) -> list[float]:
    """The seconds of each round of the worker until the reading ended."""
    took, now = list[float](), NOW
    while True:
        began = time.perf_counter()
        reconcile.when_due(context, "main", now, starting=len(took) % 10 == 0)
        took.append(time.perf_counter() - began)
        now += timedelta(seconds=5)
        with context.db.read() as tx:
            found = connections.get(tx, "main")
        if found is not None and found.last_read_at is not None:
            return took


def main(count: int) -> int:
    """Read so many; the figures go to standard output."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.db'}"
        migrate_fresh(url)
        made = make_context(configuration.load(environ(url, 25)))
        context, scheduler = reading(made)
        listed = Listed(scheduler.connection, scheduler.http)
        listed.rows, listed.lost, listed.reads = {f"u{n}": row(n) for n in range(count)}, {}, []
        context = replace(context, schedulers={**context.schedulers, "main": listed})
        took = rounds(context)
        with context.db.read() as tx:
            known = tx.value(sa.select(sa.func.count()).select_from(records))
        context.db.close()
    pace = f"{len(took)} rounds, {count / sum(took):.0f} a second"
    print(f"{count} bookings in {sum(took):.0f} s of work and {pace}; the longest round {max(took):.2f} s")
    print(f"taken in: {known}; asked for one by one: {len(listed.reads)}")
    return int(known != count or bool(listed.reads))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 25_000))
