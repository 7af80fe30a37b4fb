"""Who may come in, as what and by which key, is sealed: who only writes into the database lets nobody in"""

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from alembic import context, op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

TEXTS = ("email", "name", "credential", "roles", "password_hash", "invite_hash")
TIMES = ("deactivated_at", "password_until")


def upgrade() -> None:
    """Apply."""
    op.add_column("staff", sa.Column("sealed_access", sa.LargeBinary(), nullable=True))
    columns: list[Any] = [sa.column(name) for name in ("id", "sealed_totp", *TEXTS, *TIMES)]
    for row in _rows(sa.select(*columns).select_from(sa.table("staff"))):
        said = [*(row[name] for name in TEXTS), row["deactivated_at"] is None, bool(row["sealed_totp"])]
        value = json.dumps([*said, row["password_until"] is None]).encode()
        _write("staff", row["id"], "sealed_access", value, [row["id"]])
    op.add_column("passkeys", sa.Column("sealed_key", sa.LargeBinary(), nullable=True))
    keys: list[Any] = [sa.column(name) for name in ("id", "staff_id", "credential_id", "public_key")]
    for row in _rows(sa.select(*keys).select_from(sa.table("passkeys"))):
        bound = [row["staff_id"], row["credential_id"]]
        _write("passkeys", row["id"], "sealed_key", bytes(row["public_key"]), bound)
    op.drop_column("passkeys", "public_key")


def _rows(query: sa.Select[Any]) -> list[Mapping[str, Any]]:
    return list(map(dict, op.get_bind().execute(query).mappings()))


def _write(table: str, row_id: int, name: str, value: bytes, bound: list[Any]) -> None:
    sealed = context.config.attributes["vault"].seal(value, f"{table}.{name}:{json.dumps(bound)}")
    target = sa.table(table, sa.column("id"), sa.column(name))
    op.get_bind().execute(sa.update(target).where(target.c.id == row_id).values(**{name: sealed}))
