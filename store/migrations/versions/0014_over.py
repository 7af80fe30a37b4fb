"""The end of a trouble is mailed too, and what is counted for the banner is found by an index"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("troubles", sa.Column("over", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index("ix_contact_points_bounced_at", "contact_points", ["bounced_at"])
