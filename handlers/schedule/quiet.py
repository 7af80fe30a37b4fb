"""When nobody is disturbed, and times on the clock on the wall."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from handlers.context import Context
from schemas.booking import Booking


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours in which nobody is disturbed, in wall time of `zone`."""

    start: time
    end: time
    zone: ZoneInfo

    def now(self, at: datetime) -> bool:
        """True inside the quiet hours."""
        clock = at.astimezone(self.zone).time()
        if self.start <= self.end:
            return self.start <= clock < self.end
        return not self.end <= clock < self.start

    def next_open(self, at: datetime) -> datetime:
        """The first moment from `at` on that is not quiet."""
        local = at.astimezone(self.zone)
        if not self.now(at):
            return at
        day = local.date() if local.time() < self.end else local.date() + timedelta(days=1)
        return datetime.combine(day, self.end, self.zone).astimezone(at.tzinfo)

    def last_open(self, at: datetime) -> datetime:
        """`at`, or when that is quiet the nearest time of the same day that is not."""
        local = at.astimezone(self.zone)
        if not self.now(at):
            return at
        if local.time() < self.end:
            return self.next_open(at)  # after midnight: the morning of the same day
        evening = datetime.combine(local.date(), self.start, self.zone) - timedelta(minutes=30)
        return evening.astimezone(at.tzinfo)


def wall_before(start: datetime, before: timedelta, zone: ZoneInfo) -> datetime:
    """So long before on the clock on the wall: 24 h before 15:00 is 15:00, across a clock change too."""
    local = start.astimezone(zone).replace(tzinfo=None) - before
    return local.replace(tzinfo=zone).astimezone(start.tzinfo)


def quiet_hours(context: Context, booking: Booking, client_zone: str) -> Quiet:
    """The quiet hours that hold for a booking's client."""
    policy = context.clinic.policy
    remote = booking.remote or policy.quiet_zone == "client"
    zone = client_zone if remote and client_zone else booking.zone
    return Quiet(policy.quiet_from, policy.quiet_until, context.zone(zone))
