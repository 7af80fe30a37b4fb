"""Since when a connection is in trouble, and when somebody was told"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    for name in ("trouble_at", "told_at"):
        op.add_column("connections", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
