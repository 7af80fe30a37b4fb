"""Mails through one worker, beside what the mail server takes from a plain loop of the same mail.

Once from the moment that they are due (decided, made, sent, noted), and once from the webhook on, so that the
work on the receipt counts too.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import app as application
import settings as configuration
from bench.servers import ROOT, memory
from handlers.bookings import inbox
from handlers.context import Context
from schemas.webhook import Inbound
from store.running import workers
from tests.helpers.clinic import environ
from tests.helpers.ports import free_port
from tests.helpers.processes import Running
from tests.helpers.visits import receive, webhook

BAR = 0.3
COUNT, WARM = 400, 40
LONGEST = 120.0  # seconds
PLAIN = "a plain loop"


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
    """Mails a second of a plain loop, then of the worker on each database; True when the bar is met.

    The bar is for what is due; a ratio is that of the medians of all rounds.
    """
    found: dict[str, list[float]] = {}
    with sink(folder / "counted") as port:
        for number in range(rounds):
            for kind, url in urls.items():
                for what, measure in (("due", _due), ("from the webhook", _from_webhooks)):
                    rate = _through_worker(folder, url, port, f"{kind[:3]}{number}{what[:1]}", measure)
                    found.setdefault(f"{kind}, {what}", []).append(rate)
                found.setdefault(PLAIN, []).append(COUNT / _plain(folder, port))
            print(
                f"round {number + 1}: { {kind: round(each[-1]) for kind, each in found.items()} }", flush=True
            )
    plain = statistics.median(found[PLAIN])
    print("\n| | mails a second | of the sink's own |\n|---|---|---|")
    for kind, each in found.items():
        rate = statistics.median(each)
        print(f"| {kind} | {rate:.0f} | {rate / plain:.2f} |", flush=True)
    return all(statistics.median(found[f"{kind}, due"]) >= BAR * plain for kind in urls)


def _plain(folder: Path, port: int) -> float:
    """Seconds for as many of our own mails, which the sink has kept one of."""
    command = [sys.executable, "-m", "bench.sending", str(port), str(folder / "counted.eml"), str(COUNT)]
    return float(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)


Wait = Callable[[int], None]


def _due(context: Context, name: str, running: Running, wait: Wait) -> float:
    """Mails a second while many wait: the receipts were taken in before, the worker is warm."""
    receive(context, *(booking(name, each) for each in range(WARM + COUNT)))
    inbox.drain(context, datetime.now(UTC))
    running.start("worker")
    wait(WARM)
    began = time.monotonic()
    wait(WARM + COUNT)
    return COUNT / (time.monotonic() - began)


def _from_webhooks(context: Context, name: str, running: Running, wait: Wait) -> float:
    """Mails a second from the moment that as many webhooks are kept."""
    began_at = datetime.now(UTC)
    running.start("worker")
    while not _beats(context, began_at):
        time.sleep(0.1)
    began = time.monotonic()
    receive(context, *(booking(name, each) for each in range(COUNT)))
    wait(COUNT)
    return COUNT / (time.monotonic() - began)


def _through_worker(
    folder: Path, url: str, port: int, name: str, measure: Callable[[Context, str, Running, Wait], float]
) -> float:
    home = Path(tempfile.mkdtemp(dir=folder))
    given = environ(url, port, SETTLE_SECONDS="0", LOG_LEVEL="error")
    context = application.build_context(configuration.load(given))
    running = Running(given, home)
    before = _count(folder)

    def wait(count: int) -> None:
        until = time.monotonic() + LONGEST
        while _count(folder) < before + count:
            assert time.monotonic() < until, "The mails do not come."
            time.sleep(0.01)

    try:
        rate = measure(context, name, running, wait)
        print(f"memory of the worker: {memory(running.processes['worker'].pid):.0f} MB", file=sys.stderr)
        return rate
    finally:
        running.stop()
        context.db.close()


def _count(folder: Path) -> int:
    return (folder / "counted").stat().st_size


def _beats(context: Context, since: datetime) -> bool:
    with context.db.read() as tx:
        seen = workers.last_seen(tx, datetime.now(UTC))
    return seen is not None and seen >= since


def booking(name: str, number: int) -> Inbound:
    now, uid = datetime.now(UTC), f"{name}-{number}"
    who = {"uid": uid, "email": f"{uid}@example.org".casefold(), "name": f"Ann {uid}"}
    return webhook("created", now, start=now + timedelta(days=7, minutes=number), **who)
