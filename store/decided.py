"""What a person sees of a visit when they decide on it, as plain values that change when it changes."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from store.base import Tx
from store.tables import attendances, bookings, deliveries, flags, plans, session_notes


def facts(tx: Tx, booking_ids: Sequence[int]) -> dict[int, list[str]]:
    """By booking: who comes, each version of the plan with its state, flags that stand, plan messages and
    which of them somebody holds, the note that nobody has signed.
    """
    found: dict[int, list[str]] = defaultdict(list)
    for query in _queries(booking_ids) if booking_ids else ():
        for booking_id, *values in tx.all(query):
            found[booking_id].append(":".join(_plain(each) for each in values))
    return found


def _plain(value: object) -> str:
    return bytes(value[-16:]).hex() if isinstance(value, bytes | memoryview) else str(value)


def _queries(ids: Sequence[int]) -> Iterator[sa.Select[Any]]:
    here = bookings.c.id.in_(ids)
    by_person = deliveries.c.reason == "held_by_person"
    yield (
        sa.select(attendances.c.booking_id, attendances.c.id, attendances.c.sealed_asked)
        .where(attendances.c.booking_id.in_(ids), attendances.c.ended_at.is_(None))
        .order_by(attendances.c.id)
    )
    yield (
        sa.select(bookings.c.id, plans.c.id, plans.c.status)
        .join(plans, sa.and_(plans.c.booking_id == bookings.c.id, plans.c.client_id == bookings.c.client_id))
        .where(here)
        .order_by(plans.c.id)
    )
    yield (
        sa.select(bookings.c.id, flags.c.id, flags.c.sealed_flag)
        .join(flags, flags.c.client_id == bookings.c.client_id)
        .where(here, flags.c.cleared_at.is_(None))
        .order_by(flags.c.id)
    )
    yield (
        sa.select(deliveries.c.booking_id, deliveries.c.id, deliveries.c.status, by_person)
        .where(deliveries.c.booking_id.in_(ids), deliveries.c.purpose == "plan")
        .order_by(deliveries.c.id)
    )
    yield (
        sa.select(session_notes.c.booking_id, session_notes.c.id, session_notes.c.sealed_note)
        .where(session_notes.c.booking_id.in_(ids), session_notes.c.author == "")
        .order_by(session_notes.c.id)
    )
