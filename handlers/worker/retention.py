"""What is deleted once a client's last visit is long over, as the clinic set it for each kind."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from handlers.context import Context
from store import audit, retention
from store.base import Tx

BATCH = 200


def days(context: Context) -> dict[str, int]:
    """For how many days after the last visit each kind is kept; 0: until the client is erased."""
    return {kind: getattr(context.clinic.retention, kind) for kind in retention.KINDS}


def report(context: Context, now: datetime) -> dict[str, dict[str, int]]:
    """For each kind: its days, how many rows there are, and how many of them are due to go."""
    with context.db.read() as tx:
        there = {kind: retention.count_all(tx, kind) for kind in retention.KINDS}
    due = _over(context, now, delete=False)
    return {
        kind: {"days": limit, "rows": there[kind], "due": due[kind]} for kind, limit in days(context).items()
    }


def delete(context: Context, now: datetime, by: str) -> dict[str, int]:
    """Delete what is due to go, some clients at a time; how many rows of each kind went."""
    gone = +_over(context, now, delete=True)
    if gone:
        detail = ", ".join(f"{kind} {count}" for kind, count in sorted(gone.items()))
        with context.db.begin() as tx:
            audit.add(tx, by, "retention", "clients", now, detail)
    return {kind: gone[kind] for kind in retention.KINDS}


def _over(context: Context, now: datetime, *, delete: bool) -> Counter[str]:
    """How many rows of each kind are due, or went."""
    found: Counter[str] = Counter()
    for kind, limit in days(context).items():
        last = 0 if limit else None
        while last is not None:
            with context.db.begin() as tx:
                some = retention.long_gone(tx, now - timedelta(days=limit), last, BATCH)
                if delete:
                    found[kind] += retention.delete(tx, kind, some) if some else 0
                else:
                    bare = _without_checkins(tx, context, some, now)
                    found[kind] += retention.count(tx, kind, some, bare) if some else 0
            last = some[-1] if len(some) == BATCH else None
    return found


def _without_checkins(tx: Tx, context: Context, some: Sequence[int], now: datetime) -> list[int]:
    """Those of some clients whose check-ins are due to go as well, so that they hold no plan."""
    limit = days(context)["checkins"]
    if not limit or not some:
        return []
    before = now - timedelta(days=limit)
    gone = set(retention.long_gone(tx, before, some[0] - 1, some[-1] - some[0] + 1))
    return [each for each in some if each in gone]
