"""What is kept for longer than the clinic wants: by kind, of clients whose last visit is long over."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from store.base import Tx
from store.tables import (
    attendances,
    bookings,
    checkins,
    clients,
    deliveries,
    flags,
    intake_changes,
    intakes,
    my_days,
    own_media,
    plan_edits,
    plans,
    remarks,
    session_notes,
)

KINDS: Mapping[str, tuple[sa.Table, ...]] = {
    "answers": (intake_changes, flags, intakes),
    "checkins": (remarks, my_days, checkins),
    "plans": (plan_edits, session_notes, own_media, plans),
    "deliveries": (deliveries,),
}
"""The tables of each kind, in the order in which their rows can go: a plan stays while its check-ins do."""


def long_gone(tx: Tx, before: datetime, after: int, most: int) -> list[int]:
    """The next clients by number, from `after` on, none of whose visits ended at `before` or later."""
    other = clients.alias()
    root = sa.func.coalesce(clients.c.joined_into, clients.c.id)
    other_root = sa.func.coalesce(other.c.joined_into, other.c.id)
    lately = (
        sa.select(sa.literal(1))
        .select_from(bookings.join(other, other.c.id == bookings.c.client_id))
        .where(other_root == root, bookings.c.end_at >= before)
    )
    came = sa.select(sa.literal(1)).where(bookings.c.client_id == clients.c.id)
    query = sa.select(clients.c.id).where(clients.c.id > after, clients.c.created_at < before)
    query = query.where(clients.c.erased_at.is_(None), sa.exists(came), ~sa.exists(lately))
    return [row.id for row in tx.all(query.order_by(clients.c.id).limit(most))]


def count(tx: Tx, kind: str, client_ids: Sequence[int], bare: Sequence[int] = ()) -> int:
    """How many rows of a kind can go of some clients; `bare` are those whose check-ins go before."""
    return sum(_count(tx, table, _of(table, client_ids, bare)) for table in KINDS[kind])


def count_all(tx: Tx, kind: str) -> int:
    """How many rows of a kind there are."""
    return sum(_count(tx, table, sa.true()) for table in KINDS[kind])


def _count(tx: Tx, table: sa.Table, which: sa.ColumnElement[bool]) -> int:
    return int(tx.value(sa.select(sa.func.count()).select_from(table).where(which)) or 0)


def delete(tx: Tx, kind: str, client_ids: Sequence[int]) -> int:
    """Delete the rows of a kind of some clients; how many went."""
    if kind == "answers":
        theirs = sa.select(intakes.c.id).where(intakes.c.client_id.in_(client_ids))
        tx.run(sa.update(attendances).where(attendances.c.intake_id.in_(theirs)).values(intake_id=None))
    return sum(_delete(tx, table, client_ids) for table in KINDS[kind])


def _delete(tx: Tx, table: sa.Table, client_ids: Sequence[int]) -> int:
    gone = sa.delete(table).where(_of(table, client_ids)).returning(sa.literal(1))
    return len(tx.all(gone))


def _of(table: sa.Table, client_ids: Sequence[int], bare: Sequence[int] = ()) -> sa.ColumnElement[bool]:
    """The rows of some clients that can go."""
    if table is intake_changes:
        theirs: sa.Select[Any] = sa.select(intakes.c.id).where(intakes.c.client_id.in_(client_ids))
        return intake_changes.c.intake_id.in_(theirs)
    mine = table.c.client_id.in_(client_ids)
    if table is plans:
        asked = sa.exists().where(checkins.c.plan_id == plans.c.id)
        return sa.and_(mine, sa.or_(~asked, plans.c.client_id.in_(bare)))
    if table is deliveries:
        return sa.and_(mine, deliveries.c.status.not_in(("scheduled", "sending", "held")))
    return mine
