"""The rows of a client whom the application looked after, and how each of them is written for another client.

A copy has a name, an address, a number, times and links of its own. What is sealed is opened once, and sealed
for each copy in its own place; each delivery has the key that belongs to its ids.
"""

import json
import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bench.lives import Life, Person
from schemas.delivery import DeliveryKey
from store import sealing
from store.base import Tx, UtcDateTime
from store.erase import OF_CLIENT
from store.tables import (
    attendances,
    audit,
    bookings,
    checkins,
    clients,
    contact_points,
    deliveries,
    intake_changes,
    intakes,
    links,
    metadata,
    plans,
    receipt_clients,
    receipts,
    records,
)

MOMENT = r"20[2-3]\d-[01]\d-[0-3]\d(?:[T ][0-2]\d:[0-5]\d(?::[0-5]\d)?)?"
REFERS = {
    "client_id": clients,
    "booking_id": bookings,
    "merged_into": bookings,
    "email_id": contact_points,
    "phone_id": contact_points,
    "contact_id": contact_points,
    "intake_id": intakes,
    "plan_id": plans,
    "checkin_id": checkins,
    "receipt_id": receipts,
}
OPENED_BY = {"intake": bookings, "plan": bookings, "note": bookings, "confirm": bookings, "checkin": checkins}
SUBJECTS = {"booking": bookings, "client": clients, "plan": plans, "delivery": deliveries, "intake": intakes}
ORDER = [each for each in metadata.sorted_tables if each.name not in ("audit", "client_words")]


@dataclass(frozen=True, slots=True)
class Loader:
    """How a database takes many rows: SQLite values, PostgreSQL the text that COPY reads.

    https://www.postgresql.org/docs/current/sql-copy.html
    """

    sqlite: bool

    def value(self, value: Any) -> Any:
        """One that is the same for all copies."""
        if isinstance(value, datetime):
            return self.begin(value).isoformat(" ", "microseconds")
        if isinstance(value, bytes | memoryview):
            return self.sealed(bytes(value))
        if self.sqlite:
            return value
        escaped = (
            value.replace("\\", r"\\").replace("\t", r"\t").replace("\n", r"\n")
            if isinstance(value, str)
            else value
        )
        return r"\N" if value is None else escaped

    def begin(self, value: datetime) -> datetime:
        """A time, as SQLAlchemy keeps it."""
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if self.sqlite else utc

    def sealed(self, value: bytes) -> bytes | str:
        """What is sealed."""
        return value if self.sqlite else rf"\\x{value.hex()}"


NOBODY = Person("", "", "", "")
Row = Mapping[str, Any] | sa.RowMapping
Write = Callable[["Copy"], Any]


@dataclass(slots=True)
class Copy:
    """One copy of a life: whose, when, and the first new number in each table."""

    names: dict[str, str]
    shift: timedelta
    days: timedelta  # the whole days of it
    first: Mapping[str, int]
    there: frozenset[str] = frozenset()  # tables whose rows another copy has written
    tokens: dict[str, str] = field(default_factory=dict)

    def token(self, was: str, size: int) -> str:
        """What stands in this copy for a random word; the same in each place."""
        if was not in self.tokens:
            self.tokens[was] = secrets.token_hex(size)
        return self.tokens[was]


@dataclass(frozen=True, slots=True)
class Words:
    """A text in which names and times stand that are another's in a copy."""

    parts: tuple[str, ...]  # every other one is a name or a time

    @classmethod
    def of(cls, text: str, names: Sequence[str]) -> "Words":
        """Taken apart once."""
        found = "|".join([*map(re.escape, names), MOMENT])
        return cls(tuple(re.split(f"({found})", text)))

    def __call__(self, copy: Copy) -> str:
        """As it is in a copy."""
        if len(self.parts) == 1:
            return self.parts[0]
        return "".join(_said(copy, each) if number % 2 else each for number, each in enumerate(self.parts))


