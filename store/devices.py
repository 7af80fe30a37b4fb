"""Devices on which a PIN opens the console again: a hash of their cookie, and of the PIN."""

from datetime import datetime

import sqlalchemy as sa

from schemas.staff import Device
from store.base import Tx
from store.tables import devices

_COLUMNS = [devices.c[name] for name in Device.__dataclass_fields__]


def keep(
    tx: Tx, token_hash: str, staff_id: int, session_id: int, pin_hash: str, entered: datetime, now: datetime
) -> None:
    """A device with its PIN; `entered` is when its owner signed in there with the second factor."""
    row = {"token_hash": token_hash, "staff_id": staff_id, "session_id": session_id, "pin_hash": pin_hash}
    tx.run(sa.insert(devices).values(**row, created_at=now, entered_at=entered))


def find(tx: Tx, token_hash: str) -> Device | None:
    """The device of a cookie."""
    row = tx.first(sa.select(*_COLUMNS).where(devices.c.token_hash == token_hash))
    return Device(**row._mapping) if row else None


def of_staff(tx: Tx, staff_id: int, since: datetime) -> list[Device]:
    """Those of an account that became known after `since`, the newest first."""
    mine = (devices.c.staff_id == staff_id, devices.c.created_at > since)
    rows = tx.all(sa.select(*_COLUMNS).where(*mine).order_by(devices.c.id.desc()))
    return [Device(**row._mapping) for row in rows]


def enter(tx: Tx, device_id: int, session_id: int, at: datetime) -> None:
    """Its owner has signed in there with the second factor: the PIN counts again."""
    tx.run(
        sa.update(devices)
        .where(devices.c.id == device_id)
        .values(entered_at=at, session_id=session_id, tries=0)
    )


def opened(tx: Tx, device_id: int, session_id: int) -> None:
    """The PIN was right."""
    tx.run(sa.update(devices).where(devices.c.id == device_id).values(session_id=session_id, tries=0))


def note_try(tx: Tx, device_id: int, most: int) -> bool:
    """Count a try before it is looked at; False when there were too many."""
    row = sa.update(devices).where(devices.c.id == device_id, devices.c.tries < most)
    return tx.first(row.values(tries=devices.c.tries + 1).returning(devices.c.id)) is not None


def close(tx: Tx, session_id: int) -> None:
    """Its owner signed out there: the PIN opens nothing until the next whole sign-in."""
    tx.run(sa.update(devices).where(devices.c.session_id == session_id).values(entered_at=None))


def forget(tx: Tx, staff_id: int, device_id: int) -> None:
    """One device of an account is no longer known."""
    tx.run(sa.delete(devices).where(devices.c.staff_id == staff_id, devices.c.id == device_id))


def forget_of_session(tx: Tx, session_id: int) -> None:
    """The device of a session that was ended from elsewhere is no longer known."""
    tx.run(sa.delete(devices).where(devices.c.session_id == session_id))
