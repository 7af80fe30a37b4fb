"""WORKER=inline: the same worker, as a thread of the web process, for hosts with a single process."""

import atexit
import logging
import threading
from datetime import UTC, datetime

import click

from handlers.context import Context
from handlers.worker import work
from handlers.worker.journal import Older
from web.commands import prepare

log = logging.getLogger("aftercare.worker")


def start(context: Context) -> None:
    """Start it, unless this process runs a command: then the command is all that was asked for."""
    if click.get_current_context(silent=True) is not None:
        return
    stop = threading.Event()
    thread = threading.Thread(target=_run, args=(context, stop), name="worker", daemon=True)
    thread.start()
    atexit.register(_end, stop, thread)


def _end(stop: threading.Event, thread: threading.Thread) -> None:
    """What is in hand is finished before the process ends."""
    stop.set()
    thread.join(work.GRACE + 1)


def _run(context: Context, stop: threading.Event) -> None:
    try:
        work.work(context, stop, lambda: prepare(context, datetime.now(UTC)), "inline")
    except Older as error:
        log.error("%s", error)
