"""The time of the last refused webhook of each connection, noted without keeping anybody waiting."""

import logging
import threading
from datetime import datetime

from store import connections
from store.base import Database, DatabaseError

log = logging.getLogger("aftercare.refusals")
PAUSE = 1.0  # seconds in which refusals are gathered: a flood of them is one write a second


class Refusals:
    """Gathers refusals and writes them from a thread of its own."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._gate = threading.Lock()
        self._seen: dict[str, tuple[datetime, bool]] = {}
        self._writing = False

    def note(self, connection: str, now: datetime, *, clock: bool = False) -> None:
        """Remember that a webhook was refused, for its credential or its time; returns at once."""
        with self._gate:
            _at, before = self._seen.get(connection, (now, False))
            self._seen[connection] = (now, clock or before)
            starts, self._writing = not self._writing, True
        if starts:
            threading.Thread(target=self._write, name="refusals", daemon=True).start()

    def _write(self) -> None:
        threading.Event().wait(PAUSE)
        with self._gate:
            seen, self._seen, self._writing = self._seen, {}, False
        try:
            with self._db.begin() as tx:
                for name, (at, clock) in sorted(seen.items()):
                    connections.refused(tx, name, at, clock=clock)
        except (DatabaseError, OSError) as error:
            log.error("refusals not noted", extra={"error": type(error).__name__})
