"""Contact points: an address or a number, once, with what its owner does not want."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import sqlalchemy as sa

from schemas.delivery import DeliveryKey
from schemas.person import ContactKind, ContactPoint, MessageKind
from store.base import Tx, once, remember
from store.running import tally
from store.tables import attendances, bookings, contact_points, deliveries, links, opt_outs, texts

EVER = datetime(1970, 1, 1, tzinfo=UTC)
"""Later than this, not "at any time": SQLite takes the index of a time only for a time."""
_KNOWN = sa.select(contact_points.c.id).where(
    contact_points.c.kind == sa.bindparam("kind"), contact_points.c.value == sa.bindparam("value")
)
_ONE = sa.select(contact_points).where(contact_points.c.id == sa.bindparam("contact_id"))
_SOME = sa.select(contact_points).where(contact_points.c.id.in_(sa.bindparam("contact_ids", expanding=True)))
_STOPPED_BY_SOME = sa.select(opt_outs.c.contact_id, opt_outs.c.kind).where(
    opt_outs.c.contact_id.in_(sa.bindparam("contact_ids", expanding=True))
)
_STOPPED = sa.select(opt_outs.c.kind).where(opt_outs.c.contact_id == sa.bindparam("contact_id"))


def ensure(tx: Tx, kind: ContactKind, value: str, now: datetime) -> int:
    """The id of a contact point; `value` is normalised."""
    return put(tx, kind, value, now)[0]


def put(tx: Tx, kind: ContactKind, value: str, now: datetime) -> tuple[int, bool]:
    """As `ensure`, and whether it is new."""
    known = tx.value(_KNOWN, kind=kind, value=value)
    new = None if known else tx.insert_new(contact_points, kind=kind, value=value, created_at=now)
    return int(known or new or tx.value(_KNOWN, kind=kind, value=value)), new is not None


@once(contact_points, opt_outs)
def get(tx: Tx, contact_id: int | None) -> ContactPoint | None:
    """One contact point, with what its owner does not want."""
    row = tx.first(_ONE, contact_id=contact_id)
    if row is None:
        return None
    kinds = tx.all(_STOPPED, contact_id=row.id)
    stopped = frozenset(MessageKind(each.kind) for each in kinds)
    return ContactPoint(row.id, ContactKind(row.kind), row.value, row.bounced_at, stopped)


def of_mailbox(tx: Tx, contact_id: int) -> list[int]:
    """The contact points of one mailbox, as far as is known: `ann+1@x.example` and `ann+2@x.example`.

    Only what stands behind a plus is left out (RFC 5233), and only where one is.
    """
    point = get(tx, contact_id)
    user, _, domain = point.value.rpartition("@") if point else ("", "", "")
    name, plus, _ = user.partition("+")
    if not plus or not name:
        return [contact_id]
    same = contact_points.c.value.startswith(f"{name}+", autoescape=True)
    there = contact_points.c.value.endswith(f"@{domain}", autoescape=True)
    either = sa.or_(sa.and_(same, there), contact_points.c.value == f"{name}@{domain}")
    query = sa.select(contact_points.c.id).where(contact_points.c.kind == ContactKind.email, either)
    return [row.id for row in tx.all(query.order_by(contact_points.c.id))]


def read_ahead(tx: Tx, contact_ids: Sequence[int]) -> None:
    """So that `get` knows these contact points."""
    stopped = defaultdict[int, set[MessageKind]](set)
    for each in tx.all(_STOPPED_BY_SOME, contact_ids=contact_ids):
        stopped[each.contact_id].add(MessageKind(each.kind))
    for row in tx.all(_SOME, contact_ids=contact_ids):
        wants = frozenset(stopped[row.id])
        point = ContactPoint(row.id, ContactKind(row.kind), row.value, row.bounced_at, wants)
        remember(tx, get, point, row.id)


def find(tx: Tx, kind: ContactKind, value: str) -> ContactPoint | None:
    """The contact point with this normalised value."""
    return get(tx, tx.value(_KNOWN, kind=kind, value=value))


def of_kind(tx: Tx, kind: ContactKind) -> list[ContactPoint]:
    """Every contact point of a kind, without what its owner does not want."""
    rows = tx.all(
        sa.select(contact_points).where(contact_points.c.kind == kind).order_by(contact_points.c.id)
    )
    return [ContactPoint(row.id, kind, row.value, row.bounced_at) for row in rows]


def every(tx: Tx) -> list[ContactPoint]:
    """Every contact point, without what its owner does not want."""
    return [each for kind in ContactKind for each in of_kind(tx, kind)]


def every_stopped(tx: Tx) -> list[tuple[ContactKind, str, MessageKind]]:
    """What is not wanted anywhere: kind of contact point, its value, kind of message."""
    columns = (contact_points.c.kind, contact_points.c.value, opt_outs.c.kind)
    query = sa.select(*columns).join(opt_outs, opt_outs.c.contact_id == contact_points.c.id)
    rows = tx.all(query.order_by(contact_points.c.id, opt_outs.c.kind))
    return [(ContactKind(row[0]), row[1], MessageKind(row[2])) for row in rows]


def stop(tx: Tx, contact_id: int, kinds: Iterable[MessageKind], way: str, now: datetime) -> bool:
    """Nothing of these kinds goes there any more; False when that was so already."""
    new = set(kinds) - _stopped(tx, contact_id)
    for kind in sorted(new):
        tx.run(sa.insert(opt_outs).values(contact_id=contact_id, kind=kind, at=now, way=way))
    return bool(new)


def start(tx: Tx, contact_id: int, kinds: Iterable[MessageKind]) -> bool:
    """These kinds may go there again; False when they might already."""
    back = _stopped(tx, contact_id) & set(kinds)
    which = (opt_outs.c.contact_id == contact_id, opt_outs.c.kind.in_(sorted(back)))
    tx.run(sa.delete(opt_outs).where(*which))
    return bool(back)


def stopped_by(tx: Tx, contact_id: int, way: str) -> list[MessageKind]:
    """The kinds that are not wanted there since it was said in this way."""
    which = (opt_outs.c.contact_id == contact_id, opt_outs.c.way == way)
    return [MessageKind(row.kind) for row in tx.all(sa.select(opt_outs.c.kind).where(*which))]


def _stopped(tx: Tx, contact_id: int) -> set[MessageKind]:
    found = get(tx, contact_id)
    return set(found.stopped) if found else set()


def bounced(tx: Tx, contact_id: int, at: datetime | None) -> None:
    """Mail to it came back (or, None: it works again)."""
    tx.run(sa.update(contact_points).where(contact_points.c.id == contact_id).values(bounced_at=at))


REFUSED = tally.of(
    sa.select(contact_points)
    .join(attendances, attendances.c.email_id == contact_points.c.id)
    .join(bookings, bookings.c.id == attendances.c.booking_id)
    .where(contact_points.c.bounced_at > EVER, attendances.c.ended_at.is_(None))
    .where(bookings.c.status == "confirmed", bookings.c.end_at > sa.bindparam("ended")),
    contact_points.c.bounced_at,
    sa.func.count(contact_points.c.id.distinct()),
)
"""The addresses that mail came back from, of who comes to a visit that had not ended by then."""


def rename(tx: Tx, contact_id: int, value: str, now: datetime) -> int:
    """Another normalised value; what is refused there counts for both where the value is known already.

    Returns which contact point has it then.
    """
    known = find(tx, (get(tx, contact_id) or ContactPoint(0, ContactKind.sms, "")).kind, value)
    if known is None:
        tx.run(sa.update(contact_points).where(contact_points.c.id == contact_id).values(value=value))
        return contact_id
    stop(tx, known.id, _stopped(tx, contact_id), "before", now)
    _merge(tx, contact_id, known.id)
    return known.id


def _merge(tx: Tx, old: int, new: int) -> None:
    """Two spellings of one number are one contact point: what named the old one names the new one."""
    for row in tx.all(sa.select(deliveries.c.id, deliveries.c.key).where(deliveries.c.contact_id == old)):
        key = str(replace(DeliveryKey.parse(row.key), recipient=new))
        tx.run(sa.update(deliveries).where(deliveries.c.id == row.id).values(key=key, contact_id=new))
    for column in (attendances.c.phone_id, links.c.contact_id, texts.c.contact_id):
        tx.run(sa.update(column.table).where(column == old).values({column.name: new}))
    tx.run(sa.delete(opt_outs).where(opt_outs.c.contact_id == old))
    tx.run(sa.delete(contact_points).where(contact_points.c.id == old))
