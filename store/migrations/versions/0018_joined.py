"""What was merged or joined into another is found without looking at every row"""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_index("ix_bookings_merged_into", "bookings", ["merged_into"])
    op.create_index("ix_clients_joined_into", "clients", ["joined_into"])
