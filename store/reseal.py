"""Values under older keys, sealed again with the first one, so that an old key can be taken away."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from store.base import Tx
from store.tables import metadata
from store.vault import SealBroken

BATCH = 50  # rows; a body may have a megabyte


@dataclass(frozen=True, slots=True)
class Old:
    """One value that an older key seals, and the same value under the first one."""

    column: sa.Column[Any]
    key: Any
    sealed: bytes
    renewed: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of a table: the key of the last one, how many, what is to be written, what does not open."""

    last: Any
    rows: int
    old: tuple[Old, ...]
    broken: int


def tables() -> list[sa.Table]:
    """Every table with sealed columns."""
    return [table for table in metadata.sorted_tables if _sealed(table)]


def count(tx: Tx, table: sa.Table) -> int:
    """How many rows a table has."""
    return int(tx.value(sa.select(sa.func.count()).select_from(table)) or 0)


def look(tx: Tx, table: sa.Table, after: Any) -> Batch | None:
    """The rows after this key (None: from the start); None at the end of the table."""
    key, columns = _key(table), _sealed(table)
    query = sa.select(key, *columns).order_by(key).limit(BATCH)
    rows = tx.all(query if after is None else query.where(key > after))
    if not rows:
        return None
    old, broken = [], 0
    for row in rows:
        for column in columns:
            sealed = getattr(row, column.name)
            try:
                renewed = tx.vault.renewed(sealed) if sealed else None
            except SealBroken:
                broken += 1
            else:
                old += [Old(column, row[0], sealed, renewed)] if renewed else []
    return Batch(rows[-1][0], len(rows), tuple(old), broken)


def write(tx: Tx, old: Old) -> None:
    """Put the new seal in place of the old one; what was changed or deleted meanwhile stays as it is."""
    table = old.column.table
    same = (_key(table) == old.key, old.column == old.sealed)
    tx.run(sa.update(table).where(*same).values({old.column.name: old.renewed}))


def _sealed(table: sa.Table) -> list[sa.Column[Any]]:
    return [column for column in table.columns if column.name.startswith("sealed_")]


def _key(table: sa.Table) -> sa.Column[Any]:
    (key,) = table.primary_key.columns
    return key
