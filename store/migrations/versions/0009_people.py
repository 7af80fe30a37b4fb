"""What belongs to a person hangs on the person: contact points, attendances, lineage of receipts."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Time = sa.DateTime(timezone=True)
BY_BOOKING = ("flags", "session_notes", "plan_edits", "deliveries", "checkins", "links")
UNIQUE = {
    "intakes": (("booking_id",), ("booking_id", "client_id")),
    "flags": (("booking_id", "rule"), ("booking_id", "client_id", "rule")),
    "plans": (("booking_id", "version"), ("booking_id", "client_id", "version")),
    "checkins": (("booking_id", "kind"), ("booking_id", "client_id", "kind")),
}
KINDS = ("care", "checkins")


def upgrade() -> None:
    """Apply."""
    _new_tables()
    _new_columns()
    contacts = _contacts()
    _attendances(contacts)
    _owners(contacts)
    _keys()
    _new_uniques()


def _new_tables() -> None:
    op.create_table(
        "contact_points",
        sa.Column("id", Id, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("value", sa.String(320), nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("bounced_at", Time, nullable=True),
        sa.UniqueConstraint("kind", "value", name="uq_contact_points_kind_value"),
    )
    op.create_table(
        "opt_outs",
        sa.Column("contact_id", Id, sa.ForeignKey("contact_points.id"), primary_key=True),
        sa.Column("kind", sa.String(20), primary_key=True),
        sa.Column("at", Time, nullable=False),
        sa.Column("way", sa.String(20), nullable=False, server_default=""),
    )
    op.create_table(
        "attendances",
        sa.Column("id", Id, primary_key=True, autoincrement=True),
        sa.Column("booking_id", Id, sa.ForeignKey("bookings.id"), nullable=False),
        sa.Column("client_id", Id, sa.ForeignKey("clients.id"), nullable=False),
        sa.Column("email_id", Id, sa.ForeignKey("contact_points.id"), nullable=True),
        sa.Column("phone_id", Id, sa.ForeignKey("contact_points.id"), nullable=True),
        sa.Column("intake_id", Id, sa.ForeignKey("intakes.id"), nullable=True),
        sa.Column("sealed_said", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_asked", sa.LargeBinary(), nullable=True),
        sa.Column("since", Time, nullable=False),
        sa.Column("ended_at", Time, nullable=True),
        sa.Column("unsure", sa.String(20), nullable=False, server_default=""),
        sa.Column("confirmed_at", Time, nullable=True),
    )
    for name in ("booking_id", "client_id", "intake_id", "email_id", "phone_id"):
        op.create_index(f"ix_attendances_{name}", "attendances", [name])
    op.create_table(
        "receipt_clients",
        sa.Column("receipt_id", Id, sa.ForeignKey("receipts.id"), primary_key=True),
        sa.Column("client_id", Id, sa.ForeignKey("clients.id"), primary_key=True),
    )
    op.create_index("ix_receipt_clients_client_id", "receipt_clients", ["client_id"])


def _new_columns() -> None:
    op.add_column("clients", sa.Column("joined_into", Id, nullable=True))
    op.add_column("receipts", sa.Column("traced", sa.Boolean(), nullable=False, server_default=sa.false()))
    for table in BY_BOOKING:
        op.add_column(table, sa.Column("client_id", Id, nullable=True))
    for table in ("deliveries", "links"):
        op.add_column(table, sa.Column("contact_id", Id, nullable=True))
    for table in ("flags", "checkins", "deliveries", "links"):
        op.create_index(f"ix_{table}_client_id", table, ["client_id"])


def _rows(query: str, **values: Any) -> list[Mapping[str, Any]]:
    return [dict(row) for row in op.get_bind().execute(sa.text(query), values).mappings()]


def _do(statement: str, **values: Any) -> None:
    op.get_bind().execute(sa.text(statement), values)


def _contacts() -> dict[tuple[str, str], int]:
    """Each address and number of a client, once; what a client did not want is said of it from now on."""
    known: dict[tuple[str, str], int] = {}
    for row in _rows("SELECT email, phone, created_at, no_email_at, no_sms_at FROM clients"):
        for kind, value, stopped in (
            ("email", row["email"].strip().casefold(), row["no_email_at"]),
            ("sms", _number(row["phone"]), row["no_sms_at"]),
        ):
            if value:
                _contact(known, kind, value, row["created_at"], stopped)
    return known


def _number(phone: str) -> str:
    """The digits of a number; national ones are completed at the next start, when the country is known."""
    digits = re.sub(r"[^\d+]", "", phone.split(";")[0])
    return f"+{digits[2:]}" if digits.startswith("00") else digits


def _contact(
    known: dict[tuple[str, str], int], kind: str, value: str, made: datetime, stopped: datetime | None
) -> None:
    if (kind, value) not in known:
        made_row = _rows(
            "INSERT INTO contact_points (kind, value, created_at) VALUES (:kind, :value, :made) RETURNING id",
            kind=kind,
            value=value,
            made=made,
        )
        known[kind, value] = made_row[0]["id"]
    for of in KINDS if stopped else ():
        _do(
            "INSERT INTO opt_outs (contact_id, kind, at, way) VALUES (:id, :of, :at, 'before')"
            " ON CONFLICT DO NOTHING",
            id=known[kind, value],
            of=of,
            at=stopped,
        )


def _attendances(contacts: Mapping[tuple[str, str], int]) -> None:
    query = (
        "SELECT b.id, b.client_id, b.first_seen_at, c.email, c.phone, i.id AS intake_id FROM bookings b"
        " JOIN clients c ON c.id = b.client_id LEFT JOIN intakes i ON i.booking_id = b.id"
        " WHERE b.merged_into IS NULL"
    )
    for row in _rows(query):
        _do(
            "INSERT INTO attendances (booking_id, client_id, email_id, phone_id, intake_id, since)"
            " VALUES (:booking, :client, :email, :phone, :intake, :since)",
            booking=row["id"],
            client=row["client_id"],
            email=contacts.get(("email", row["email"].strip().casefold())),
            phone=contacts.get(("sms", _number(row["phone"]))),
            intake=row["intake_id"],
            since=row["first_seen_at"],
        )


def _owners(contacts: Mapping[tuple[str, str], int]) -> None:
    """Every row that hung on a booking belongs to the person who came to it."""
    for table in ("flags", "session_notes", "plan_edits", "deliveries"):
        owner = f"SELECT client_id FROM bookings b WHERE b.id = {table}.booking_id"  # noqa: S608 - our own names
        _do(f"UPDATE {table} SET client_id = ({owner})")  # noqa: S608 - our own names
    _do("UPDATE checkins SET client_id = (SELECT client_id FROM plans p WHERE p.id = checkins.plan_id)")
    _do(
        "UPDATE links SET client_id = (SELECT client_id FROM bookings b WHERE b.id = links.subject)"
        " WHERE purpose IN ('intake', 'plan', 'note')"
    )
    _do(
        "UPDATE links SET client_id = (SELECT client_id FROM checkins c WHERE c.id = links.subject)"
        " WHERE purpose = 'checkin'"
    )
    _do("UPDATE links SET client_id = subject WHERE purpose = 'stop'")
    for row in _rows("SELECT id, email, phone FROM clients"):
        email = contacts.get(("email", row["email"].strip().casefold()))
        phone = contacts.get(("sms", _number(row["phone"])))
        for channel, contact in (("email", email), ("sms", phone)):
            _do(
                "UPDATE deliveries SET contact_id = :contact WHERE client_id = :client AND channel = :channel"
                " AND purpose IN ('intake', 'intake_reminder', 'plan', 'checkin')",
                contact=contact,
                client=row["id"],
                channel=channel,
            )
        _do("UPDATE links SET contact_id = :email WHERE client_id = :client", email=email, client=row["id"])


def _keys() -> None:
    """The key of a message names whom it is about, and the contact point that it goes to."""
    _do("UPDATE deliveries SET key = key || ':' || COALESCE(client_id, 0) || '.' || COALESCE(contact_id, 0)")


def _new_uniques() -> None:
    for table, (old, new) in UNIQUE.items():
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(f"uq_{table}_{'_'.join(old)}", type_="unique")
            batch.create_unique_constraint(f"uq_{table}_{'_'.join(new)}", list(new))
    with op.batch_alter_table("clients") as batch:
        batch.drop_constraint("uq_clients_identity", type_="unique")
        batch.drop_column("identity")
        batch.drop_column("no_email_at")
        batch.drop_column("no_sms_at")
