"""The day and the week: who comes, and all that a line says of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from schemas.booking import WALK_IN
from schemas.intake import IntakeStatus
from schemas.plan import PlanStatus
from schemas.reason import Reason
from schemas.rules import Severity
from store import intakes as stored_intakes
from store import plans as stored_plans
from store.base import Tx
from store.tables import attendances, bookings, clients, deliveries, intakes
from store.views import pains
from store.views.pains import Pain

MOST_A_DAY = 300
MOST_A_WEEK = 7 * MOST_A_DAY
LATELY = 500  # visits
OF_BOOKING = (
    *("id", "connection", "client_id", "status", "start_at", "end_at", "zone"),
    *("service", "service_name", "practitioner", "remote"),
)
"""What a line shows: reading every column of every visit costs as much as the rest."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One line of a day. `flags` are the severities that stand; `plan` is the plan's message, if any."""

    id: int
    client_id: int
    client: str
    service: str
    practitioner: str
    start: datetime
    end: datetime
    zone: str
    remote: bool
    status: str
    intake: IntakeStatus | None
    reviewed: bool
    flags: tuple[Severity, ...] = ()
    drafted: PlanStatus | None = None  # where the newest version of the plan stands
    plan_status: str = ""
    plan_reason: Reason = Reason.none
    plan_due: datetime | None = None
    who_open: bool = False  # staff are asked who comes
    walk_in: bool = False
    pains: tuple[Pain, ...] = field(default=())

    @property
    def asked(self) -> bool:
        """True when there is a questionnaire for this visit."""
        return self.intake is not None


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside the visits of a day: by booking, and the pains by client."""

    flags: Mapping[int, list[Severity]]
    messages: Mapping[int, sa.Row[Any]]
    drafts: Mapping[int, PlanStatus]
    pains: Mapping[int, list[Pain]]


def day(tx: Tx, start: datetime, end: datetime, *, practitioner: str = "", pain: bool = True) -> list[Visit]:
    """The visits that begin in [start, end), in order of time; `pain` reads answers (sealed)."""
    return _visits(tx, _query(start, end, practitioner).limit(MOST_A_DAY), pain=pain)


def week(tx: Tx, start: datetime, end: datetime, *, practitioner: str = "") -> list[Visit]:
    """The visits of seven days, as `day` has them, without pain."""
    return _visits(tx, _query(start, end, practitioner).limit(MOST_A_WEEK), pain=False)


def _visits(tx: Tx, query: sa.Select[Any], *, pain: bool) -> list[Visit]:
    rows = tx.all(query)
    ids = [row.id for row in rows]
    beside = Beside(
        flags=stored_intakes.severities(tx, ids),
        messages=_plan_messages(tx, ids),
        drafts=stored_plans.statuses(tx, ids),
        pains=pains.latest(tx, {row.client_id for row in rows}) if pain else {},
    )
    return [_visit(row, beside) for row in rows]


def _query(start: datetime, end: datetime, practitioner: str) -> sa.Select[Any]:
    query = (
        sa.select(
            *(bookings.c[name] for name in OF_BOOKING),
            clients.c.name.label("client"),
            intakes.c.status.label("intake"),
            intakes.c.reviewed_at.is_not(None).label("reviewed"),
            attendances.c.sealed_asked.is_not(None).label("who_open"),
        )
        .join(clients, clients.c.id == bookings.c.client_id)
        .outerjoin(
            attendances,
            sa.and_(attendances.c.booking_id == bookings.c.id, attendances.c.ended_at.is_(None)),
        )
        .outerjoin(intakes, intakes.c.id == attendances.c.intake_id)
        .where(bookings.c.start_at >= start, bookings.c.start_at < end, bookings.c.merged_into.is_(None))
        .order_by(bookings.c.start_at, bookings.c.id)
    )
    return query.where(bookings.c.practitioner == practitioner) if practitioner else query


def _visit(row: sa.Row[Any], beside: Beside) -> Visit:
    message = beside.messages.get(row.id)
    return Visit(
        id=row.id,
        client_id=row.client_id,
        client=row.client,
        service=row.service_name or row.service,
        practitioner=row.practitioner,
        start=row.start_at,
        end=row.end_at,
        zone=row.zone,
        remote=row.remote,
        status=row.status,
        intake=IntakeStatus(row.intake) if row.intake else None,
        reviewed=bool(row.reviewed),
        flags=tuple(beside.flags.get(row.id, ())),
        drafted=beside.drafts.get(row.id),
        plan_status=message.status if message else "",
        plan_reason=Reason(message.reason) if message else Reason.none,
        plan_due=message.due_at if message else None,
        who_open=bool(row.who_open),
        walk_in=row.connection == WALK_IN,
        pains=tuple(beside.pains.get(row.client_id, ())),
    )


def _plan_messages(tx: Tx, ids: Sequence[int]) -> dict[int, sa.Row[Any]]:
    """The newest message with a plan for each booking."""
    query = sa.select(
        deliveries.c.booking_id, deliveries.c.status, deliveries.c.reason, deliveries.c.due_at
    ).where(deliveries.c.booking_id.in_(ids), deliveries.c.purpose == "plan")
    return {row.booking_id: row for row in tx.all(query.order_by(deliveries.c.id))} if ids else {}


def practitioners(tx: Tx, start: datetime, end: datetime) -> list[str]:
    """Who has visits in [start, end), by name."""
    query = sa.select(bookings.c.practitioner).where(bookings.c.start_at >= start, bookings.c.start_at < end)
    return sorted({row.practitioner for row in tx.all(query.distinct().limit(MOST_A_DAY))} - {""})


def booked_lately(tx: Tx) -> list[tuple[str, str, str]]:
    """(service, its name, practitioner) of the latest visits, each once, the latest first."""
    query = sa.select(bookings.c.service, bookings.c.service_name, bookings.c.practitioner)
    rows = tx.all(query.where(bookings.c.service != "").order_by(bookings.c.start_at.desc()).limit(LATELY))
    return list(dict.fromkeys((row.service, row.service_name, row.practitioner) for row in rows))
