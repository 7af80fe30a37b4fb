"""A webhook and a message take as much work of SQLite beside many bookings as beside few."""

import sqlite3
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from handlers.bookings import inbox
from handlers.context import Context
from handlers.send import outbox
from tests.helpers.clinic import NOW
from tests.helpers.visits import receive, webhook

LATER = NOW + timedelta(minutes=1)
FEW, MANY = 20, 220
EACH = 10  # instructions of SQLite's machine


class Steps:
    """What SQLite does, counted in instructions of its machine."""

    def __init__(self, context: Context) -> None:
        self.done = 0
        sa.event.listen(context.db.engine, "checkout", self._watch)

    def _watch(self, dbapi: sqlite3.Connection, *_: Any) -> None:
        dbapi.set_progress_handler(self._note, EACH)

    def _note(self) -> int:
        self.done += EACH
        return 0


def book(context: Context, numbers: range) -> None:
    receive(
        context,
        *(
            webhook(
                "created",
                NOW,
                uid=f"u{each}",
                email=f"c{each}@example.org",
                name=f"Ann C{each}",
                start=NOW + timedelta(days=7, hours=each),
            )
            for each in numbers
        ),
    )
    inbox.drain(context, NOW)
    while outbox.work(context, LATER):
        pass


def test_a_booking_takes_no_more_beside_many(context: Context, mailbox: object) -> None:
    if not context.db.sqlite:
        pytest.skip("PostgreSQL knows figures about its tables")
    book(context, range(FEW))
    steps = Steps(context)
    book(context, range(FEW, 2 * FEW))
    before, steps.done = steps.done, 0
    book(context, range(2 * FEW, MANY))
    steps.done = 0
    book(context, range(MANY, MANY + FEW))
    assert steps.done < 1.3 * before
