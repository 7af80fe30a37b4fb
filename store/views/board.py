"""Counting for the clinic's board: every figure over one period, each with its own index."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from schemas.checkin import CheckInKind
from schemas.intake import IntakeStatus
from store import sealing
from store.base import Tx, no_index
from store.intakes import stops_raised
from store.tables import attendances, bookings, checkins, intakes, plans


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    part: int
    whole: int

    @property
    def percent(self) -> int | None:
        """Rounded; None where there is nothing to count."""
        return round(100 * self.part / self.whole) if self.whole else None


def _share(tx: Tx, query: sa.Executable) -> Share:
    part, whole = tx.conn.execute(query).one()
    return Share(int(part or 0), int(whole or 0))


def _yes(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.sum(sa.case((condition, 1), else_=0))


def intakes_in_time(tx: Tx, start: datetime, end: datetime) -> Share:
    """Visits of the period whose intake was sent before the visit began."""
    in_time = sa.and_(intakes.c.status == IntakeStatus.done, intakes.c.submitted_at <= bookings.c.start_at)
    # One look into the intakes' index for each visit: a join would read the intakes of all years.
    each = sa.select(sa.case((in_time, 1), else_=0)).join(
        attendances, attendances.c.intake_id == intakes.c.id
    )
    each = each.where(attendances.c.booking_id == bookings.c.id, attendances.c.ended_at.is_(None))
    visits = (
        sa.select(each.correlate(bookings).scalar_subquery().label("answered"))
        .where(bookings.c.start_at >= start, bookings.c.start_at < end)
        .where(bookings.c.status == "confirmed", bookings.c.merged_into.is_(None))
        .subquery()
    )
    return _share(tx, sa.select(sa.func.sum(visits.c.answered), sa.func.count(visits.c.answered)))


def alerts(tx: Tx, start: datetime, end: datetime, within: timedelta) -> tuple[Share, Share]:
    """Flags that stop, raised in the period: looked at in time, and cleared by a clinician later."""
    rows = stops_raised(tx, start, end)
    in_time = sum(bool(row.seen_at and row.seen_at - row.raised_at <= within) for row in rows)
    return Share(in_time, len(rows)), Share(sum(row.cleared_at is not None for row in rows), len(rows))


def replies(tx: Tx, start: datetime, end: datetime) -> Share:
    """Check-ins asked in the period that were answered. A day that was ticked off is no check-in."""
    query = sa.select(_yes(checkins.c.answered_at.is_not(None)), sa.func.count()).where(
        checkins.c.asked_at >= start, checkins.c.asked_at < end, checkins.c.kind.in_(list(CheckInKind))
    )
    return _share(tx, query)


def plans_sent(tx: Tx, start: datetime, end: datetime) -> int:
    """Plans that went out in the period."""
    query = sa.select(sa.func.count()).where(plans.c.sent_at >= start, plans.c.sent_at < end)
    return int(tx.value(query))


def booked_again(tx: Tx, start: datetime, end: datetime) -> Share:
    """Visits of the period with a plan that went out, whose client has booked a later visit since."""
    later = bookings.alias()
    since = sa.exists().where(
        later.c.client_id == bookings.c.client_id,
        later.c.start_at > bookings.c.end_at,
        later.c.first_seen_at > bookings.c.start_at,
        later.c.status.in_(("confirmed", "pending")),
        later.c.merged_into.is_(None),
    )
    sent = sa.exists().where(plans.c.booking_id == bookings.c.id, plans.c.sent_at.is_not(None))
    visits = sa.select(sa.case((since, 1), else_=0).label("again")).where(
        *(bookings.c.start_at >= start, bookings.c.start_at < end, bookings.c.end_at <= end),
        *(bookings.c.status == "confirmed", bookings.c.merged_into.is_(None), sent),
    )
    rows = visits.subquery()
    return _share(tx, sa.select(sa.func.sum(rows.c.again), sa.func.count(rows.c.again)))


@dataclass(frozen=True, slots=True)
class Answered:
    """One answered check-in: whose, which, what was said."""

    client_id: int
    booking_id: int
    plan_id: int
    kind: CheckInKind
    reply: dict[str, object]


def answered(
    tx: Tx, start: datetime, end: datetime, kinds: tuple[CheckInKind, ...], most: int
) -> list[Answered]:
    """The newest answered check-ins of these kinds, at most `most` (their answers are sealed one by one)."""
    query = (
        sa.select(checkins, bookings.c.client_id)
        .join(bookings, bookings.c.id == checkins.c.booking_id)
        .where(checkins.c.asked_at >= start, checkins.c.asked_at < end)
        .where(checkins.c.kind.in_(kinds), checkins.c.sealed_reply.is_not(None))
        .order_by(checkins.c.asked_at.desc())
        .limit(most)
    )
    return [
        Answered(row.client_id, row.booking_id, row.plan_id, CheckInKind(row.kind), reply)
        for row, reply in sealing.that_open(tx, checkins.c.sealed_reply, tx.all(query))
    ]


def days_per_week(tx: Tx, plan_ids: set[int]) -> dict[int, int]:
    """How many days a week each plan asks for."""
    rows = tx.all(sa.select(plans).where(plans.c.id.in_(plan_ids)))
    found = sealing.that_open(tx, plans.c.sealed_plan, rows)
    return {row.id: int(content["days_per_week"]) for row, content in found}


def answers_of(tx: Tx, booking_ids: set[int]) -> dict[int, dict[str, object]]:
    """What was said in the intake of each booking."""
    query = sa.select(intakes, attendances.c.booking_id.label("visit")).where(
        attendances.c.booking_id.in_(booking_ids), attendances.c.ended_at.is_(None)
    )
    query = query.join(attendances, attendances.c.intake_id == intakes.c.id)
    done = query.where(no_index(intakes.c.status) == IntakeStatus.done)
    found = sealing.that_open(tx, intakes.c.sealed_answers, tx.all(done))
    return {row.visit: answers for row, answers in found}
