"""A webhook and a message take as much work of SQLite beside many bookings as beside few."""

from datetime import timedelta

import pytest

from handlers.bookings import inbox
from handlers.context import Context
from handlers.send import outbox
from tests.helpers.clinic import NOW
from tests.helpers.steps import Steps
from tests.helpers.visits import receive, webhook

LATER = NOW + timedelta(minutes=1)
FEW, MANY = 20, 220
EACH = 10  # instructions of SQLite's machine


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
    steps = Steps(context, EACH)
    book(context, range(FEW, 2 * FEW))
    before, steps.done = steps.done, 0
    book(context, range(2 * FEW, MANY))
    steps.done = 0
    book(context, range(MANY, MANY + FEW))
    assert steps.done < 1.3 * before
