"""What clients wrote in a check-in, with its answer (both sealed)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from schemas.remark import Remark
from store import sealing
from store.base import Tx
from store.tables import bookings, remarks
from store.vault import SealBroken

MOST = 100


def add(tx: Tx, booking_id: int, client_id: int, checkin_id: int, words: str, now: datetime) -> None:
    """Keep what a client wrote, once for each check-in."""
    if tx.first(sa.select(remarks.c.id).where(remarks.c.checkin_id == checkin_id)) is None:
        row = {"booking_id": booking_id, "client_id": client_id, "checkin_id": checkin_id, "said_at": now}
        sealing.add(tx, remarks, row, sealed_words=words)


def get(tx: Tx, remark_id: int) -> Remark | None:
    """One of them."""
    return next(iter(_found(tx, sa.select(remarks).where(remarks.c.id == remark_id))), None)


def waiting(tx: Tx, practitioner: str, leaves_after: datetime) -> list[Remark]:
    """Those that nobody has settled, or whose answer leaves after a time; oldest first."""
    query = sa.select(remarks).join(bookings, bookings.c.id == remarks.c.booking_id)
    query = query.where(sa.or_(remarks.c.settled_at.is_(None), remarks.c.leaves_at > leaves_after))
    if practitioner:
        query = query.where(bookings.c.practitioner == practitioner)
    return _found(tx, query.order_by(remarks.c.said_at, remarks.c.id).limit(MOST))


def count_waiting(tx: Tx, practitioner: str = "") -> int:
    """How many nobody has settled."""
    both = remarks.join(bookings, bookings.c.id == remarks.c.booking_id)
    query = sa.select(sa.func.count()).select_from(both).where(remarks.c.settled_at.is_(None))
    query = query.where(bookings.c.practitioner == practitioner) if practitioner else query
    return int(tx.value(query) or 0)


def answered(tx: Tx, family: Sequence[int]) -> list[Remark]:
    """Those of one person that have an answer, the newest last."""
    query = sa.select(remarks).where(remarks.c.client_id.in_(family), remarks.c.leaves_at.is_not(None))
    return _found(tx, query.order_by(remarks.c.leaves_at, remarks.c.id))


def settle(
    tx: Tx, remark_id: int, author: str, now: datetime, answer: str = "", leaves_at: datetime | None = None
) -> bool:
    """An answer, or that none is needed ("" without `leaves_at`); False where somebody was first."""
    row = tx.first(sa.select(remarks).where(remarks.c.id == remark_id, remarks.c.settled_at.is_(None)))
    if row is None:
        return False
    sealed = sealing.seal(tx.vault, remarks.c.sealed_answer, answer, row._mapping) if answer else None
    done = sa.update(remarks).where(remarks.c.id == remark_id, remarks.c.settled_at.is_(None))
    done = done.values(sealed_answer=sealed, author=author, settled_at=now, leaves_at=leaves_at)
    return tx.first(done.returning(remarks.c.id)) is not None


def take_back(tx: Tx, remark_id: int, now: datetime) -> bool:
    """It is answered no more; False once the answer has left."""
    mine = sa.update(remarks).where(remarks.c.id == remark_id, remarks.c.leaves_at > now)
    gone = mine.values(sealed_answer=None, author="", settled_at=None, leaves_at=None)
    return tx.first(gone.returning(remarks.c.id)) is not None


def _found(tx: Tx, query: sa.Select[Any]) -> list[Remark]:
    names = ("id", "booking_id", "client_id", "said_at", "author", "settled_at", "leaves_at")
    return [
        Remark(
            **{name: getattr(row, name) for name in names},
            words=_words(tx, remarks.c.sealed_words, row),
            answer=_words(tx, remarks.c.sealed_answer, row),
        )
        for row in tx.all(query)
    ]


def _words(tx: Tx, column: sa.Column[Any], row: sa.Row[Any]) -> str:
    """The words; "" where there are none, or they do not open."""
    try:
        return str(sealing.unseal_json(tx, column, row)) if row._mapping[column.name] else ""
    except SealBroken:
        return ""
