"""Receipts become bookings: parse, fetch where the webhook says too little or is old, observe."""

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from handlers import retry
from handlers.bookings.observe import is_news, notice_of, observe
from handlers.clients import lineage, privacy
from handlers.context import Context
from integrations.base import Gone, IntegrationError, Scheduler, UnknownPayload
from schemas import trace
from schemas.receipt import Receipt, ReceiptStatus
from schemas.webhook import Notice
from store import bookings, receipts
from store.base import Tx
from store.running.ahead import CLOCKS_DIFFER
from store.running.leases import EVERY, LEASE, Connections

log = logging.getLogger("aftercare.inbox")
BATCH = 20
LONGEST_CHAIN = 20  # moves of one booking that are followed at once
SLICE = 0.05  # seconds that a transaction for many takes: on SQLite webhooks that arrive wait for it
GAP = 0.004  # seconds between two of them, for those that wait


def work(
    context: Context, now: datetime, of: Connections = EVERY, stopping: Callable[[], bool] = retry.never
) -> int:
    """Process what is due, of these connections; returns how many receipts were taken.

    Once `stopping` says so, what has not been begun is given back.
    """
    with context.db.read() as tx:
        if not receipts.any_due(tx, now, of):
            return 0
    with context.db.begin() as tx:
        taken = receipts.claim(tx, now, BATCH, of)
    with retry.kept(partial(_renew, context, taken, now)):
        left = taken
        while left and not stopping():
            left = _take_in_some(context, left, now, stopping)
        if left:
            _give_back(context, left)
    return len(taken)


def drain(
    context: Context, now: datetime, of: Connections = EVERY, stopping: Callable[[], bool] = retry.never
) -> None:
    """Take in everything that can be taken in now."""
    while not stopping() and work(context, now, of, stopping):
        pass


def _give_back(context: Context, left: list[Receipt]) -> None:
    with context.db.begin() as tx:
        receipts.give_back(tx, [each.id for each in left])


def _renew(context: Context, taken: list[Receipt], now: datetime, passed: timedelta) -> None:
    with context.db.begin() as tx:
        receipts.renew(tx, [each.id for each in taken], now + passed + LEASE)


class _NeedsMore(Exception):
    """A webhook that cannot be taken in without its scheduler."""


def _take_in_some(
    context: Context, taken: list[Receipt], now: datetime, stopping: Callable[[], bool]
) -> list[Receipt]:
    """Take in what needs no scheduler with one commit for many, then the others; returns what is left."""
    begun, alone, until = 0, list[Receipt](), time.monotonic() + SLICE
    with context.db.begin() as tx:
        while begun < len(taken) and (not begun or time.monotonic() < until):
            with trace.following(taken[begun].public_id):
                if not _at_once(tx, context, taken[begun], now):
                    alone.append(taken[begun])
            begun += 1
    time.sleep(GAP)
    while alone and not stopping():
        receipt = alone.pop(0)
        with trace.following(receipt.public_id):
            _process(context, receipt, now)
    return alone + taken[begun:]


def _at_once(tx: Tx, context: Context, receipt: Receipt, now: datetime) -> bool:
    """Take a webhook in within a transaction for many; False, and nothing done, where that is not enough.

    What was tried before is tried alone: it may be what ended the worker.
    """
    scheduler = context.schedulers.get(receipt.connection)
    if scheduler is None or receipt.locked or receipt.attempts > 1:
        return False
    try:
        notices = _read_body(scheduler, receipt)
        with tx.part():
            for notice in notices:
                _observe_at_once(tx, context, receipt, notice, now)
            _finish(tx, context, receipt, notices, [], now)
    except Exception:  # it comes once more, alone, and what is wrong is said there
        return False
    return True


def _observe_at_once(tx: Tx, context: Context, receipt: Receipt, notice: Notice, now: datetime) -> None:
    name, scheduler = receipt.connection, context.schedulers[receipt.connection]
    if notice.of_client or _must_read(tx, scheduler, name, notice, replayed=receipt.replays > 0):
        raise _NeedsMore
    if observe(tx, context, name, notice, now) and scheduler.readable:
        raise _NeedsMore


def _process(context: Context, receipt: Receipt, now: datetime) -> None:
    if receipt.attempts > retry.MOST:
        _settle(context, receipt, ReceiptStatus.dead, "The worker ended each time it worked on this.", now)
        return
    scheduler = context.schedulers.get(receipt.connection)
    if scheduler is None:
        _settle(context, receipt, ReceiptStatus.ignored, "This connection is not configured any more.", now)
        return
    notices = _parsed(context, scheduler, receipt, now)
    if notices is None:
        return
    scheduler.left_out.clear()
    try:
        for notice in notices:
            take_in(context, receipt.connection, notice, now, replayed=receipt.replays > 0)
    except IntegrationError as error:
        _try_again(context, receipt, error, now)
        return
    except Exception:
        # One webhook that we fail on must not stop the others: it is tried again, then shown as dead.
        log.exception("receipt failed", extra={"receipt": receipt.public_id})
        _try_again(context, receipt, IntegrationError("We failed on this webhook; see the log."), now)
        return
    with context.db.begin() as tx:
        _finish(tx, context, receipt, notices, scheduler.left_out, now)


