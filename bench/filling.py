"""A database of any size: a few clients whom the application looks after, then copies of them.

`FIELD_KEYS=… python -m bench.filling URL BOOKINGS` makes one of the test clinic in an empty database, to be
measured again and again.
"""

import argparse
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import sqlalchemy as sa
from sqlalchemy.schema import CreateIndex, DropIndex

import app as application
import settings as configuration
from bench.copies import ORDER, Copy, Loader, Pattern, of_life
from bench.lives import WEEK, Clinic, Life, Person
from handlers.context import Context
from store import audit as log
from store import client_words as index
from store import connections
from store.base import Tx
from store.tables import audit, audit_head, client_words, metadata
from tests.helpers.clinic import environ
from tests.helpers.databases import migrate_fresh

A_DAY = 200
AT_ONCE = 200  # clients whose rows are written together
VISITS = 10  # of one client, a week apart
_GIVEN = (
    "Ann Bea Cleo Dora Eve Finn Gus Hana Ivo Jo Kim Lea Max Nia Otto Pia Quinn Rosa Sam Tess Uma Vera Will "
    "Xenia Yara Zoë Aino Björn Chloé Dušan Émile Fatima Grażyna Håkon İpek Jürgen Siân Łucja Nuño Øyvind"
)
_BEGINS = "Ash Birch Cedar Dale Elm Fern Glen Hart Ing Jor Kel Lin Mar Nor Oak Pen Quar Ros Stan Thorn"
_ENDS = "by dale field ford gate ham ley man more ner rick son stein stone ton ville ward well wick wood"
GIVEN, BEGINS, ENDS = _GIVEN.split(), _BEGINS.split(), _ENDS.split()
DAY, MINUTE, LONG_AGO = timedelta(days=1), timedelta(minutes=1), timedelta(days=20_000)
OLD: tuple[dict[str, Any], ...] = (
    {},
    {"fills": False, "replies": False, "ticks": 0},
    {"ticks": 4, "cancels": (2, 7)},
    {"noted": False, "ticks": 0, "writes": True},
)
"""What clients do whose last visit is over; each of those who come now does one of these too."""
REGULAR, YEARS_OF_VISITS = "regular@example.org", 300
Step = tuple[
    int, timedelta, timedelta
]  # a copy: of which pattern, by how many days and how much more it is moved


