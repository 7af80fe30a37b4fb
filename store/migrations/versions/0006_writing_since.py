"""Since when link and status are written onto bookings, and in which way"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply; the next start notes the way that is configured."""
    op.add_column("connections", sa.Column("attach_way", sa.String(64), nullable=False, server_default=""))
    op.add_column("connections", sa.Column("attach_since", sa.DateTime(timezone=True), nullable=True))
