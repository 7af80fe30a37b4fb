"""A client chooses days and a time for the plan"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "my_days",
        sa.Column(
            "client_id",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            sa.ForeignKey("clients.id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("days", sa.String(20), nullable=False, server_default=""),
        sa.Column("time", sa.String(5), nullable=False, server_default=""),
        sa.Column("way", sa.String(10), nullable=False, server_default=""),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
    )
