"""The number of a message beside its state, purpose and time: a page of the outbox is read off the index"""

from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None
NAME, OVER = "ix_deliveries_status_purpose_due_at", ("status", "purpose", "due_at", "id")


def upgrade() -> None:
    """Apply."""
    op.drop_index(NAME, "deliveries")
    op.create_index(NAME, "deliveries", list(OVER))
