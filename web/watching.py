"""The web process watches the worker: a worker that is dead cannot say so."""

import logging
import threading
from datetime import UTC, datetime

from handlers.context import Context
from handlers.worker import watch

log = logging.getLogger("aftercare.watch")
EVERY = 60.0  # seconds


def start(context: Context) -> None:
    """Watch from a thread of its own, in a process that serves: it ends with the process."""
    threading.Thread(target=run, args=(context, threading.Event()), name="watch", daemon=True).start()


def run(context: Context, stop: threading.Event, every: float = EVERY) -> None:
    """Look every minute until `stop` is set; whatever fails, the next look is made."""
    while not stop.wait(every):
        try:
            watch.without_worker(context, datetime.now(UTC))
        except Exception as error:
            log.error("the worker could not be watched", extra={"error": type(error).__name__})
