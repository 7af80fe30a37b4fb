"""A password that a command made is good for a while, and only to choose another one"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("staff", sa.Column("password_until", sa.DateTime(timezone=True), nullable=True))
