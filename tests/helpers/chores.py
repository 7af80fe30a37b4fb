"""What the worker does by the clock, in one thread."""

from dataclasses import dataclass, field
from datetime import datetime

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