def lives(now: datetime) -> tuple[list[Life], list[Life]]:
    """Clients whose last visit is long over, and clients who come now, one on each day of the week."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    long_ago = hour - VISITS * WEEK - 60 * DAY
    old = [Life(number, long_ago + number * DAY, VISITS, **habits) for number, habits in enumerate(OLD)]
    present = []
    for number in range(7):
        first = hour.replace(hour=13 + number) - (VISITS // 2) * WEEK + (number - 3) * DAY
        habits = {**OLD[number % len(OLD)], "flagged": number == 5}
        present.append(Life(len(OLD) + number, first, VISITS, **habits))
    return old, present


def fill(context: Context, count: int, now: datetime) -> list[Pattern]:
    """So many bookings; returns what was copied."""
    old, present = lives(now)
    with context.db.begin() as tx:
        for name, scheduler in context.schedulers.items():
            connections.ensure(tx, name, scheduler.connection.scheduler, now - LONG_AGO)
    Clinic(context).lead([*old, *present], now)
    with context.db.read() as tx:
        patterns = [of_life(tx, each, Loader(context.db.sqlite)) for each in (*old, *present)]
    Filler(context).fill(patterns, plan(count, patterns, len(old), Random(7)), patterns[: len(old)])
    return patterns


def plan(count: int, patterns: Sequence[Pattern], old: int, random: Random) -> list[Step]:
    """Which copies make so many bookings, the longest ago first, so that numbers grow with time."""
    each_week = sum(pattern.bookings for pattern in patterns[old:])
    now_each = min(A_DAY, count // (3 * each_week))
    left = count - now_each * each_week
    copies = left // VISITS
    back = sorted((random.randrange(1 + left // A_DAY) for _ in range(copies)), reverse=True)
    steps = [(number % old, -days * DAY, number % 50 * MINUTE) for number, days in enumerate(back)]
    for number in range(now_each):
        steps += [(which, 0 * DAY, -(number % 50) * MINUTE) for which in range(old, len(patterns))]
    return steps


@dataclass(slots=True)
class Filler:
    """Writes copies into one database, and knows the numbers that are free there."""

    context: Context
    random: Random = field(default_factory=lambda: Random(11))
    free: dict[str, int] = field(default_factory=dict)
    made: int = 0

    @property
    def loader(self) -> Loader:
        """How the database takes rows."""
        return Loader(self.context.db.sqlite)

    def fill(
        self, patterns: Sequence[Pattern], steps: Sequence[Step], regular: Sequence[Pattern] = ()
    ) -> None:
        """A copy for each step, and somebody who has come for years and did as in `regular`, by turns."""
        with self.context.db.begin() as tx:
            self.free = {each.name: 1 + _last(tx, each) for each in (*ORDER, audit) if "id" in each.c}
        with _in_bulk(self.context):
            self._write(list(self._for_years(regular)) if regular else [])
            for begin in range(0, len(steps), AT_ONCE):
                some = steps[begin : begin + AT_ONCE]
                self._write(
                    [(patterns[which], self._next(patterns[which], days, more)) for which, days, more in some]
                )

    def _for_years(self, patterns: Sequence[Pattern]) -> Iterator[tuple[Pattern, Copy]]:
        """The same client again and again."""
        who = Person("Regina", "Stayer", REGULAR, "12125550199")
        there: dict[str, int] = {}
        for number in reversed(range(YEARS_OF_VISITS // VISITS)):
            pattern = patterns[number % len(patterns)]
            copy = self._next(pattern, -number * VISITS * WEEK, 0 * DAY, who, there)
            there = there or {name: copy.first[name] for name in ("clients", "contact_points")}
            yield pattern, copy

    def _write(self, copies: Sequence[tuple[Pattern, Copy]]) -> None:
        rows: dict[str, list[Sequence[Any]]] = defaultdict(list)
        entries: list[dict[str, Any]] = []
        for pattern, copy in copies:
            for name, row in pattern.copy(copy):
                rows[name].append(row)
            for entry, subject in pattern.entries:
                entries.append({**entry, "subject": subject(copy), "at": entry["at"] + copy.shift})
            if not copy.there:
                rows[client_words.name] += self._words(pattern.life, copy)
        with self.context.db.begin() as tx:
            rows[audit.name] = _chained(tx, entries, self.free, self.loader)
            for table in (*ORDER, client_words, audit):
                _put(tx, table, rows[table.name])

    def _next(
        self,
        pattern: Pattern,
        days: timedelta,
        more: timedelta,
        who: Person | None = None,
        there: Mapping[str, int] | None = None,
    ) -> Copy:
        """`there` are the rows of the client, where they are written already: the first number by table."""
        self.made += 1
        names = pattern.life.named(who or self._somebody(), f"c{self.made}v")
        copy = Copy(names, days + more, days, {**self.free, **(there or {})}, frozenset(there or ()))
        for table, rows in pattern.rows.items():
            if table in self.free and table not in copy.there:
                self.free[table] += len(rows)
        return copy

    def _somebody(self) -> Person:
        given = GIVEN[int(len(GIVEN) * self.random.random() ** 1.5)]
        family = self.random.choice(BEGINS) + self.random.choice(ENDS)
        phone = f"1{202 + self.made % 700}{2000000 + self.made:07}"
        return Person(given, family, f"{family.lower()}.{self.made}@example.org", phone)

    def _words(self, life: Life, copy: Copy) -> Iterator[Sequence[Any]]:
        given, family, email, phone = (
            copy.names[each] for each in (life.given, life.family, life.email, life.phone)
        )
        for word in index.words(f"{given} {family}", email, phone, self.context.clinic.country):
            yield copy.first["clients"], word


def _last(tx: Tx, table: sa.Table) -> int:
    return int(tx.value(sa.select(sa.func.max(table.c.id))) or 0)


def _chained(
    tx: Tx, entries: Sequence[dict[str, Any]], free: dict[str, int], loader: Loader
) -> list[Sequence[Any]]:
    """New entries of the log, each with its number and its hash; the head is moved to the last."""
    key_id, key = log._key(tx, datetime.now(UTC))
    count, before = log.head(tx)
    made: list[Sequence[Any]] = []
    for entry in entries:
        before = log.digest(key, before, entry)
        whole = {**entry, "id": free[audit.name], "key_id": key_id, "hash": before}
        made.append([loader.value(whole[column.name]) for column in audit.columns])
        free[audit.name] += 1
    tx.run(sa.update(audit_head).values(entries=count + len(made), hash=before))
    return made


def _put(tx: Tx, table: sa.Table, rows: Sequence[Sequence[Any]]) -> None:
    """Rows as the loader of the database takes them: all columns, in order."""
    wire: Any = tx.conn.connection.dbapi_connection
    where = f"{table.name} ({', '.join(column.name for column in table.columns)})"
    if tx.conn.dialect.name == "sqlite":
        wire.executemany(f"INSERT INTO {where} VALUES ({', '.join('?' * len(table.columns))})", rows)
    elif rows:
        with wire.cursor().copy(f"COPY {where} FROM STDIN".encode()) as copy:
            copy.write("".join("\t".join(map(str, row)) + "\n" for row in rows))


@contextmanager
def _in_bulk(context: Context) -> Iterator[None]:
    """Once everything is there, indexes are made again, PostgreSQL has its figures, and numbers go on."""
    indexes = [each for table in (*ORDER, client_words, audit) for each in table.indexes if not each.unique]
    with context.db.begin() as tx:
        for each in indexes:
            tx.conn.execute(DropIndex(each))
    yield
    for each in indexes:
        with context.db.begin() as tx:
            if not context.db.sqlite:
                tx.run(sa.text("SET LOCAL maintenance_work_mem = '512MB'"))
            tx.conn.execute(CreateIndex(each))
    if context.db.sqlite:  # which has no figures at a clinic either
        return
    with context.db.begin() as tx:
        _number_on(tx)
    with context.db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.exec_driver_sql("VACUUM ANALYZE")  # as autovacuum does


def _number_on(tx: Tx) -> None:
    """New rows get numbers after those that were filled in."""
    for table in metadata.sorted_tables:
        if "id" in table.c and table.c.id.autoincrement is True:
            sequence = sa.func.pg_get_serial_sequence(table.name, "id")
            tx.value(sa.select(sa.func.setval(sequence, sa.func.greatest(_last(tx, table), 1))))


def main() -> None:
    """Fill one database."""
    parser = argparse.ArgumentParser(prog="python -m bench.filling", description=__doc__)
    parser.add_argument("url")
    parser.add_argument("bookings", type=int)
    asked, now = parser.parse_args(), datetime.now(UTC)
    migrate_fresh(asked.url)
    given = environ(asked.url, 25, FIELD_KEYS=os.environ["FIELD_KEYS"])
    fill(application.build_context(configuration.load(given)), asked.bookings, now)


if __name__ == "__main__":
    main()
