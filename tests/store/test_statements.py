"""How many statements a webhook and a message take: each is a wait for the database."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from handlers.bookings import inbox
from handlers.bookings.observe import observe
from handlers.context import Context
from handlers.send import outbox, together
from handlers.worker import work
from schemas.webhook import Notice
from store import attendances, bookings, clients, deliveries, receipts
from store.base import Tx
from tests.helpers.clinic import NOW
from tests.helpers.mailbox import Mailbox
from tests.helpers.visits import only, receive, webhook

LATER = NOW + timedelta(minutes=1)
A_WEBHOOK, A_MESSAGE = 36, 28
OF_MANY, A_MESSAGE_OF_MANY = 20, 3
"""85 and 43 before a transaction remembered what it had read, and added what is due together.

One of a webhook seals the description of a new client, which is bound to the number of its row;
one asks which form of the visit it is;
one looks for visits that ask by themselves since another was moved.
"""


class Counted:
    """The statements of a database, as they are sent."""

    def __init__(self, context: Context) -> None:
        self.statements: list[str] = []
        sa.event.listen(context.db.engine, "before_cursor_execute", self._note)

    def _note(self, _conn: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith(("BEGIN", "SELECT pg_advisory")):
            self.statements.append(statement)

    def of(self, act: object) -> int:
        assert callable(act)
        self.statements.clear()
        act()
        return len(self.statements)


def book(context: Context, number: int) -> None:
    who = {"uid": f"u{number}", "email": f"c{number}@example.org", "name": f"Ann C{number}"}
    receive(context, webhook("created", NOW, start=NOW + timedelta(days=3 + number), **who))


def test_a_webhook_and_a_message_take_few_statements(context: Context, mailbox: Mailbox) -> None:
    book(context, 0)
    work.work_once(context, NOW)
    work.work_once(context, LATER)
    counted = Counted(context)
    book(context, 1)
    assert counted.of(lambda: inbox.work(context, NOW)) <= A_WEBHOOK
    assert counted.of(lambda: outbox.work(context, LATER)) <= A_MESSAGE
    assert mailbox.kinds() == ["intake"] * 2


def test_each_of_many_messages_takes_fewer(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "SLICE", 60.0)
    monkeypatch.setattr(together, "LASTS", 60.0)
    for number in range(OF_MANY):
        book(context, number)
    inbox.drain(context, NOW)
    assert Counted(context).of(lambda: outbox.work(context, LATER)) <= OF_MANY * A_MESSAGE_OF_MANY


def test_twenty_webhooks_share_a_commit(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "SLICE", 60.0)
    for number in range(20):
        book(context, number)
    commits = list[object]()
    sa.event.listen(context.db.engine, "commit", commits.append)
    assert inbox.work(context, NOW) == 20
    assert len(commits) <= 4, "two of them only read: is anything due, and what is it"
    with context.db.read() as tx:
        assert receipts.counts(tx) == {"done": 20}


def test_one_that_fails_takes_no_other_with_it(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "SLICE", 60.0)
    for number in range(5):
        book(context, number)

    def fails_on_one(
        tx: Tx, of: Context, connection: str, notice: Notice, *args: Any, **options: Any
    ) -> object:
        found = observe(tx, of, connection, notice, *args, **options)
        if notice.external_id == "u2":
            raise ArithmeticError
        return found

    monkeypatch.setattr(inbox, "observe", fails_on_one)
    assert inbox.work(context, NOW) == 5
    with context.db.read() as tx:
        assert receipts.counts(tx) == {"done": 4, "pending": 1}
        assert bookings.listing(tx, email="c2@example.org") == []
        assert len(bookings.listing(tx)) == 4


def undone(tx: Tx) -> None:
    """A part of a transaction that fails."""
    with tx.part():
        _ = 1 / 0


def test_what_was_read_is_read_again_after_a_write(context: Context) -> None:
    book(context, 0)
    work.work_once(context, NOW)
    booking = only(context, "c0@example.org")
    counted = Counted(context)

    def read(tx: Tx) -> None:
        bookings.get(tx, booking.id)
        clients.family(tx, booking.client_id)
        attendances.current(tx, booking.id)

    with context.db.begin() as tx:
        assert counted.of(lambda: read(tx)) == 4
        assert counted.of(lambda: read(tx)) == 0
        attendances.end(tx, booking.id, NOW)
        assert attendances.current(tx, booking.id) is None
        assert counted.of(lambda: read(tx)) == 0
        tx.lock("somebody else may have written meanwhile")
        assert counted.of(lambda: read(tx)) == (0 if context.db.sqlite else 4)
        tx.lock("somebody else may have written meanwhile")
        assert counted.of(lambda: tx.lock("somebody else may have written meanwhile")) == 0, "held already"
        assert counted.of(lambda: read(tx)) == (0 if context.db.sqlite else 4)
        with pytest.raises(ZeroDivisionError):
            undone(tx)
        assert counted.of(lambda: read(tx)) == 4


def test_what_is_handed_out_twice_is_not_one_list(context: Context) -> None:
    book(context, 0)
    work.work_once(context, NOW)
    booking = only(context, "c0@example.org")
    with context.db.read() as tx:
        attendances.of_booking(tx, booking.id).clear()
        assert len(attendances.of_booking(tx, booking.id)) == 1


def test_a_status_that_few_rows_have_is_written_out() -> None:
    """With a parameter PostgreSQL plans for any status, and walks through all that was ever sent."""
    waits = [*deliveries.OLDEST_DUE, *receipts.OLDEST_DUE]
    assert [each.compile().params for each in (*waits, receipts.FAILED)] == [{}, {}, {}, {}, {"since": None}]
