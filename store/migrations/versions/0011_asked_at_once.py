"""Requests to one contact point are found quickly"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_index("ix_deliveries_contact_id_created_at", "deliveries", ["contact_id", "created_at"])
