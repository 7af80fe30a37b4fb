"""What waits for a person, across all days: plans that do not go out by themselves, addresses that fail."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from schemas.booking import WALK_IN
from schemas.delivery import ASKING, TO_CLIENT, Channel, Purpose
from schemas.hold import OF_THE_GATE
from schemas.intake import IntakeStatus
from schemas.reason import Reason
from store.base import Tx, no_index
from store.tables import (
    IS_HELD,
    UNSEEN_AT_ONCE,
    attendances,
    bookings,
    clients,
    deliveries,
    flags,
    intakes,
    is_word,
    plans,
)

MOST = 100
SOON = 1000
"""How many plans that are still to go out are looked at, the next first."""
MOST_HELD = 10_000
PLANS = sorted(OF_THE_GATE - {Reason.no_intake, Reason.on_hold})
"""Why a plan waits for somebody to look; one that a person holds back waits for nobody."""
OF_MESSAGE = ("id", "booking_id", "purpose", "status", "reason", "detail")
PLACES = (Reason.no_address, Reason.address_refused)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One message that waits: whose, for which visit, and why (`none`: as the draft says).

    `drafted` is where the plan's newest version stands, "" where there is none.
    """

    id: int
    booking_id: int
    client_id: int
    client: str
    phone: str
    walk_in: bool
    start: datetime
    service: str
    practitioner: str
    purpose: str
    status: str
    reason: Reason
    detail: str
    drafted: str


def plans_held(tx: Tx, practitioner: str = "") -> list[Waiting]:
    """Plans that wait for a look, or may: the earliest visit first.

    Of those that are still to go out it has the ones that are held, that are none at all, and that are not
    there yet though a flag stands.
    """
    newest, whose = _newest_plan(), flags.c.client_id == bookings.c.client_id
    flagged = sa.exists().where(flags.c.booking_id == bookings.c.id, whose, flags.c.cleared_at.is_(None))
    kept = sa.func.coalesce(newest, sa.case((flagged, "none"))).in_(("held", "none"))  # looked up once
    now = _held(deliveries.c.purpose == "plan", deliveries.c.reason.in_(PLANS))
    return [*_found(tx, now, practitioner), *_found(tx, kept, practitioner, _soon())]


def _soon() -> sa.Subquery:
    """The messages with plans that are still to go out, taken as they are found: there are many."""
    plan = (deliveries.c.status == "scheduled", deliveries.c.purpose == "plan")
    columns = (deliveries.c[name] for name in OF_MESSAGE)
    soon = sa.select(*columns).where(*plan).order_by(deliveries.c.due_at, deliveries.c.id)
    return soon.limit(SOON).subquery("soon")


def alerted(tx: Tx, practitioner: str = "") -> list[Waiting]:
    """Visits to which no plan goes, with an alert that asks for a look now and that nobody has seen."""
    plan = deliveries.alias("plan_of_visit")
    goes = (plan.c.booking_id == bookings.c.id, plan.c.purpose == "plan", plan.c.status != "withdrawn")
    kept = (UNSEEN_AT_ONCE, deliveries.c.status != "withdrawn")
    columns = (deliveries.c[name] for name in OF_MESSAGE)
    unseen = sa.select(*columns).where(*kept).order_by(deliveries.c.created_at).limit(SOON)
    found = _found(tx, ~sa.exists().where(*goes), practitioner, unseen.subquery("unseen"))
    return list({one.booking_id: one for one in reversed(found)}.values())[::-1]


def addresses(tx: Tx, practitioner: str = "") -> list[Waiting]:
    """Messages that wait because the client is not reached where we know."""
    return _found(tx, _held(deliveries.c.reason.in_(PLACES)), practitioner)


