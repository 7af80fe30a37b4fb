"""The hash of a link has a key: `keyed` once it has; sessions of before end, since theirs had none"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply; the next start of a worker, or `migrate`, puts the key in."""
    op.add_column("links", sa.Column("keyed", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute("DELETE FROM staff_sessions")
