"""Webhooks that arrive together share a commit; none is answered before its own is on disk."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from handlers.context import Context
from schemas.webhook import Inbound
from store import connections, receipts
from store.base import Database, Tx
from store.ingest import MOST_AT_ONCE, Ingest
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


def start(ingest: Ingest, numbers: range, done: list[object]) -> list[threading.Thread]:
    """Each in a thread of its own, as requests are."""

    def run(number: int) -> None:
        try:
            ingest.add(f"r_{number}", "main", arrival(number), NOW)
            done.append(number)
        except Exception as error:
            done.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in numbers]
    for thread in threads:
        thread.start()
    return threads


def test_nobody_is_answered_before_the_commit_and_many_share_one(context: Context) -> None:
    slow, done = Slow(context.db), list[object]()
    threads = start(Ingest(slow), range(50), done)  # type: ignore[arg-type]
    time.sleep(0.2)
    assert done == []
    assert count(context) == 0
    slow.gate.set()
    for thread in threads:
        thread.join()
    assert sorted(map(str, done)) == sorted(map(str, range(50)))
    assert count(context) == 50
    assert slow.commits <= 10


def test_when_the_commit_fails_everybody_in_it_is_told(context: Context) -> None:
    slow, done = Slow(context.db), list[object]()
    slow.error = OSError("disk full")
    slow.gate.set()
    ingest = Ingest(slow)  # type: ignore[arg-type]
    for thread in start(ingest, range(10), done):
        thread.join()
    assert len(done) == 10
    assert all(isinstance(each, OSError) for each in done)
    slow.error = None
    ingest.add("r_x", "main", arrival(1), NOW)
    assert count(context) == 1


def test_a_crowd_is_taken_in_several_commits(context: Context) -> None:
    slow, done = Slow(context.db), list[object]()
    many = MOST_AT_ONCE + 50
    threads = start(Ingest(slow), range(many), done)  # type: ignore[arg-type]
    slow.gate.set()
    for thread in threads:
        thread.join()
    assert count(context) == len(done) == many


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
        ingest.add(f"r_{number}", "main", arrival(number), at)
        with context.db.read() as tx:
            row = connections.get(tx, "main")
        assert row is not None
        assert abs(row.last_receipt_at - at) < second
    assert count(context) == 4
