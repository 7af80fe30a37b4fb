"""Plans: every version is kept; the newest one of a booking counts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from schemas.plan import PlanOrigin, PlanStatus, StoredPlan
from store import sealing
from store.base import Tx, once
from store.tables import bookings, plans
from store.vault import SealBroken

LET_OUT = (PlanStatus.released, PlanStatus.sent)


def check_let_out(tx: Tx, row: sa.Row[Any]) -> None:
    """Raises SealBroken where a plan is let out and none of ours has done it: the status stands in clear."""
    if row.status in LET_OUT:
        sealing.check(tx, plans.c.sealed_let_out, row, row.status)


def check_let_out_of(tx: Tx, plan_id: int) -> None:
    """As `check_let_out`, of the version with this id."""
    row = tx.first(sa.select(plans).where(plans.c.id == plan_id))
    if row is not None:
        check_let_out(tx, row)


def _status(tx: Tx, row: sa.Row[Any]) -> PlanStatus:
    """Held where somebody else than us has let it out."""
    try:
        check_let_out(tx, row)
    except SealBroken:
        return PlanStatus.held
    return PlanStatus(row.status)


def _turn(tx: Tx, plan_id: int, status: PlanStatus, **values: Any) -> None:
    """Another status; one that lets it out is sealed."""
    change = sa.update(plans).where(plans.c.id == plan_id)
    row = tx.first(change.values(status=status, sealed_let_out=None, **values).returning(plans))
    if row is not None and status in LET_OUT:
        sealed = sealing.seal(tx.vault, plans.c.sealed_let_out, str(status), row._mapping)
        tx.change(plans, plan_id, sealed_let_out=sealed)


def _plan(tx: Tx, row: sa.Row[Any]) -> StoredPlan:
    names = StoredPlan.__dataclass_fields__.keys() - {"status", "protocol", "origin", "content"}
    return StoredPlan(
        **{name: getattr(row, name) for name in names},
        status=_status(tx, row),
        protocol=sealing.word(tx, plans.c.sealed_protocol, row),
        origin=PlanOrigin.parse(sealing.word(tx, plans.c.sealed_reason, row)),
        content=sealing.unseal_json(tx, plans.c.sealed_plan, row),
    )


def get(tx: Tx, plan_id: int) -> StoredPlan | None:
    """One version."""
    row = tx.first(sa.select(plans).where(plans.c.id == plan_id))
    return _plan(tx, row) if row else None


def newest(tx: Tx, booking_id: int) -> StoredPlan | None:
    """The version of a visit's plan that counts, of the client who comes to it now."""
    query = sa.select(plans).join(bookings, bookings.c.id == plans.c.booking_id)
    query = query.where(plans.c.booking_id == booking_id, plans.c.client_id == bookings.c.client_id)
    row = tx.first(query.order_by(plans.c.version.desc()).limit(1))
    return _plan(tx, row) if row else None


def statuses(tx: Tx, booking_ids: Sequence[int]) -> dict[int, PlanStatus]:
    """Where the newest version of each booking's plan stands."""
    query = sa.select(plans.c.booking_id, plans.c.status).where(bookings.c.id.in_(booking_ids))
    query = query.join(bookings, bookings.c.id == plans.c.booking_id)
    query = query.where(plans.c.client_id == bookings.c.client_id)
    rows = tx.all(query.order_by(plans.c.version)) if booking_ids else []
    return {row.booking_id: PlanStatus(row.status) for row in rows}


@once(plans)
def of_client(tx: Tx, client_ids: Sequence[int]) -> list[StoredPlan]:
    """Every version of every plan of one person, oldest first."""
    query = sa.select(plans).where(plans.c.client_id.in_(client_ids)).order_by(plans.c.id)
    return [_plan(tx, row) for row in tx.all(query)]


def newest_of_client(tx: Tx, client_ids: Sequence[int], most: int) -> list[StoredPlan]:
    """The newest versions of one person's plans, oldest first."""
    query = sa.select(plans).where(plans.c.client_id.in_(client_ids)).order_by(plans.c.id.desc()).limit(most)
    return [_plan(tx, row) for row in reversed(tx.all(query))]


