"""The worker: one round of everything that is due, and the loop around it."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from handlers import duties, inbox, outbox
from handlers.house import House
from store import workers
from store.base import DatabaseError

log = logging.getLogger("aftercare.worker")
IDLE = 0.5  # seconds between looks at an empty schedule
DOWN = 3.0  # seconds to wait for a database that does not answer
BEAT = timedelta(seconds=20)


def work_once(house: House, now: datetime, name: str = "worker") -> int:
    """Do all that is due at `now`, until nothing is; returns how much was done."""
    with house.db.begin() as tx:
        workers.beat(tx, name, now)
    done = 0
    while step := inbox.work(house, now) + outbox.work(house, now):
        done += step
    return done


def work(house: House, clock: Callable[[], datetime], stop: threading.Event, name: str = "worker") -> None:
    """Work until `stop` is set. A database that goes away is waited for; nothing needs a person."""
    last_beat = datetime.min.replace(tzinfo=clock().tzinfo)
    while not stop.is_set():
        try:
            now = clock()
            if now - last_beat >= BEAT:
                with house.db.begin() as tx:
                    workers.beat(tx, name, now)
                last_beat = now
            busy = inbox.work(house, now) + outbox.work(house, clock())
            duties.run(house, clock())
            if not busy:
                stop.wait(IDLE)
        except (DatabaseError, OSError) as error:
            log.error("database does not answer", extra={"error": type(error).__name__})
            stop.wait(DOWN)
