"""The scheduler's own order of what it says about a booking."""

from dataclasses import dataclass
from datetime import UTC, datetime

NEVER = datetime.min.replace(tzinfo=UTC)
HINT = -2  # the version of what only a hint said: anything else is newer
UNKNOWN = -1


@dataclass(frozen=True, slots=True, order=True)
class Order:
    """The scheduler's version first, then the time at which it happened; what is not known comes before.

    >>> noon = datetime(2026, 11, 27, 12, tzinfo=UTC)
    >>> Order.of(3, None) < Order.of(4, None) < Order.of(4, noon)
    True
    >>> Order.of(HINT, noon) < Order.of(None, None) < Order.of(None, noon) < Order.of(0, None)
    True
    """

    version: int = UNKNOWN
    at: datetime = NEVER

    @classmethod
    def of(cls, version: int | None, at: datetime | None) -> "Order":
        """The order of a version and a time, each of which may not be known."""
        return cls(UNKNOWN if version is None else version, at or NEVER)
