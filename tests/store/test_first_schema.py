"""A database of the first schema, with rows in the forms of then: once migrated, everything is readable."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from cryptography.fernet import Fernet

from schemas.checkin import CheckInKind, Tick
from schemas.delivery import (
    ESCALATION,
    AlertCause,
    Channel,
    CheckInQuestion,
    DeliveryKey,
    DeliveryStatus,
    NoteStatus,
    Purpose,
    Urgency,
)
from schemas.intake import IntakeStatus
from schemas.plan import PlanStatus
from schemas.reason import Reason
from schemas.receipt import ReceiptStatus
from store import checkins, deliveries, intakes, migrate, passkeys, plans, receipts, reseal, sealing, staff
from store.base import Database, Tx
from store.tables import session_notes
from store.vault import SealBroken, Vault
from tests.helpers.clinic import NOW
from tests.helpers.databases import fresh_postgres
from tests.helpers.seals import as_before

KEYS = {
    "12:intake:0:email": DeliveryKey(12, Purpose.intake, 0, Channel.email),
    "12:intake:0-again2:email": DeliveryKey(12, Purpose.intake, 0, Channel.email, 2),
    "12:intake_reminder:1:email": DeliveryKey(12, Purpose.intake_reminder, 1, Channel.email),
    "12:plan:0:email": DeliveryKey(12, Purpose.plan, 0, Channel.email),
    "12:plan:0-again1:email": DeliveryKey(12, Purpose.plan, 0, Channel.email, 1),
    "12:plan:3:email": DeliveryKey(12, Purpose.plan, 3, Channel.email),
    "12:checkin:w1:email": DeliveryKey(12, Purpose.checkin, CheckInQuestion(CheckInKind.w1), Channel.email),
    "12:checkin:d3:sms": DeliveryKey(12, Purpose.checkin, CheckInQuestion(CheckInKind.d3), Channel.sms),
    "12:checkin:w1-again:email": DeliveryKey(
        12, Purpose.checkin, CheckInQuestion(CheckInKind.w1, reminder=True), Channel.email
    ),
    "12:checkin:w1-again1:email": DeliveryKey(
        12, Purpose.checkin, CheckInQuestion(CheckInKind.w1), Channel.email, 1
    ),
    "12:checkin:w1-again-again1:email": DeliveryKey(
        12, Purpose.checkin, CheckInQuestion(CheckInKind.w1, reminder=True), Channel.email, 1
    ),
    "12:alert:RF01:email": DeliveryKey(12, Purpose.alert, AlertCause("RF01"), Channel.email),
    "12:alert:RF01-again1:sms": DeliveryKey(12, Purpose.alert, AlertCause("RF01"), Channel.sms, 1),
    "12:alert:again:sms": DeliveryKey(12, Purpose.alert, ESCALATION, Channel.sms),
    "12:alert:again-again1:email": DeliveryKey(12, Purpose.alert, ESCALATION, Channel.email, 1),
    "12:alert:soon-no_reply:email": DeliveryKey(
        12, Purpose.alert, AlertCause("no_reply", Urgency.soon), Channel.email
    ),
    "12:alert:soon-w1-worse:email": DeliveryKey(
        12, Purpose.alert, AlertCause("w1-worse", Urgency.soon), Channel.email
    ),
    "12:alert:tick-2026-11-27-5-much_worse:sms": DeliveryKey(
        12, Purpose.alert, AlertCause("tick-2026-11-27-5-much_worse"), Channel.sms
    ),
    "12:summary:0:email": DeliveryKey(12, Purpose.summary, 0, Channel.email),
    "12:attach:intake_missing:note": DeliveryKey(12, Purpose.attach, NoteStatus.intake_missing, Channel.note),
    "12:attach:plan_sent:note": DeliveryKey(12, Purpose.attach, NoteStatus.plan_sent, Channel.note),
}
PLANS = (
    *(PlanStatus.replaced, PlanStatus.draft, PlanStatus.held),
    *(PlanStatus.released, PlanStatus.none, PlanStatus.sent),
)
WHY = ("", "changed", "checkin:worse", "checkin:ready_for_more", "", "checkin:on_track")


@pytest.fixture(params=["sqlite", "postgresql"])
def old(request: pytest.FixtureRequest, tmp_path: Any) -> Database:
    """A database of the first schema, with one booking in it."""
    url = f"sqlite:///{tmp_path / 'a.db'}"
    if request.param == "postgresql":
        url = fresh_postgres(request.getfixturevalue("postgres_server"), template="template0")
    db = Database(url, Vault([Fernet.generate_key().decode()]))
    with db.begin() as tx:
        command.upgrade(migrate.config(tx.conn), "0001")
        put(tx, "clients", id=7, identity="zoe", name="Zoë Łuć", email="zoe@example.org", created_at=NOW)
        times = {"start_at": NOW, "end_at": NOW + timedelta(hours=1), "first_seen_at": NOW, "updated_at": NOW}
        for number in (12, 13, 14):
            given = {"connection": "main", "client_id": 7, "status": "confirmed"}
            put(tx, "bookings", id=number, **given, remote=False, earlier=False, **times)
    return db


def put(tx: Tx, table: str, **values: Any) -> None:
    """Insert one row by the names of its columns, whatever the code of today knows of the table."""
    columns = [
        sa.column(name, sa.DateTime(timezone=True)) if isinstance(value, datetime) else sa.column(name)
        for name, value in values.items()
    ]
    tx.run(sa.insert(sa.table(table, *columns)).values(**values))


def put_delivery(
    tx: Tx, key: str, about: str, *, status: str = "sent", reason: str = "", attempts: int = 1
) -> None:
    """A delivery of booking 12; `about` is its purpose and its channel."""
    purpose, channel = about.split()
    given = {"key": key, "booking_id": 12, "purpose": purpose, "channel": channel, "status": status}
    put(tx, "deliveries", **given, reason=reason, attempts=attempts, due_at=NOW, created_at=NOW)


def put_plan(tx: Tx, version: int, status: str = "sent", reason: str = "") -> None:
    """A version of booking 12's plan."""
    given = {"id": version, "booking_id": 12, "client_id": 7, "version": version, "status": status}
    sealed = as_before(tx.vault, {"items": [], "days_per_week": 5})
    put(tx, "plans", **given, reason=reason, sealed_plan=sealed, created_at=NOW)


