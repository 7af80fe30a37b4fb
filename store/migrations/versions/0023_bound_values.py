"""Sealed values are bound to their place; those of before are still read until `reseal` has bound them"""

import sqlalchemy as sa
from alembic import context, op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

SEALED = {
    "receipts": ("sealed_headers", "sealed_body"),
    "connections": ("sealed_secret",),
    "attendances": ("sealed_said", "sealed_asked"),
    "records": ("sealed_state",),
    "intakes": ("sealed_answers", "sealed_wording"),
    "intake_changes": ("sealed_change",),
    "flags": ("sealed_flag", "sealed_basis"),
    "plans": ("sealed_plan",),
    "session_notes": ("sealed_note",),
    "checkins": ("sealed_reply",),
    "audit_keys": ("sealed_key",),
    "staff": ("sealed_totp",),
    "staff_sessions": ("sealed_totp",),
    "plan_edits": ("sealed_edit",),
}
OWNER = """
UPDATE {table} SET client_id = COALESCE(
  (SELECT a.client_id FROM attendances a WHERE a.booking_id = {table}.booking_id AND a.since <= {table}.created_at
   ORDER BY a.since DESC, a.id DESC LIMIT 1),
  (SELECT b.client_id FROM bookings b WHERE b.id = {table}.booking_id)
) WHERE client_id IS NULL
"""
OWNED = ("session_notes", "plan_edits")
BOUND = b"\x01"


def upgrade() -> None:
    """Apply. What practitioners wrote since 0009 says whose it is: of the client who came then."""
    for table in OWNED:
        op.execute(OWNER.format(table=table))
    op.create_table(
        "unbound",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("sealed_word", sa.LargeBinary(), nullable=True),
    )
    if any(_has_old(table, name) for table, names in SEALED.items() for name in names):
        word = context.config.attributes["vault"].seal(b"unbound", "unbound.sealed_word:[1]")
        row = sa.table("unbound", sa.column("id"), sa.column("sealed_word"))
        op.get_bind().execute(sa.insert(row).values(id=1, sealed_word=word))


def _has_old(table: str, name: str) -> bool:
    value = sa.column(name, sa.LargeBinary())
    old = sa.and_(value.is_not(None), value != b"", sa.func.substr(value, 1, 1) != BOUND)
    return (
        op.get_bind().execute(sa.select(value).select_from(sa.table(table)).where(old).limit(1)).first()
        is not None
    )
