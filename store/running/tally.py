"""How many rows there are of something, and from when to when."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from store.base import Tx

Tally = tuple[int, datetime | None, datetime | None]


def tally(tx: Tx, query: sa.Select[Any], at: sa.ColumnElement[Any], number: Any = None) -> Tally:
    """The number of rows of `query` (or what `number` counts), the earliest and the latest time in `at`."""
    count = sa.func.count() if number is None else number
    columns = (count.label("number"), sa.func.min(at).label("earliest"), sa.func.max(at).label("latest"))
    row = tx.first(query.with_only_columns(*columns))
    return (row.number, row.earliest, row.latest) if row else (0, None, None)
