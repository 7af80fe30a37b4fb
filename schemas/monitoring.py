"""The remote monitoring sheet: what was sent, read and said about one client within 30 days."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

DAYS = 30
LONGEST = timedelta(hours=1)
"""A timer that ran longer was forgotten: none of its minutes count."""


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody read what a client sent, from when to when."""

    author: str
    started_at: datetime
    ended_at: datetime

    @property
    def minutes(self) -> int:
        """Whole minutes; 0 for a timer that was forgotten."""
        span = self.ended_at - self.started_at
        return 0 if span > LONGEST else int(span.total_seconds() // 60)

    @property
    def forgotten(self) -> bool:
        """Whether it ran too long to be true."""
        return self.ended_at - self.started_at > LONGEST


class What(StrEnum):
    """What a line of the sheet is."""

    data = "data"
    review = "review"
    contact = "contact"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened: its day, when if that is known, what, where it is known from, by whom.

    `source` is a word that the page has a text for.
    """

    day: date
    at: datetime | None
    what: What
    source: str
    by: str = ""
    minutes: int = 0


@dataclass(frozen=True, slots=True)
class Sheet:
    """30 days from `first`; a day with data counts once, whatever came in on it."""

    first: date
    lines: tuple[Line, ...]

    @property
    def last(self) -> date:
        """The last day of them."""
        return self.first + timedelta(days=DAYS - 1)

    @property
    def days(self) -> int:
        """Days on which the client sent something."""
        return len({line.day for line in self.lines if line.what is What.data})

    @property
    def minutes(self) -> int:
        """Minutes of reading."""
        return sum(line.minutes for line in self.lines)

    @property
    def contacts(self) -> int:
        """Visits, and answers and messages that went out."""
        return sum(line.what is What.contact for line in self.lines)
