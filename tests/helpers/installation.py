"""Web and worker of a clinic whose scheduler, mail server and text-message service are where a test says."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import settings as configuration
from handlers.context import Context
from handlers.schedule import alerts
from schemas.receipt import ReceiptStatus
from store import bookings, receipts
from tests.helpers.clinic import STANDARD_SECRET, environ, make_context
from tests.helpers.processes import Running
from tests.helpers.visits import webhook

LONG = 60.0  # seconds that a start may take on a busy machine
OTHERS = ("site", "site2", "site3", "site4")  # connections beside the main one; they have no API


@dataclass
class Installation:
    """Web and worker of a clinic, with the clinic's own look into the database."""

    running: Running
    context: Context
    ready: list[int] = field(default_factory=list)  # the answers of /readyz, several each second

    def book(self, uid: str, connection: str) -> None:
        """A new booking arrives."""
        now = datetime.now(UTC)
        address = f"{uid}@example.org"
        alike = "site" if connection in OTHERS else connection
        sent = webhook("created", now, connection=alike, uid=uid, name=uid, email=address)
        status, _, body = self.running.ask("POST", f"/webhooks/{connection}", sent.body, sent.headers)
        assert status == 202, body

    def alert(self, uid: str) -> None:
        """An answer of this client is serious."""
        with self.context.db.begin() as tx:
            (found,) = bookings.listing(tx, email=f"{uid}@example.org")
            alerts.at_once(tx, found.id, "RF03", datetime.now(UTC))

    def taken_in(self, count: int) -> bool:
        """So many webhooks have been understood."""
        with self.context.db.read() as tx:
            return receipts.counts(tx).get(ReceiptStatus.done) == count

    def poll(self, stop: threading.Event) -> None:
        """Ask whether it is ready, until stopped."""
        while not stop.wait(0.2):
            self.ready.append(self.running.ask("GET", "/readyz")[0])


@contextmanager
def installation(
    folder: Path, url: str, mail_port: int, scheduler: str, texts: str
) -> Iterator[Installation]:
    """A clinic whose main connection, mail server and text-message service are at these addresses."""
    more = {"SETTLE_SECONDS": "0", "LOG_LEVEL": "warning", "SMS_ACCOUNT": "AC1", "SMS_TOKEN": "token"}
    more |= {"SMS_FROM": "+15550100", "SMS_API_BASE": texts, "CLINIC_ALERT_SMS": "+12025550123"}
    more |= {"CONNECTIONS": ",".join(("main=calcom", *(f"{name}=standard" for name in OTHERS)))}
    more |= {f"{name.upper()}_SECRET": STANDARD_SECRET for name in OTHERS}
    more |= {"MAIN_API_KEY": "cal_live_1", "MAIN_API_BASE": scheduler}
    running = Running(environ(url, mail_port, **more), folder)
    context = make_context(configuration.load(running.environ))
    stop = threading.Event()
    try:
        for name in ("worker", "web"):
            running.start(name)
        running.wait_ready()
        wait_for(lambda: running.ask("GET", "/readyz")[0] == 200, LONG)
        found = Installation(running, context)
        poll = threading.Thread(target=found.poll, args=(stop,))
        poll.start()
        yield found
        stop.set()
        poll.join()
        assert set(found.ready) == {200}
        assert "Traceback" not in running.logs()
    finally:
        stop.set()
        for name in list(running.processes):
            running.kill(name)  # kindly, they would wait for who is silent
        context.db.close()


def wait_for(true: Callable[[], object], most: float = LONG) -> float:
    """Wait until it is true; returns how many seconds that took."""
    began = time.monotonic()
    while time.monotonic() - began < most:
        if true():
            return time.monotonic() - began
        time.sleep(0.05)
    raise AssertionError(f"Not within {most} s.")
