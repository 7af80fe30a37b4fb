"""What clients write in a check-in waits for one line of an answer"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Time = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "remarks",
        sa.Column("id", Id, primary_key=True, autoincrement=True),
        sa.Column("booking_id", Id, sa.ForeignKey("bookings.id"), nullable=False),
        sa.Column("client_id", Id, nullable=True),
        sa.Column("checkin_id", Id, nullable=False),
        sa.Column("said_at", Time, nullable=False),
        sa.Column("sealed_words", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_answer", sa.LargeBinary(), nullable=True),
        sa.Column("author", sa.String(200), nullable=False, server_default=""),
        sa.Column("settled_at", Time, nullable=True),
        sa.Column("leaves_at", Time, nullable=True),
        sa.UniqueConstraint("checkin_id", name="uq_remarks_checkin_id"),
    )
    op.create_index("ix_remarks_booking_id", "remarks", ["booking_id"])
    op.create_index("ix_remarks_client_id", "remarks", ["client_id"])
    op.create_index("ix_remarks_settled_at", "remarks", ["settled_at"])
