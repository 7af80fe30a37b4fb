"""The log is a chain of keyed hashes, says where an act came from, and is not changed any more

A later migration that makes the table again (`batch_alter_table` on SQLite) has to make the triggers again.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import context, op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Time = sa.DateTime(timezone=True)
BATCH = 1000
START = "0" * 64
WORDS = ("actor", "action", "subject", "detail", "via", "source")
audit = sa.table("audit", sa.column("id"), sa.column("at", Time), *map(sa.column, (*WORDS, "key_id", "hash")))
keys = sa.table("audit_keys", sa.column("id"), sa.column("sealed_key"), sa.column("made_at", Time))
head = sa.table("audit_head", sa.column("id"), sa.column("entries"), sa.column("hash"))


def upgrade() -> None:
    """Apply; the entries of before are chained as they stand."""
    for name, length in (("via", 80), ("source", 64), ("hash", 64)):
        op.add_column("audit", sa.Column(name, sa.String(length), nullable=False, server_default=""))
    op.add_column("audit", sa.Column("key_id", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "audit_keys",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=True),
        sa.Column("made_at", Time, nullable=False),
    )
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False, server_default=""),
    )
    if op.get_bind().execute(sa.select(audit.c.id).limit(1)).first():
        _chain()
    _guard()


def _chain() -> None:
    bind, key = op.get_bind(), secrets.token_hex(32).encode()
    sealed = context.config.attributes["vault"].seal(key, "audit_keys.sealed_key:[1]")
    bind.execute(sa.insert(keys).values(id=1, sealed_key=sealed, made_at=_stored(datetime.now(UTC))))
    if bind.dialect.name == "postgresql":
        op.execute("SELECT setval(pg_get_serial_sequence('audit_keys', 'id'), 1)")
    last, count, before = 0, 0, START
    rows = sa.select(audit).order_by(audit.c.id).limit(BATCH)
    row_of = (
        sa.update(audit).where(audit.c.id == sa.bindparam("row")).values(key_id=1, hash=sa.bindparam("new"))
    )
    while found := bind.execute(rows.where(audit.c.id > last)).all():
        made = []
        for row in found:
            at = row.at if row.at.tzinfo else row.at.replace(tzinfo=UTC)
            before = _digest(key, before, {**row._mapping, "at": at})
            made.append({"row": row.id, "new": before})
        bind.execute(row_of, made)
        last, count = found[-1].id, count + len(found)
    bind.execute(sa.insert(head).values(id=1, entries=count, hash=before))


def _digest(key: bytes, before: str, row: Mapping[str, Any]) -> str:
    text = json.dumps([before, row["at"].astimezone(UTC).isoformat(), *(row[name] for name in WORDS)])
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _stored(at: datetime) -> datetime:
    return at.replace(tzinfo=None) if op.get_bind().dialect.name == "sqlite" else at


def _guard() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_no_{act.lower()} BEFORE {act} ON audit"
                " BEGIN SELECT RAISE(ABORT, 'the log is only added to'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'the log is only added to'; END $$"
    )
    for act, name in (("UPDATE", "update"), ("DELETE OR TRUNCATE", "delete")):
        op.execute(
            f"CREATE TRIGGER audit_no_{name} BEFORE {act} ON audit"
            " FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()"
        )
