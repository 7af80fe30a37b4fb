"""Bookings to mails through one worker, beside what the mail server takes from a plain loop."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import app as application
import settings as configuration
from bench.servers import ROOT, memory
from handlers.context import Context
from schemas.webhook import Inbound
from store.running import workers
from tests.helpers.clinic import environ
from tests.helpers.ports import free_port
from tests.helpers.processes import Running
from tests.helpers.visits import receive, webhook

BAR = 0.3
COUNT = 400


@contextmanager
def sink(counted: Path) -> Iterator[int]:
    """A mail server in a process of its own; yields its port."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "bench.sink", str(port), str(counted)], cwd=ROOT)
    time.sleep(2)
    yield port
    process.terminate()
    process.wait()


def mails(folder: Path, urls: dict[str, str], rounds: int) -> bool:
    """Mails a second of a plain loop, then of the worker on each database; True when the bar is met."""
    good = True
    print("\n| | mails a second | of the sink's own |\n|---|---|---|")
    with sink(folder / "counted") as port:
        for number in range(rounds):
            plain = COUNT / _plain(folder, port)
            print(f"| a plain loop | {plain:.0f} | 1.00 |", flush=True)
            for kind, url in urls.items():
                rate = _through_worker(folder, url, port, f"{kind}{number}")
                print(f"| {kind} | {rate:.0f} | {rate / plain:.2f} |", flush=True)
                good = good and rate >= BAR * plain
    return good


def _plain(folder: Path, port: int) -> float:
    (folder / "mail").write_bytes(b"Subject: a mail of the usual size\r\n\r\n" + b"x" * 70 + b"\r\n" * 1500)
    command = [sys.executable, "-m", "bench.sending", str(port), str(folder / "mail"), str(COUNT)]
    return float(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)


def _through_worker(folder: Path, url: str, port: int, name: str) -> float:
    home = Path(tempfile.mkdtemp(dir=folder))
    given = environ(url, port, SETTLE_SECONDS="0", LOG_LEVEL="error")
    context = application.build_context(configuration.load(given))
    running = Running(given, home)
    running.start("worker")
    try:
        began_at = datetime.now(UTC)
        while not _beats(context, began_at):
            time.sleep(0.1)
        before, began = _count(folder), time.monotonic()
        receive(context, *(booking(name, each) for each in range(COUNT)))
        while _count(folder) - before < COUNT and time.monotonic() - began < 120:
            time.sleep(0.02)
        taken = time.monotonic() - began
        print(f"memory of the worker: {memory(running.processes['worker'].pid):.0f} MB", file=sys.stderr)
        return (_count(folder) - before) / taken
    finally:
        running.stop()
        context.db.close()


def _count(folder: Path) -> int:
    return (folder / "counted").stat().st_size


def _beats(context: Context, since: datetime) -> bool:
    with context.db.read() as tx:
        seen = workers.last_seen(tx)
    return seen is not None and seen >= since


def booking(name: str, number: int) -> Inbound:
    now, uid = datetime.now(UTC), f"{name}-{number}"
    who = {"uid": uid, "email": f"{uid}@example.org".casefold(), "name": f"Ann {uid}"}
    return webhook("created", now, start=now + timedelta(days=7, minutes=number), **who)
