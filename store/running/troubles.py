"""What is wrong now: one row for each trouble until it is mended. Pages, commands and mails read it here."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from schemas.trouble import Trouble, TroubleKind
from store.base import Tx
from store.tables import troubles

AGAIN = timedelta(days=1)  # what happens again so long after the mail is worth another mail


def note(
    tx: Tx, kind: TroubleKind, name: str, text: str, now: datetime, *, newest: datetime | None = None
) -> None:
    """It is so now. Noted again it keeps its beginning, and its mail is not sent again.

    `newest` is when it last happened, for what happens again and again: a day after the mail it begins again.
    """
    tx.lock(f"trouble-{kind}-{name}")
    was = _row(tx, kind, name)
    if was is None:
        row = {"kind": kind, "name": name, "text": text[:500], "since": newest or now}
        tx.run(sa.insert(troubles).values(**row))
        return
    begins = newest is not None and was.mailed_at is not None and newest - was.mailed_at >= AGAIN
    fresh = {"since": newest, "mailed_at": None} if begins else {}
    tx.run(sa.update(troubles).where(*_is(kind, name)).values(text=text[:500], over=False, **fresh))


def end(tx: Tx, kind: TroubleKind, name: str) -> bool:
    """It is mended; False where nothing was wrong. What was mailed stays until its end is mailed, too."""
    wrong = (*_is(kind, name), ~troubles.c.over)
    mailed = sa.update(troubles).where(*wrong, troubles.c.mailed_at.is_not(None)).values(over=True)
    if tx.first(mailed.returning(troubles.c.name)) is not None:
        return True
    return tx.first(sa.delete(troubles).where(*wrong).returning(troubles.c.name)) is not None


def current(tx: Tx, name: str | None = None) -> list[Trouble]:
    """Everything that is wrong, or what is wrong with one connection; the oldest first."""
    query = sa.select(troubles).where(~troubles.c.over)
    return _listed(tx, query if name is None else query.where(troubles.c.name == name))


def mended(tx: Tx) -> list[Trouble]:
    """What is over and was mailed, and whose end was not."""
    return _listed(tx, sa.select(troubles).where(troubles.c.over))


def _listed(tx: Tx, query: sa.Select[Any]) -> list[Trouble]:
    rows = tx.all(query.order_by(troubles.c.since, troubles.c.kind, troubles.c.name))
    return [_trouble(row) for row in rows]


def forget(tx: Tx, trouble: Trouble) -> bool:
    """True for the first who is about to mail its end: nobody else will."""
    gone = sa.delete(troubles).where(*_is(trouble.kind, trouble.name), troubles.c.over)
    return tx.first(gone.returning(troubles.c.name)) is not None


def counts(tx: Tx) -> dict[str, int]:
    """How many things are wrong, by kind."""
    rows = tx.all(sa.select(troubles.c.kind, sa.func.count()).group_by(troubles.c.kind))
    return {kind: count for kind, count in rows}  # noqa: C416 - dict() loses the types


def claim_mail(tx: Tx, trouble: Trouble, now: datetime) -> bool:
    """True for the first who is about to mail about this trouble: nobody else will."""
    row = sa.update(troubles).where(*_is(trouble.kind, trouble.name), troubles.c.mailed_at.is_(None))
    return tx.first(row.values(mailed_at=now).returning(troubles.c.name)) is not None


def not_mailed(tx: Tx, trouble: Trouble) -> None:
    """The mail did not leave."""
    tx.run(sa.update(troubles).where(*_is(trouble.kind, trouble.name)).values(mailed_at=None))


def _is(kind: TroubleKind, name: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (troubles.c.kind == kind, troubles.c.name == name)


def _row(tx: Tx, kind: TroubleKind, name: str) -> sa.Row[Any] | None:
    return tx.first(sa.select(troubles).where(*_is(kind, name)))


def _trouble(row: sa.Row[Any]) -> Trouble:
    return Trouble(TroubleKind(row.kind), row.name, row.text, row.since, row.mailed_at, over=row.over)
