"""A channel that takes nothing of ours is left alone for a while"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

Time = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "pauses",
        sa.Column("channel", sa.String(10), primary_key=True),
        sa.Column("since", Time, nullable=False),
        sa.Column("until", Time, nullable=False),
        sa.Column("times", sa.Integer, nullable=False),
        sa.Column("text", sa.String(500), nullable=False, server_default=""),
    )
