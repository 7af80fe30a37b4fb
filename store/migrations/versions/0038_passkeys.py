"""Passkeys of staff, beside password and second factor"""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Time = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "passkeys",
        sa.Column("id", Id, primary_key=True, autoincrement=True),
        sa.Column("staff_id", Id, sa.ForeignKey("staff.id"), nullable=False),
        sa.Column("name", sa.String(60), nullable=False, server_default=""),
        sa.Column("credential_id", sa.String(1400), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("used_at", Time, nullable=False),
        sa.UniqueConstraint("credential_id", name="uq_passkeys_credential_id"),
    )
    op.create_index("ix_passkeys_staff_id", "passkeys", ["staff_id"])
