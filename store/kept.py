"""Settings made in the browser, sealed: variables by name, and in small letters how far setup is."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from store import sealing
from store.base import Database, Tx
from store.tables import settings

NOTHING = hashlib.sha256().hexdigest()  # the revision while nothing is kept


def every(tx: Tx) -> dict[str, str]:
    """Everything that is kept, by name; raises SealBroken."""
    return {row.name: _open(tx, row) for row in tx.all(sa.select(settings))}


def _open(tx: Tx, row: sa.Row[Any]) -> str:
    return sealing.unseal(tx, settings.c.sealed_value, row).decode()


def _seal(tx: Tx, name: str, value: str) -> bytes:
    return sealing.seal(tx.vault, settings.c.sealed_value, value.encode(), {"name": name})


def variables(tx: Tx) -> dict[str, str]:
    """What stands in for variables that the environment does not give."""
    return {name: value for name, value in every(tx).items() if name.isupper()}


def word(tx: Tx, name: str) -> str:
    """One value, or ""."""
    row = tx.first(sa.select(settings).where(settings.c.name == name))
    return _open(tx, row) if row else ""


def put(tx: Tx, values: Mapping[str, str], now: datetime) -> None:
    """Keep these values; an empty one is forgotten."""
    tx.lock("settings")
    forget(tx, values)
    rows = [
        {"name": name, "sealed_value": _seal(tx, name, value), "set_at": now}
        for name, value in values.items()
        if value
    ]
    if rows:
        tx.run(sa.insert(settings), rows)


def forget(tx: Tx, names: Iterable[str]) -> None:
    """Keep these values no longer."""
    tx.run(sa.delete(settings).where(settings.c.name.in_(list(names))))


def is_there(db: Database) -> bool:
    """False before the first migration that knows settings."""
    return sa.inspect(db.engine).has_table(settings.name)


def revision(tx: Tx) -> str:
    """Another text after each change of a variable."""
    rows = tx.all(sa.select(settings.c.name, settings.c.sealed_value).order_by(settings.c.name))
    seen = hashlib.sha256()
    for row in rows:
        if row.name.isupper():
            seen.update(row.name.encode() + b"=" + bytes(row.sealed_value))
    return seen.hexdigest()
