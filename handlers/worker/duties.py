"""What the worker does by the clock, beside receipts and deliveries."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from handlers.bookings import reconcile
from handlers.context import Context
from handlers.worker import watch
from store import receipts

EVERY = timedelta(seconds=5)
TIDY_EVERY = timedelta(hours=1)


@dataclass(slots=True)
class Duties:
    """When the duties were last looked at, and last tidied up."""

    looked: datetime | None = None
    tidied: datetime | None = None

    def run(self, context: Context, now: datetime) -> None:
        """Everything whose time has come; nothing at all most of the time."""
        if self.looked is not None and abs(now - self.looked) < EVERY:
            return
        starting, self.looked = self.looked is None, now
        reconcile.all_due(context, now, starting=starting)
        if self.tidied is None or abs(now - self.tidied) >= TIDY_EVERY:
            self.tidied = now
            forget(context, now)
            watch.tell(context, now)


def forget(context: Context, now: datetime) -> int:
    """Delete raw webhook bodies that are older than the clinic keeps them."""
    with context.db.begin() as tx:
        return receipts.forget_bodies(tx, now - timedelta(days=context.clinic.policy.body_days))
