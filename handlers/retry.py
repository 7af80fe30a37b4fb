"""When to try again, and keeping what was claimed for as long as the work on it takes."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from integrations.base import IntegrationError
from store.base import DatabaseError

log = logging.getLogger("aftercare.leases")
EVERY = 5.0  # seconds; a lease lasts four times as long
WAITS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=10),
)
MOST = len(WAITS) + 1  # attempts, the first one and one after each wait
URGENT = (
    *(timedelta(seconds=5), timedelta(seconds=15), timedelta(seconds=30)),
    *[timedelta(minutes=1)] * 60,
    *[timedelta(minutes=10)] * 160,
)
"""For what somebody must see now: a service that is back delivers it within a minute, for an hour."""


def most(waits: Sequence[timedelta] = WAITS) -> int:
    """How many attempts there are with these waits."""
    return len(waits) + 1


def wait(attempts: int, error: IntegrationError, waits: Sequence[timedelta] = WAITS) -> timedelta | None:
    """How long to wait after the n-th failed attempt; None when trying again is useless."""
    if error.permanent or attempts >= most(waits):
        return None
    planned = waits[max(attempts, 1) - 1]
    return max(planned, timedelta(seconds=error.retry_after or 0))


def never() -> bool:
    """Whoever works to the end is never stopping."""
    return False


@contextmanager
def kept(renew: Callable[[timedelta], None], every: float = EVERY) -> Iterator[None]:
    """Call `renew` with the time that has passed, every few seconds, until the work inside is done."""
    over = threading.Event()
    began = time.monotonic()

    def keep() -> None:
        while not over.wait(every):
            try:
                renew(timedelta(seconds=time.monotonic() - began))
            except (DatabaseError, OSError) as error:
                log.warning("lease not renewed", extra={"error": type(error).__name__})

    keeper = threading.Thread(target=keep, name="leases", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        over.set()
        keeper.join()
