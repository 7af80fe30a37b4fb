"""Check-ins and ticked days: what a client said about a plan (sealed)."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from typing import Any

import sqlalchemy as sa

from schemas.checkin import CheckIn, CheckInKind, Tick
from store import sealing
from store.base import Tx, once
from store.tables import bookings, checkins, plans

MOST_EMPTY = 20  # replies in a row that say nothing


def _checkin(tx: Tx, row: sa.Row[Any]) -> CheckIn:
    names = [name for name in CheckIn.__dataclass_fields__ if name not in ("kind", "action", "reply")]
    reply = sealing.unseal_json(tx, checkins.c.sealed_reply, row) if row.sealed_reply else {}
    action = sealing.word(tx, checkins.c.sealed_action, row)
    known = {name: getattr(row, name) for name in names}
    return CheckIn(**known, kind=_kind(row.kind), action=action, reply=reply)


def _kind(text: str) -> CheckInKind | Tick:
    return CheckInKind(text) if text in list(CheckInKind) else Tick.parse(text)


def get(tx: Tx, checkin_id: int) -> CheckIn | None:
    """One check-in."""
    row = tx.first(sa.select(checkins).where(checkins.c.id == checkin_id))
    return _checkin(tx, row) if row else None


def of_booking(tx: Tx, booking_id: int) -> list[CheckIn]:
    """Every check-in and tick about the plans of one visit, of who comes to it now, in order of time."""
    query = sa.select(checkins).join(bookings, bookings.c.id == checkins.c.booking_id)
    query = query.where(checkins.c.booking_id == booking_id, checkins.c.client_id == bookings.c.client_id)
    return [_checkin(tx, row) for row in tx.all(query.order_by(checkins.c.id))]


@once(checkins)
def of_client(tx: Tx, client_ids: Sequence[int], since: datetime | None = None) -> list[CheckIn]:
    """Every check-in and tick of one person, in order of time; those that were answered `since`."""
    query = sa.select(checkins).where(checkins.c.client_id.in_(client_ids)).order_by(checkins.c.id)
    query = query.where(checkins.c.answered_at >= since) if since else query
    return [_checkin(tx, row) for row in tx.all(query)]


def last_reply(tx: Tx, client_ids: Sequence[int]) -> CheckIn | None:
    """The newest check-in of one person to which something was said; ticked days aside."""
    asked = (checkins.c.client_id.in_(client_ids), checkins.c.kind.in_(list(CheckInKind)))
    said = (checkins.c.answered_at.is_not(None), checkins.c.sealed_reply.is_not(None))
    newest = sa.select(checkins).where(*asked, *said).order_by(checkins.c.id.desc()).limit(MOST_EMPTY)
    return next((one for one in map(partial(_checkin, tx), tx.all(newest)) if one.reply), None)


def dates_of_client(tx: Tx, client_ids: Sequence[int]) -> list[tuple[CheckInKind | Tick, datetime | None]]:
    """What one person was asked and ticked off, and when it was answered; nothing is opened."""
    query = sa.select(checkins.c.kind, checkins.c.answered_at).where(checkins.c.client_id.in_(client_ids))
    return [(_kind(row.kind), row.answered_at) for row in tx.all(query.order_by(checkins.c.id))]


def days(tx: Tx, client_ids: Sequence[int]) -> set[date]:
    """Every day that one person ticked off, by whichever plan."""
    query = sa.select(checkins.c.kind).where(checkins.c.client_id.in_(client_ids))
    kinds = (_kind(row.kind) for row in tx.all(query))
    return {kind.day for kind in kinds if isinstance(kind, Tick)}


def ask(tx: Tx, booking_id: int, plan_id: int, kind: CheckInKind | Tick, at: datetime | None) -> CheckIn:
    """The check-in of this kind; made when it is not there yet, as asked `at` this time, or not yet."""
    client_id = tx.value(sa.select(plans.c.client_id).where(plans.c.id == plan_id))
    same = (checkins.c.booking_id == booking_id, checkins.c.client_id == client_id)
    row = tx.first(sa.select(checkins).where(*same, checkins.c.kind == str(kind)))
    if row is None:
        values = {"booking_id": booking_id, "client_id": client_id, "plan_id": plan_id, "kind": str(kind)}
        values["asked_at"] = at
        row = tx.first(sa.insert(checkins).values(**values).returning(checkins))
    assert row is not None
    return _checkin(tx, row)


def went_out(tx: Tx, booking_id: int, client_id: int, kind: CheckInKind, now: datetime) -> None:
    """The question has really been sent; the first time counts."""
    same = (
        checkins.c.booking_id == booking_id,
        checkins.c.client_id == client_id,
        checkins.c.kind == str(kind),
    )
    tx.run(sa.update(checkins).where(*same, checkins.c.asked_at.is_(None)).values(asked_at=now))


def answer(tx: Tx, checkin_id: int, reply: dict[str, Any], action: str, now: datetime) -> bool:
    """Keep the reply; False when there was one already (a double tap)."""
    done = (
        sa.update(checkins)
        .where(checkins.c.id == checkin_id, checkins.c.answered_at.is_(None))
        .values(
            **_sealed(tx, checkin_id, sealed_reply=reply, sealed_action=action),
            answered_at=now,
            asked_at=sa.func.coalesce(checkins.c.asked_at, now),
        )
        .returning(checkins.c.id)
    )
    return tx.first(done) is not None


def _sealed(tx: Tx, checkin_id: int, **values: Any) -> dict[str, Any]:
    """What is sealed for a row, by column; nothing where there is no such row."""
    row = tx.first(sa.select(checkins).where(checkins.c.id == checkin_id))
    if row is None:
        return {}
    return {name: sealing.seal(tx.vault, checkins.c[name], values[name], row._mapping) for name in values}


def tick(tx: Tx, booking_id: int, plan_id: int, day: date, reply: dict[str, Any], now: datetime) -> None:
    """What the client ticked for one day; what a later tap on the same day does not say stays as it was."""
    row = ask(tx, booking_id, plan_id, Tick(day), now)
    moves = row.reply.get("moves", {}) | reply.get("moves", {})
    reply = row.reply | reply | ({"moves": moves} if moves else {})
    values = {**_sealed(tx, row.id, sealed_reply=reply), "answered_at": now, "plan_id": plan_id}
    tx.run(sa.update(checkins).where(checkins.c.id == row.id).values(**values))