def _said(copy: Copy, word: str) -> str:
    if word not in copy.names:
        moved = datetime.fromisoformat(word) + (copy.shift if len(word) > len("2026-11-20") else copy.days)
        copy.names[word] = moved.isoformat(sep=word[10:11] or "T")[: len(word)]
    return copy.names[word]


@dataclass(frozen=True, slots=True)
class Pattern:
    """All rows of one life, and how each of them is written for a copy."""

    life: Life
    client_id: int
    rows: Mapping[str, Sequence[tuple[Sequence[Any], Sequence[tuple[int, Write]]]]]
    entries: Sequence[tuple[Row, Write]]  # of the log

    @property
    def bookings(self) -> int:
        """How many there are."""
        return len(self.rows[bookings.name])

    def copy(self, copy: Copy) -> Iterator[tuple[str, list[Any]]]:
        """Each row of a copy, by table, as the loader of the database takes it."""
        for table, rows in self.rows.items():
            for row, writes in rows if table not in copy.there else ():
                made = list(row)
                for place, write in writes:
                    made[place] = write(copy)
                yield table, made


def of_life(tx: Tx, life: Life, loader: Loader) -> Pattern:
    """What the application has written about a life."""
    client_id = tx.value(sa.select(clients.c.id).where(clients.c.email == life.email))
    found = _rows_of(tx, client_id)
    places = {
        table.name: {row.id: number for number, row in enumerate(rows)}
        for table, rows in found.items()
        if "id" in table.c
    }
    names = tuple(life.named(NOBODY, ""))
    maker = Maker(tx, places, names, loader)
    tables = [each for each in ORDER if found.get(each)]
    rows = {table.name: [maker.row(table, row) for row in found[table]] for table in tables}
    return Pattern(life, client_id, rows, list(_entries(tx, found)))


def _entries(tx: Tx, found: Mapping[sa.Table, Sequence[sa.Row[Any]]]) -> Iterator[tuple[Row, Write]]:
    """What the log has about these rows, in its order."""
    of_rows = {
        f"{kind}:{row.id}": _subject(kind, table, place)
        for kind, table in SUBJECTS.items()
        for place, row in enumerate(found.get(table, ()))
    }
    for row in tx.all(sa.select(audit).where(audit.c.subject.in_(list(of_rows))).order_by(audit.c.id)):
        yield row._asdict(), of_rows[row.subject]


def _subject(kind: str, table: sa.Table, number: int) -> Write:
    return lambda copy: f"{kind}:{copy.first[table.name] + number}"


def _rows_of(tx: Tx, client_id: int) -> dict[sa.Table, Sequence[sa.Row[Any]]]:
    """Every row about one client, by table."""
    mine = {table: table.c.client_id == client_id for table in (*OF_CLIENT, bookings)}
    theirs = sa.select(bookings.c.id).where(bookings.c.client_id == client_id)
    came = sa.select(receipt_clients.c.receipt_id).where(receipt_clients.c.client_id == client_id)
    forms = sa.select(intakes.c.id).where(intakes.c.client_id == client_id)
    reached = [
        sa.select(each).where(attendances.c.client_id == client_id)
        for each in (attendances.c.email_id, attendances.c.phone_id)
    ]
    mine |= {
        clients: clients.c.id == client_id,
        records: records.c.booking_id.in_(theirs),
        receipts: receipts.c.id.in_(came),
        intake_changes: intake_changes.c.intake_id.in_(forms),
        contact_points: contact_points.c.id.in_(sa.union(*reached).scalar_subquery()),
    }
    return {
        table: tx.all(sa.select(table).where(which).order_by(*table.primary_key.columns))
        for table, which in mine.items()
    }


