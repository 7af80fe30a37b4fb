"""Passkeys of staff: the public halves, sealed for their owner and the id of the key."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from schemas.staff import Passkey
from store import sealing
from store.base import Tx
from store.tables import passkeys
from store.vault import SealBroken

_NAMES = [name for name in Passkey.__dataclass_fields__ if name != "public_key"]


def _passkey(tx: Tx, row: sa.Row[Any]) -> Passkey:
    """With an empty key, which nothing was signed by, where somebody has changed it."""
    try:
        key = sealing.unseal(tx, passkeys.c.sealed_key, row)
    except SealBroken:
        key = b""
    return Passkey(**{name: getattr(row, name) for name in _NAMES}, public_key=key)


def add(tx: Tx, staff_id: int, name: str, credential_id: str, key: bytes, count: int, now: datetime) -> None:
    """Keep one."""
    row = {"staff_id": staff_id, "name": name, "credential_id": credential_id}
    sealed = sealing.seal(tx.vault, passkeys.c.sealed_key, key, row)
    tx.run(
        sa.insert(passkeys).values(**row, sealed_key=sealed, sign_count=count, created_at=now, used_at=now)
    )


def find(tx: Tx, credential_id: str) -> Passkey | None:
    """The one with this id."""
    row = tx.first(sa.select(passkeys).where(passkeys.c.credential_id == credential_id))
    return _passkey(tx, row) if row else None


def of_staff(tx: Tx, staff_id: int) -> list[Passkey]:
    """Those of an account, the oldest first."""
    rows = tx.all(sa.select(passkeys).where(passkeys.c.staff_id == staff_id).order_by(passkeys.c.id))
    return [_passkey(tx, row) for row in rows]


def use(tx: Tx, passkey_id: int, count: int, made_at: datetime, now: datetime) -> bool:
    """Note that it was used for a challenge made at `made_at`; False where it was used since then."""
    row = sa.update(passkeys).where(passkeys.c.id == passkey_id, passkeys.c.used_at < made_at)
    done = row.values(sign_count=count, used_at=now).returning(passkeys.c.id)
    return tx.first(done) is not None


def forget(tx: Tx, staff_id: int, passkey_id: int) -> bool:
    """Take one of an account away; False where it is gone."""
    mine = (passkeys.c.staff_id == staff_id, passkeys.c.id == passkey_id)
    return tx.first(sa.delete(passkeys).where(*mine).returning(passkeys.c.id)) is not None


def forget_all(tx: Tx, staff_id: int) -> None:
    """Take every one of an account away."""
    tx.run(sa.delete(passkeys).where(passkeys.c.staff_id == staff_id))
