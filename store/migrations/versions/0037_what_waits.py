"""Indexes of what waits for somebody, beside all that was done"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

UNSEEN = "purpose = 'alert' AND seen_at IS NULL"
NOT_OUT = "status = 'dead' OR reason = 'trying_again' OR reason = 'mail_waits'"
REPLACED = (
    ("ix_deliveries_purpose_seen_at", "deliveries"),
    ("ix_bookings_merged_into", "bookings"),
    ("ix_clients_joined_into", "clients"),
)
OF_SOME = (
    ("ix_deliveries_held", "deliveries", ["reason"], "coalesce(status, status) = 'held'"),
    ("ix_deliveries_unseen", "deliveries", ["created_at"], f"{UNSEEN} AND key NOT LIKE '%:alert:soon-%'"),
    ("ix_deliveries_not_out", "deliveries", ["created_at"], f"{UNSEEN} AND ({NOT_OUT})"),
    ("ix_attendances_asked", "attendances", ["id"], "sealed_asked IS NOT NULL AND ended_at IS NULL"),
    ("ix_bookings_merged_into", "bookings", ["merged_into"], "merged_into IS NOT NULL"),
    ("ix_clients_joined_into", "clients", ["joined_into"], "joined_into IS NOT NULL"),
    ("ix_session_notes_drafts", "session_notes", ["booking_id"], "author = ''"),
)


def upgrade() -> None:
    """Apply."""
    for name, table in REPLACED:
        op.drop_index(name, table)
    op.create_index("ix_deliveries_status_purpose_due_at", "deliveries", ["status", "purpose", "due_at"])
    for name, table, columns, where in OF_SOME:
        op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
