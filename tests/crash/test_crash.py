"""kill -9 of real web and worker processes in mid-load: nothing that was answered 2xx is lost or doubled."""

import http.client
import json
import random
import sqlite3
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

import settings as configuration
from handlers.context import Context
from handlers.send import outbox
from handlers.worker import work
from store import bookings, deliveries, receipts
from tests.helpers.clinic import environ, make_context
from tests.helpers.faults import NIGHTLY, ROUNDS
from tests.helpers.mailbox import Mailbox
from tests.helpers.processes import Running
from tests.helpers.visits import webhook

PAUSE = 0.01 if NIGHTLY else 0.1  # seconds, of each of the four clients between two bookings
READY = 30.0  # seconds; two on an idle machine, more when tests share its cores


@dataclass
class Load:
    """Clients that book one after the other, and what they were answered."""

    running: Running
    kept: dict[str, str] = field(default_factory=dict)  # the booking's identifier -> the receipt
    unsure: set[str] = field(default_factory=set)
    stop: threading.Event = field(default_factory=threading.Event)
    numbers: Iterator[int] = field(default_factory=count)

    def run(self) -> None:
        """Book until told to stop."""
        while not self.stop.is_set():
            uid = f"k{next(self.numbers)}"
            sent = webhook("created", datetime.now(UTC), uid=uid, email=f"{uid}@example.org", name=uid)
            try:
                status, _headers, body = self.running.ask("POST", "/webhooks/main", sent.body, sent.headers)
            except (OSError, http.client.HTTPException):
                self.unsure.add(uid)
                time.sleep(0.05)
                continue
            if status == 202:
                self.kept[uid] = json.loads(body)["receipt"]
            else:
                assert status == 503, (status, body)
                self.unsure.add(uid)
            time.sleep(PAUSE)


@pytest.fixture
def running(database_url: str, mailbox: Mailbox, tmp_path: Path) -> Iterator[Running]:
    """An installation on each database; on PostgreSQL with two workers."""
    more = {"SETTLE_SECONDS": "0", "LOG_LEVEL": "warning"}
    found = Running(environ(database_url, mailbox.port, **more), tmp_path)
    for name in workers(found):
        found.start(name)
    found.start("web")
    found.wait_ready()
    yield found
    found.stop()


def workers(running: Running) -> list[str]:
    """The names of its workers."""
    return ["worker"] if running.environ["DATABASE_URL"].startswith("sqlite") else ["worker", "worker2"]


def rounds(running: Running, load: Load, chance: random.Random) -> int:
    """Kill and start again, so often; returns how many workers were killed."""
    killed = 0
    victims = [["web", *workers(running)], workers(running), ["web"]]
    for number in range(ROUNDS):
        time.sleep(chance.uniform(0.3, 1.5))
        names = victims[number % len(victims)]
        for name in names:
            running.kill(name)
            killed += name != "web"
        for name in names:
            running.start(name)
        assert running.wait_ready() < READY
    return killed


def finish(running: Running, given: configuration.Settings) -> Context:
    """What the last kill left behind is taken up when its lease ends."""
    running.stop()
    context = make_context(given)
    now = datetime.now(UTC) + timedelta(minutes=1)
    for minutes in (0, 10, 20):
        work.work_once(context, now + timedelta(minutes=minutes))
    return context


@pytest.mark.B5
def test_nothing_answered_is_lost_and_nothing_is_doubled(running: Running, mailbox: Mailbox) -> None:
    chance, load = random.Random(7), Load(running)
    threads = [threading.Thread(target=load.run) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        killed = rounds(running, load, chance)
        time.sleep(0.5)
    finally:
        load.stop.set()
        for thread in threads:
            thread.join()
    context = finish(running, configuration.load(running.environ))
    try:
        check(context, load, mailbox, killed)
    finally:
        context.db.close()
    assert "Traceback" not in running.logs()
    if running.environ["DATABASE_URL"].startswith("sqlite"):
        check_file(running.environ["DATABASE_URL"].removeprefix("sqlite:///"))


def check(context: Context, load: Load, mailbox: Mailbox, killed: int) -> None:
    """Every kept webhook is one booking with one mail; a second mail is the same mail, and rare."""
    with context.db.read() as tx:
        stored = {row.public_id for row in receipts.recent(tx, limit=100_000)}
        settled = receipts.counts(tx)
        owed = deliveries.counts(tx, datetime.now(UTC) + timedelta(minutes=30))
        found = bookings.listing(tx, limit=100_000)
    assert len(load.kept) >= 10 * ROUNDS
    assert stored >= set(load.kept.values())
    assert set(settled) == {"done"}
    assert not {"due", "sending", "dead", "unknown"}.intersection(owed)
    mails = defaultdict(list)
    for mail, recipients in zip(mailbox.mails, mailbox.recipients, strict=True):
        (address,) = recipients
        mails[address].append(mail["Message-ID"])
    for uid in load.kept:
        assert mails[f"{uid}@example.org"], f"{uid} was answered 202 and got no mail"
    assert len(found) == len(mails)
    assert set(mails) <= {f"{uid}@example.org" for uid in {*load.kept, *load.unsure}}
    assert all(len(set(identities)) == 1 for identities in mails.values())
    doubled = [address for address, identities in mails.items() if len(identities) > 1]
    print(
        f"kept {len(load.kept)}, unsure {len(load.unsure)}, killed {killed} workers, doubled {len(doubled)}"
    )
    assert len(doubled) <= outbox.AT_ONCE * killed  # what a worker has under way when it dies


def check_file(path: str) -> None:
    """The file is whole."""
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
