"""Whom the scheduler names as practitioner: a practitioner's own visits are those with their name."""

from datetime import timedelta

from store.base import Tx
from store.views import days
from web.console.gate import now

NEAR = timedelta(weeks=2)


def practitioners(tx: Tx) -> list[str]:
    """The names with which visits of these weeks are."""
    return days.practitioners(tx, now() - NEAR, now() + NEAR)
