"""What staff say about who it is: checked, done, written into the log, and what is due follows."""

from datetime import datetime

from handlers.clients import people
from handlers.context import Context
from handlers.schedule import due
from schemas.booking import BookingStatus
from store import audit, bookings, clients
from store.base import Tx


def who_comes(tx: Tx, context: Context, booking_id: int, by: str, now: datetime, *, same: bool) -> None:
    """The scheduler names the same person, or another. Raises LookupError where nobody asks any more."""
    people.settle(tx, context, booking_id, by, now, same=same)
    due.sync(tx, context, booking_id, now)


def may_join(tx: Tx, one: int, other: int) -> bool:
    """True for two clients who are kept and are not one already."""
    rows = [clients.find(tx, each) for each in (one, other)]
    if any(row is None or row.erased_at for row in rows):
        return False
    return clients.root(tx, one) != clients.root(tx, other)


def join(tx: Tx, context: Context, one: int, other: int, by: str, now: datetime) -> None:
    """Two clients are one person. Raises LookupError where they cannot be."""
    if not may_join(tx, one, other):
        raise LookupError("These two cannot be joined any more. Look again.")
    clients.join(tx, one, other)
    audit.add(tx, by, "join", f"client:{one}", now, f"client:{other}")
    _follow(tx, context, clients.family(tx, one), now)


def part(tx: Tx, context: Context, client_id: int, by: str, now: datetime) -> None:
    """A client who was joined is a person of their own again. Raises LookupError where they were not."""
    row = clients.find(tx, client_id)
    if row is None or row.joined_into is None:
        raise LookupError("This client is not joined with another any more.")
    before = clients.family(tx, client_id)
    clients.part(tx, client_id)
    audit.add(tx, by, "part", f"client:{client_id}", now, f"client:{row.joined_into}")
    _follow(tx, context, before, now)


def _follow(tx: Tx, context: Context, family: list[int], now: datetime) -> None:
    """What is due for the visits that are still to come."""
    for each in bookings.between(tx, family, now, datetime.max.replace(tzinfo=now.tzinfo)):
        if each.status is BookingStatus.confirmed:
            due.sync(tx, context, each.id, now)
