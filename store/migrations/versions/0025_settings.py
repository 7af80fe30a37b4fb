"""Settings that are made in the browser"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "settings",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("sealed_value", sa.LargeBinary()),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
    )
