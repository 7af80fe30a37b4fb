"""What clients said of their pain, at the intake and since."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from store.base import Tx
from store.tables import bookings, checkins

SEAL = 44  # the last characters of a sealed value are its authentication code: no two are alike
MOST_SCORES = 20_000
_scores: dict[bytes, int | None] = {}


@dataclass(frozen=True, slots=True)
class Pain:
    """One answer about pain, 0 to 10, and when it was given."""

    at: datetime
    score: int


def said(tx: Tx, sealed: bytes | None, at: datetime) -> list[Pain]:
    """The pain in sealed answers that were given at this time, if they tell any."""
    score = _score(tx, sealed) if sealed else None
    return [] if score is None else [Pain(at, score)]


def _score(tx: Tx, sealed: bytes) -> int | None:
    """The pain in sealed answers; a day is looked at again and again, so each is opened once."""
    seal = bytes(sealed[-SEAL:])
    if seal not in _scores:
        if len(_scores) > MOST_SCORES:
            _scores.clear()
        _scores[seal] = score_of(tx.vault.open_json(sealed))
    return _scores[seal]


def score_of(answers: dict[str, Any]) -> int | None:
    """The pain that answers tell: the week's average, else now."""
    for name in ("pain_avg7", "pain_now", "pain"):
        value = str(answers.get(name, ""))
        if value.isdigit() and int(value) <= 10:
            return int(value)
    return None


def replies(tx: Tx, client_ids: Iterable[int], each: int = 2) -> dict[int, list[Pain]]:
    """The last answers to check-ins that told a pain, by client, oldest first."""
    ranked = (
        sa.select(
            bookings.c.client_id,
            checkins.c.answered_at,
            checkins.c.sealed_reply,
            sa.func.row_number()
            .over(partition_by=bookings.c.client_id, order_by=checkins.c.answered_at.desc())
            .label("place"),
        )
        .join(checkins, checkins.c.booking_id == bookings.c.id)
        .where(bookings.c.client_id.in_(list(client_ids)), checkins.c.answered_at.is_not(None))
        .subquery()
    )
    found: dict[int, list[Pain]] = defaultdict(list)
    for row in tx.all(sa.select(ranked).where(ranked.c.place <= each).order_by(ranked.c.answered_at)):
        found[row.client_id] += said(tx, row.sealed_reply, row.answered_at)
    return found
