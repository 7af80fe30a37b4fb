"""What a link of an older database opens is kept with the key, when the key is put into its hash"""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply; the next start of a worker, or `migrate`, fills it for the links of before."""
    op.add_column("links", sa.Column("opens", sa.String(64), nullable=False, server_default=""))