def put_checkin(tx: Tx, number: int, kind: str, booking: int = 12) -> None:
    """A check-in that was asked, and its link."""
    put(tx, "checkins", id=number, booking_id=booking, plan_id=1, kind=kind, asked_at=NOW)
    link = {"token_hash": f"{number}", "purpose": "checkin", "subject": number}
    put(tx, "links", **link, created_at=NOW, expires_at=NOW + timedelta(days=60))


def coded(key: DeliveryKey, vault: Vault) -> DeliveryKey:
    """A key in which a code stands for the reason of an alert."""
    if not isinstance(key.number, AlertCause) or key.number == ESCALATION:
        return key
    return replace(key, number=replace(key.number, name=vault.codes(f"alert:7:{key.number.name}")[0]))


def test_every_key_that_was_ever_written_is_read_and_written_back_the_same(old: Database) -> None:
    with old.begin() as tx:
        for text, key in KEYS.items():
            put_delivery(tx, text, f"{key.purpose} {key.channel}")
    migrate.upgrade(old)
    with old.read() as tx:
        found = [each.key for each in deliveries.of_booking(tx, 12)]
        expected = [coded(key, old.vault) for key in KEYS.values()]
        assert [replace(each, client=0, recipient=0) for each in found] == expected
        assert {each.client for each in found} == {7}
        assert [str(each).rpartition(":")[0] for each in found] == [
            str(each).rpartition(":")[0] for each in expected
        ]
        assert "RF01" not in " ".join(map(str, found))
        assert all(deliveries.by_key(tx, key) is not None for key in found)
    old.close()


def test_every_reason_and_status_of_a_message_is_read(old: Database) -> None:
    with old.begin() as tx:
        for number, reason in enumerate(Reason):
            put_delivery(tx, f"12:plan:{number}:email", "plan email", reason=reason)
        for number, status in enumerate(DeliveryStatus):
            put_delivery(tx, f"12:intake_reminder:{number}:email", "intake_reminder email", status=status)
    migrate.upgrade(old)
    with old.read() as tx:
        found = deliveries.of_booking(tx, 12)
    assert {each.reason for each in found} == set(Reason)
    assert {each.status for each in found} == set(DeliveryStatus)
    old.close()


def test_every_status_of_plans_intakes_and_receipts_is_read(old: Database) -> None:
    with old.begin() as tx:
        for version, (plan, why) in enumerate(zip(PLANS, WHY, strict=True), start=1):
            put_plan(tx, version, plan, why)
        for booking, status in zip((12, 13, 14), IntakeStatus, strict=True):
            given = {"booking_id": booking, "client_id": 7, "questionnaire": "first_visit", "version": "1"}
            put(tx, "intakes", **given, status=str(status), created_at=NOW)
        for receipt in ReceiptStatus:
            given = {"public_id": f"r_{receipt}", "connection": "main", "url": "", "status": str(receipt)}
            put(tx, "receipts", **given, received_at=NOW, due_at=NOW)
    migrate.upgrade(old)
    with old.read() as tx:
        stored = plans.of_client(tx, [7])
        assert [each.status for each in stored] == list(PLANS)
        assert [each.origin.check_in for each in stored] == [
            "",
            "",
            "worse",
            "ready_for_more",
            "",
            "on_track",
        ]
        statuses = [found.status for n in (12, 13, 14) if (found := intakes.of_booking(tx, n))]
        assert statuses == list(IntakeStatus)
        kept = [receipts.by_public_id(tx, f"r_{status}") for status in ReceiptStatus]
    assert [each.status for each in kept if each] == list(ReceiptStatus)
    old.close()


