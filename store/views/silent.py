"""Who is silent: what was asked of them last is long unanswered, and they answered nothing since."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from schemas.delivery import Purpose
from store.base import Tx, no_index
from store.tables import bookings, checkins, deliveries, intakes

AFTER = timedelta(days=7)
LOOKED_BACK = timedelta(days=60)  # as long as a check-in can be answered
BOOKED_BACK = timedelta(days=180)  # before its form went out
LOOKED_AT = 300
SHOWN = 50


@dataclass(frozen=True, slots=True)
class Silent:
    """A client, and since when something of ours is unanswered."""

    client_id: int
    since: datetime


def silent(tx: Tx, now: datetime) -> list[Silent]:
    """Clients asked by a form or a check-in `AFTER` ago or more, with no answer since; the latest first."""
    asked: dict[int, datetime] = {}
    for one in _asked(tx, now):
        asked[one.client_id] = max(one.since, asked.get(one.client_id, one.since))
    answered = _answered(tx, [*asked])
    found = [
        Silent(client_id, since)
        for client_id, since in asked.items()
        if client_id not in answered or answered[client_id] < since
    ]
    return sorted(found, key=lambda one: one.since, reverse=True)[:SHOWN]


def _asked(tx: Tx, now: datetime) -> Iterator[Silent]:
    """What nobody answered, and when it went out; the newest are looked at."""
    yield from _check_ins(tx, now)
    open_ones = sa.select(intakes.c.booking_id, intakes.c.client_id).where(intakes.c.status == "open")
    near = open_ones.where(intakes.c.created_at >= now - BOOKED_BACK, intakes.c.created_at <= now - AFTER)
    forms = tx.all(near.order_by(intakes.c.created_at.desc()).limit(LOOKED_AT))
    yield from _forms(tx, {row.booking_id: row.client_id for row in forms}, now)


def _check_ins(tx: Tx, now: datetime) -> Iterator[Silent]:
    at = checkins.c.asked_at
    query = sa.select(checkins.c.booking_id, checkins.c.client_id, at).order_by(at.desc()).limit(LOOKED_AT)
    query = query.where(checkins.c.answered_at.is_(None), at >= now - LOOKED_BACK, at <= now - AFTER)
    asked = {(row.booking_id, row.client_id): row.asked_at for row in reversed(tx.all(query))}
    for row in _visits(tx, [booking_id for booking_id, _whose in asked]):
        if (row.id, row.client_id) in asked:
            yield Silent(row.client_id, asked[row.id, row.client_id])


def _forms(tx: Tx, whose: dict[int, int], now: datetime) -> Iterator[Silent]:
    """Those of the forms that really went out; `whose` are they, by booking."""
    at = deliveries.c.settled_at
    query = sa.select(deliveries.c.booking_id, at).where(deliveries.c.booking_id.in_([*whose]))
    query = query.where(
        deliveries.c.purpose == Purpose.intake, no_index(deliveries.c.status).in_(("sent", "unknown"))
    )
    sent = {row.booking_id: row.settled_at for row in tx.all(query) if row.settled_at is not None}
    for row in _visits(tx, [*sent]):
        if row.client_id == whose[row.id] and now - LOOKED_BACK <= sent[row.id] <= now - AFTER:
            yield Silent(row.client_id, sent[row.id])


def _visits(tx: Tx, ids: Sequence[int]) -> Sequence[sa.Row[tuple[int, int]]]:
    """Those of the visits that stand."""
    query = sa.select(bookings.c.id, bookings.c.client_id).where(bookings.c.id.in_(ids))
    return tx.all(query.where(bookings.c.status == "confirmed", bookings.c.merged_into.is_(None)))


def _answered(tx: Tx, client_ids: Sequence[int]) -> dict[int, datetime]:
    """When each client answered last, by a form, a check-in or a day ticked."""
    last: dict[int, datetime] = {}
    for table, at in ((checkins, checkins.c.answered_at), (intakes, intakes.c.submitted_at)):
        query = sa.select(table.c.client_id, sa.func.max(at).label("at"))
        for row in tx.all(query.where(table.c.client_id.in_(client_ids)).group_by(table.c.client_id)):
            if row.at is not None:
                last[row.client_id] = max(row.at, last.get(row.client_id, row.at))
    return last
