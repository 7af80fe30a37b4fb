"""WORKER=inline: the same worker, as a thread of the web process, for hosts with a single process."""

import atexit
import threading
from datetime import UTC, datetime

import click

from handlers import work
from handlers.house import House
from web.commands import prepare


def start(house: House) -> None:
    """Start it, unless this process runs a command: then the command is all that was asked for."""
    if click.get_current_context(silent=True) is not None:
        return
    prepare(house, datetime.now(UTC))
    stop = threading.Event()
    thread = threading.Thread(target=_run, args=(house, stop), name="worker", daemon=True)
    thread.start()
    atexit.register(stop.set)


def _run(house: House, stop: threading.Event) -> None:
    work.work(house, lambda: datetime.now(UTC), stop, "inline")
