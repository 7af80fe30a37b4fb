"""After a change of keys every old value can be sealed again, and the old key be thrown away."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet

import app as application
import settings as configuration
from handlers.context import Context
from handlers.worker import reseal
from store import intakes, receipts, sealing
from store import reseal as stored
from store.tables import audit
from tests.helpers.answers import fill_in
from tests.helpers.clinic import NOW
from tests.helpers.visits import book

SOME = {int: 1, str: "x", bytes: b"x", datetime: NOW}
"""A value of each type: of a NULL that is compared PostgreSQL knows without a look that nothing has it."""
NEW = Fernet.generate_key().decode()


@pytest.fixture
def under(given: configuration.Settings) -> Iterator[Callable[..., Context]]:
    """The same database under other keys."""
    built: list[Context] = []

    def build(*keys: str) -> Context:
        built.append(application.build_context(replace(given, field_keys=keys)))
        return built[-1]

    yield build
    for each in built:
        each.db.close()


def run(context: Context) -> reseal.Resealed:
    """Look through everything; every row is told of."""
    seen: list[int] = []
    rows = reseal.rows(context)  # the log that says so may get a key of its own
    found = reseal.reseal(context, "test", NOW, seen.append)
    assert sum(seen) == rows
    return found


def test_every_old_value_opens_with_the_new_key_alone(
    context: Context,
    given: configuration.Settings,
    under: Callable[..., Context],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stored, "BATCH", 2)
    bookings = [book(context, uid=f"u{number}", email=f"c{number}@example.org") for number in range(3)]
    fill_in(context, bookings[0])
    before = run(context)
    found = run(under(NEW, *given.field_keys))
    assert (before.values, found.broken) == (0, 0)
    assert found.values > 3 * 3
    assert run(under(NEW)) == reseal.Resealed(0, 0)
    with under(NEW).db.read() as tx:
        told = intakes.of_booking(tx, bookings[0].id)
        said = [row.detail for row in tx.all(sa.select(audit).where(audit.c.action == "resealed"))]
    assert told is not None
    assert told.answers
    assert said[1] == f"{found.values} again, 0 broken"


def test_a_value_without_its_key_is_counted_and_left_as_it_is(
    context: Context, under: Callable[..., Context]
) -> None:
    booking = book(context)
    found = run(under(NEW))
    assert found.values == 0
    assert found.broken > 1
    with context.db.read() as tx:
        assert intakes.of_booking(tx, booking.id)


def test_what_was_deleted_meanwhile_does_not_come_back(
    context: Context, given: configuration.Settings, under: Callable[..., Context]
) -> None:
    book(context)
    with under(NEW, *given.field_keys).db.begin() as tx:
        (table,) = (each for each in stored.tables() if each.name == "receipts")
        looked = stored.look(tx, table, None)
        assert looked is not None
        receipts.forget_bodies(tx, NOW.replace(year=2030))
        stored.write(tx, looked.old)
        assert tx.value(sa.select(table.c.sealed_body)) is None


def test_a_row_is_found_by_its_key_however_many_there_are(context: Context) -> None:
    with context.db.begin() as tx:
        if not context.db.sqlite:
            tx.run(sa.text("SET LOCAL enable_seqscan = off"))  # small tables are walked through otherwise
        for column in (column for table in stored.tables() for column in sealing.columns(table)):
            made = stored._renewing(column).compile(dialect=tx.conn.dialect)
            some = {name: SOME[bind.type.python_type] for name, bind in made.binds.items()}
            given: Any = tuple(some.values()) if context.db.sqlite else some
            words = "EXPLAIN QUERY PLAN" if context.db.sqlite else "EXPLAIN"
            said = tx.conn.exec_driver_sql(f"{words} {made}", given)
            plan = " ".join(map(str, said.all()))
            assert "SCAN " not in plan, plan
            assert "Seq Scan" not in plan, plan