def refused(tx: Tx, since: datetime, now: datetime, practitioner: str = "") -> list[Waiting]:
    """Messages to who comes, due since then, that could not be sent and that nobody let go.

    Left out are a check-in by text, which goes by mail then, and a form that is not to come any more.
    """
    dead = (is_word(deliveries.c.status, "dead"), deliveries.c.due_at >= since)
    by_mail = sa.and_(deliveries.c.purpose == Purpose.checkin, deliveries.c.channel == Channel.sms)
    columns = (deliveries.c[name] for name in (*OF_MESSAGE, "client_id"))
    given_up = sa.select(*columns).where(*dead, deliveries.c.purpose.in_(TO_CLIENT), ~by_mail)
    some = given_up.order_by(deliveries.c.due_at.desc()).limit(SOON).subquery("given_up")
    theirs = sa.or_(some.c.client_id.is_(None), some.c.client_id == bookings.c.client_id)
    asked = sa.or_(some.c.purpose.not_in(ASKING), sa.and_(bookings.c.end_at > now, ~_form_is_there()))
    return _found(tx, sa.and_(theirs, asked), practitioner, some)


def _form_is_there() -> sa.ColumnElement[bool]:
    """The form of who comes to a visit was sent."""
    comes = (attendances.c.booking_id == bookings.c.id, attendances.c.ended_at.is_(None))
    done = no_index(intakes.c.status) == IntakeStatus.done
    return sa.exists().where(*comes, intakes.c.id == attendances.c.intake_id, done)


def works_here(tx: Tx, name: str, start: datetime, end: datetime) -> bool:
    """Whether visits that begin in [start, end) are with somebody of this name."""
    near = sa.select(bookings.c.id).where(bookings.c.start_at >= start, bookings.c.start_at < end)
    return tx.first(near.where(bookings.c.practitioner == name).limit(1)) is not None


def _held(*kind: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Messages that are held for one of some reasons: few, and so found first and by the reason.

    Else SQLite walks through all bookings, or through all that is held because no form came.
    """
    held = sa.select(deliveries.c.id).where(IS_HELD, *kind)
    return deliveries.c.id.in_(held.order_by(no_index(deliveries.c.due_at)).limit(MOST_HELD))


def _newest_plan() -> sa.ScalarSelect[str]:
    """Where the version of a visit's plan stands that counts."""
    mine = (plans.c.booking_id == bookings.c.id, plans.c.client_id == bookings.c.client_id)
    return sa.select(plans.c.status).where(*mine).order_by(plans.c.version.desc()).limit(1).scalar_subquery()


def _found(
    tx: Tx, where: sa.ColumnElement[bool], practitioner: str, messages: sa.FromClause = deliveries
) -> list[Waiting]:
    query = (
        sa.select(*(messages.c[name] for name in OF_MESSAGE), *_visit())
        .join(bookings, bookings.c.id == messages.c.booking_id)
        .join(clients, clients.c.id == bookings.c.client_id)
        .where(where, bookings.c.status == "confirmed")
        .order_by(bookings.c.start_at, messages.c.id)
        .limit(MOST)
    )
    query = query.where(bookings.c.practitioner == practitioner) if practitioner else query
    return [_waiting(row) for row in tx.all(query)]


def _visit() -> tuple[sa.ColumnElement[Any], ...]:
    return (
        bookings.c.client_id.label("whose"),
        bookings.c.start_at,
        bookings.c.service,
        bookings.c.service_name,
        bookings.c.practitioner,
        bookings.c.connection,
        clients.c.name.label("client"),
        clients.c.phone,
        _newest_plan().label("drafted"),
    )


def _waiting(row: sa.Row[Any]) -> Waiting:
    same = ("id", "booking_id", "client", "phone", "practitioner", "purpose", "status", "detail")
    return Waiting(
        **{name: getattr(row, name) for name in same},
        client_id=row.whose,
        walk_in=row.connection == WALK_IN,
        start=row.start_at,
        service=row.service_name or row.service,
        reason=Reason(row.reason),
        drafted=row.drafted or "",
    )