def test_check_ins_and_ticked_days_are_read(old: Database) -> None:
    kinds = ("h24", "d3", "w1", "w2", "w4", "tick:2026-11-27")
    with old.begin() as tx:
        put_plan(tx, 1)
        for number, kind in enumerate(kinds, start=1):
            put_checkin(tx, number, kind)
    migrate.upgrade(old)
    with old.read() as tx:
        found = [each.kind for each in checkins.of_booking(tx, 12)]
    assert found == [*CheckInKind, Tick(date(2026, 11, 27))]
    old.close()


def test_a_check_in_that_was_sent_again_is_the_one_that_it_repeats(old: Database) -> None:
    with old.begin() as tx:
        put_plan(tx, 1)
        for number, kind in enumerate(("w1", "w1-again1", "w1-again-again1"), start=1):
            put_checkin(tx, number, kind)
        put_checkin(tx, 9, "h24-again1", booking=13)  # asked no other way
        put_checkin(tx, 10, "h24-again2", booking=13)
    migrate.upgrade(old)
    with old.read() as tx:
        assert [(one.id, one.kind) for one in checkins.of_booking(tx, 12)] == [(1, CheckInKind.w1)]
        assert [(one.id, one.kind) for one in checkins.of_booking(tx, 13)] == [(9, CheckInKind.h24)]
        links = tx.all(sa.text("SELECT token_hash, subject FROM links ORDER BY id"))
    assert [tuple(row) for row in links] == [("1", 1), ("2", 1), ("3", 1), ("9", 9), ("10", 9)]
    old.close()


def test_a_reminder_of_what_was_sent_again_goes_unless_it_was_tried(old: Database) -> None:
    with old.begin() as tx:
        put_delivery(tx, "12:checkin:w1-again:email", "checkin email")
        put_delivery(tx, "12:checkin:w1-again1-again:email", "checkin email", status="scheduled", attempts=0)
        put_delivery(tx, "12:checkin:d3-again1-again:sms", "checkin sms")
        put_delivery(tx, "12:checkin:d3-again-again1:sms", "checkin sms")
        put_delivery(tx, "12:checkin:d3-again-again1-again:sms", "checkin sms")
    migrate.upgrade(old)
    with old.read() as tx:
        found = [str(each.key).rpartition(":")[0] for each in deliveries.of_booking(tx, 12)]
    assert found == [
        "12:checkin:w1-again:email",
        "12:checkin:d3-again-again2:sms",
        "12:checkin:d3-again-again1:sms",
        "12:checkin:d3-again-again3:sms",
    ]
    old.close()


def test_values_of_before_are_known_to_be_bound_to_nothing_and_notes_get_their_owner(old: Database) -> None:
    with old.begin() as tx:
        put_plan(tx, 1)
        note = {"booking_id": 12, "author": "Mara", "sealed_note": as_before(tx.vault, {"said": "hold"})}
        put(tx, "session_notes", **note, created_at=NOW)
    migrate.upgrade(old)
    with old.begin() as tx:
        assert reseal.may_be_unbound(tx)
        found = tx.all(sa.select(session_notes))[0]
        assert sealing.unseal_json(tx, session_notes.c.sealed_note, found) == {"said": "hold"}
        assert found.client_id == 7
        reseal.all_bound(tx)
        with pytest.raises(SealBroken):
            sealing.unseal(tx, session_notes.c.sealed_note, found)


def test_a_database_without_sealed_values_never_reads_one_of_before(old: Database) -> None:
    migrate.upgrade(old)
    with old.read() as tx:
        assert not reseal.may_be_unbound(tx)


def test_accounts_and_passkeys_of_before_open_as_they_did(old: Database) -> None:
    with old.migrating() as tx:
        command.upgrade(migrate.config(tx.conn, tx.vault), "0039")
        text = {"credential": "LMT", "roles": "manager practitioner", "language": "en", "invite_hash": ""}
        for number, gone in ((1, None), (2, NOW)):
            about = {"id": number, "email": f"p{number}@example.org", "name": f"Pé {number}", **text}
            put(tx, "staff", **about, password_hash="hash", created_at=NOW, deactivated_at=gone)
        mine = {"staff_id": 1, "name": "phone", "credential_id": "abc", "public_key": b"public"}
        put(tx, "passkeys", **mine, sign_count=0, created_at=NOW, used_at=NOW)
    migrate.upgrade(old)
    with old.begin() as tx:
        assert [(each.sound, each.active) for each in staff.every(tx)] == [(True, True), (True, False)]
        assert [each.public_key for each in passkeys.of_staff(tx, 1)] == [b"public"]
        for table in reseal.tables():
            found = reseal.look(tx, table, None)
            assert found is None or found.broken == ()