def _finish(
    tx: Tx, context: Context, receipt: Receipt, notices: list[Notice], fetched: list[str], now: datetime
) -> None:
    """It is done: say so, and of whom it told."""
    status = ReceiptStatus.done if notices else ReceiptStatus.ignored
    told_of = lineage.told_of(tx, context, receipt.connection, notices)
    receipts.taken_in(tx, receipt.id, status, _summary(notices, fetched), told_of, now)
    privacy.drop_body(tx, context, receipt.id, receipt.connection, notices)
    log.info("receipt settled", extra={"receipt": receipt.public_id, "status": status})


def _summary(notices: list[Notice], fetched: list[str]) -> str:
    """What a receipt was about, and which fields of it and of what was read for it were left out."""
    events = ", ".join(notice.event for notice in notices)
    paths = [*(path for notice in notices for path in notice.notes), *fetched]
    left_out = ", ".join(dict.fromkeys(paths))
    return f"{events} (left out, not readable: {left_out})" if left_out else events


def _read_body(scheduler: Scheduler, receipt: Receipt) -> list[Notice]:
    """What a receipt says; raises UnknownPayload.

    What it dates well after its arrival was dated by a wrong clock, and would outdate all that comes later.
    """
    arrived = receipt.inbound.received_at
    return [
        replace(each, occurred_at=arrived)
        if each.occurred_at is not None and each.occurred_at > arrived + CLOCKS_DIFFER
        else each
        for each in scheduler.parse(receipt.inbound)
    ]


def _parsed(context: Context, scheduler: Scheduler, receipt: Receipt, now: datetime) -> list[Notice] | None:
    """What a receipt says; None, and the receipt settled, when we cannot read it."""
    if receipt.locked:
        why = "It does not open: put the key back that is not in FIELD_KEYS any more, then replay it."
        _settle(context, receipt, ReceiptStatus.not_understood, why, now)
        return None
    try:
        return _read_body(scheduler, receipt)
    except UnknownPayload as error:
        why = str(error)
    except Exception:
        # A parser that fails is our fault: the receipt is kept, shown, and replayed after a fix.
        log.exception("parser failed", extra={"receipt": receipt.public_id})
        why = "Our reader failed on this body; it is kept."
    _settle(context, receipt, ReceiptStatus.not_understood, why, now)
    return None


def take_in(
    context: Context, connection: str, notice: Notice, now: datetime, *, replayed: bool = False
) -> None:
    """One notice into the state; the scheduler is asked where the notice is thin, old, or replayed."""
    scheduler = context.schedulers[connection]
    if notice.of_client:
        _read_client(context, connection, notice.external_id, now)
        return
    with context.db.read() as tx:
        must_read = _must_read(tx, scheduler, connection, notice, replayed=replayed)
    if must_read:
        read(context, connection, notice.external_id, now)
        return
    with context.db.begin() as tx:
        unknown = observe(tx, context, connection, notice, now)
    if scheduler.readable:
        for external_id in unknown:
            read(context, connection, external_id, now)


def _must_read(tx: Tx, scheduler: Scheduler, connection: str, notice: Notice, *, replayed: bool) -> bool:
    """True where a notice says too little or nothing new, or is replayed, and the scheduler can be asked."""
    if not scheduler.readable or notice.gone:
        return False
    return notice.booking is None or replayed or not is_news(tx, connection, notice)


def _read_client(context: Context, connection: str, client: str, now: datetime) -> None:
    """Read the bookings of one client again: those that we know, and those that lie ahead."""
    scheduler = context.schedulers[connection]
    for state in scheduler.bookings_of(client) if scheduler.readable else ():
        with context.db.begin() as tx:
            if state.end > now or bookings.named(tx, connection, state.external_id):
                observe(tx, context, connection, notice_of(state, now), now, read=True)


def read(context: Context, connection: str, external_id: str, now: datetime) -> None:
    """Ask the scheduler what a booking looks like now, and take that in; follow it to where it moved."""
    waiting, seen = [external_id], set[str]()
    while waiting and len(seen) < LONGEST_CHAIN:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += _read_one(context, connection, name, now)


def _read_one(context: Context, connection: str, external_id: str, now: datetime) -> list[str]:
    gone = Notice(external_id=external_id, event="gone", gone=True, occurred_at=now)
    try:
        states = context.schedulers[connection].fetch(external_id)
    except Gone:
        states = None
    with context.db.begin() as tx:
        notices = [gone] if states is None else [notice_of(state, now) for state in states]
        here = {""} if states is None else {state.seat for state in states}
        left = [each.seat for each in bookings.named(tx, connection, external_id) if each.seat and each.state]
        if here != {""}:  # a group, of which who has no seat any more has left
            notices += [replace(gone, seat=seat) for seat in left if seat not in here]
        found = [observe(tx, context, connection, notice, now, read=True) for notice in notices]
    return [name for names in found for name in names]


def _try_again(context: Context, receipt: Receipt, error: IntegrationError, now: datetime) -> None:
    wait = retry.wait(receipt.attempts, error)
    if wait is None:
        _settle(context, receipt, ReceiptStatus.dead, str(error), now)
        return
    with context.db.begin() as tx:
        receipts.retry(tx, receipt.id, now + wait, str(error))
    log.warning(
        "receipt waits", extra={"receipt": receipt.public_id, "seconds": int(wait / timedelta(seconds=1))}
    )


def _settle(context: Context, receipt: Receipt, status: ReceiptStatus, note: str, now: datetime) -> None:
    with context.db.begin() as tx:
        receipts.settle(tx, receipt.id, status, note, now)
    log.info("receipt settled", extra={"receipt": receipt.public_id, "status": status})
