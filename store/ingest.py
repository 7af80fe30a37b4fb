"""Storing webhooks that arrive together with one commit: none is answered before its own is on disk."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any

from schemas import trace
from schemas.webhook import Inbound
from store import connections, receipts
from store.base import Database

log = logging.getLogger("aftercare.webhooks")
HEARD_EVERY = timedelta(seconds=1)  # so often a connection's row says when it was last heard


class Ingest:
    """Keeps webhooks: each with a commit of its own, or all of a `Round` with one."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._heard: dict[str, datetime] = {}

    def add(self, public_id: str, connection: str, inbound: Inbound) -> None:
        """Return once the webhook is committed with fsync; raises `DatabaseError` when it is not.

        Within a round it returns at once, and `Round.commit` does that.
        """
        row = receipts.sealed(self._db.vault, public_id, connection, inbound)
        around = _round.get()
        if around is None:
            self.write([row])
        else:
            around.add(self, row)

    def write(self, rows: list[dict[str, Any]]) -> None:
        """Commit rows together."""
        latest = {row["connection"]: row["received_at"] for row in rows}
        news = {name: at for name, at in latest.items() if self._is_news(name, at)}
        with self._db.begin() as tx:
            receipts.put(tx, rows)
            for name, at in sorted(news.items()):
                connections.heard(tx, {name}, at)
        self._heard |= news
        for row in rows:
            with trace.following(row["public_id"]):
                log.info("webhook kept", extra={"connection": row["connection"]})

    def _is_news(self, connection: str, now: datetime) -> bool:
        last = self._heard.get(connection)
        return last is None or abs(now - last) >= HEARD_EVERY


class Round:
    """Webhooks that one thread handles one after the other, and keeps with one commit.

    Who opens a round sends none of the answers before `commit` has come back.
    """

    def __init__(self) -> None:
        self._ingest: Ingest | None = None
        self._rows: list[dict[str, Any]] = []

    def __len__(self) -> int:
        return len(self._rows)

    @contextmanager
    def open(self) -> Iterator[None]:
        """Whatever this thread keeps meanwhile belongs to the round."""
        token = _round.set(self)
        try:
            yield
        finally:
            _round.reset(token)

    def add(self, ingest: Ingest, row: dict[str, Any]) -> None:
        """One more for the commit."""
        self._ingest = ingest
        self._rows.append(row)

    def commit(self) -> None:
        """Return once all are committed with fsync; raises `DatabaseError` when none is."""
        if self._ingest is not None:
            self._ingest.write(self._rows)


_round: ContextVar[Round | None] = ContextVar("round", default=None)
