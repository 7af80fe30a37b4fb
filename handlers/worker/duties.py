"""What the worker does by the clock, beside receipts and deliveries."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from handlers.bookings import reconcile
from handlers.context import Context
from handlers.send import bounces, staff_mail
from handlers.staff import drafts
from handlers.worker import journal, retention, seals, watch
from schemas.delivery import Channel
from store import receipts, texts

BY = "worker"


@dataclass(slots=True)
class Duty:
    """Something that is done every so often, and when it was last done."""

    every: timedelta
    act: Callable[[Context, datetime], object]
    done: datetime | None = None

    def run(self, context: Context, now: datetime) -> int:
        """Do it when its time has come, also by a clock that was set back; 0, since nothing is left to do."""
        if self.done is None or abs(now - self.done) >= self.every:
            self.done = now
            self.act(context, now)
        return 0


class Reading:
    """The reading of one scheduler, first of all at the start; and whether it is well."""

    def __init__(self, connection: str) -> None:
        self.connection = connection
        self._starting = True
        self._asking = Duty(watch.ASK_EVERY, partial(watch.ask, connection))

    def run(self, context: Context, now: datetime) -> int:
        """Read it on for one round when it is due; 0, since nothing is left to do."""
        reconcile.when_due(context, self.connection, now, starting=self._starting)
        self._starting = False
        return self._asking.run(context, now)


def every_duty() -> dict[str, Duty]:
    """Those that belong to no connection, by name; none of them is done yet."""
    return {
        "watch": Duty(timedelta(minutes=1), _watch),
        "staff mails": Duty(timedelta(seconds=5), partial(staff_mail.send_due, channels=(Channel.email,))),
        "staff texts": Duty(timedelta(seconds=5), partial(staff_mail.send_due, channels=(Channel.sms,))),
        "bounces": Duty(timedelta(minutes=5), bounces.read_mailbox),
        "outside": Duty(timedelta(minutes=1), watch.outside),
        "seals": Duty(timedelta(minutes=1), seals.Rounds().look),
        "journal": Duty(timedelta(minutes=5), journal.keep),
        "upkeep": Duty(timedelta(hours=1), _upkeep),
    }


def _watch(context: Context, now: datetime) -> None:
    seals.note(context, now)
    watch.look(context, now)
    watch.mail(context, now)
    watch.texts_came(context, now)


def forget(context: Context, now: datetime) -> int:
    """Delete what is older than it is kept: raw webhook bodies, texts that were read, drafts of staff."""
    before = now - timedelta(days=context.clinic.policy.body_days)
    with context.db.begin() as tx:
        drafts.forget_old(tx, now)
        return receipts.forget_bodies(tx, before) + texts.forget(tx, before)


def _upkeep(context: Context, now: datetime) -> None:
    forget(context, now)
    retention.delete(context, now, BY)
