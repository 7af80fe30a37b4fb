"""Whom a webhook told of: written down when it is taken in, so that export and erasure need no search."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace

from clinical import identity
from handlers.context import Context
from integrations.base import IntegrationError
from schemas.booking import Person
from schemas.identity import Verdict
from schemas.person import Attendance
from schemas.receipt import Receipt
from schemas.webhook import Notice
from store import attendances, bookings, clients, receipts
from store.base import Tx

log = logging.getLogger("aftercare.lineage")
BATCH = 200


def told_of(tx: Tx, context: Context, connection: str, notices: Sequence[Notice]) -> set[int]:
    """The clients that notices describe."""
    return {client for notice in notices for client in _clients(tx, context, connection, notice)}


def _clients(tx: Tx, context: Context, connection: str, notice: Notice) -> Iterable[int]:
    """Whom a notice describes: of all who came to its booking, those whom it may mean."""
    for record in bookings.named(tx, connection, notice.external_id):
        booking = bookings.get(tx, record.booking_id) if record.booking_id else None
        if booking is None or (notice.seat and record.seat != notice.seat):
            continue
        came = attendances.of_booking(tx, booking.id)
        if notice.booking is None:
            yield from (each.client_id for each in came if each.ended_at is None)
        else:
            said = notice.booking.client
            yield from (each.client_id for each in came if _may_mean(tx, context, each, said))


def describes(tx: Tx, context: Context, family: Sequence[int], said: Person) -> bool:
    """True where a description may mean this person; `family` is the client with those joined."""
    known = [clients.person(clients.get(tx, each)) for each in family]
    verdicts = [identity.compare(each, said, context.names, same_booking=True).verdict for each in known]
    return any(each is not Verdict.another for each in verdicts)


def blank(tx: Tx, context: Context, family: Sequence[int]) -> None:
    """Take a person out of the records of visits that are another's by now."""
    for booking_id in attendances.left_by(tx, family):
        for record in bookings.of_booking(tx, booking_id):
            if record.state and describes(tx, context, family, record.state.client):
                bookings.put(tx, replace(record, state=replace(record.state, client=Person(""))))


def _may_mean(tx: Tx, context: Context, one: Attendance, said: Person) -> bool:
    known = clients.find(tx, one.client_id)
    if known is None or known.erased_at:
        return False
    match = identity.compare(clients.person(known), said, context.names, same_booking=True)
    return match.verdict is not Verdict.another


def trace_old(context: Context) -> None:
    """Read the bodies that an older version kept, and write down whom they told of."""
    after = 0
    while True:
        with context.db.begin() as tx:
            some = receipts.untraced(tx, after, BATCH)
            for receipt in some:
                found = told_of(tx, context, receipt.connection, _parsed(context, receipt))
                receipts.trace(tx, receipt.id, found)
        if not some:
            return
        after = some[-1].id


def _parsed(context: Context, receipt: Receipt) -> list[Notice]:
    scheduler = context.schedulers.get(receipt.connection)
    if scheduler is None or receipt.locked:
        return []
    try:
        return scheduler.parse(receipt.inbound)
    except IntegrationError:
        return []
    except Exception:
        log.exception("parser failed", extra={"receipt": receipt.public_id})
        return []
