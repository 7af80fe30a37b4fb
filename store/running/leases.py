"""Leases: how long a worker has what it took, and when another one may take it over."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

LEASE = timedelta(seconds=20)  # renewed while its worker lives: see handlers/retry.py
CLOCK_MOVED = timedelta(minutes=10)  # a lease so far ahead was given by a clock that has been set back


@dataclass(frozen=True, slots=True)
class Connections:
    """Which connections a claim is for: these, or every one but these."""

    names: tuple[str, ...] = ()
    excluded: bool = True

    def hold(self, name: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
        """True for a row of one of them."""
        return name.not_in(self.names) if self.excluded else name.in_(self.names)


EVERY = Connections()


def only(*names: str) -> Connections:
    """These connections and no other."""
    return Connections(names, excluded=False)


def is_over(until: sa.Column[Any], now: datetime) -> sa.ColumnElement[bool]:
    """True for what nobody works on any more."""
    return sa.or_(until <= now, until > now + CLOCK_MOVED)
