"""What sealing costs: `python -m bench.sealing`, `FIELD_KEYS=… python -m bench.sealing URL`.

Webhooks a second, beside the same server that seals nothing; or how many rows a second of a database that
`python -m bench.filling` has made are sealed again under another key while webhooks come in.
"""

import argparse
import os
import statistics
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
from bench.load import load
from bench.servers import Server, processor
from bench.signed import requests
from handlers.context import Context
from handlers.worker import reseal
from store.vault import Vault
from tests.helpers.clinic import environ
from tests.helpers.databases import migrate_fresh
from tests.helpers.visits import receive, webhook

A_MILLION, AN_HOUR = 1_000_000, 3600.0
SHARE = 0.1  # of its speed that ingest may lose by sealing
CONNECTIONS, SECONDS = 16, 1.5


def unsealed() -> Flask:
    """The application as it would be without seals."""
    Vault.seal = lambda _self, value, _place: value  # type: ignore[method-assign, assignment]
    return application.create_app()


def again(url: str, keys: str) -> bool:
    """Rows a second that are sealed again beside other work; True where a million take an hour at most."""
    given = environ(url, 25, FIELD_KEYS=f"{Fernet.generate_key().decode()} {keys}")
    context, stop = application.build_context(configuration.load(given)), threading.Event()
    rows, waits = reseal.rows(context), list[float]()
    beside = threading.Thread(target=_receives, args=(context, stop, waits))
    beside.start()
    begun, spent = time.perf_counter(), time.process_time()
    done = reseal.reseal(context, "bench", datetime.now(UTC), lambda _rows: None)
    took, worked = time.perf_counter() - begun, time.process_time() - spent
    stop.set()
    beside.join()
    context.db.close()
    assert not done.broken, f"{done.broken} values do not open: are FIELD_KEYS those of the database?"
    print(
        f"{rows} rows, {done.values} values sealed again in {took:.0f} s ({worked:.0f} s of processor time), "
    )
    print(f"{rows / took:.0f} rows a second; a million rows in {A_MILLION / rows * took / 60:.0f} minutes")
    slow = sorted(waits)[int(0.99 * len(waits))]
    print(f"a webhook a tenth of a second kept beside it: median {1000 * statistics.median(waits):.0f} ms, ")
    print(f"99 % {1000 * slow:.0f} ms, of {len(waits)}")
    return A_MILLION / rows * took <= AN_HOUR


def _receives(context: Context, stop: threading.Event, waits: list[float]) -> None:
    """The service goes on: a webhook every tenth of a second."""
    for number in count():
        if stop.wait(0.1):
            return
        sent = webhook("created", datetime.now(UTC), uid=f"beside{number}", email=f"b{number}@example.org")
        begun = time.perf_counter()
        receive(context, sent)
        waits.append(time.perf_counter() - begun)


def ingest(folder: Path, rounds: int) -> bool:
    """Webhooks a second with and without seals, on SQLite; True where the share that is lost is small."""
    sent = requests(folder)
    rates: dict[str, list[tuple[float, float]]] = {"app:create_app()": [], "bench.sealing:unsealed()": []}
    with ExitStack() as running:
        servers = {}
        for number, name in enumerate(rates):
            url = f"sqlite:///{folder / str(number)}.db"
            migrate_fresh(url)
            given = environ(url, 25, LOG_LEVEL="error", PYTHONPATH=".")
            servers[name] = running.enter_context(Server(name, given, folder, shipped=True))
        for _ in range(rounds):
            for name, server in servers.items():
                before = processor(server.pid)
                rate = load(server.port, CONNECTIONS, SECONDS, sent).rate
                rates[name].append((rate, 1000 * (processor(server.pid) - before) / (rate * SECONDS)))
    sealed, plain = ([statistics.median(each[i] for each in rates[name]) for i in (0, 1)] for name in rates)
    print(f"sealed {sealed[0]:.0f} a second, {sealed[1]:.3f} ms of processor time each; ")
    print(
        f"without seals {plain[0]:.0f}, {plain[1]:.3f} ms; lost {1 - sealed[0] / plain[0]:.2f} of the speed, "
    )
    print(f"{1 - plain[1] / sealed[1]:.2f} of the processor time")
    return sealed[0] >= (1 - SHARE) * plain[0]


def main() -> None:
    """Measure ingest, or a database that is named."""
    parser = argparse.ArgumentParser(prog="python -m bench.sealing", description=__doc__)
    parser.add_argument("url", nargs="?", default="")
    parser.add_argument("--rounds", type=int, default=9)
    asked = parser.parse_args()
    if asked.url:
        sys.exit(not again(asked.url, os.environ["FIELD_KEYS"]))
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(not ingest(Path(folder), asked.rounds))


if __name__ == "__main__":
    main()
