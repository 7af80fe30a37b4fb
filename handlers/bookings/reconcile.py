"""Re-read a scheduler to find what no webhook told us (B2). What is found goes the way of every notice.

A reading may take several rounds: how far it came is kept, so that a limit, a restart or a long list never
makes it begin again. A scheduler without webhooks is read for its changes every few minutes, and whole as
often as the others are.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from handlers.bookings.inbox import read
from handlers.bookings.observe import notice_of, observe
from handlers.bookings.records import is_live
from handlers.context import Context
from integrations.base import Batch, IntegrationError, NotAsked
from schemas.booking import BookingState
from schemas.trouble import TroubleKind
from store import bookings, connections, receipts
from store.base import DatabaseError, Tx
from store.running import troubles
from store.vault import SealBroken

log = logging.getLogger("aftercare.reconcile")
ROUND = 200  # bookings that a worker reads before it looks after what else is due
POLL = timedelta(minutes=3)  # between two readings of what has no webhooks
OVERLAP = timedelta(minutes=15)  # that such a reading goes back: clocks differ, and answers may be cached
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
HELD = timedelta(minutes=2)  # a round is left to one worker for so long
SOON, LATER = timedelta(minutes=1), timedelta(minutes=5)  # until it is tried again: it may pass; it may not
STUCK = timedelta(minutes=15)  # a limit that lets nothing through for so long is trouble
LONGEST = timedelta(hours=6)  # that a reading is ever planned ahead, beside its usual pace
LEAST_QUIET = timedelta(hours=24)
QUIET_TIMES = 5  # so many times longer than its longest usual gap counts as gone quiet
ENOUGH_GAPS = 8
One = TypeVar("One")
SOME_FAILED = "{} of its bookings could not be taken in; see the log."
NOTHING_THROUGH = "Nothing has come through for a while: see whether another program uses the same key."
FAILED = "Reading it through failed; see the log."


class _NotReadable(Exception):
    """One booking that its scheduler refuses to show, while it lists others."""


@dataclass(slots=True)
class Round:
    """What one process reads of one reading, until its end or until `most` bookings are read.

    `whole`: nothing is left out, however short ago it was read.
    """

    context: Context
    connection: str
    now: datetime
    most: int | None
    tell: Callable[[str], None]
    whole: bool = False
    seen: set[str] = field(default_factory=set)

    @property
    def full(self) -> bool:
        """True when the rest is for the next round."""
        return self.most is not None and len(self.seen) >= self.most

    def run(self) -> bool:
        """Read on; True when the reading came to its end. Raises IntegrationError."""
        with self.context.db.begin() as tx:
            row = connections.begin_reading(tx, self.connection, self.now)
        assert row is not None
        reading: int = row.read_number
        whole = self.whole or _is_whole(self.context, self.connection, row)
        for batch in self._batches(row, whole=whole):
            self._take_in(batch, reading)
            if self.full:
                return False
        for name in self._missing(reading) if whole else ():
            if self.full:
                return False
            self._read(name, reading)
        self._end(reading)
        return True

    def _batches(self, row: Any, *, whole: bool) -> Iterator[Batch]:
        """From where it stands, changes since the last good reading; `whole`: all that is to come, too."""
        last = min(row.last_read_at or row.read_begun_at, row.read_begun_at)
        scheduler = self.context.schedulers[self.connection]
        if not whole:
            return scheduler.changes(last - OVERLAP, row.read_place)
        return scheduler.batches(last - self.context.clinic.policy.reconcile_back, row.read_place)

    def _take_in(self, batch: Batch, reading: int) -> None:
        self._log_left_out()
        failed = sum(_failed(self.connection, self._observe, each) for each in batch.bookings)
        names = [each.external_id for each in batch.bookings]
        with self.context.db.begin() as tx:
            bookings.looked_at(tx, self.connection, names, reading)
            connections.step(tx, self.connection, reading, self.now, place=batch.place, failed=failed)
        self._saw(names)

    def _log_left_out(self) -> None:
        left_out = self.context.schedulers[self.connection].left_out
        if left_out:
            fields = ", ".join(dict.fromkeys(left_out))[:500]
            log.info("fields not readable", extra={"connection": self.connection, "fields": fields})
            left_out.clear()

    def _observe(self, booking: BookingState) -> None:
        with self.context.db.begin() as tx:
            notice = notice_of(booking, self.now)
            observe(tx, self.context, self.connection, notice, self.now, listed=True)

    def _missing(self, reading: int) -> list[str]:
        """What was not in the list: deleted bookings are found so, and what a listed one was moved to."""
        with self.context.db.read() as tx:
            found = set(bookings.unknown_successors(tx, self.connection, reading))
            for booking_id, name in bookings.unlisted(tx, self.connection, reading, self.now):
                with suppress(SealBroken):  # what no key opens does not say which booking it is
                    mine = bookings.of_booking(tx, booking_id)
                    found |= {name for each in mine if each.external_id == name and is_live(each)}
        return sorted(found)

    def _read(self, name: str, reading: int) -> None:
        failed = int(_failed(self.connection, self._ask_alone, name))
        with self.context.db.begin() as tx:
            bookings.looked_at(tx, self.connection, [name], reading)
            connections.step(tx, self.connection, reading, self.now, failed=failed)
        self._saw([name])

    def _ask_alone(self, name: str) -> None:
        try:
            read(self.context, self.connection, name, self.now)
        except IntegrationError as error:
            if not error.of_one_alone:
                raise
            raise _NotReadable(str(error)) from error

    def _saw(self, names: list[str]) -> None:
        for name in names:
            self.tell(name)
        self.seen.update(names)

    def _end(self, reading: int) -> None:
        with self.context.db.begin() as tx:
            row = connections.get(tx, self.connection)
            failed = row.read_failed if row else 0
            due_at = self.now + _pace(self.context, self.connection)
            connections.end_reading(tx, self.connection, reading, due_at, self.now)
            if failed:
                text = SOME_FAILED.format(failed)
                troubles.note(tx, TroubleKind.unreadable, self.connection, text, self.now)
            else:
                troubles.end(tx, TroubleKind.unreadable, self.connection)


def _pace(context: Context, name: str) -> timedelta:
    """How long after the end of a reading the next one begins."""
    every = context.clinic.policy.reconcile_every
    return every if context.schedulers[name].has_webhooks else min(POLL, every)


def _is_whole(context: Context, name: str, row: Any) -> bool:
    """False for a reading of changes alone: after a whole one that began within the same hour (or so)."""
    if context.schedulers[name].has_webhooks or row.last_read_at is None:
        return True
    every = context.clinic.policy.reconcile_every
    return bool((row.read_begun_at - EPOCH) // every != (row.last_read_at - EPOCH) // every)


def reconcile(
    context: Context, connection: str, now: datetime, tell: Callable[[str], None] = lambda _line: None
) -> int:
    """Read on to the end, from where a reading stands, else a new one; returns how many bookings were read.

    Raises `IntegrationError` when the scheduler cannot be read on; what was read stays, and the next call
    goes on from there.
    """
    round_ = Round(context, connection, now, None, tell, whole=True)
    round_.run()
    return len(round_.seen)


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


def when_due(context: Context, name: str, now: datetime, *, starting: bool = False) -> None:
    """Read one scheduler on, for one round, when it is due; at the start of a worker it is."""
    if not context.readable(name):
        return
    every = max(LONGEST, context.clinic.policy.reconcile_every)
    with context.db.begin() as tx:
        if starting:
            connections.read_at(tx, name, now)
        mine = connections.claim_reading(tx, name, now, now + HELD, every)
    if mine:
        _one_round(context, name, now)


def _one_round(context: Context, name: str, now: datetime) -> None:
    round_ = Round(context, name, now, ROUND, lambda _line: None)
    try:
        over = round_.run()
    except DatabaseError:
        raise
    except IntegrationError as error:
        interrupted(context, name, error, now)
        return
    except Exception:
        log.exception("reconcile failed", extra={"connection": name})
        interrupted(context, name, IntegrationError(FAILED), now)
        return
    log.info("reconciled" if over else "reading on", extra={"connection": name, "count": len(round_.seen)})
    if not over:
        with context.db.begin() as tx:
            connections.read_at(tx, name, now)


def is_limit(error: IntegrationError) -> bool:
    """True where a scheduler works and wants us to slow down; one that is silent does not work."""
    return bool(error.retry_after) and error.status < 500 and not isinstance(error, NotAsked)


def is_stuck(row: Any, now: datetime) -> bool:
    """True where a scheduler has let nothing of ours through for long."""
    return row is None or row.read_step_at is None or now - row.read_step_at >= STUCK


def interrupted(context: Context, name: str, error: IntegrationError, now: datetime) -> None:
    """Note why a scheduler cannot be read, and when it is tried again.

    A limit is no trouble as long as the reading comes further between one and the next; silence is.
    """
    wait = timedelta(seconds=error.retry_after or 0)
    with context.db.begin() as tx:
        connections.read_at(tx, name, now + max(wait, LATER if error.permanent else SOON))
        limit = is_limit(error)
        if not limit or is_stuck(connections.get(tx, name), now):
            text = f"{error} {NOTHING_THROUGH}" if limit else str(error)
            troubles.note(tx, TroubleKind.unreadable, name, text, now)
    log.warning("reading waits", extra={"connection": name, "why": str(error)})


def gone_quiet(tx: Tx, name: str, now: datetime) -> timedelta | None:
    """How long a connection has been silent, when that is much longer than it usually is."""
    row, gaps = connections.get(tx, name), receipts.gaps(tx, name)
    if row is None or row.last_receipt_at is None or len(gaps) < ENOUGH_GAPS:
        return None
    silent: timedelta = now - row.last_receipt_at
    return silent if silent > max(LEAST_QUIET, QUIET_TIMES * max(gaps)) else None
