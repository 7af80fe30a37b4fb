"""Who has seen an alert"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply. Alerts of before count as seen: they were, by looking at the booking, and nobody can be asked."""
    op.add_column("deliveries", sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE deliveries SET seen_at = created_at WHERE purpose = 'alert'")
    op.create_index("ix_deliveries_purpose_seen_at", "deliveries", ["purpose", "seen_at"])
