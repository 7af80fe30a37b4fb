"""A check-in that was sent again is the same check-in"""

import re

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

KIND = re.compile(r"(?P<kind>h24|d3|w1|w2|w4)(?P<again>(?:-again\d*)+)")
OF_RESEND = re.compile(r"(?:-again\d*)+-again")  # a reminder that followed from a message sent again


def upgrade() -> None:
    """Apply.

    "Send again" made a check-in of a kind of its own ("w1-again1"), whose page failed, and a reminder of that
    ("w1-again1-again"). The first becomes the check-in that it repeats, so that its mailed link opens; the
    second goes, unless it was tried: then it counts as the reminder sent again.
    """
    _checkins()
    _reminders()


def _checkins() -> None:
    conn = op.get_bind()
    for row in conn.execute(sa.text("SELECT id, booking_id, kind FROM checkins ORDER BY id")).all():
        found = KIND.fullmatch(row.kind)
        if found is None:
            continue
        same = {"booking": row.booking_id, "kind": found["kind"]}
        query = sa.text("SELECT id FROM checkins WHERE booking_id = :booking AND kind = :kind")
        real = conn.execute(query, same).scalar()
        if real is None:
            conn.execute(
                sa.text("UPDATE checkins SET kind = :kind WHERE id = :id"),
                {"id": row.id, "kind": found["kind"]},
            )
            continue
        both = {"id": row.id, "real": real}
        conn.execute(
            sa.text("UPDATE links SET subject = :real WHERE purpose = 'checkin' AND subject = :id"), both
        )
        conn.execute(sa.text("DELETE FROM checkins WHERE id = :id"), both)


def _reminders() -> None:
    conn = op.get_bind()
    query = "SELECT id, key, attempts FROM deliveries WHERE purpose = 'checkin' AND key LIKE '%-again%'"
    rows = conn.execute(sa.text(f"{query} ORDER BY id")).all()
    taken = {row.key for row in rows}
    for row in rows:
        booking, purpose, number, channel = row.key.split(":")
        found = KIND.fullmatch(number)
        if found is None or not OF_RESEND.fullmatch(found["again"]):
            continue
        if row.attempts == 0:
            conn.execute(sa.text("DELETE FROM deliveries WHERE id = :id"), {"id": row.id})
            continue
        names = (f"{booking}:{purpose}:{found['kind']}-again-again{n}:{channel}" for n in range(1, 100))
        key = next(name for name in names if name not in taken)
        taken.add(key)
        conn.execute(sa.text("UPDATE deliveries SET key = :key WHERE id = :id"), {"id": row.id, "key": key})
