"""What sealing costs: `python -m bench.sealing`, `FIELD_KEYS=… python -m bench.sealing URL`.

Webhooks a second, beside the same server that seals nothing; or how many rows a second of a database that
`python -m bench.filling` has made are sealed again under another key while webhooks come in.
"""

import argparse
import http.client
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from cryptography.fernet import Fernet
from flask import Flask

import app as application
import settings as configuration
from bench.__main__ import databases
from bench.load import load
from bench.servers import ROOT, Server, of_postgres, processor
from bench.signed import requests
from handlers.worker import reseal
from store.vault import Vault
from tests.helpers.clinic import environ
from tests.helpers.ports import free_port
from tests.helpers.processes import HOST
from tests.helpers.visits import webhook

A_MILLION, AN_HOUR = 1_000_000, 3600.0
SHARE = 0.1  # of its speed that ingest may lose by sealing
CONNECTIONS, SECONDS = 16, 1.5


def unsealed() -> Flask:
    """The application as it would be without seals."""
    Vault.seal = lambda _self, value, _place: value  # type: ignore[method-assign, assignment]
    return application.create_app()


def again(url: str, keys: str, folder: Path) -> bool:
    """Rows a second sealed again beside web and worker; True where a million take an hour at most."""
    with ExitStack() as running:
        port = free_port()
        _start(running, "-m", "bench.sink", str(port), str(folder / "mails"), given={})
        given = environ(url, port, FIELD_KEYS=f"{Fernet.generate_key().decode()} {keys}", LOG_LEVEL="error")
        web = running.enter_context(Server("app:create_app()", given, folder, shipped=True))
        _start(running, "-m", "flask", "--app", "app", "work", given=given)
        context, stop = application.build_context(configuration.load(given)), threading.Event()
        waits: list[float] = []
        running.callback(context.db.close)
        beside = threading.Thread(target=_receives, args=(web.port, stop, waits))
        beside.start()
        rows, begun, spent = reseal.rows(context), time.perf_counter(), time.process_time()
        theirs = of_postgres(context.db)
        done = reseal.reseal(context, "bench", datetime.now(UTC), lambda _rows: None)
        took, worked = time.perf_counter() - begun, time.process_time() - spent
        theirs = of_postgres(context.db) - theirs
        stop.set()
        beside.join()
    assert not done.broken, f"{done.broken} values do not open: are FIELD_KEYS those of the database?"
    print(
        f"{rows} rows, {done.values} values sealed again in {took:.0f} s ({worked:.0f} s of processor time, "
    )
    print(f"PostgreSQL with all that it did meanwhile {theirs:.0f} s); {rows / took:.0f} rows a second; ")
    print(f"a million rows in {A_MILLION / rows * took / 60:.1f} minutes; load {os.getloadavg()[0]:.0f}")
    slow, middle = sorted(waits)[int(0.99 * len(waits))], statistics.median(waits)
    print(f"a webhook a tenth of a second over HTTP beside it: median {1000 * middle:.0f} ms, ")
    print(f"99 % {1000 * slow:.0f} ms, longest {1000 * max(waits):.0f} ms, of {len(waits)}")
    return A_MILLION / rows * took <= AN_HOUR


def _start(running: ExitStack, *words: str, given: dict[str, str]) -> None:
    """A process of Python that ends with the measurement."""
    process = subprocess.Popen([sys.executable, *words], cwd=ROOT, env={"PATH": os.environ["PATH"], **given})
    running.callback(process.wait, 30)
    running.callback(process.terminate)


def _receives(port: int, stop: threading.Event, waits: list[float]) -> None:
    """The service goes on: a webhook every tenth of a second."""
    run = f"{datetime.now(UTC):%H%M%S}"
    for number in count():
        if stop.wait(0.1):
            return
        sent = webhook("created", datetime.now(UTC), uid=f"b{run}{number}", email=f"b{number}@example.org")
        begun = time.perf_counter()
        wire = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        wire.request("POST", "/webhooks/main", sent.body, {**sent.headers, "Host": HOST})
        answer = wire.getresponse()
        wire.close()
        assert answer.status in (200, 202), answer.status
        waits.append(time.perf_counter() - begun)


def ingest(folder: Path, kind: str, url: str, rounds: int) -> bool:
    """Webhooks a second with and without seals; True where the share that is lost is small."""
    sent = requests(folder)
    rates: dict[str, list[tuple[float, float]]] = {"app:create_app()": [], "bench.sealing:unsealed()": []}
    given = environ(url, 25, LOG_LEVEL="error", PYTHONPATH=".")
    with ExitStack() as running:
        servers = {
            name: running.enter_context(Server(name, given, folder, shipped=True))
            for name in rates  # both write into one database, so that it is as large for both
        }
        for turn in range(rounds):
            for name in sorted(servers, reverse=bool(turn % 2)):
                server = servers[name]
                before = processor(server.pid)
                rate = load(server.port, CONNECTIONS, SECONDS, sent).rate
                rates[name].append((rate, 1000 * (processor(server.pid) - before) / (rate * SECONDS)))
    sealed, plain = rates.values()
    for which, what in ((0, "a second"), (1, "ms of processor time a webhook")):
        middle = [statistics.median(each[which] for each in side) for side in (sealed, plain)]
        print(f"{kind}: {middle[0]:.3g} {what} sealed, {middle[1]:.3g} without seals")
    # Of each round by itself: what else the machine does changes from one to the next.
    kept = statistics.median(ours[0] / theirs[0] for ours, theirs in zip(sealed, plain, strict=True))
    more = statistics.median(1 - theirs[1] / ours[1] for ours, theirs in zip(sealed, plain, strict=True))
    print(
        f"lost {1 - kept:.2f} of the speed, {more:.2f} of the processor time; load {os.getloadavg()[0]:.0f}"
    )
    return kept >= 1 - SHARE


def main() -> None:
    """Measure ingest, or a database that is named."""
    parser = argparse.ArgumentParser(prog="python -m bench.sealing", description=__doc__)
    parser.add_argument("url", nargs="?", default="")
    parser.add_argument("--rounds", type=int, default=9)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if asked.url:
            sys.exit(not again(asked.url, os.environ["FIELD_KEYS"], folder))
        with databases(folder) as urls:
            kept = [ingest(folder, kind, url, asked.rounds) for kind, url in urls.items()]
    sys.exit(not all(kept))


if __name__ == "__main__":
    main()
