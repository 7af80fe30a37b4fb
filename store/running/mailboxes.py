"""How far a mailbox was read."""

import sqlalchemy as sa

from store.base import Tx
from store.tables import mailboxes


def place(tx: Tx, name: str) -> tuple[int, int]:
    """UIDVALIDITY and the last UID that was looked at; (0, 0) before the first look."""
    row = tx.first(sa.select(mailboxes).where(mailboxes.c.name == name))
    return (row.validity, row.last_uid) if row else (0, 0)


def went_on(tx: Tx, name: str, validity: int, last_uid: int) -> None:
    """It was read so far."""
    tx.lock(f"mailbox-{name}")
    values = {"validity": validity, "last_uid": last_uid}
    row = sa.update(mailboxes).where(mailboxes.c.name == name).values(**values)
    if tx.first(row.returning(mailboxes.c.name)) is None:
        tx.run(sa.insert(mailboxes).values(name=name, **values))
