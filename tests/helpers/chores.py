"""What the worker does by the clock, in one thread."""

from dataclasses import dataclass, field
from datetime import datetime

from handlers.bookings import reconcile
from handlers.context import Context
from handlers.worker.duties import Duty, Reading, every_duty


@dataclass
class Chores:
    """The duties of a worker that has just started."""

    each: list[Duty | Reading] = field(default_factory=list)

    def run(self, context: Context, now: datetime) -> None:
        """Everything whose time has come."""
        self.each = self.each or [*map(Reading, context.schedulers), *every_duty().values()]
        for one in self.each:
            one.run(context, now)


def all_due(context: Context, now: datetime, *, starting: bool = False) -> None:
    """Read on wherever it is due, for one round; at the start of a worker that is everywhere."""
    for name in context.schedulers:
        reconcile.when_due(context, name, now, starting=starting)
