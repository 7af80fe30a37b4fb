"""Troubles have a table of their own; how far a scheduler was read is kept"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

Time = sa.DateTime(timezone=True)
CLOCK = "A genuine webhook was refused:%"
"""How the text of a wrong clock began."""


def upgrade() -> None:
    """Apply; a reading begins at the next start of a worker."""
    op.create_table(
        "troubles",
        sa.Column("kind", sa.String(20), primary_key=True),
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("text", sa.String(500), nullable=False, server_default=""),
        sa.Column("since", Time, nullable=False),
        sa.Column("mailed_at", Time, nullable=True),
    )
    _move()
    with op.batch_alter_table("connections") as batch:
        for name in ("trouble", "trouble_at", "told_at"):
            batch.drop_column(name)
        for name in ("read_begun_at", "read_step_at", "read_due_at", "webhook_seen_at"):
            batch.add_column(sa.Column(name, Time, nullable=True))
        batch.add_column(sa.Column("read_place", sa.Text(), nullable=False, server_default=""))
        for name in ("read_number", "read_failed"):
            batch.add_column(sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    op.add_column("records", sa.Column("listed_in", sa.Integer(), nullable=False, server_default="0"))


def _move() -> None:
    """What was wrong with a connection, and whether the clinic has a mail about it."""
    clock = sa.text(
        "INSERT INTO troubles (kind, name, text, since, mailed_at)"
        " SELECT CASE WHEN trouble LIKE :clock THEN 'clock' ELSE 'unreadable' END, name, trouble,"
        " COALESCE(trouble_at, first_seen_at), told_at FROM connections WHERE trouble <> ''"
    )
    op.get_bind().execute(clock, {"clock": CLOCK})
    op.execute(
        "INSERT INTO troubles (kind, name, since, mailed_at)"
        " SELECT 'quiet', name, told_at, told_at FROM connections WHERE trouble = '' AND told_at IS NOT NULL"
    )