def dates_of_client(tx: Tx, client_ids: Sequence[int]) -> Sequence[sa.Row[Any]]:
    """Of every version of one person's plans: its id, visit and number, when and by whom it was let out."""
    columns = ("id", "booking_id", "version", "released_at", "released_by", "sent_at")
    query = sa.select(*(plans.c[name] for name in columns)).where(plans.c.client_id.in_(client_ids))
    return tx.all(query.order_by(plans.c.id))


def of_booking(tx: Tx, booking_id: int, client_id: int) -> list[StoredPlan]:
    """Every version of one client's plan for a visit, oldest first."""
    query = sa.select(plans).where(plans.c.booking_id == booking_id, plans.c.client_id == client_id)
    return [_plan(tx, row) for row in tx.all(query.order_by(plans.c.id))]


@once(plans)
def last_release(tx: Tx, client_ids: Sequence[int]) -> datetime | None:
    """When somebody last released a plan of one person."""
    query = sa.select(sa.func.max(plans.c.released_at)).where(plans.c.client_id.in_(client_ids))
    at: datetime | None = tx.value(query)
    return at


def sent_between(
    tx: Tx, start: datetime, end: datetime, most: int
) -> list[tuple[sa.Row[Any], dict[str, Any]]]:
    """What went out in [start, end), the newest first: each row with the plan as plain JSON."""
    columns = ("id", "booking_id", "client_id", "version", "sent_at", "sealed_plan")
    query = sa.select(*(plans.c[name] for name in columns))
    query = query.where(plans.c.sent_at >= start, plans.c.sent_at < end)
    rows = tx.all(query.order_by(plans.c.sent_at.desc(), plans.c.id).limit(most))
    return [(row, sealing.unseal_json(tx, plans.c.sealed_plan, row)) for row in rows]


def add(
    tx: Tx,
    booking_id: int,
    client_id: int,
    status: PlanStatus,
    protocol: str,
    origin: PlanOrigin,
    content: dict[str, Any],
    now: datetime,
) -> StoredPlan:
    """The next version; an unsent version before it is replaced."""
    last = _last(tx, booking_id, client_id)
    if last is not None and last.status is not PlanStatus.sent:
        tx.run(sa.update(plans).where(plans.c.id == last.id).values(status=PlanStatus.replaced))
    row: dict[str, Any] = {"booking_id": booking_id, "client_id": client_id}
    row["version"] = last.version + 1 if last else 1
    row |= {"status": status, "created_at": now}
    sealed = {"sealed_plan": content, "sealed_protocol": protocol, "sealed_reason": str(origin)}
    if status in LET_OUT:
        sealed["sealed_let_out"] = str(status)
    stored = get(tx, sealing.add(tx, plans, row, **sealed))
    assert stored is not None
    return stored


def _last(tx: Tx, booking_id: int, client_id: int) -> StoredPlan | None:
    query = sa.select(plans).where(plans.c.booking_id == booking_id, plans.c.client_id == client_id)
    row = tx.first(query.order_by(plans.c.version.desc()).limit(1))
    return _plan(tx, row) if row else None


def rewrite(tx: Tx, plan_id: int, content: dict[str, Any]) -> None:
    """The same version, with other words or another language beside what was decided."""
    row = tx.first(sa.select(plans).where(plans.c.id == plan_id))
    if row is not None:
        sealed = sealing.seal(tx.vault, plans.c.sealed_plan, content, row._mapping)
        tx.change(plans, plan_id, sealed_plan=sealed)


def hold(tx: Tx, plan_id: int) -> None:
    """What was released waits for a release again."""
    _turn(tx, plan_id, PlanStatus.held)


def release(tx: Tx, plan_id: int, by: str, now: datetime) -> None:
    """A named practitioner says that it may go out."""
    _turn(tx, plan_id, PlanStatus.released, released_at=now, released_by=by)


def take_back(tx: Tx, plan_id: int) -> None:
    """A release is taken back."""
    _turn(tx, plan_id, PlanStatus.held, released_at=None, released_by="")


def sent(tx: Tx, plan_id: int, now: datetime) -> None:
    """The client has it."""
    _turn(tx, plan_id, PlanStatus.sent, sent_at=now)
