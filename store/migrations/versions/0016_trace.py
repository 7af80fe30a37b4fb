"""A message keeps the id of the webhook that it follows from"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("deliveries", sa.Column("trace", sa.String(40), nullable=False, server_default=""))
