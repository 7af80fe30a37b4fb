"""Re-read a scheduler to find what no webhook told us (B2). What is found goes the way of every notice."""

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypeVar

from handlers.bookings.inbox import read
from handlers.bookings.observe import notice_of, observe
from handlers.bookings.records import is_live
from handlers.context import Context
from integrations.base import IntegrationError
from schemas.booking import BookingState
from store import bookings, connections, receipts
from store.base import DatabaseError
from store.vault import SealBroken

log = logging.getLogger("aftercare.reconcile")
AT_START = timedelta(minutes=5)
LEAST_QUIET = timedelta(hours=24)
QUIET_TIMES = 5  # so many times longer than its longest usual gap counts as gone quiet
ENOUGH_GAPS = 8
One = TypeVar("One")
SOME_FAILED = "{} of its bookings could not be taken in; see the log."


def reconcile(
    context: Context, connection: str, now: datetime, tell: Callable[[str], None] = lambda _line: None
) -> int:
    """Read what changed lately and all that is still to come; returns how many bookings were read.

    Raises `IntegrationError` when the scheduler cannot be read.
    """
    seen: set[str] = set()
    moved: set[str] = set()
    failed = 0

    def take_in(booking: BookingState) -> None:
        with context.db.begin() as tx:
            moved.update(observe(tx, context, connection, notice_of(booking, now), now, listed=True))

    def read_again(external_id: str) -> None:
        read(context, connection, external_id, now)

    for booking in context.schedulers[connection].changed_since(now - context.clinic.policy.reconcile_back):
        seen.add(booking.external_id)
        failed += _failed(connection, take_in, booking)
        tell(booking.external_id)
    for external_id in sorted(moved - seen):
        failed += _failed(connection, read_again, external_id)
    for external_id in _unseen(context, connection, seen, now):
        seen.add(external_id)
        failed += _failed(connection, read_again, external_id)
        tell(external_id)
    with context.db.begin() as tx:
        connections.read_through(tx, connection, now)
        connections.set_trouble(tx, connection, SOME_FAILED.format(failed) if failed else "", now)
    return len(seen)


def _failed(connection: str, act: Callable[[One], object], one: One) -> bool:
    """Do it; True when it failed for this booking alone, which must not keep the others from being read."""
    try:
        act(one)
    except (DatabaseError, IntegrationError):
        raise
    except Exception:
        log.warning("a booking was not taken in", extra={"connection": connection}, exc_info=True)
        return True
    return False


def _unseen(context: Context, connection: str, seen: set[str], now: datetime) -> list[str]:
    """Bookings that are owed something and were not in the list: deleted ones are found this way."""
    with context.db.read() as tx:
        ids = bookings.with_open_deliveries(tx, connection, now)
        found: set[str] = set()
        for booking_id in ids:
            with suppress(SealBroken):  # what no key opens does not say which booking it is
                found |= {each.external_id for each in bookings.of_booking(tx, booking_id) if is_live(each)}
    return sorted(found - seen)


def all_due(context: Context, now: datetime, *, starting: bool = False) -> None:
    """Reconcile every connection whose time has come; what fails is noted and tried at the next round.

    At the start of a worker that is each one that was not read within the last minutes.
    """
    every = AT_START if starting else context.clinic.policy.reconcile_every
    for name, scheduler in context.schedulers.items():
        if not scheduler.readable or not _is_due(context, name, now, every):
            continue
        try:
            count = reconcile(context, name, now)
            log.info("reconciled", extra={"connection": name, "count": count})
        except DatabaseError:
            raise
        except Exception as error:
            trouble = (
                str(error)
                if isinstance(error, IntegrationError)
                else "Reading it through failed; see the log."
            )
            with context.db.begin() as tx:
                connections.reconciled(tx, name, now)
                connections.set_trouble(tx, name, trouble, now)
            log.warning("reconcile failed", extra={"connection": name}, exc_info=True)


def _is_due(context: Context, name: str, now: datetime, every: timedelta) -> bool:
    with context.db.read() as tx:
        row = connections.get(tx, name)
    return row is None or row.last_reconcile_at is None or abs(now - row.last_reconcile_at) >= every


def gone_quiet(context: Context, name: str, now: datetime) -> timedelta | None:
    """How long a connection has been silent, when that is much longer than it usually is."""
    with context.db.read() as tx:
        row = connections.get(tx, name)
        gaps = receipts.gaps(tx, name)
    if row is None or row.last_receipt_at is None or len(gaps) < ENOUGH_GAPS:
        return None
    silent: timedelta = now - row.last_receipt_at
    return silent if silent > max(LEAST_QUIET, QUIET_TIMES * max(gaps)) else None
