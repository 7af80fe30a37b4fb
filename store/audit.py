"""Who did what: rows are only ever added, and hold ids, never names or answers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from store.base import Tx
from store.tables import audit

PAGE = 50


def add(tx: Tx, actor: str, action: str, subject: str, now: datetime, detail: str = "") -> None:
    """Write one line; `subject` is like "booking:12"."""
    row = {"at": now, "actor": actor, "action": action, "subject": subject, "detail": detail[:500]}
    tx.insert(audit, **row)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the log: who did what to which thing, and when."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: str


def was_done(tx: Tx, subject: str, actions: Iterable[str]) -> bool:
    """True when somebody has done one of these to it."""
    done = (audit.c.subject == subject, audit.c.action.in_(list(actions)))
    return tx.first(sa.select(audit.c.id).where(*done).limit(1)) is not None


def log(
    tx: Tx, *, actor: str = "", action: str = "", subject: str = "", before: int = 0, limit: int = PAGE + 1
) -> list[Line]:
    """The newest lines of the log, or those before the line `before`."""
    query = sa.select(audit).order_by(audit.c.at.desc(), audit.c.id.desc()).limit(limit)
    for column, value in ((audit.c.actor, actor), (audit.c.action, action), (audit.c.subject, subject)):
        if value:
            query = query.where(column == value)
    if before:
        query = query.where(audit.c.id < before)
    return [Line(row.id, row.at, row.actor, row.action, row.subject, row.detail) for row in tx.all(query)]
