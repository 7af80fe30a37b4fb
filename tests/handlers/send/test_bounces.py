"""Mail that came back marks the address that it went to, and nobody else's; a forged report does nothing."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.context import Context
from handlers.schedule import alerts
from handlers.send import bounces, by_hand
from handlers.worker import work
from integrations.bounces import Bounce, Bounces, Imap, read
from integrations.standard_webhooks import signatures
from schemas.delivery import Delivery, DeliveryStatus
from schemas.trouble import TroubleKind
from store import contacts, deliveries
from store.running import troubles
from tests.helpers.clinic import NOW
from tests.helpers.imap_server import ImapServer
from tests.helpers.mailbox import Mailbox
from tests.helpers.visits import book, schedule_of

LATER = NOW + timedelta(minutes=1)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def report(
    message_id: str,
    to: str = "zoe@example.org",
    status: str = "5.1.1",
    action: str = "failed",
    why: str = "smtp; 550 5.1.1 user unknown",
    at: datetime = LATER,
    returned: str = "message/rfc822",
) -> bytes:
    """A delivery status report as Postfix and Exchange write them (RFC 3464)."""
    return "\r\n".join(
        [
            f"Date: {format_datetime(at)}",
            "From: MAILER-DAEMON@mx.example.org",
            "To: care@clinic.example",
            "Subject: Undelivered Mail Returned to Sender",
            "Auto-Submitted: auto-replied",
            "MIME-Version: 1.0",
            "Content-Type: multipart/report; report-type=delivery-status;",
            ' boundary="B"',
            "",
            "--B",
            "Content-Type: text/plain",
            "",
            "I'm sorry to have to inform you.",
            "--B",
            "Content-Type: message/delivery-status",
            "",
            "Reporting-MTA: dns; mx.example.org",
            f"Arrival-Date: {format_datetime(at)}",
            "",
            f"Final-Recipient: rfc822; {to}",
            f"Action: {action}",
            f"Status: {status}",
            f"Diagnostic-Code: {why}",
            "",
            "--B",
            f"Content-Type: {returned}",
            "",
            "From: care@clinic.example",
            f"Message-ID: {message_id}",
            "Subject: Before your visit",
            "",
            "Hi",
            "--B--",
            "",
        ]
    ).encode()


def sent(context: Context) -> Delivery:
    """The request for an intake that has gone to Zoë."""
    booking = book(context)
    work.work_once(context, LATER)
    return schedule_of(context, booking)["intake:0"]


def state(context: Context, delivery: Delivery) -> tuple[DeliveryStatus, bool]:
    """What became of it, and whether the address is marked."""
    with context.db.read() as tx:
        found, point = deliveries.get(tx, delivery.id), contacts.get(tx, delivery.key.recipient)
    assert found is not None
    assert point is not None
    return found.status, point.bounced_at is not None


def take_in(context: Context, raw: bytes, now: datetime = LATER) -> list[bool]:
    with context.db.begin() as tx:
        return [bounces.take_in(tx, context, each, now) for each in read(raw)]


@pytest.mark.parametrize("returned", ["message/rfc822", "text/rfc822-headers"])
def test_a_report_marks_the_address_once(context: Context, mailbox: Mailbox, returned: str) -> None:
    one = sent(context)
    raw = report(one.message_id, returned=returned)
    assert take_in(context, raw) == [True]
    assert state(context, one) == (DeliveryStatus.dead, True)
    assert take_in(context, raw) == [False], "the same report once more"
    work.work_once(context, NOW + timedelta(days=6))
    assert mailbox.kinds() == ["intake"], "nothing more goes there"


@pytest.mark.parametrize(
    ("changes", "status", "marked"),
    [
        ({"message_id": "<intake.00000000000000000000000000000000@handsofstone.example>"}, "sent", False),
        ({"message_id": ""}, "sent", False),
        ({"to": "somebody.else@example.org"}, "sent", False),
        ({"to": ""}, "sent", False),
        ({"action": "delayed", "status": "4.4.1"}, "sent", False),
        ({"action": "delivered", "status": "2.0.0"}, "sent", False),
        ({"action": "failed", "status": "4.4.7", "why": "smtp; connection timed out"}, "dead", False),
        ({"action": "failed", "status": "4.4.1", "why": ""}, "dead", False),  # Postfix, after five days
        ({"status": "", "why": "smtp; 550 5.1.1 unknown"}, "dead", True),
        ({"status": "5.0.0", "why": "smtp; 550 5.1.1 Benutzer unbekannt"}, "dead", True),
        ({"to": "<zoe@example.org>"}, "dead", True),
        ({"status": "5.2.2", "why": "smtp; 552 mailbox full"}, "dead", False),
        ({"status": "5.7.1", "why": "smtp; 550 blocked by spamhaus"}, "dead", False),
        ({"status": "5.1.1", "to": "ZOE@Example.ORG"}, "dead", True),
        ({"status": "5.0.0", "why": "smtp; 550 no such user"}, "dead", True),
        ({"at": LATER - timedelta(hours=1)}, "sent", False),
    ],
)
def test_only_what_is_true_of_this_mail_is_believed(
    context: Context, changes: dict[str, str], status: str, marked: bool
) -> None:
    one = sent(context)
    take_in(context, report(**({"message_id": one.message_id} | changes)))  # type: ignore[arg-type]
    assert state(context, one) == (status, marked)


GLOBAL = "message/global-delivery-status"


@pytest.mark.parametrize(
    ("address", "reported", "kind"),
    [
        ("zoe@bücher.example", "zoe@xn--bcher-kva.example", "message/delivery-status"),
        ("zoe@bücher.example", "zoe@bücher.example", GLOBAL),
        ("zoé@example.org", "zoé@example.org", GLOBAL),
        ("özlem@example.org", "ÖZLEM@example.org", "message/delivery-status"),
    ],
)
def test_an_address_beyond_ascii_is_known_in_each_of_its_forms(
    context: Context, mailbox: Mailbox, address: str, reported: str, kind: str
) -> None:
    booking = book(context, email=address)
    work.work_once(context, LATER)
    one = schedule_of(context, booking)["intake:0"]
    returned = "message/global-headers" if kind == GLOBAL else "message/rfc822"
    raw = report(one.message_id, to=reported, returned=returned)
    raw = raw.replace(b"Content-Type: message/delivery-status", f"Content-Type: {kind}".encode())
    assert take_in(context, raw) == [True]
    assert state(context, one) == (DeliveryStatus.dead, True)


def test_a_service_that_names_mails_itself_is_understood(context: Context, mailbox: Mailbox) -> None:
    mailbox.answer = "250 Ok 0102018f3c5e7a10-1b2c3d4e-0000-4000-8000-000000000001-000000"
    one = sent(context)
    name = "0102018f3c5e7a10-1b2c3d4e-0000-4000-8000-000000000001-000000"
    for wrong in ("Ok", "%", "000000", name[:-1], name[1:], f"%{name[1:]}"):
        assert take_in(context, report(f"<{wrong}@eu-west-1.amazonses.com>")) == [False]
    assert take_in(context, report(f"<{name}@eu-west-1.amazonses.com>", to="a@example.org")) == [False]
    assert take_in(context, report(f"<{name}@eu-west-1.amazonses.com>")) == [True]
    assert state(context, one) == (DeliveryStatus.dead, True)


def test_a_late_copy_says_nothing_of_a_mail_that_was_sent_again(context: Context, mailbox: Mailbox) -> None:
    one = sent(context)
    raw = report(one.message_id)
    take_in(context, raw)
    again = LATER + timedelta(hours=2)
    with context.db.begin() as tx:
        by_hand.send_now(tx, one.id, "Mara Field", again)
    work.work_once(context, again)
    assert state(context, one) == (DeliveryStatus.sent, False)
    assert take_in(context, raw, again) == [False]
    assert state(context, one) == (DeliveryStatus.sent, False)
    assert take_in(context, report(one.message_id, at=again), again) == [True]


def test_an_alert_that_came_back_goes_to_the_next_person_at_once(context: Context, mailbox: Mailbox) -> None:
    clinic = replace(context, clinic=replace(context.clinic, alert_next_email="second@clinic.example"))
    booking = book(clinic)
    with clinic.db.begin() as tx:
        alerts.at_once(tx, booking.id, "d3-worse", NOW)
    work.work_once(clinic, NOW)
    with clinic.db.read() as tx:
        (alert,) = [each for each in deliveries.of_booking(tx, booking.id) if each.message_id]
    assert take_in(clinic, report(alert.message_id, to=clinic.clinic.alert_email)) == [True]
    work.work_once(clinic, LATER)
    assert mailbox.alerted() == [clinic.clinic.alert_email, "second@clinic.example"]


@given(st.binary(max_size=400), st.integers(0, 900))
def test_any_bytes_are_read_without_harm(noise: bytes, at: int) -> None:
    whole = report("<a@b>")
    for raw in (noise, whole[:at] + noise + whole[at:]):
        assert all(isinstance(each, Bounce) for each in read(raw))


@pytest.fixture
def imap() -> Iterator[ImapServer]:
    """A mailbox on loopback."""
    made = ImapServer()
    yield made
    made.stop()


def reading(context: Context, server: ImapServer) -> Context:
    box = Imap("127.0.0.1", server.port, "care", "secret", 'Mail/Bounces "x"', tls=False)
    return replace(context, bounces=Bounces(mailbox=box))


def test_a_mailbox_is_read_on_from_where_it_was_and_left_as_it_is(context: Context, imap: ImapServer) -> None:
    clinic = reading(context, imap)
    one = sent(clinic)
    private = b"Content-Type: text/plain\r\nSubject: Hello\r\n\r\nMy knee hurts"
    imap.mails = {3: private, 4: report("<forged@x>"), 9: report(one.message_id)}
    assert bounces.read_mailbox(clinic, LATER) == 1
    assert state(clinic, one) == (DeliveryStatus.dead, True)
    first = len([each for each in imap.asked if "FETCH" in each])
    for _again in range(3):  # as after a restart: the place is in the database
        assert bounces.read_mailbox(clinic, LATER) == 0
    assert len([each for each in imap.asked if "FETCH" in each]) == first
    assert not [each for each in imap.asked if " 3 (BODY.PEEK[]" in each], "only reports are read whole"
    words = " ".join(imap.asked)
    assert "STORE" not in words
    assert "EXPUNGE" not in words
    assert "SELECT" not in words
    imap.mails[10] = report(one.message_id)
    assert bounces.read_mailbox(clinic, LATER) == 0


@pytest.mark.parametrize(
    "harmful",
    [
        report("<forged@x>").replace(b"2026", b"9" * 20, 1),
        report("<forged@x>").replace(b"+0000", b"+" + b"9" * 20, 1),
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n"
        + b"Content-Type: message/rfc822\r\n\r\n" * 2000,
    ],
    ids=["a year of no calendar", "an offset of no zone", "mails in mails"],
)
def test_no_mail_keeps_the_reports_behind_it_unread(
    context: Context, imap: ImapServer, harmful: bytes
) -> None:
    clinic = reading(context, imap)
    one = sent(clinic)
    imap.mails = {4: harmful, 9: report(one.message_id)}
    assert bounces.read_mailbox(clinic, LATER) == 1


def test_a_report_without_a_date_that_can_be_read_counts() -> None:
    (found,) = read(report("<a@b>").replace(b"2026", b"9" * 20, 1))
    assert found.at is None


def test_a_mailbox_that_was_made_again_is_read_from_its_beginning(context: Context, imap: ImapServer) -> None:
    clinic = reading(context, imap)
    one = sent(clinic)
    imap.mails = {50: report("<other@x>")}
    bounces.read_mailbox(clinic, LATER)
    imap.validity, imap.mails = 8, {1: report(one.message_id)}
    assert bounces.read_mailbox(clinic, LATER) == 1


def test_a_mailbox_that_cannot_be_read_is_a_trouble_until_it_can(context: Context, imap: ImapServer) -> None:
    clinic = reading(context, imap)
    imap.refuse = True
    assert bounces.read_mailbox(clinic, LATER) == 0
    with clinic.db.read() as tx:
        assert [each.kind for each in troubles.current(tx)] == [TroubleKind.bounces]
    imap.refuse = False
    bounces.read_mailbox(clinic, LATER)
    with clinic.db.read() as tx:
        assert troubles.current(tx) == []


def signed(body: bytes, secret: str = SECRET, at: datetime | None = None) -> dict[str, str]:
    seconds = str(int((at or datetime.now(UTC)).timestamp()))
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": seconds,
        "webhook-signature": signatures(secret, "msg_1", seconds, body)[0],
        "Content-Type": "application/json",
    }
