"""Deliveries: the schedule of what is due to whom, and what became of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from schemas import trace
from schemas.delivery import (
    TO_CLIENT,
    TRIED,
    Channel,
    Delivery,
    DeliveryKey,
    DeliveryStatus,
    Due,
    Purpose,
)
from schemas.reason import BY_PERSON, Reason
from store.base import Tx, no_index, once, remember
from store.running import tally
from store.running.leases import EVERY, LEASE, Connections, is_over
from store.tables import (
    IS_HELD,
    UNSEEN_AT_ONCE,
    UNSEEN_NOT_OUT,
    attendances,
    bookings,
    contact_points,
    deliveries,
    flags,
    intakes,
    is_word,
    opt_outs,
    pauses,
)

MOST_UNSEEN = 1000
MOVABLE = ("scheduled", "held", "skipped", "withdrawn")  # nothing has been tried yet


@dataclass(frozen=True, slots=True)
class Share:
    """A part of the schedule: what is for these purposes, goes by these channels, is of these connections.

    Of several `parts` it is the one that has a `number`; all of one client is in the same.
    """

    purposes: tuple[Purpose, ...] = tuple(Purpose)
    channels: tuple[Channel, ...] = tuple(Channel)
    of: Connections = EVERY
    number: int = 0
    parts: int = 1

    def hold(self) -> sa.ColumnElement[bool]:
        """True for a delivery in this part."""
        theirs = sa.select(bookings.c.id).where(
            bookings.c.id == deliveries.c.booking_id, self.of.hold(bookings.c.connection)
        )
        return sa.and_(
            deliveries.c.purpose.in_(self.purposes),
            deliveries.c.channel.in_(self.channels),
            sa.true() if self.of == EVERY else theirs.exists(),
            sa.func.coalesce(deliveries.c.client_id, 0) % self.parts == self.number
            if self.parts > 1
            else sa.true(),
        )


ALL = Share()


OPEN = ("scheduled", "sending")
OLDEST_DUE = [tally.first(is_word(deliveries.c.status, each), deliveries.c.due_at) for each in OPEN]
_OLDEST = tally.together(*OLDEST_DUE)
_BY_KEYS = sa.select(deliveries).where(deliveries.c.key.in_(sa.bindparam("keys", expanding=True)))
_NEW = sa.insert(deliveries)
_OF_BOOKING = (
    sa.select(deliveries)
    .where(deliveries.c.booking_id == sa.bindparam("booking_id"))
    .order_by(deliveries.c.due_at, deliveries.c.id)
)
_WITHDRAWN = (
    sa.select(deliveries)
    .where(deliveries.c.client_id.in_(sa.bindparam("client_ids", expanding=True)))
    .where(no_index(deliveries.c.status) == DeliveryStatus.withdrawn)
    .where(deliveries.c.reason == sa.bindparam("reason"))
    .order_by(deliveries.c.id)
)
_REQUESTS = (
    sa.select(deliveries)
    .join(attendances, attendances.c.booking_id == deliveries.c.booking_id)
    .join(intakes, intakes.c.id == attendances.c.intake_id)
    .where(intakes.c.id == sa.bindparam("form_id"), attendances.c.ended_at.is_(None))
    .where(deliveries.c.purpose == Purpose.intake, no_index(deliveries.c.status).in_(TRIED))
    .where(deliveries.c.created_at >= intakes.c.created_at)  # what was made before asked for a former form
    .order_by(deliveries.c.id)
)
_ASKED_ABOUT = (
    sa.select(
        *(deliveries.c[name] for name in ("contact_id", "booking_id", "status", "created_at")),
    )
    .where(deliveries.c.contact_id.in_(sa.bindparam("contact_ids", expanding=True)))
    .where(no_index(deliveries.c.purpose) == Purpose.intake)
    .where(deliveries.c.created_at.between(sa.bindparam("since"), sa.bindparam("until")))
    .where(deliveries.c.status.not_in(("withdrawn", "skipped")))
    .order_by(deliveries.c.id)
)
_HOLD = sa.select(deliveries.c.generation, deliveries.c.status).where(
    deliveries.c.id == sa.bindparam("delivery_id")
)
_MARK = (
    sa.select(
        deliveries.c.id,
        deliveries.c.generation,
        deliveries.c.status,
        bookings.c.updated_at,
        contact_points.c.bounced_at,
        sa.select(sa.func.count())
        .where(opt_outs.c.contact_id == deliveries.c.contact_id)
        .scalar_subquery()
        .label("stopped"),
        sa.select(sa.func.count())
        .where(flags.c.client_id == deliveries.c.client_id, flags.c.cleared_at.is_(None))
        .scalar_subquery()
        .label("flags"),
        pauses.c.until,
        pauses.c.text,
    )
    .outerjoin(bookings, bookings.c.id == deliveries.c.booking_id)
    .outerjoin(contact_points, contact_points.c.id == deliveries.c.contact_id)
    .outerjoin(pauses, pauses.c.channel == deliveries.c.channel)
)
_MARK_OF_SOME = _MARK.where(deliveries.c.id.in_(sa.bindparam("delivery_ids", expanding=True)))
_OURS = (deliveries.c.id == sa.bindparam("of_id"), deliveries.c.generation == sa.bindparam("of_generation"))
_SETTLE = sa.update(deliveries).where(*_OURS)
_SENT = sa.update(deliveries).where(_OURS[0], sa.or_(_OURS[1], deliveries.c.status != "sending"))


def _delivery(row: sa.Row[Any]) -> Delivery:
    return Delivery(
        id=row.id,
        key=DeliveryKey.parse(row.key),
        booking_id=row.booking_id,
        status=DeliveryStatus(row.status),
        due_at=row.due_at,
        generation=row.generation,
        attempts=row.attempts,
        reason=Reason(row.reason),
        detail=row.detail,
        message_id=row.message_id,
        vendor_id=row.vendor_id,
        settled_at=row.settled_at,
        seen_at=row.seen_at,
        trace=row.trace,
    )


@once(deliveries)
def of_booking(tx: Tx, booking_id: int) -> list[Delivery]:
    """Everything due, sent or withdrawn for one booking, in order of time."""
    return [_delivery(row) for row in tx.all(_OF_BOOKING, booking_id=booking_id)]


def sent_to(tx: Tx, booking_ids: Sequence[int]) -> list[Delivery]:
    """What certainly went to clients about some visits, in order of time."""
    went = (deliveries.c.booking_id.in_(booking_ids), no_index(deliveries.c.status) == DeliveryStatus.sent)
    query = sa.select(deliveries).where(*went, deliveries.c.purpose.in_(TO_CLIENT))
    return [_delivery(row) for row in tx.all(query.order_by(deliveries.c.due_at, deliveries.c.id))]


def gone_out(tx: Tx, booking_ids: Sequence[int], most: int) -> list[Delivery]:
    """The newest of what went out for some bookings."""
    went = no_index(deliveries.c.status).in_((DeliveryStatus.sent, DeliveryStatus.unknown))
    query = sa.select(deliveries).where(deliveries.c.booking_id.in_(booking_ids), went)
    query = query.where(deliveries.c.purpose.in_(TO_CLIENT), deliveries.c.settled_at.is_not(None))
    return [_delivery(row) for row in tx.all(query.order_by(deliveries.c.settled_at.desc()).limit(most))]


def get(tx: Tx, delivery_id: int, *, lock: bool = False) -> Delivery | None:
    """One delivery; with `lock` no worker claims it before this transaction ends."""
    one = sa.select(deliveries).where(deliveries.c.id == delivery_id)
    row = tx.first(one.with_for_update() if lock else one)
    return _delivery(row) if row else None


def by_key(tx: Tx, key: DeliveryKey) -> Delivery | None:
    """The delivery with this key."""
    return by_keys(tx, [key]).get(key)


@once(deliveries)
def by_keys(tx: Tx, keys: list[DeliveryKey]) -> dict[DeliveryKey, Delivery]:
    """The deliveries with one of these keys."""
    rows = tx.all(_BY_KEYS, keys=list(map(str, keys))) if keys else []
    found = {row.key: _delivery(row) for row in rows}
    return {key: found[str(key)] for key in keys if str(key) in found}


def by_message_id(tx: Tx, message_id: str) -> Delivery | None:
    """The delivery that was sent under this Message-ID."""
    row = tx.first(sa.select(deliveries).where(deliveries.c.message_id == message_id)) if message_id else None
    return _delivery(row) if row else None


def by_vendor_id(tx: Tx, vendor_id: str, since: datetime) -> Delivery | None:
    """The delivery, due since then, whose service answered with this id as its last word."""
    sent = deliveries.c.status.in_((DeliveryStatus.sent, DeliveryStatus.unknown))
    answered = deliveries.c.vendor_id.endswith(f" {vendor_id}", autoescape=True)
    row = tx.first(sa.select(deliveries).where(sent, deliveries.c.due_at >= since, answered))
    return _delivery(row) if row else None


def came_back(tx: Tx, delivery: Delivery, reason: Reason, detail: str) -> bool:
    """What was taken for sent has not arrived; False when something else became of it meanwhile."""
    same = (deliveries.c.id == delivery.id, deliveries.c.generation == delivery.generation)
    sent = deliveries.c.status.in_((DeliveryStatus.sent, DeliveryStatus.unknown))
    row = sa.update(deliveries).where(*same, sent)
    row = row.values(status=DeliveryStatus.dead, reason=reason, detail=detail[:500])
    return tx.first(row.returning(deliveries.c.id)) is not None


def held_for(tx: Tx, client_ids: Sequence[int], reasons: Sequence[str]) -> list[Delivery]:
    """What is held for one person for one of these reasons."""
    held = (
        deliveries.c.client_id.in_(client_ids),
        no_index(deliveries.c.status) == "held",
        deliveries.c.reason.in_(reasons),
    )
    return [_delivery(row) for row in tx.all(sa.select(deliveries).where(*held).order_by(deliveries.c.id))]


def held_because(tx: Tx, reason: Reason) -> list[Delivery]:
    """What is held for a reason, for whomever."""
    held = (IS_HELD, deliveries.c.reason == reason)
    return [_delivery(row) for row in tx.all(sa.select(deliveries).where(*held).order_by(deliveries.c.id))]


def left_out(tx: Tx, contact_id: int, since: datetime) -> list[Delivery]:
    """What was not sent to a contact point, since its owner did not want it, and was due since then."""
    skipped = (
        deliveries.c.contact_id == contact_id,
        no_index(deliveries.c.status) == DeliveryStatus.skipped,
        deliveries.c.reason == Reason.unsubscribed,
        deliveries.c.due_at >= since,
    )
    return [_delivery(row) for row in tx.all(sa.select(deliveries).where(*skipped).order_by(deliveries.c.id))]


def withdrawn(tx: Tx, client_ids: Sequence[int], reason: Reason) -> list[Delivery]:
    """What is not sent to one person for this reason."""
    return [_delivery(row) for row in tx.all(_WITHDRAWN, client_ids=client_ids, reason=reason)]


def requests(tx: Tx, form_id: int) -> list[Delivery]:
    """The requests that were tried for a form, for the visits that share it now."""
    return [_delivery(row) for row in tx.all(_REQUESTS, form_id=form_id)]


def read_ahead(tx: Tx, asked: Mapping[int, datetime], within: timedelta) -> None:
    """So that `asked_about` knows these contact points, each around its time."""
    times = {"since": min(asked.values()) - within, "until": max(asked.values()) + within}
    rows = tx.all(_ASKED_ABOUT, contact_ids=list(asked), **times)
    for contact_id, when in asked.items():
        found = {
            row.booking_id: DeliveryStatus(row.status)
            for row in rows
            if row.contact_id == contact_id and abs(row.created_at - when) <= within
        }
        remember(tx, asked_about, found, [contact_id], when, within)


@once(deliveries)
def asked_about(
    tx: Tx, contact_ids: list[int], when: datetime, within: timedelta
) -> dict[int, DeliveryStatus]:
    """The bookings for which some contact points are asked to fill in a form, made around a time, by age.

    What was withdrawn or left out asks nobody and does not count.
    """
    found = tx.all(_ASKED_ABOUT, contact_ids=contact_ids, since=when - within, until=when + within)
    return {row.booking_id: DeliveryStatus(row.status) for row in found}


def due_by(tx: Tx, when: datetime) -> list[Delivery]:
    """What is due by then and has not been settled, in order of time."""
    query = sa.select(deliveries).where(deliveries.c.status.in_(OPEN), deliveries.c.due_at <= when)
    return [_delivery(row) for row in tx.all(query.order_by(deliveries.c.due_at, deliveries.c.id))]


def schedule(tx: Tx, due: Due, now: datetime) -> None:
    """Schedule it, move it, or take it up again; what was tried already stays as it is.

    What a person held or withdrew does not go to a client again by itself; an alert for a new cause does.
    """
    known = by_key(tx, due.key)
    if known is None:
        add(tx, [due], now)
    else:
        _again(tx, known, due)


def add(tx: Tx, dues: Sequence[Due], now: datetime) -> None:
    """Schedule what nobody has scheduled before."""
    if dues:
        tx.run(_NEW, [_row(due, now) for due in dues])


def _row(due: Due, now: datetime) -> dict[str, Any]:
    key = due.key
    row = {"key": str(key), "booking_id": key.booking, "purpose": key.purpose, "channel": key.channel}
    row |= {"client_id": key.client or None, "contact_id": key.recipient or None}
    return row | {
        "trace": trace.current(),
        "status": "scheduled",
        "due_at": due.due_at,
        "created_at": now,
    }


def _again(tx: Tx, known: Delivery, due: Due) -> None:
    if known.status not in MOVABLE or (known.reason in BY_PERSON and known.purpose.to_client):
        return
    if known.status is not DeliveryStatus.scheduled or known.due_at != due.due_at:
        reschedule(tx, known.id, due.due_at)


def reschedule(tx: Tx, delivery_id: int, due_at: datetime, *, by_person: bool = False) -> None:
    """Due at another time; the generation moves on, so that nothing claimed before counts.

    `by_person`: what was tried in vain before does not count either.
    """
    tries = {"attempts": 0} if by_person else {}
    tx.run(
        sa.update(deliveries)
        .where(deliveries.c.id == delivery_id)
        .values(
            **tries,
            status="scheduled",
            due_at=due_at,
            reason="",
            detail="",
            settled_at=None,
            lease_until=None,
            generation=deliveries.c.generation + 1,
        )
    )


def end(tx: Tx, ids: Iterable[int], status: DeliveryStatus, reason: Reason, now: datetime) -> None:
    """Withdraw, skip or hold deliveries that have not been sent."""
    ending = (
        sa.update(deliveries)
        .where(deliveries.c.id.in_(list(ids)))
        .where(deliveries.c.status.in_(("scheduled", "held", "sending")))
        .values(
            status=status,
            reason=reason,
            settled_at=now,
            lease_until=None,
            generation=deliveries.c.generation + 1,
        )
    )
    tx.run(ending)


def let_go(tx: Tx, delivery: Delivery, reason: Reason, now: datetime) -> None:
    """What has failed is withdrawn: nobody need mend it any more."""
    reschedule(tx, delivery.id, delivery.due_at)
    end(tx, [delivery.id], DeliveryStatus.withdrawn, reason, now)


def _due(now: datetime, share: Share, limit: int) -> Sequence[sa.Select[tuple[int, datetime]]]:
    """The ids and times of what is due, and of what nobody works on any more.

    Each is a walk of its own along the index on (status, due_at): joined by OR they are looked for by
    PostgreSQL among all that was ever sent.
    """
    some = sa.select(deliveries.c.id, deliveries.c.due_at).where(share.hold())
    some = some.order_by(deliveries.c.due_at).limit(limit)
    return (
        some.where(deliveries.c.status == "scheduled", deliveries.c.due_at <= now),
        some.where(deliveries.c.status == "sending", is_over(deliveries.c.lease_until, now)),
    )


def any_due(tx: Tx, now: datetime, share: Share = ALL) -> bool:
    """True when `claim` would find something: a look that takes no lock."""
    return any(tx.first(some) for some in _due(now, share, 1))


def claim(tx: Tx, now: datetime, limit: int, share: Share = ALL) -> list[Delivery]:
    """Take up to `limit` deliveries that are due: state, generation and lease in one statement."""
    both = (some.with_for_update(skip_locked=True).cte() for some in _due(now, share, limit))
    first = sa.union_all(*(sa.select(each) for each in both)).order_by("due_at").limit(limit).subquery()
    take = (
        sa.update(deliveries)
        .where(deliveries.c.id.in_(sa.select(first.c.id)))
        .values(
            status="sending",
            lease_until=now + LEASE,
            generation=deliveries.c.generation + 1,
            attempts=deliveries.c.attempts + 1,
        )
        .returning(deliveries)
    )
    # What was tried before comes last: should it end the process, the others are out already.
    return sorted(
        (_delivery(row) for row in tx.all(take)), key=lambda each: (each.attempts, each.due_at, each.id)
    )


def renew(tx: Tx, claimed: Iterable[Delivery], until: datetime) -> None:
    """Keep the lease on those that are still ours."""
    ours = [
        sa.and_(deliveries.c.id == each.id, deliveries.c.generation == each.generation) for each in claimed
    ]
    row = sa.update(deliveries).where(deliveries.c.status == "sending", sa.or_(sa.false(), *ours))
    tx.run(row.values(lease_until=until))


def still_ours(tx: Tx, delivery: Delivery) -> bool:
    """True while nobody moved, withdrew or re-claimed the delivery since we claimed it."""
    row = tx.first(_HOLD, delivery_id=delivery.id)
    return row is not None and row.generation == delivery.generation and row.status == "sending"


@dataclass(frozen=True, slots=True)
class Mark:
    """What changes when something happens that a message hangs on, as plain values to compare.

    Beside them the pause of its channel, which changes no decision.
    """

    values: tuple[Any, ...]
    pause: sa.Row[Any] | None = field(compare=False)

    def ours(self, delivery: Delivery) -> bool:
        """True while nobody moved, withdrew or re-claimed the delivery since we claimed it."""
        return self.values[:3] == (delivery.id, delivery.generation, "sending")


def marks(tx: Tx, delivery_ids: Sequence[int]) -> dict[int, Mark]:
    """How deliveries stand, with their visits, contact points and what holds for their clients."""
    return {row.id: _mark(row) for row in tx.all(_MARK_OF_SOME, delivery_ids=delivery_ids)}


def _mark(row: sa.Row[Any]) -> Mark:
    return Mark(tuple(row[:-2]), pause=row if row.until else None)


@dataclass(frozen=True, slots=True)
class Settled:
    """How a delivery ended, and under which names it is known outside."""

    delivery: Delivery
    status: DeliveryStatus
    reason: Reason = Reason.none
    detail: str = ""
    message_id: str = ""
    vendor_id: str = ""

    def row(self, now: datetime) -> dict[str, Any]:
        """The values of the statements that settle."""
        return {
            "of_id": self.delivery.id,
            "of_generation": self.delivery.generation,
            "status": self.status,
            "reason": self.reason,
            "detail": self.detail[:500],
            "message_id": self.message_id,
            "vendor_id": self.vendor_id[:200],
            "settled_at": now,
            "lease_until": None,
        }


def settle(tx: Tx, some: Sequence[Settled], now: datetime) -> None:
    """Write down how they ended; an older generation finds nothing to do.

    Only what has reached the person is written in any case: it is true whatever was decided meanwhile.
    """
    for statement, rows in (
        (_SENT, [each.row(now) for each in some if each.status is DeliveryStatus.sent]),
        (_SETTLE, [each.row(now) for each in some if each.status is not DeliveryStatus.sent]),
    ):
        if rows:
            tx.run(statement, rows)


def put_back(
    tx: Tx, delivery: Delivery, due_at: datetime, *, reason: Reason, detail: str = "", tried: bool = True
) -> bool:
    """Due again later; `tried=False` gives the attempt back (quiet hours are not a failure)."""
    back = (
        sa.update(deliveries)
        .where(deliveries.c.id == delivery.id, deliveries.c.generation == delivery.generation)
        .values(
            status="scheduled",
            due_at=due_at,
            reason=reason,
            detail=detail[:500],
            lease_until=None,
            attempts=deliveries.c.attempts - (0 if tried else 1),
        )
        .returning(deliveries.c.id)
    )
    return tx.first(back) is not None


def disclosed(tx: Tx, client_ids: Sequence[int], booking_ids: Sequence[int]) -> Sequence[sa.Row[Any]]:
    """What went, or may have gone, to one person by a service, or about them to their scheduler."""
    went = no_index(deliveries.c.status).in_((DeliveryStatus.sent, DeliveryStatus.unknown))
    theirs = sa.and_(deliveries.c.client_id.in_(client_ids), deliveries.c.purpose.in_(TO_CLIENT))
    written = sa.and_(deliveries.c.booking_id.in_(booking_ids), deliveries.c.purpose == Purpose.attach)
    columns = (deliveries.c.purpose, deliveries.c.channel, deliveries.c.status, deliveries.c.settled_at)
    both = deliveries.join(bookings, bookings.c.id == deliveries.c.booking_id)
    query = sa.select(*columns, bookings.c.connection).select_from(both).where(went, sa.or_(theirs, written))
    return tx.all(query.where(deliveries.c.settled_at.is_not(None)))


def count_sent(tx: Tx, client_ids: Sequence[int]) -> int:
    """How many messages went out to one person."""
    went = no_index(deliveries.c.status).in_((DeliveryStatus.sent, DeliveryStatus.unknown))
    mine = (deliveries.c.client_id.in_(client_ids), deliveries.c.purpose.in_(TO_CLIENT), went)
    return int(tx.value(sa.select(sa.func.count()).select_from(deliveries).where(*mine)) or 0)


def counts(tx: Tx, now: datetime) -> dict[str, int]:
    """How many deliveries there are in each status; scheduled ones that are due count as `due`."""
    overdue = sa.and_(deliveries.c.status == "scheduled", deliveries.c.due_at <= now)
    status = sa.case((overdue, "due"), else_=deliveries.c.status)
    rows = tx.all(sa.select(status, sa.func.count()).group_by(status))
    return {name: count for name, count in rows}  # noqa: C416


def alert_seen(tx: Tx, booking_id: int, now: datetime) -> bool:
    """Somebody pressed the button: every alert of a booking is seen; False when all were seen before."""
    alerts = (deliveries.c.booking_id == booking_id, deliveries.c.purpose == Purpose.alert)
    row = sa.update(deliveries).where(*alerts, deliveries.c.seen_at.is_(None)).values(seen_at=now)
    return bool(tx.all(row.returning(deliveries.c.id)))


def _first_of(*which: sa.ColumnElement[bool]) -> sa.Subquery:
    """The first of some messages. PostgreSQL takes them for many: without a limit it walks through all."""
    columns = (deliveries.c.booking_id, deliveries.c.created_at)
    return sa.select(*columns).where(*which).order_by(deliveries.c.created_at).limit(MOST_UNSEEN).subquery()


_UNSEEN = _first_of(UNSEEN_AT_ONCE, deliveries.c.status != DeliveryStatus.withdrawn)
UNSEEN_ALERTS = tally.of(
    sa.select(_UNSEEN), _UNSEEN.c.created_at, sa.func.count(_UNSEEN.c.booking_id.distinct())
)
"""The bookings with an alert that asks for a look now, and that nobody has seen."""
_UNSENT = _first_of(UNSEEN_NOT_OUT)
UNSENT_ALERTS = tally.of(sa.select(_UNSENT), _UNSENT.c.created_at)
"""The alerts that nobody has seen, and that could not be sent."""
_ENDED = (is_word(deliveries.c.status, DeliveryStatus.dead), deliveries.c.settled_at >= sa.bindparam("since"))
_OTHERS = sa.select(deliveries).where(*_ENDED, deliveries.c.purpose != Purpose.alert)
DEAD = tally.of(_OTHERS, deliveries.c.settled_at)
"""The other messages that could not be sent, since then."""


def oldest_due(tx: Tx) -> datetime | None:
    """Since when the first of what is not settled has been due."""
    return tally.earliest(tally.read(tx, _OLDEST))


def rehome(tx: Tx, old: int, new: int) -> None:
    """Move what was tried for a booking that turned out to be another one, and what still waits."""
    waits = deliveries.c.status.in_(("scheduled", "held"))
    moved = (deliveries.c.booking_id == old, sa.or_(deliveries.c.attempts > 0, waits))
    tx.run(sa.update(deliveries).where(*moved).values(booking_id=new))
