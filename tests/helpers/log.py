"""What only a test does to the audit log: change it."""

import sqlalchemy as sa

from store.base import Tx


def unguard(tx: Tx) -> None:
    """Take away what refuses to change the log, as somebody would who may do everything to the database."""
    for name in ("audit_no_update", "audit_no_delete"):
        where = "" if tx.conn.dialect.name == "sqlite" else " ON audit"
        tx.run(sa.text(f"DROP TRIGGER IF EXISTS {name}{where}"))
