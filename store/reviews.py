"""Reviews of content: who signed which text of which file. They are only ever added to."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from schemas.review import Review
from store.base import Tx
from store.tables import reviews

NAMES = tuple(Review.__dataclass_fields__)
LIGHT = tuple(reviews.c[name] for name in NAMES if name != "text")


def add(tx: Tx, review: Review) -> None:
    """Keep a signature."""
    tx.run(sa.insert(reviews).values(**{name: getattr(review, name) for name in NAMES}))


def every(tx: Tx) -> list[Review]:
    """Every signature, the oldest first, without the texts that were signed."""
    return [_review(row, text="") for row in tx.all(sa.select(*LIGHT).order_by(reviews.c.id))]


def last(tx: Tx, file: str) -> Review | None:
    """The newest signature of a file, with the text that was signed."""
    query = sa.select(reviews).where(reviews.c.file == file).order_by(reviews.c.id.desc()).limit(1)
    row = tx.first(query)
    return _review(row) if row else None


def unsigned(tx: Tx, hashes: Mapping[str, str], now: datetime) -> list[str]:
    """Which of some texts (SHA-256 by file) nobody's signature covers now."""
    of_them = (reviews.c.file.in_(list(hashes)), reviews.c.signed_at <= now, reviews.c.valid_until > now)
    rows = tx.all(sa.select(reviews.c.file, reviews.c.sha256).where(*of_them)) if hashes else []
    signed = {(row.file, row.sha256) for row in rows}
    return [file for file, digest in hashes.items() if (file, digest) not in signed]


def _review(row: sa.Row[Any], **more: Any) -> Review:
    return Review(**{name: getattr(row, name) for name in NAMES if name not in more}, **more)
