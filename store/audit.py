"""Who did what: rows are only ever added, and hold ids, never names or answers."""

from datetime import datetime

import sqlalchemy as sa

from store.base import Tx
from store.tables import audit


def add(tx: Tx, actor: str, action: str, subject: str, now: datetime, detail: str = "") -> None:
    """Write one line; `subject` is like "booking:12"."""
    row = {"at": now, "actor": actor, "action": action, "subject": subject, "detail": detail[:500]}
    tx.run(sa.insert(audit).values(**row))
