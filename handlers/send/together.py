"""Messages that are decided on together: what they need is read once for all of them.

Each is for somebody else, so that none of them makes a difference to another. What was tried before is
decided on alone, as is what asks a scheduler: see `outbox`.
"""

import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from handlers.context import Context
from handlers.intake import who
from handlers.links import LinkPurpose
from handlers.send import decide, flood
from schemas import trace
from schemas.booking import Booking
from schemas.delivery import Channel, Delivery, Purpose
from store import attendances, audit, bookings, clients, contacts, deliveries, intakes, links, receipts
from store.base import Tx
from store.deliveries import Mark

MOST = 16
SLICE = 0.05  # seconds for which others wait for the database
LASTS = 0.25  # seconds for which a decision counts


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision, what it rests on, and until when it counts by `time.monotonic`."""

    delivery: Delivery
    decision: decide.Decision
    mark: Mark
    until: float


def may_be(delivery: Delivery) -> bool:
    """True for a mail to a client that is tried for the first time."""
    return delivery.purpose.to_client and delivery.channel is Channel.email and delivery.attempts == 1


def decide_on(
    tx: Tx, context: Context, waiting: Sequence[Delivery], now: datetime, most: int = MOST
) -> list[Decided] | None:
    """The decisions on the first of what waits; [] where the first, None where each is decided on alone."""
    some = list(itertools.islice(_for_others_each(waiting), max(min(most, MOST), 2)))
    if len(some) < 2:
        return []
    here = _read_ahead(tx, some)
    some = list(_of_other_people(tx, some, here))
    connections = {here[each.booking_id].connection for each in some}
    if any(context.readable(each) for each in connections):
        return None
    if any(receipts.waiting(tx, now, each) for each in connections):
        return []
    marks = deliveries.marks(tx, [each.id for each in some])
    found, until = list[Decided](), time.monotonic() + SLICE
    for each in some:
        if marks[each.id].ours(each) and (not found or time.monotonic() < until):
            with trace.following(each.trace):
                decision = decide.decide(tx, context, each, now)
            found.append(Decided(each, decision, marks[each.id], time.monotonic() + LASTS))
    return found


def _for_others_each(waiting: Sequence[Delivery]) -> Iterator[Delivery]:
    """The first, and those after it that go to other addresses, for other visits."""
    seen = set[object]()
    for each in waiting:
        whose = {("booking", each.booking_id), ("contact", each.key.recipient)}
        if may_be(each) and seen.isdisjoint(whose):
            seen |= whose
            yield each


def _of_other_people(tx: Tx, some: list[Delivery], here: dict[int, Booking]) -> Iterator[Delivery]:
    """Those whose clients are other persons; what is of a visit that was merged is left out."""
    seen = set[int]()
    for each in some:
        if booking := here.get(each.booking_id):
            whose = set(clients.family(tx, booking.client_id))
            if seen.isdisjoint(whose):
                seen |= whose
                yield each


def _read_ahead(tx: Tx, some: list[Delivery]) -> dict[int, Booking]:
    """Read what deciding asks for, with few statements for all; returns the bookings."""
    ids, places = [each.booking_id for each in some], [each.key.recipient for each in some]
    here = {each.id: each for each in bookings.read_ahead(tx, ids)}
    come = attendances.read_ahead(tx, ids)
    families = clients.read_ahead(tx, sorted({each.client_id for each in here.values()}))
    contacts.read_ahead(tx, places)
    intakes.read_ahead(tx, ids, families.values())
    audit.read_ahead(tx, [who.subject(each) for each in come], who.WRONG)
    kinds = [LinkPurpose.intake, LinkPurpose.plan, LinkPurpose.stop]
    links.read_ahead(tx, kinds, sorted({*ids, *places}))
    asking = [each for each in some if each.purpose in (Purpose.intake, Purpose.intake_reminder)]
    if asked := {
        each.key.recipient: here[each.booking_id].first_seen_at for each in asking if each.booking_id in here
    }:
        deliveries.read_ahead(tx, asked, flood.TOGETHER)
    return here
