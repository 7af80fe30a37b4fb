"""A client is found by an address in small letters without looking at every client"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_index("ix_clients_lower_email", "clients", [sa.text("lower(email)")])
