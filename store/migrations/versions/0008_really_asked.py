"""Who was asked, and who is found by a number in other digits"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# A check-in that never left was noted as asked, and its client as silent.
NEVER_SENT = """
UPDATE checkins SET asked_at = NULL
WHERE answered_at IS NULL AND asked_at IS NOT NULL AND kind NOT LIKE 'tick:%' AND NOT EXISTS (
  SELECT 1 FROM deliveries
  WHERE deliveries.booking_id = checkins.booking_id AND deliveries.purpose = 'checkin'
    AND deliveries.status = 'sent' AND deliveries.key LIKE '%:checkin:' || checkins.kind || '%'
)
"""


def upgrade() -> None:
    """Apply."""
    op.execute(NEVER_SENT)
    _find_by_other_digits()


def _find_by_other_digits() -> None:
    """Numbers in other than the digits 0 to 9: a STOP looks for them by these."""
    conn = op.get_bind()
    for row in conn.execute(sa.text("SELECT id, phone FROM clients WHERE phone <> ''")).all():
        digits = "".join(str(int(char)) for char in row.phone if char.isdecimal())
        if row.phone.isascii() or len(digits) < 7:
            continue
        known = sa.text("SELECT word FROM client_words WHERE client_id = :id")
        for word in {digits, digits[-4:], digits[-7:]} - set(conn.scalars(known, {"id": row.id})):
            conn.execute(
                sa.text("INSERT INTO client_words (client_id, word) VALUES (:id, :word)"),
                {"id": row.id, "word": word},
            )
