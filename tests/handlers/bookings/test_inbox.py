"""Receipts become bookings: what is read, what is fetched, what is kept for a person to see."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet

from handlers import retry
from handlers.bookings import inbox
from handlers.bookings import observe as bookings_handler
from handlers.context import Context
from handlers.worker import duties, work
from integrations.base import IntegrationError
from integrations.signing import sha256
from schemas.delivery import Purpose
from schemas.webhook import Inbound, Notice
from store import bookings, clients, connections, deliveries, receipts, tables
from store.running.leases import LEASE
from store.vault import Vault
from tests.helpers.clinic import CALCOM_SECRET, NOW
from tests.helpers.fake_vendor import FakeVendor
from tests.helpers.readable_scheduler import reading
from tests.helpers.visits import book, only, receive, webhook
from tests.helpers.wire import PAYLOADS, SECRET, connect, inbound


def signed(body: object) -> Inbound:
    """A genuine body at Cal.com."""
    raw = json.dumps(body).encode()
    headers = {"x-cal-signature-256": sha256(CALCOM_SECRET, raw).hex()}
    return Inbound(headers, raw, "https://care.test/webhooks/main", NOW)


def statuses(context: Context) -> list[str]:
    """How each receipt stands, oldest first."""
    with context.db.read() as tx:
        return [row.status for row in reversed(receipts.recent(tx))]


def test_what_could_not_be_read_of_an_answer_is_named_on_the_receipt(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, scheduler = reading(context)
    there = scheduler.fetch

    def fetch(external_id: str) -> Any:
        scheduler.left_out.append("data.location")
        return there(external_id)

    receive(ours, webhook("created", NOW), webhook("created", NOW))
    monkeypatch.setattr(scheduler, "fetch", fetch)
    work.work_once(ours, NOW)
    with ours.db.read() as tx:
        notes = [row.note for row in reversed(receipts.recent(tx))]
    assert notes == ["BOOKING_CREATED", "BOOKING_CREATED (left out, not readable: data.location)"]


def test_a_receipt_becomes_a_booking_once(context: Context) -> None:
    booking = book(context)
    assert (booking.start, booking.connection) == (NOW + timedelta(days=7), "main")
    assert statuses(context) == ["done"]
    assert inbox.work(context, NOW + timedelta(hours=1)) == 0


@pytest.mark.parametrize("connection", ["main", "site"])
@pytest.mark.parametrize("ahead", [timedelta(minutes=6), timedelta(days=400)])
def test_a_webhook_that_a_wrong_clock_dated_does_not_outdate_what_comes_later(
    context: Context, connection: str, ahead: timedelta
) -> None:
    later = NOW + timedelta(minutes=5)
    start = NOW + timedelta(days=9)
    receive(context, webhook("created", NOW + ahead, connection=connection), now=NOW)
    receive(context, webhook("created", later, connection=connection, start=start), now=later)
    work.work_once(context, later)
    assert only(context).start == start


def test_what_nobody_understands_is_kept_and_shown(context: Context) -> None:
    receive(context, signed({"no": "trigger"}), signed({"triggerEvent": "OOO_CREATED", "payload": {}}))
    work.work_once(context, NOW)
    assert statuses(context) == ["not_understood", "ignored"]


def test_a_side_field_that_cannot_be_read_is_named_on_the_receipt(context: Context) -> None:
    body = json.loads(webhook("created", NOW).body)
    body["payload"]["attendees"][0]["timeZone"] = ["Secret/One", "Secret/Two"]
    receive(context, signed(body))
    work.work_once(context, NOW)
    with context.db.read() as tx:
        (row,) = receipts.recent(tx)
    assert row.status == "done"
    assert "attendees[0].timeZone" in row.note
    assert "Secret" not in row.note
    assert only(context).start == NOW + timedelta(days=7)


def test_a_webhook_sealed_with_a_lost_key_stops_nothing_and_waits_for_the_key(context: Context) -> None:
    receive(context, webhook("created", NOW, uid="lost"))
    known, context.db.vault = context.db.vault, Vault([Fernet.generate_key().decode()])
    receive(context, webhook("created", NOW, uid="later"))
    work.work_once(context, NOW)
    assert statuses(context) == ["not_understood", "done"]
    context.db.vault = known
    with context.db.begin() as tx:
        assert receipts.replay(tx, receipts.recent(tx)[-1].public_id, NOW)
    work.work_once(context, NOW)
    assert statuses(context) == ["done", "done"]


def test_a_reader_that_fails_keeps_the_receipt_for_a_replay(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_inbound: Inbound) -> list[object]:
        raise KeyError("a fault of ours")

    with monkeypatch.context() as patch:
        patch.setattr(type(context.schedulers["main"]), "parse", lambda _self, inbound: broken(inbound))
        receive(context, webhook("created", NOW))
        work.work_once(context, NOW)
    assert statuses(context) == ["not_understood"]
    with context.db.begin() as tx:
        (row,) = receipts.recent(tx)
        assert receipts.replay(tx, row.public_id, NOW)
    work.work_once(context, NOW)
    assert statuses(context) == ["done"]
    assert only(context).start == NOW + timedelta(days=7)


def test_a_webhook_that_we_fail_on_does_not_stop_the_others(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = bookings_handler.observe

    def broken(*args: object, **kwargs: object) -> list[str]:
        if args[3].external_id == "u1":  # type: ignore[attr-defined]
            raise KeyError("a fault of ours")
        return real(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(inbox, "observe", broken)
    receive(context, webhook("created", NOW), webhook("created", NOW, uid="u2", email="bo@example.org"))
    at = NOW
    for wait in (timedelta(0), *retry.WAITS):
        at += wait
        work.work_once(context, at)
    assert statuses(context) == ["dead", "done"]
    assert only(context, "bo@example.org").connection == "main"


def test_a_webhook_that_ends_the_worker_each_time_is_dead_in_the_end(context: Context) -> None:
    receive(context, webhook("created", NOW))
    at = NOW
    for _ in range(retry.MOST):
        with context.db.begin() as tx:
            assert len(receipts.claim(tx, at, 20)) == 1
        at += LEASE
    work.work_once(context, at)
    assert statuses(context) == ["dead"]


def test_a_receipt_that_its_worker_left_behind_is_taken_up_when_the_lease_ends(context: Context) -> None:
    receive(context, webhook("created", NOW))
    with context.db.begin() as tx:
        receipts.claim(tx, NOW, 20)
    assert inbox.work(context, NOW + LEASE - timedelta(seconds=1)) == 0
    assert inbox.work(context, NOW + LEASE) == 1


def test_a_connection_that_is_gone_is_said_so(context: Context) -> None:
    receive(context, replace(webhook("created", NOW), url="https://care.test/webhooks/former"))
    work.work_once(context, NOW)
    assert statuses(context) == ["ignored"]


def test_a_thin_or_late_or_replayed_webhook_is_read_at_the_scheduler(context: Context) -> None:
    ours, scheduler = reading(context)
    book(ours)
    assert scheduler.reads == []
    receive(ours, webhook("created", NOW))
    work.work_once(ours, NOW)
    assert scheduler.reads == ["u1"]
    receive(ours, webhook("no_show", NOW + timedelta(seconds=1)))
    work.work_once(ours, NOW + timedelta(seconds=1))
    assert scheduler.reads == ["u1", "u1"]
    with ours.db.begin() as tx:
        for row in receipts.recent(tx):
            receipts.replay(tx, row.public_id, NOW)
    work.work_once(ours, NOW + timedelta(seconds=2))
    assert scheduler.reads == ["u1"] * 5


def test_a_scheduler_that_does_not_answer_is_asked_again_later(context: Context) -> None:
    ours, scheduler = reading(context)
    book(ours)
    scheduler.trouble = IntegrationError("Slow down.", retry_after=600)
    receive(ours, webhook("created", NOW))
    work.work_once(ours, NOW)
    assert statuses(ours) == ["done", "pending"]
    scheduler.trouble = None
    work.work_once(ours, NOW + timedelta(seconds=599))
    assert statuses(ours) == ["done", "pending"]
    work.work_once(ours, NOW + timedelta(seconds=600))
    assert statuses(ours) == ["done", "done"]


def test_a_circle_of_moves_at_the_scheduler_is_read_once_each(context: Context) -> None:
    ours, scheduler = reading(context)
    book(ours)
    later = NOW + timedelta(days=8)
    scheduler.move("u1", "u2", later)
    scheduler.move("u2", "u1", later)
    inbox.read(ours, "main", "u1", NOW + timedelta(seconds=1))
    assert len(scheduler.reads) <= 3


def test_bodies_are_sealed_and_forgotten_after_their_days(context: Context) -> None:
    book(context)
    with context.db.read() as tx:
        query = "SELECT sealed_body FROM receipts"
        sealed = tx.conn.exec_driver_sql(query).scalar_one()
    assert b"zoe@example.org" not in bytes(sealed)
    days = timedelta(days=context.clinic.policy.body_days)
    assert duties.forget(context, NOW + days) == 0
    assert duties.forget(context, NOW + days + timedelta(seconds=1)) == 1
    with context.db.begin() as tx:
        (row,) = receipts.recent(tx)
        assert not receipts.replay(tx, row.public_id, NOW)
        assert bookings.listing(tx)


def test_what_waits_is_never_forgotten(context: Context) -> None:
    receive(context, webhook("created", NOW))
    assert duties.forget(context, NOW + timedelta(days=400)) == 0


def a_real_easyappointments(
    context: Context, attach: str = ""
) -> tuple[Context, FakeVendor, list[dict[str, Any]]]:
    """The same clinic at an Easy!Appointments whose API answers as the captured one does."""
    vendor, prefix = FakeVendor(), "/index.php/api/v1"
    answer = json.loads((PAYLOADS / "easyappointments" / "api-appointment-embedded.json").read_text())
    rows = [{**answer, "id": n, "start": f"2031-03-{n + 4:02d} 09:00:00"} for n in (1, 2)]
    for row in rows:
        row["end"] = row["start"].replace("09:", "10:")
        vendor.on("GET", f"{prefix}/appointments/{row['id']}", row)
    vendor.on("GET", f"{prefix}/appointments", rows)
    settings = {"api_key": "token", "api_base": "https://vendor.example", "clinic_zone": "America/New_York"}
    ours = connect("easyappointments", vendor.http(), **settings, attach=attach)
    return replace(context, schedulers={**context.schedulers, "main": ours}), vendor, rows


def saved(action: str, uid: int) -> Notice:
    """What a webhook of Easy!Appointments says."""
    (found,) = connect("easyappointments").parse(inbound({"action": action, "payload": {"id": uid}}))
    return found


def test_a_corrected_address_is_read_for_every_booking_that_we_know_or_that_lies_ahead(
    context: Context,
) -> None:
    ours, vendor, rows = a_real_easyappointments(context)
    inbox.take_in(ours, "main", saved("appointment_save", 1), NOW)
    for row in rows:
        row["customer"] = {**row["customer"], "email": "zoe.new@example.org"}
    vendor.on("GET", "/index.php/api/v1/appointments", rows)
    vendor.answers["GET", "/index.php/api/v1/appointments"].pop(0)
    for _ in range(2):
        inbox.take_in(ours, "main", saved("customer_save", 6), NOW + timedelta(minutes=1))
    with ours.db.read() as tx:
        found = bookings.listing(tx)
        emails = {clients.get(tx, each.client_id).email for each in found}
    assert len(found) == 2
    assert emails == {"zoe.new@example.org"}


def test_what_told_of_a_client_is_not_kept_once_it_was_read(context: Context) -> None:
    ours, _vendor, _rows = a_real_easyappointments(context)
    body = (PAYLOADS / "easyappointments" / "07-customer-save.body").read_bytes()
    receive(ours, Inbound({"x-ea-token": SECRET}, body, "https://care.test/webhooks/main", NOW))
    work.work_once(ours, NOW)
    with ours.db.read() as tx:
        (row,) = receipts.recent(tx)
        assert (row.status, row.note) == ("done", "customer_save")
        assert not tx.value(sa.select(tables.receipts.c.sealed_body).where(tables.receipts.c.id == row.id))


def writes_of(context: Context) -> list[int]:
    """How many notes are owed for each booking, oldest first."""
    with context.db.read() as tx:
        found = sorted(bookings.listing(tx), key=lambda each: each.id)
        owed = [deliveries.of_booking(tx, each.id) for each in found]
    return [sum(each.purpose is Purpose.attach for each in some) for some in owed]


def test_switching_notes_on_writes_to_no_booking_that_was_there_before(context: Context) -> None:
    off, _vendor, _rows = a_real_easyappointments(context)
    inbox.take_in(off, "main", saved("appointment_save", 1), NOW)
    on, _vendor, _rows = a_real_easyappointments(context, attach="notes")
    with on.db.begin() as tx:
        connections.writes(tx, "main", "notes", NOW + timedelta(hours=1))
    for uid in (1, 2):
        inbox.take_in(on, "main", saved("appointment_save", uid), NOW + timedelta(hours=2))
    assert writes_of(on) == [0, 1]
    with on.db.begin() as tx:  # a restart with the same way changes nothing
        connections.writes(tx, "main", "notes", NOW + timedelta(hours=3))
    inbox.take_in(on, "main", saved("appointment_save", 2), NOW + timedelta(hours=4))
    assert writes_of(on) == [0, 1]
