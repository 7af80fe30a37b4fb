"""Storing webhooks that arrive together with one commit: none is answered before its own is on disk."""

import threading
from datetime import datetime

from schemas.webhook import Inbound
from store import connections, receipts
from store.base import Database

Arrival = tuple[str, str, Inbound]
MOST_AT_ONCE = 200


class _Batch:
    """Arrivals that share one commit, and how it ended."""

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []
        self.done = threading.Event()
        self.error: BaseException | None = None


class Ingest:
    """The first arrival of a batch commits for all that came while the commit before was under way."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._gate = threading.Lock()
        self._turn = threading.Lock()
        self._open = _Batch()

    def add(self, public_id: str, connection: str, inbound: Inbound, now: datetime) -> None:
        """Return once the webhook is committed with fsync; raises `DatabaseError` when it is not."""
        with self._gate:
            batch = self._open
            batch.arrivals.append((public_id, connection, inbound))
            leads = len(batch.arrivals) == 1
            if len(batch.arrivals) >= MOST_AT_ONCE:
                self._open = _Batch()
        if leads:
            self._commit(batch, now)
        batch.done.wait()
        if batch.error is not None:
            raise batch.error

    def _commit(self, batch: _Batch, now: datetime) -> None:
        with self._turn:
            with self._gate:
                if self._open is batch:
                    self._open = _Batch()
            try:
                with self._db.begin() as tx:
                    receipts.add(tx, batch.arrivals)
                    connections.heard(tx, {connection for _, connection, _ in batch.arrivals}, now)
            except BaseException as error:
                batch.error = error
            finally:
                batch.done.set()
