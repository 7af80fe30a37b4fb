"""What the worker does by the clock, beside receipts and deliveries."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from handlers.bookings import reconcile
from handlers.context import Context
from handlers.worker import watch
from store import receipts

EVERY = timedelta(seconds=5)
WATCH_EVERY = timedelta(minutes=1)
TIDY_EVERY = timedelta(hours=1)


@dataclass(slots=True)
class Duties:
    """When the duties were last looked at, and last tidied up."""

    looked: datetime | None = None
    watched: datetime | None = None
    asked: datetime | None = None
    tidied: datetime | None = None

    def run(self, context: Context, now: datetime) -> None:
        """Everything whose time has come; nothing at all most of the time."""
        if self.looked is not None and abs(now - self.looked) < EVERY:
            return
        starting, self.looked = self.looked is None, now
        reconcile.all_due(context, now, starting=starting)
        if _is_over(self.asked, now, watch.ASK_EVERY):
            self.asked = now
            watch.ask(context, now)
        if _is_over(self.watched, now, WATCH_EVERY):
            self.watched = now
            watch.look(context, now)
            watch.mail(context, now)
        if _is_over(self.tidied, now, TIDY_EVERY):
            self.tidied = now
            forget(context, now)


def _is_over(last: datetime | None, now: datetime, every: timedelta) -> bool:
    """True when it was longer ago than this, also by a clock that has been set back."""
    return last is None or abs(now - last) >= every


def forget(context: Context, now: datetime) -> int:
    """Delete raw webhook bodies that are older than the clinic keeps them."""
    with context.db.begin() as tx:
        return receipts.forget_bodies(tx, now - timedelta(days=context.clinic.policy.body_days))
