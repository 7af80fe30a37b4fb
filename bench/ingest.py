"""How fast webhooks are taken in, beside a route that does nothing; with a worker that is busy meanwhile.

Run from the repository's folder: .venv/bin/python bench/ingest.py [seconds]
Prints requests a second, and the median and 99th percentile of the answer time in milliseconds.
"""

import http.client
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from aiosmtpd.controller import Controller

from tests.helpers.clinic import environ
from tests.helpers.mailbox import Mailbox
from tests.helpers.ports import free_port
from tests.helpers.processes import HOST, Running
from tests.helpers.visits import webhook

Request = tuple[str, str, bytes | None, dict[str, str]]
NUMBERS = count()


def nothing() -> Request:
    """The route that does nothing."""
    return "GET", "/healthz", None, {}


def booking() -> Request:
    """A new booking, signed."""
    uid = f"b{next(NUMBERS)}"
    sent = webhook("created", datetime.now(UTC), uid=uid, email=f"{uid}@example.org", name=uid)
    return "POST", "/webhooks/main", sent.body, dict(sent.headers)


def load(port: int, make: Callable[[], Request], clients: int, seconds: float) -> list[float]:
    """So many clients, one request after the other; every answer time in seconds."""
    times: list[float] = []
    end = time.monotonic() + seconds

    def run() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while time.monotonic() < end:
            method, path, body, headers = make()
            began = time.perf_counter()
            connection.request(method, path, body, {"Host": HOST, **headers})
            answer = connection.getresponse()
            answer.read()
            times.append(time.perf_counter() - began)
            assert answer.status in (200, 202), answer.status
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times


def tell(name: str, times: list[float], seconds: float) -> float:
    """One line of figures; returns the median in milliseconds."""
    ordered = sorted(each * 1000 for each in times)
    median, late = statistics.median(ordered), ordered[int(len(ordered) * 0.99)]
    rate = len(ordered) / seconds
    print(f"{name:42} {rate:8.0f}/s   median {median:6.1f} ms   p99 {late:7.1f} ms")
    return median


def main(seconds: float) -> None:
    """Web on SQLite; first alone, then with a worker that has all of it to do."""
    box = Mailbox(port=free_port())
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/bench.db"
        more = {"SETTLE_SECONDS": "0", "LOG_LEVEL": "error"}
        running = Running(environ(url, box.port, **more), Path(folder))
        running.flask("migrate")
        running.start("web")
        running.wait_ready()
        try:
            for clients in (1, 8):
                tell(f"nothing, {clients} clients", load(running.port, nothing, clients, seconds), seconds)
                times = load(running.port, booking, clients, seconds)
                tell(f"webhooks, {clients} clients, no worker", times, seconds)
            running.start("worker")
            while running.ask("GET", "/readyz")[0] != 200:
                time.sleep(0.2)
            median = tell("webhooks, 1 client, busy worker", load(running.port, booking, 1, seconds), seconds)
            print(f"busy worker sent {len(box.mails)} mails meanwhile; bar: median under 20 ms")
            sys.exit(median >= 20)
        finally:
            running.stop()
            controller.stop()


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 3.0)
