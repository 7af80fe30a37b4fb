"""The worker: one round of everything that is due, and the lanes that work until they are stopped."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from handlers.bookings import inbox
from handlers.context import Context
from handlers.send import outbox
from handlers.worker import ahead, journal, lanes, seals
from handlers.worker.clock import Clock
from schemas.trouble import TroubleKind
from store.base import DatabaseError, kind
from store.running import troubles, workers
from store.views.newest import newest

log = logging.getLogger("aftercare.worker")
BEAT = 20.0  # seconds
GRACE = 6.0  # seconds to finish what is in hand; ending the process takes more, and most supervisors wait ten


def work_once(context: Context, now: datetime, name: str = "worker") -> int:
    """Do all that is due at `now`, until nothing is; returns how much was done."""
    _beat(context, name, now)
    done = 0
    while step := inbox.work(context, now) + outbox.work(context, now):
        done += step
    seals.note(context, now)
    return done


def work(context: Context, stop: threading.Event, prepare: Callable[[], object], name: str) -> None:
    """Run every lane until `stop` is set, and say meanwhile that we are alive, whatever a lane waits for.

    `prepare` is called first, as soon as the database answers. Raises `journal.Older`.
    """
    if not context.db.wait_until_there(stop, partial(log.error, "%s")):
        return
    prepare()
    with context.db.read() as tx:
        clock = Clock(newest(tx))
    journal.look(context, clock.now())
    journal.check(context)
    threads = [
        threading.Thread(target=lane.run, args=(clock, stop), name=lane.name, daemon=True)
        for lane in lanes.every(context, stop.is_set)
    ]
    for thread in threads:
        thread.start()
    trusted = None
    while not stop.is_set():
        try:
            _beat(context, name, clock.now())
            trusted = _note_clock(context, clock, trusted)
            stop.wait(BEAT)
        except (DatabaseError, OSError) as error:
            log.error("database does not answer", extra={"lane": "heartbeat", "error": kind(error)})
            stop.wait(lanes.DOWN)
    _finish(threads)
    _keep_journal(context, clock.now())


def _note_clock(context: Context, clock: Clock, before: bool | None) -> bool:
    """Note that the clock has jumped, or is trusted again; returns whether it is trusted."""
    trusted = clock.trusted
    if trusted is not before:
        with context.db.begin() as tx:
            if trusted:
                troubles.end(tx, TroubleKind.jumped, "")
            else:
                troubles.note(tx, TroubleKind.jumped, "", "", clock.now())
        if trusted:
            _mend(context, clock.now())
    return trusted


def _mend(context: Context, now: datetime) -> None:
    try:
        ahead.mend(context, now)
    except Exception:
        log.exception("what a clock ahead has scheduled is not taken back", extra={"lane": "heartbeat"})


def _finish(threads: Sequence[threading.Thread]) -> None:
    """Wait a moment for what is in hand; what is not done by then is taken over when its lease ends."""
    until = time.monotonic() + GRACE
    for thread in threads:
        thread.join(max(until - time.monotonic(), 0))
        if thread.is_alive():
            log.warning("left unfinished", extra={"lane": thread.name})


def _keep_journal(context: Context, now: datetime) -> None:
    """What ended lately is in it, too, when the database is put away after an orderly stop."""
    try:
        journal.keep(context, now)
    except DatabaseError as error:
        log.error("the journal is not kept", extra={"error": kind(error)})


def _beat(context: Context, name: str, now: datetime) -> None:
    with context.db.begin() as tx:
        workers.beat(tx, name, now)
