"""Storing webhooks that arrive together with one commit: none is answered before its own is on disk."""

import threading
from datetime import datetime, timedelta
from typing import Any

from schemas.webhook import Inbound
from store import connections, receipts
from store.base import Database

MOST_AT_ONCE = 200
HEARD_EVERY = timedelta(seconds=1)  # so often a connection's row says when it was last heard


class _Batch:
    """Rows that share one commit, and how it ended."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.done = threading.Event()
        self.error: BaseException | None = None


class Ingest:
    """The first arrival of a batch commits for all that came while the commit before was under way.

    `commits` is how many may be under way at once: SQLite writes one at a time, PostgreSQL flushes several
    together.
    """

    def __init__(self, db: Database, commits: int = 1) -> None:
        self._db = db
        self._gate = threading.Lock()
        self._turns = threading.Semaphore(commits)
        self._open = _Batch()
        self._heard: dict[str, datetime] = {}

    def add(self, public_id: str, connection: str, inbound: Inbound, now: datetime) -> None:
        """Return once the webhook is committed with fsync; raises `DatabaseError` when it is not."""
        row = receipts.sealed(self._db.vault, public_id, connection, inbound)
        with self._gate:
            batch = self._open
            batch.rows.append(row)
            leads = len(batch.rows) == 1
            if len(batch.rows) >= MOST_AT_ONCE:
                self._open = _Batch()
        if leads:
            self._commit(batch, now)
        batch.done.wait()
        if batch.error is not None:
            raise batch.error

    def _commit(self, batch: _Batch, now: datetime) -> None:
        with self._turns:
            with self._gate:
                if self._open is batch:
                    self._open = _Batch()
            try:
                self._write(batch.rows, now)
            except BaseException as error:
                batch.error = error
            finally:
                batch.done.set()

    def _write(self, rows: list[dict[str, Any]], now: datetime) -> None:
        news = {name for name in {row["connection"] for row in rows} if self._is_news(name, now)}
        with self._db.begin() as tx:
            receipts.put(tx, rows)
            if news:
                connections.heard(tx, news, now)
        self._heard |= dict.fromkeys(news, now)

    def _is_news(self, connection: str, now: datetime) -> bool:
        last = self._heard.get(connection)
        return last is None or abs(now - last) >= HEARD_EVERY
