"""Photos and clips of own exercises, and plans that practitioners keep for later clients"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Time = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "own_media",
        sa.Column("id", Id, primary_key=True),
        sa.Column("exercise_id", sa.String(20), nullable=False, server_default=""),
        sa.Column("client_id", Id, sa.ForeignKey("clients.id"), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False, server_default=""),
        sa.Column("sealed_media", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", Time, nullable=False),
    )
    op.create_index("ix_own_media_client_id_exercise_id", "own_media", ["client_id", "exercise_id"])
    op.create_table(
        "saved_plans",
        sa.Column("id", Id, primary_key=True),
        sa.Column("staff_id", Id, sa.ForeignKey("staff.id"), nullable=False),
        sa.Column("sealed_plan", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", Time, nullable=False),
    )
    op.create_index("ix_saved_plans_staff_id", "saved_plans", ["staff_id"])
