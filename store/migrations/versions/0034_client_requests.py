"""What clients ask for, and which consents they withdraw, on the page "Your choices"."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Time = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "client_requests",
        sa.Column("id", Id, primary_key=True, autoincrement=True),
        sa.Column("client_id", Id, sa.ForeignKey("clients.id"), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False, server_default=""),
        sa.Column("said_at", Time, nullable=False),
        sa.Column("sealed_said", sa.LargeBinary(), nullable=True),
        sa.Column("author", sa.String(200), nullable=False, server_default=""),
        sa.Column("settled_at", Time, nullable=True),
    )
    op.create_index("ix_client_requests_client_id", "client_requests", ["client_id"])
    op.create_index("ix_client_requests_settled_at", "client_requests", ["settled_at"])
