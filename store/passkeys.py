"""Passkeys of staff: the public halves, which open nothing by themselves."""

from datetime import datetime

import sqlalchemy as sa

from schemas.staff import Passkey
from store.base import Tx
from store.tables import passkeys

_COLUMNS = [passkeys.c[name] for name in Passkey.__dataclass_fields__]


def add(tx: Tx, staff_id: int, name: str, credential_id: str, key: bytes, count: int, now: datetime) -> None:
    """Keep one."""
    row = {"staff_id": staff_id, "name": name, "credential_id": credential_id, "public_key": key}
    tx.run(sa.insert(passkeys).values(**row, sign_count=count, created_at=now, used_at=now))


def find(tx: Tx, credential_id: str) -> Passkey | None:
    """The one with this id."""
    row = tx.first(sa.select(*_COLUMNS).where(passkeys.c.credential_id == credential_id))
    return Passkey(**row._mapping) if row else None


def of_staff(tx: Tx, staff_id: int) -> list[Passkey]:
    """Those of an account, the oldest first."""
    rows = tx.all(sa.select(*_COLUMNS).where(passkeys.c.staff_id == staff_id).order_by(passkeys.c.id))
    return [Passkey(**row._mapping) for row in rows]


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
