"""What a practitioner has typed and not sent yet"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Time = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "drafts",
        sa.Column("id", Id, primary_key=True, autoincrement=True),
        sa.Column("staff_id", Id, sa.ForeignKey("staff.id"), nullable=False),
        sa.Column("client_id", Id, nullable=True),
        sa.Column("place", sa.String(40), nullable=False, server_default=""),
        sa.Column("sealed_words", sa.LargeBinary(), nullable=True),
        sa.Column("typed_at", Time, nullable=False),
        sa.UniqueConstraint("staff_id", "place", name="uq_drafts_staff_id_place"),
    )
    op.create_index("ix_drafts_client_id", "drafts", ["client_id"])
    op.create_index("ix_drafts_typed_at", "drafts", ["typed_at"])
