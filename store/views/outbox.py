"""Reading the outbox, page by page; every query has its index."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from schemas.reason import Reason
from store.base import Tx
from store.tables import bookings, clients, deliveries

PAGE = 50


@dataclass(frozen=True, slots=True)
class Message:
    """One line of the outbox."""

    id: int
    booking_id: int
    client_id: int
    client: str
    start: datetime
    purpose: str
    channel: str
    status: str
    due_at: datetime
    reason: Reason
    detail: str
    attempts: int
    settled_at: datetime | None


def outbox(
    tx: Tx,
    *,
    statuses: Sequence[str] = (),
    purpose: str = "",
    booking_id: int | None = None,
    upward: bool = False,
    page: int = 1,
) -> list[Message]:
    """One page (and one line more, which tells that there is another) of messages, by due time."""
    ids = _page(statuses, purpose, booking_id, upward, page)
    query = (
        sa.select(deliveries, bookings.c.client_id, bookings.c.start_at, clients.c.name.label("client"))
        .join(ids, ids.c.id == deliveries.c.id)
        .join(bookings, bookings.c.id == deliveries.c.booking_id)
        .join(clients, clients.c.id == bookings.c.client_id)
        .order_by(*_order(deliveries.c, upward))
    )
    return [_message(row) for row in tx.all(query)]


def _order(columns: Any, upward: bool) -> list[sa.ColumnElement[Any]]:
    """By due time; of two that are due at once the id decides, so that no page repeats or skips one."""
    return [one if upward else one.desc() for one in (columns.due_at, columns.id)]


def _page(
    statuses: Sequence[str], purpose: str, booking_id: int | None, upward: bool, page: int
) -> sa.Subquery:
    """The ids of one page. Each status is read by its own index, so that no database sorts years of rows."""
    end = page * PAGE + 1
    chosen = [deliveries.c.status == status for status in statuses] or [sa.true()]
    parts = []
    for one in chosen:
        part = sa.select(deliveries.c.id, deliveries.c.due_at).where(one)
        if purpose:
            part = part.where(deliveries.c.purpose == purpose)
        if booking_id is not None:
            part = part.where(deliveries.c.booking_id == booking_id)
        ordered = part.order_by(*_order(deliveries.c, upward)).limit(end).subquery()
        parts.append(sa.select(ordered))
    union = sa.union_all(*parts).subquery()
    paged = sa.select(union.c.id).order_by(*_order(union.c, upward))
    return paged.limit(PAGE + 1).offset((page - 1) * PAGE).subquery()


def _message(row: sa.Row[Any]) -> Message:
    names = ("id", "booking_id", "client_id", "client", "purpose", "channel", "status", "due_at")
    same = {name: getattr(row, name) for name in (*names, "detail", "attempts", "settled_at")}
    return Message(start=row.start_at, reason=Reason(row.reason), **same)


def waiting(tx: Tx, statuses: Sequence[str], most: int = 100) -> int:
    """How many messages stand so, counted up to `most`."""
    some = sa.select(deliveries.c.id).where(deliveries.c.status.in_(statuses)).limit(most).subquery()
    return int(tx.value(sa.select(sa.func.count()).select_from(some)))
