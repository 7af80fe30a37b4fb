"""A visit that moved far away from those that it shared a form with has another form"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("intakes") as batch:
        batch.add_column(sa.Column("number", sa.Integer(), nullable=False, server_default="0"))
        batch.drop_constraint("uq_intakes_booking_id_client_id", type_="unique")
        batch.create_unique_constraint(
            "uq_intakes_booking_id_client_id_number", ["booking_id", "client_id", "number"]
        )
