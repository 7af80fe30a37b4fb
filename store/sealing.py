"""Values are sealed for one place: table, column, row and client. Moved elsewhere they do not open."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from store.base import Tx, once
from store.tables import unbound
from store.vault import CHANGED, MISSING, UNBOUND, SealBroken, Vault, is_bound

Known = Mapping[str, Any] | sa.RowMapping  # what is known of a row, by column


def place(column: sa.Column[Any], row: Known) -> str:
    """The place of a value: its column, and what tells its row from every other row."""
    table = column.table
    bound = [row[name] for name in table.info["bound"]]
    plain = all(type(each) is int for each in bound)  # which repr writes as JSON does, at a tenth of the cost
    return f"{table.name}.{column.name}:{bound if plain else json.dumps(bound)}"


def seal(vault: Vault, column: sa.Column[Any], value: Any, row: Known) -> bytes:
    """Bytes, or a JSON value, sealed for a column of a row."""
    plain = value if isinstance(value, bytes) else _json(value)
    return vault.seal(plain, place(column, row))


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def add(tx: Tx, table: sa.Table, row: Mapping[str, Any], **values: Any) -> int:
    """A new row of a table that numbers its rows, with what is sealed in it; returns its id.

    What is sealed comes second, since it is bound to the number.
    """
    row_id = tx.insert(table, **row)
    whole = {**row, "id": row_id}
    tx.change(table, row_id, **{name: seal(tx.vault, table.c[name], values[name], whole) for name in values})
    return row_id


def unseal(tx: Tx, column: sa.Column[Any], row: sa.Row[Any]) -> bytes:
    """What was sealed into a column of this row; raises SealBroken, also where it is empty.

    The row holds what its table is bound by, and its primary key.
    """
    known = row._mapping
    try:
        return _open(tx, known[column.name] or b"", place(column, known))
    except SealBroken:
        tx.vault.note_broken(row_name(column.table, known))
        raise


def unseal_json(tx: Tx, column: sa.Column[Any], row: sa.Row[Any]) -> Any:
    """As `unseal`, of a JSON value."""
    return json.loads(unseal(tx, column, row))


def check(tx: Tx, column: sa.Column[Any], row: sa.Row[Any], said: Any) -> None:
    """Raises SealBroken where what this row says in clear is not the JSON value that was sealed with it."""
    if unseal_json(tx, column, row) != said:
        tx.vault.note_broken(row_name(column.table, row._mapping))
        raise SealBroken(CHANGED)


def word(tx: Tx, column: sa.Column[Any], row: sa.Row[Any]) -> str:
    """A word that is sealed into a column of this row, "" where it is empty; raises SealBroken."""
    return str(unseal_json(tx, column, row)) if row._mapping[column.name] else ""


def that_open(
    tx: Tx, column: sa.Column[Any], rows: Iterable[sa.Row[Any]]
) -> Iterator[tuple[sa.Row[Any], Any]]:
    """Rows with the JSON value of a column, without those where it is empty or does not open."""
    for row in rows:
        try:
            found = unseal_json(tx, column, row) if row._mapping[column.name] else None
        except SealBroken:
            continue
        if found is not None:
            yield row, found


def row_name(table: sa.Table, row: Known) -> str:
    """How a row is named to people: `plans 12`."""
    (key,) = table.primary_key.columns
    return f"{table.name} {row[key.name]}"


def _open(tx: Tx, sealed: bytes, where: str) -> bytes:
    if not sealed:
        raise SealBroken(MISSING)
    if is_bound(sealed):
        return tx.vault.open(sealed, where)
    if not _unbound_allowed(tx):
        raise SealBroken(UNBOUND)
    return tx.vault.open_unbound(sealed)


@once(unbound)
def _unbound_allowed(tx: Tx) -> bool:
    """True while values of before may be there; that they may is sealed, so that nobody else can say so."""
    for row in tx.all(sa.select(unbound)):
        try:
            tx.vault.open(row.sealed_word, place(unbound.c.sealed_word, row._mapping))
        except SealBroken:
            continue
        return True
    return False


def columns(table: sa.Table) -> list[sa.Column[Any]]:
    """The sealed columns of a table."""
    return [column for column in table.columns if column.name.startswith("sealed_")]
