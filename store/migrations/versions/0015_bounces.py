"""How far the mailbox with bounces was read, and which message a bounce is about"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "mailboxes",
        sa.Column("name", sa.String(200), primary_key=True),
        sa.Column("validity", sa.BigInteger(), nullable=False),
        sa.Column("last_uid", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_deliveries_message_id", "deliveries", ["message_id"])
