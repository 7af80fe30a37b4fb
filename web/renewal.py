"""Begin again when settings were changed in the browser: web and worker alike, without a restart by hand."""

import logging
import os
import signal
import threading

from handlers.context import Context
from store import kept
from store.base import DatabaseError

log = logging.getLogger("aftercare.renewal")
EVERY = 1.0  # seconds


def changed(context: Context, revision: str) -> bool:
    """True when other settings are kept than those that this process began with."""
    try:
        if not kept.is_there(context.db):
            return False
        with context.db.read() as tx:
            return kept.revision(tx) != (revision or kept.NOTHING)
    except (DatabaseError, OSError):
        return False


def wait(context: Context, revision: str, stop: threading.Event) -> bool:
    """Wait until settings were changed (True), or until `stop` is set (False)."""
    while not stop.wait(EVERY):
        if changed(context, revision):
            log.info("settings were changed: beginning again")
            return True
    return False


def end_when_changed(context: Context, revision: str) -> None:
    """Watch from a thread of its own; the process ends as on a stop, and gunicorn starts another at once."""

    def watch() -> None:
        if wait(context, revision, threading.Event()):
            os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="renewal", daemon=True).start()
