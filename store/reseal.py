"""Values under older keys, or of the kind of before, sealed again with the first key."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa

from store import sealing
from store.base import Tx
from store.intakes import saved_last
from store.plans import check_let_out_of
from store.staff import check_access_of
from store.tables import intakes, metadata, plans, staff, unbound
from store.vault import SealBroken, is_bound

BATCH = 50  # rows; a body may have a megabyte


@dataclass(frozen=True, slots=True)
class Old:
    """One value that is to be sealed again, in its row, and the same value under the first key."""

    column: sa.Column[Any]
    row: sa.Row[Any]
    renewed: bytes


@dataclass(frozen=True, slots=True)
class Broken:
    """A value that does not open: its row as `plans 12`, its column, why, and whether it is of before."""

    row: str
    column: str
    why: str
    unbound: bool

    def __str__(self) -> str:
        return f"{self.row}, {self.column}: {self.why}"


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of a table: the key of the last one, how many rows and sealed bytes, what is to be done."""

    last: Any
    rows: int
    size: int
    old: tuple[Old, ...]
    broken: tuple[Broken, ...]


def tables() -> list[sa.Table]:
    """Every table with sealed columns."""
    return [table for table in metadata.sorted_tables if sealing.columns(table)]


def count(tx: Tx, table: sa.Table) -> int:
    """How many rows a table has."""
    return int(tx.value(sa.select(sa.func.count()).select_from(table)) or 0)


def look(tx: Tx, table: sa.Table, after: Any) -> Batch | None:
    """The rows after this key (None: from the start); None at the end of the table."""
    key = _key(table)
    query = sa.select(*_needed(table)).order_by(key).limit(table.info.get("batch", BATCH))
    rows = tx.all(query if after is None else query.where(key > after))
    if not rows:
        return None
    old, broken = [], []
    for row in rows:
        for column in sealing.columns(table):
            try:
                old += _old(tx, column, row)
            except SealBroken as error:
                broken.append(_broken(column, row, error))
    size = sum(len(row._mapping[column.name] or b"") for row in rows for column in sealing.columns(table))
    return Batch(rows[-1]._mapping[key.name], len(rows), size, tuple(old), tuple(broken))


def _broken(column: sa.Column[Any], row: sa.Row[Any], error: SealBroken) -> Broken:
    sealed = row._mapping[column.name]
    name = sealing.row_name(column.table, row._mapping)
    return Broken(name, column.name, str(error), bool(sealed) and not is_bound(sealed))


def _old(tx: Tx, column: sa.Column[Any], row: sa.Row[Any]) -> list[Old]:
    """The value where it is to be sealed again; raises SealBroken."""
    sealed = row._mapping[column.name]
    if column is plans.c.sealed_let_out:
        check_let_out_of(tx, row.id)
    if not sealed and not column.info["always"]:
        return []
    value = sealing.unseal(tx, column, row)
    if column is intakes.c.sealed_answers:
        saved_last(tx, row.id, json.loads(value))
    elif column is staff.c.sealed_access:
        check_access_of(tx, row.id)
    if tx.vault.is_newest(sealed):
        return []
    return [Old(column, row, sealing.seal(tx.vault, column, value, row._mapping))]


def write(tx: Tx, old: Iterable[Old]) -> None:
    """Put new seals in place of old ones; what was changed or deleted meanwhile stays as it is."""
    rows = defaultdict[sa.Column[Any], list[dict[str, Any]]](list)
    for each in old:
        was = {f"was_{name}": value for name, value in each.row._mapping.items()}
        rows[each.column].append(was | {"renewed": each.renewed})
    for column, some in rows.items():
        tx.run(_renewing(column), some)


@cache
def _renewing(column: sa.Column[Any]) -> sa.Update:
    """Made once, since making it takes longer than carrying it out; by the key, which has an index."""
    key, *bound = _bound(column.table)
    same = [
        key == _was(key),
        column == _was(column),
        *(each.is_not_distinct_from(_was(each)) for each in bound),
    ]
    return sa.update(column.table).where(*same).values({column.name: sa.bindparam("renewed")})


def _was(column: sa.Column[Any]) -> sa.BindParameter[Any]:
    return sa.bindparam(f"was_{column.name}", type_=column.type)


def all_bound(tx: Tx) -> None:
    """Every value is bound to its place: one that is not is refused from now on."""
    tx.run(sa.delete(unbound))


def may_be_unbound(tx: Tx) -> bool:
    """True while values of before may be there."""
    return tx.first(sa.select(unbound.c.id)) is not None


def _needed(table: sa.Table) -> list[sa.Column[Any]]:
    return [*_bound(table), *sealing.columns(table)]


def _bound(table: sa.Table) -> list[sa.Column[Any]]:
    """The primary key, and what the values of a table are bound to."""
    names = dict.fromkeys((_key(table).name, *table.info["bound"]))
    return [table.c[name] for name in names]


def _key(table: sa.Table) -> sa.Column[Any]:
    (key,) = table.primary_key.columns
    return key
