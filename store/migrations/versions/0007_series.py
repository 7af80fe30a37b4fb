"""What the dates of a recurring booking have in common"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("records", sa.Column("series", sa.String(200), nullable=False, server_default=""))
    op.create_index("ix_records_connection_series", "records", ["connection", "series"])
