"""Pauses: a channel that takes nothing of ours now, and until when it is left alone."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from store.base import Tx
from store.tables import pauses

_OF = sa.select(pauses).where(pauses.c.channel == sa.bindparam("channel"))


def get(tx: Tx, channel: str) -> sa.Row[Any] | None:
    """The pause of a channel: since, until, times, text; None while it works."""
    return tx.first(_OF, channel=channel)


def begin(tx: Tx, channel: str, text: str, now: datetime) -> int:
    """It has refused us; returns how many times in a row."""
    tx.lock(f"pause-{channel}")
    known = get(tx, channel)
    if known is None:
        tx.run(sa.insert(pauses).values(channel=channel, since=now, until=now, times=1, text=text[:500]))
        return 1
    again = {"times": known.times + 1, "text": text[:500]}
    tx.run(sa.update(pauses).where(pauses.c.channel == channel).values(**again))
    return int(known.times) + 1


def until(tx: Tx, channel: str, when: datetime) -> None:
    """Leave it alone until then."""
    tx.run(sa.update(pauses).where(pauses.c.channel == channel).values(until=when))


def end(tx: Tx, channel: str) -> None:
    """It has taken something."""
    tx.run(sa.delete(pauses).where(pauses.c.channel == channel))
