"""Dates as mails and HTTP write them (RFC 5322): whoever sends one may write anything."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def read(written: str) -> datetime | None:
    """An aware time; without an offset it is UTC. None for what is no date, or none that a clock shows."""
    try:
        found = parsedate_to_datetime(written)
    except (ValueError, TypeError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
