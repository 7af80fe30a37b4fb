"""Texts that clients send are kept until somebody has read them; a rule's name may be longer"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def _id() -> sa.BigInteger:
    return sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "texts",
        sa.Column("id", _id(), primary_key=True, autoincrement=True),
        sa.Column("vendor_id", sa.String(100), nullable=False),
        sa.Column("contact_id", _id(), sa.ForeignKey("contact_points.id"), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed_words", sa.LargeBinary(), nullable=True),
        sa.Column("mailed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.UniqueConstraint("vendor_id", name="uq_texts_vendor_id"),
    )
    op.create_index("ix_texts_contact_id", "texts", ["contact_id"])
    op.create_index("ix_texts_seen_at", "texts", ["seen_at"])
    if op.get_bind().dialect.name == "postgresql":  # SQLite measures no text
        op.alter_column("flags", "rule", type_=sa.String(64), existing_nullable=False)
