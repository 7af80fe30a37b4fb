"""An index of when the answers to remarks leave, beside the one of those that wait for an answer"""

from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_index("ix_remarks_leaves_at", "remarks", ["leaves_at"])
