"""That a plan was let out is sealed: who only writes into the database lets none out"""

import json
from typing import Any

import sqlalchemy as sa
from alembic import context, op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

NAME, BATCH = "sealed_let_out", 500
BOUND = ("id", "client_id", "version")


def upgrade() -> None:
    """Apply."""
    op.add_column("plans", sa.Column(NAME, sa.LargeBinary(), nullable=True))
    table = sa.table("plans", *(sa.column(name) for name in (*BOUND, "status", NAME)))
    query = sa.select(table).where(table.c.status.in_(("released", "sent"))).order_by(table.c.id).limit(BATCH)
    change = sa.update(table).where(table.c.id == sa.bindparam("of")).values({NAME: sa.bindparam("sealed")})
    last = 0
    while found := op.get_bind().execute(query.where(table.c.id > last)).mappings().all():
        op.get_bind().execute(change, [{"of": row["id"], "sealed": _sealed(row)} for row in found])
        last = found[-1]["id"]


def _sealed(row: Any) -> bytes:
    place = f"plans.{NAME}:{json.dumps([row[each] for each in BOUND])}"
    sealed: bytes = context.config.attributes["vault"].seal(json.dumps(row["status"]).encode(), place)
    return sealed
