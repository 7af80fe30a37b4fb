"""Webhooks that arrive together share a commit; none is answered before its own is on disk."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from handlers.context import Context
from schemas.webhook import Inbound
from store import connections, receipts
from store.base import Database, Tx
from store.ingest import Ingest, Round
from store.running import refusals
from store.running.refusals import Refusals
from tests.helpers.clinic import NOW


def arrival(number: int) -> Inbound:
    """Some webhook."""
    return Inbound({}, f"{number}".encode(), "", NOW)


class Slow:
    """A database whose commits can be held up, and counted."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.vault = db.vault
        self.gate = threading.Event()
        self.commits = 0
        self.error: Exception | None = None

    @contextmanager
    def begin(self) -> Iterator[Tx]:
        """A transaction that waits for the gate."""
        self.gate.wait(10)
        if self.error:
            raise self.error
        with self.db.begin() as tx:
            yield tx
        self.commits += 1


def count(context: Context) -> int:
    """How many receipts are on disk."""
    with context.db.read() as tx:
        return sum(receipts.counts(tx).values())


def test_a_round_is_one_commit_and_nothing_is_kept_before(context: Context) -> None:
    slow = Slow(context.db)
    slow.gate.set()
    ingest, together = Ingest(slow), Round()  # type: ignore[arg-type]
    with together.open():
        for number in range(50):
            ingest.add(f"r_{number}", "main", arrival(number))
    assert (len(together), count(context), slow.commits) == (50, 0, 0)
    together.commit()
    assert (count(context), slow.commits) == (50, 1)


def test_a_webhook_outside_of_a_round_has_a_commit_of_its_own(context: Context) -> None:
    ingest = Ingest(context.db)
    with Round().open():
        pass
    ingest.add("r_1", "main", arrival(1))
    assert count(context) == 1


def test_a_round_is_of_one_thread_alone(context: Context) -> None:
    ingest, together = Ingest(context.db), Round()
    with together.open():
        other = threading.Thread(target=ingest.add, args=("r_1", "main", arrival(1)))
        other.start()
        other.join()
    assert (len(together), count(context)) == (0, 1)


def test_when_the_commit_fails_nothing_of_the_round_is_kept(context: Context) -> None:
    slow = Slow(context.db)
    slow.error = OSError("disk full")
    slow.gate.set()
    ingest, together = Ingest(slow), Round()  # type: ignore[arg-type]
    with together.open():
        for number in range(10):
            ingest.add(f"r_{number}", "main", arrival(number))
    with pytest.raises(OSError, match="full"):
        together.commit()
    assert count(context) == 0
    slow.error = None
    ingest.add("r_x", "main", arrival(1))
    assert count(context) == 1


def test_what_was_kept_comes_back_as_it_came(context: Context) -> None:
    body = bytes(range(256)) * 10
    with context.db.begin() as tx:
        receipts.add(tx, [("r_1", "main", Inbound({"x-a": "ü"}, body, "https://care.test/x", NOW))])
        (claimed,) = receipts.claim(tx, NOW, 5)
    assert claimed.inbound == Inbound({"x-a": "ü"}, body, "https://care.test/x", NOW)


def test_a_public_id_is_there_once(context: Context) -> None:
    with context.db.begin() as tx:
        receipts.add(tx, [("r_1", "main", arrival(1))])
    with pytest.raises(Exception, match=r"(?i)unique"), context.db.begin() as tx:
        receipts.add(tx, [("r_1", "main", arrival(2))])


def test_gaps_between_webhooks_are_told_newest_first(context: Context) -> None:
    with context.db.begin() as tx:
        for hours in (0, 1, 3):
            at = NOW + timedelta(hours=hours)
            receipts.add(tx, [(f"r_{hours}", "main", Inbound({}, b"", "", at))])
        assert receipts.gaps(tx, "main") == [timedelta(hours=2), timedelta(hours=1)]
        assert receipts.gaps(tx, "site") == []


def test_a_flood_of_refusals_is_one_write_and_keeps_nobody_waiting(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, "PAUSE", 0.05)
    slow = Slow(context.db)
    noted = Refusals(slow)  # type: ignore[arg-type]
    began = time.monotonic()
    for number in range(200):
        noted.note("main", NOW + timedelta(seconds=number))
    assert time.monotonic() - began < 10
    slow.gate.set()
    for _ in range(100):
        with context.db.read() as tx:
            row = connections.get(tx, "main")
        if row is not None and row.last_refused_at == NOW + timedelta(seconds=199):
            break
        time.sleep(0.05)
    else:
        raise AssertionError("The last refusal was not noted.")
    assert slow.commits <= 5


def test_a_connection_is_noted_as_heard_once_a_second(context: Context) -> None:
    ingest, second = Ingest(context.db), timedelta(seconds=1)
    for number, at in enumerate((NOW, NOW + second / 2, NOW + second, NOW - second)):
        ingest.add(f"r_{number}", "main", replace(arrival(number), received_at=at))
        with context.db.read() as tx:
            row = connections.get(tx, "main")
        assert row is not None
        assert abs(row.last_receipt_at - at) < second
    assert count(context) == 4
