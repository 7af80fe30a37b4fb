"""Leases: how long a worker has what it took, and when another one may take it over."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

LEASE = timedelta(seconds=20)  # renewed while its worker lives: see handlers/retry.py
CLOCK_MOVED = timedelta(minutes=10)  # a lease so far ahead was given by a clock that has been set back


def is_over(until: sa.Column[Any], now: datetime) -> sa.ColumnElement[bool]:
    """True for what nobody works on any more."""
    return sa.or_(until <= now, until > now + CLOCK_MOVED)
