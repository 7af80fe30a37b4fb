"""Colleagues are invited by mail, and mailed about each change of their account"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Time = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Apply."""
    op.add_column("staff", sa.Column("invite_hash", sa.String(64), nullable=False, server_default=""))
    op.add_column("staff", sa.Column("invite_until", Time, nullable=True))
    op.create_table(
        "staff_mails",
        sa.Column("id", Id, primary_key=True, autoincrement=True),
        sa.Column("staff_id", Id, sa.ForeignKey("staff.id"), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False, server_default=""),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("due_at", Time, nullable=True),
    )
    op.create_index("ix_staff_mails_due_at", "staff_mails", ["due_at"])
    op.create_index("ix_staff_mails_staff_id", "staff_mails", ["staff_id"])