@dataclass(frozen=True, slots=True)
class Maker:
    """Says of each column of a row how it is written for a copy."""

    tx: Tx
    places: Mapping[str, Mapping[int, int]]
    names: Sequence[str]
    loader: Loader

    def row(self, table: sa.Table, row: sa.Row[Any]) -> tuple[list[Any], list[tuple[int, Write]]]:
        """What is the same in each copy, and what differs, by place."""
        found = [self._write(table, column, row._mapping) for column in table.columns]
        same = [self.loader.value(value) for value in row]
        return same, [(place, write) for place, write in enumerate(found) if write]

    def _write(self, table: sa.Table, column: sa.Column[Any], row: Row) -> Write | None:
        value = row[column.name]
        if value is None or value == "":
            return None
        if column.name.startswith("sealed_"):
            return self._sealed(column, row)
        if table is links and column.name == "subject":
            target = OPENED_BY.get(row["purpose"], contact_points)
            return self._number(target, value)
        if column.name == "id" or column.name in REFERS:
            return self._number(table if column.name == "id" else REFERS[column.name], value)
        if isinstance(column.type, UtcDateTime):
            begin = self.loader.begin(value)
            return lambda copy: (begin + copy.shift).isoformat(" ", "microseconds")
        return self._text(table, column, row) if isinstance(value, str) else None

    def _number(self, table: sa.Table, value: int) -> Write:
        name, place = table.name, self.places[table.name][value]
        return lambda copy: copy.first[name] + place

    def _text(self, table: sa.Table, column: sa.Column[Any], row: Row) -> Write | None:
        value = str(row[column.name])
        if column.name == "token_hash":
            return lambda _copy: secrets.token_hex(32)
        if column.name in ("public_id", "trace"):
            return lambda copy: f"r_{copy.token(value, 12)}"
        if table is deliveries and column.name == "key":
            return self._key(value)
        if table is deliveries and column.name == "message_id":
            return lambda _copy: f"<{secrets.token_hex(16)}@{value.partition('@')[2]}"
        words = Words.of(self.loader.value(value), self.names)
        return words if len(words.parts) > 1 else None

    def _key(self, value: str) -> Write:
        key = DeliveryKey.parse(value)
        booking = self._number(bookings, key.booking)
        client = self._number(clients, key.client) if key.client else None
        reached = self._number(contact_points, key.recipient) if key.recipient else None
        middle = value.partition(":")[2].rpartition(":")[0]

        def write(copy: Copy) -> str:
            whom = f"{client(copy) if client else 0}.{reached(copy) if reached else 0}"
            return f"{booking(copy)}:{middle}:{whom}"

        assert value == f"{key.booking}:{middle}:{key.client}.{key.recipient}"
        return write

    def _sealed(self, column: sa.Column[Any], row: Row) -> Write:
        seal, sealed = self.tx.vault.seal, self.loader.sealed
        plain = self.tx.vault.open(row[column.name], sealing.place(column, row)).decode()
        words, place = Words.of(plain, self.names), self._place(column, row)
        if len(words.parts) == 1:
            same = plain.encode()
            return lambda copy: sealed(seal(same, place(copy)))
        return lambda copy: sealed(seal(words(copy).encode(), place(copy)))

    def _place(self, column: sa.Column[Any], row: Row) -> Callable[[Copy], str]:
        """Where a value is in a copy, as `sealing.place` says it."""
        marks = {name: f"\0{name}\0" for name in column.table.info["bound"]}
        parts = sealing.place(column, marks).split('"')
        text = "".join(parts)
        found: list[str | Write] = []
        for part in re.split(r"\\u0000(\w+)\\u0000", text):
            found.append(self._bound(column.table, part, row) if part in marks else part)
        return lambda copy: "".join(each if isinstance(each, str) else each(copy) for each in found)

    def _bound(self, table: sa.Table, name: str, row: Row) -> str | Write:
        write, value = self._write(table, table.c[name], row), row[name]
        if isinstance(value, int):
            return (lambda copy: str(write(copy))) if write else str(value)
        if write is None or value is None:
            return json.dumps(value)
        return lambda copy: f'"{write(copy)}"'
