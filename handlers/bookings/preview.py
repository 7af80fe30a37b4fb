"""What would be sent and written from now on, before the first mail leaves: nothing is stored or sent.

The bookings are taken in as ever, in transactions that are undone: what is shown is what would happen.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from handlers.bookings.observe import notice_of, observe
from handlers.context import Context
from schemas.booking import Booking, BookingState
from schemas.delivery import DeliveryStatus, Purpose
from store import bookings, connections, deliveries
from store.base import DatabaseError, Tx

MOST = 2000  # bookings that are looked at
AT_ONCE = 50  # in one transaction, since others wait for it


@dataclass(frozen=True, slots=True)
class Planned:
    """One message or note: for the visit that starts at `start`, to go out at `due_at`."""

    start: datetime
    purpose: Purpose
    due_at: datetime


@dataclass(slots=True)
class Preview:
    """What a reading would lead to. `cut`: there are more bookings than were looked at."""

    read: int = 0
    cut: bool = False
    earlier: int = 0  # made before the connection: known, and never written to
    over: int = 0  # visits that are over
    failed: int = 0
    planned: list[Planned] = field(default_factory=list)

    @property
    def messages(self) -> list[Planned]:
        """What goes to people, the next first."""
        found = [each for each in self.planned if each.purpose is not Purpose.attach]
        return sorted(found, key=lambda each: (each.due_at, each.start))

    @property
    def notes(self) -> int:
        """How often link and status are written onto a booking."""
        return len(self.planned) - len(self.messages)


class _Undone(Exception):
    """Ends a transaction without a trace."""


def preview(context: Context, connection: str, now: datetime, most: int = MOST) -> Preview:
    """Read the scheduler and say what would follow; raises IntegrationError when it cannot be read."""
    found = list(itertools.islice(_listed(context, connection, now), most + 1))
    shown = Preview(read=min(len(found), most), cut=len(found) > most)
    for some in _batched(sorted(found[:most], key=_whose)):
        try:
            with context.db.begin() as tx:
                _count(tx, context, connection, some, shown, now)
                raise _Undone
        except _Undone:
            continue
    return shown


def _batched(states: Sequence[BookingState]) -> Iterator[Sequence[BookingState]]:
    for at in range(0, len(states), AT_ONCE):
        yield states[at : at + AT_ONCE]


def _listed(context: Context, connection: str, now: datetime) -> Iterator[BookingState]:
    """Each booking once, as the next reading would list it."""
    names: set[tuple[str, str]] = set()
    for each in context.schedulers[connection].changed_since(now - context.clinic.policy.reconcile_back):
        if (each.external_id, each.seat) not in names:
            names.add((each.external_id, each.seat))
            yield each


def _whose(state: BookingState) -> tuple[str, datetime]:
    """The visits of one person stand together, since they may share a form."""
    return (state.client.email.casefold(), state.start)


def _count(
    tx: Tx,
    context: Context,
    connection: str,
    states: Sequence[BookingState],
    shown: Preview,
    now: datetime,
) -> None:
    scheduler = context.schedulers[connection]
    connections.ensure(tx, connection, scheduler.connection.scheduler, now)
    connections.writes(tx, connection, scheduler.chosen_way, now)
    for state in states:
        try:
            observe(tx, context, connection, notice_of(state, now), now, listed=True)
        except DatabaseError:
            raise
        except Exception:
            shown.failed += 1  # a reading says it in the log
    threads = [each for state in states for each in _threads(tx, connection, state)]
    for booking in {each.id: each for each in threads}.values():
        _add(tx, booking, shown, now)


def _threads(tx: Tx, connection: str, state: BookingState) -> Iterator[Booking]:
    for record in bookings.named(tx, connection, state.external_id):
        booking = bookings.get(tx, record.booking_id) if record.booking_id else None
        if booking is not None and record.seat == state.seat:
            yield booking


def _add(tx: Tx, booking: Booking, shown: Preview, now: datetime) -> None:
    shown.earlier += booking.earlier
    shown.over += booking.end <= now and not booking.earlier
    shown.planned += [
        Planned(booking.start, each.purpose, each.due_at)
        for each in deliveries.of_booking(tx, booking.id)
        if each.status is DeliveryStatus.scheduled
    ]
