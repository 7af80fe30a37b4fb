"""The worker: one round of everything that is due, and the loop around it."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from handlers.bookings import inbox
from handlers.context import Context
from handlers.send import outbox
from handlers.worker import duties
from store import workers
from store.base import DatabaseError, kind

log = logging.getLogger("aftercare.worker")
IDLE = 0.5  # seconds between looks at an empty schedule
DOWN = 3.0  # seconds to wait for a database that does not answer
BEAT = timedelta(seconds=20)


def work_once(context: Context, now: datetime, name: str = "worker") -> int:
    """Do all that is due at `now`, until nothing is; returns how much was done."""
    _beat(context, name, now)
    done = 0
    while step := inbox.work(context, now) + outbox.work(context, now):
        done += step
    return done


def work(
    context: Context, clock: Callable[[], datetime], stop: threading.Event, name: str = "worker"
) -> None:
    """Work until `stop` is set. A database that goes away is waited for; nothing needs a person."""
    last_beat: datetime | None = None
    chores = duties.Duties()
    while not stop.is_set():
        try:
            now = clock()
            if last_beat is None or not timedelta(0) <= now - last_beat < BEAT:
                _beat(context, name, now)
                last_beat = now
            busy = inbox.work(context, now) + outbox.work(context, clock())
            chores.run(context, clock())
            if not busy:
                stop.wait(IDLE)
        except (DatabaseError, OSError) as error:
            log.error("database does not answer", extra={"error": kind(error)})
            stop.wait(DOWN)
        except Exception:
            # Whatever it is, the next message is not to blame: a worker that ends helps nobody.
            log.exception("a round of work failed")
            stop.wait(DOWN)


def _beat(context: Context, name: str, now: datetime) -> None:
    with context.db.begin() as tx:
        workers.beat(tx, name, now)
