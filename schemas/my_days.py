"""On which days of the week a client does the plan, and when: chosen once, without an account."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from schemas.delivery import Channel

WEEK = 7
USUAL_TIME = time(9)
SPREAD = {
    1: (0,),
    2: (0, 3),
    3: (0, 2, 4),
    4: (0, 1, 3, 4),
    5: (0, 1, 2, 3, 4),
    6: (0, 1, 2, 3, 4, 5),
    7: (0, 1, 2, 3, 4, 5, 6),
}
"""Days of the week, 0 for Monday, that lie well apart."""


@dataclass(frozen=True, slots=True)
class MyDays:
    """Days of the week in order, 0 for Monday; the time on the client's clock; None: no reminder."""

    days: tuple[int, ...]
    time: time
    way: Channel | None = None

    def next_day(self, today: date) -> date:
        """The first of the days from `today` on."""
        ahead = (today + timedelta(days=more) for more in range(WEEK))
        return next(day for day in ahead if day.weekday() in self.days)

    def next_time(self, after: datetime, zone: tzinfo) -> datetime:
        """The first moment of the rhythm after a moment, in UTC's time or whichever `after` is in."""
        return self.next_start(after.astimezone(zone)).astimezone(after.tzinfo)

    def next_start(self, local: datetime) -> datetime:
        """The same on the client's own clock: `local` has its zone, or none, and so has what is returned."""
        first = self.next_day(local.date())
        at = datetime.combine(first, self.time, local.tzinfo)
        if at > local:
            return at
        return datetime.combine(self.next_day(first + timedelta(days=1)), self.time, local.tzinfo)

    def moves(self, per_week: Sequence[int], today: date) -> tuple[int, ...]:
        """Which moves are for today, by number from 1: each on as many of the days as its dose says.

        `per_week` has the days a week of each move. A move that is for fewer days than were chosen is
        spread over them.
        """
        if today.weekday() not in self.days:
            return ()
        place, every = self.days.index(today.weekday()), len(self.days)
        return tuple(
            number
            for number, wanted in enumerate(per_week, 1)
            if wanted >= every or (place + 1) * wanted // every > place * wanted // every
        )

    def next_with_moves(self, per_week: Sequence[int], today: date) -> date:
        """The first of the days from `today` on that has moves: one that was chosen may have none."""
        ahead = (today + timedelta(days=more) for more in range(WEEK))
        return next((day for day in ahead if self.moves(per_week, day)), self.next_day(today))


def suggested(days_per_week: int) -> MyDays:
    """A rhythm for a plan of so many days a week, for who has not chosen one."""
    return MyDays(SPREAD[min(max(days_per_week, 1), WEEK)], USUAL_TIME)
