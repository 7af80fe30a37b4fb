"""Visits by practitioner and time: "Mine" of somebody without visits walked through all of them"""

from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_index("ix_bookings_practitioner_start_at", "bookings", ["practitioner", "start_at"])
