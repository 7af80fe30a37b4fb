"""Times that a practitioner spent with what a client sent, for the remote monitoring sheet"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Time = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "looks",
        sa.Column("id", Id, primary_key=True, autoincrement=True),
        sa.Column("client_id", Id, nullable=False),
        sa.Column("staff_id", Id, sa.ForeignKey("staff.id"), nullable=False),
        sa.Column("author", sa.String(200), nullable=False, server_default=""),
        sa.Column("started_at", Time, nullable=False),
        sa.Column("ended_at", Time, nullable=True),
    )
    op.create_index("ix_looks_client_id", "looks", ["client_id"])
    op.create_index("ix_looks_staff_id", "looks", ["staff_id"])
