"""When a connection was last read through to the end"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply; whoever was read before is not at its first reading any more."""
    op.add_column("connections", sa.Column("last_read_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE connections SET last_read_at = last_reconcile_at")
