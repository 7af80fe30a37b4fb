"""How many rows there are of something, and from when to when; several of these with one statement."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from store.base import Tx

Tally = tuple[int, datetime | None, datetime | None]


def of(query: sa.Select[Any], at: sa.ColumnElement[Any], number: Any = None) -> sa.Select[Any]:
    """The number of rows of `query` (or what `number` counts), the earliest and the latest time in `at`."""
    count = sa.func.count() if number is None else number
    columns = (count.label("number"), sa.func.min(at).label("earliest"), sa.func.max(at).label("latest"))
    return query.with_only_columns(*columns)


def first(which: sa.ColumnElement[bool], at: sa.Column[Any]) -> sa.Select[Any]:
    """The earliest time in a column of some rows, found by its index; nothing is counted."""
    number: sa.Label[Any] = sa.literal_column("0").label("number")
    return sa.select(number, sa.func.min(at).label("earliest"), sa.null().label("latest")).where(which)


def together(*tallies: sa.Select[Any]) -> sa.Executable:
    """One statement for several tallies, to be made once; `read` carries it out."""
    placed = (
        each.add_columns(sa.literal_column(str(place)).label("place")) for place, each in enumerate(tallies)
    )
    return sa.union_all(*placed)


def read(tx: Tx, statement: sa.Executable, **values: Any) -> list[Tally]:
    """What the tallies of a statement count, in their order."""
    rows = sorted(tx.all(statement, **values), key=lambda row: row.place)
    return [(row.number, row.earliest, row.latest) for row in rows]


def earliest(found: Iterable[Tally]) -> datetime | None:
    """The first time of several tallies."""
    return min((at for _number, at, _latest in found if at), default=None)
