"""A clock was ahead and is set right: what it has scheduled must not wait for the day that it said."""

import logging
from datetime import datetime

from handlers.context import Context
from handlers.schedule import due
from store.running import ahead

log = logging.getLogger("aftercare.clock")


def mend(context: Context, now: datetime) -> None:
    """Take times that are still to come back to now, and bring the schedule of those visits in line."""
    with context.db.begin() as tx:
        found = ahead.take_back(tx, now)
        for booking_id in found:
            due.sync(tx, context, booking_id, now)
    if found:
        log.warning("scheduled by a clock that was ahead: taken back", extra={"count": len(found)})
