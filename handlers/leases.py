"""Keeping what was claimed for as long as the work on it takes, so that a lease can be short."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from store.base import DatabaseError

log = logging.getLogger("aftercare.leases")
EVERY = 5.0  # seconds; a lease lasts four times as long


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
