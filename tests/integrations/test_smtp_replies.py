"""Whose fault a refusal is, by what mail servers really answer."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from aiosmtpd.controller import Controller

from integrations.base import IntegrationError, NoSuchAddress, OutcomeUnknown, SenderRefused, Silent
from integrations.channels.email import Pool, Smtp
from integrations.channels.smtp_replies import Blame, blame, words
from schemas.notions.mail_address import mailbox
from tests.helpers.mailbox import Mailbox
from tests.helpers.ports import free_port

# What servers answer to RCPT TO or after the data. Addresses are ours, the rest is theirs.
REPLIES = [
    # Google
    ("550", "5.1.1 The email account that you tried to reach does not exist. Please try", Blame.recipient),
    ("550", "5.2.1 The email account that you tried to reach is disabled.", Blame.recipient),
    ("552", "5.2.2 The email account that you tried to reach is over quota.", Blame.full),
    ("550", "5.4.5 Daily user sending quota exceeded. gsmtp", Blame.ours),
    ("550", "5.4.5 Daily user sending limit exceeded. For more information", Blame.ours),
    (
        "550",
        "5.7.1 This message is likely unsolicited mail. It has been blocked.",
        Blame.ours,
    ),
    ("550", "5.7.26 This mail has been blocked because the sender is unauthenticated.", Blame.ours),
    ("421", "4.7.0 Our system has detected an unusual rate of unsolicited mail", Blame.ours),
    ("450", "4.2.1 The user you are trying to contact is receiving mail too quickly.", Blame.unclear),
    ("552", "5.7.0 This message was blocked because its content presents a potential security", Blame.ours),
    # Microsoft
    (
        "550",
        "5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found",
        Blame.recipient,
    ),
    ("550", "5.1.8 Access denied, bad outbound sender AS(42004)", Blame.ours),
    ("550", "5.1.90 Your message can't be sent because you've reached your daily limit", Blame.ours),
    ("554", "5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException", Blame.full),
    ("550", "5.7.606 Access denied, banned sending IP [192.0.2.1]", Blame.ours),
    ("550", "5.7.708 Service unavailable. Access denied, traffic not accepted from this IP", Blame.ours),
    # Yahoo
    ("554", "delivery error: dd This user doesn't have a yahoo.com account (x@yahoo.com)", Blame.recipient),
    ("553", "5.7.1 [BL21] Connections will not be accepted from 192.0.2.1", Blame.ours),
    # Amazon
    ("454", "Throttling failure: Daily message quota exceeded.", Blame.ours),
    ("554", "Message rejected: Email address is not verified.", Blame.ours),
    # Postfix, Exim and cPanel, sign-in
    (
        "550",
        "5.1.1 <x@example.org>: Recipient address rejected: User unknown",
        Blame.recipient,
    ),
    ("554", "5.7.1 <x@example.org>: Relay access denied", Blame.ours),
    ("450", "4.7.1 <x@example.org>: Recipient address rejected: Greylisted, try again", Blame.unclear),
    ("552", "5.3.4 Message size exceeds fixed limit", Blame.content),
    ("550", "Unrouteable address", Blame.recipient),
    ("550", "No Such User Here", Blame.recipient),
    ("550", "Domain clinic.example has exceeded the max emails per hour (200/200 (100%))", Blame.ours),
    ("535", "5.7.8 Username and Password not accepted", Blame.ours),
    ("550", "relay not permitted", Blame.ours),
    ("550", "Sender verify failed", Blame.ours),
    ("450", "4.7.1 Error: too much mail from 192.0.2.1", Blame.ours),
    # One mailbox that is full or overrun, in words that speak of a quota or a rate
    ("552", "5.2.2 <x@example.org>: Quota exceeded (mailbox for user is full)", Blame.full),
    ("452", "4.2.2 <x@example.org>: Quota exceeded (mailbox for user is full)", Blame.full),
    ("550", "mailbox quota exceeded", Blame.full),
    ("552", "exceeded storage allocation: Quota exceeded. The recipient's mailbox is full.", Blame.full),
    ("550", "5.7.1 Unable to deliver: recipient mailbox is over its quota limit", Blame.full),
    ("550", "5.2.2 Daily sending quota exceeded", Blame.ours),
    ("550", "5.2.1 The user you are trying to contact is receiving mail at a rate that prevents", Blame.full),
    # One recipient, in words that speak of access or sign-in
    ("550", "5.4.1 Recipient address rejected: Access denied. AS(201806281)", Blame.recipient),
    ("550", "5.7.1 <x@example.org>: Recipient address rejected: Access denied", Blame.ours),
    (
        "550",
        "5.7.134 RESOLVER.RST.SenderNotAuthenticatedForMailbox; authentication required",
        Blame.recipient,
    ),
    (
        "554",
        "30 Sorry, your message cannot be delivered. This mailbox is disabled (554.30).",
        Blame.recipient,
    ),
    # A report's general code before the server's own, in other languages
    ("550", "5.0.0 smtp; 550 5.1.1 Benutzer unbekannt", Blame.recipient),
    ("550", "5.0.0 smtp; 550-5.2.2 Boîte pleine", Blame.full),
    ("550", "5.1.1 受信者不明", Blame.recipient),
    # Outlook.com and Amazon
    (
        "550",
        "SC-001 Unfortunately, messages from 192.0.2.1 weren't sent. It is on our block list",
        Blame.ours,
    ),
    ("554", "Message rejected: Sending paused for this account.", Blame.ours),
    ("550", "5.7.501 Access denied, spam abuse detected from 192.0.2.1", Blame.ours),
    # Little or nothing to go by, or somebody's jest
    ("550", "", Blame.unclear),
    ("550", "Requested action not taken: mailbox unavailable", Blame.unclear),
    ("554", "Transaction failed", Blame.unclear),
    ("550", "5.7.1 no such user", Blame.recipient),
    ("554", "Message looks like spam", Blame.content),
    ("550", "5.99999.1 ???", Blame.unclear),
    ("550", "2.0.0 fine", Blame.unclear),
    ("550", "\udcff5.1.1\x00", Blame.recipient),
]


@pytest.mark.parametrize(("code", "text", "whose"), REPLIES)
def test_whose_fault_a_reply_is(code: str, text: str, whose: Blame) -> None:
    assert blame(int(code), text) is whose


def test_what_the_clinic_reads_of_it_names_nobody() -> None:
    said = words("5.1.1 <zoe@example.org>: Recipient (zoe@example.org)\r\nno\x00good " + "x" * 300)
    assert said.startswith("…: Recipient … no good")
    assert len(said) == 120


def mail(to: str = "zoe@example.org") -> EmailMessage:
    """A mail as we make them."""
    made = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    made["From"], made["To"] = mailbox("care@clinic.example", "Clinic"), mailbox(to)
    made["Date"] = datetime(2026, 11, 20, tzinfo=UTC)
    made.set_content("Hello")
    return made


class Counted(Mailbox):
    """A mail server that counts connections, and answers as told in each step."""

    connections = 0
    at_sender = ""

    async def handle_EHLO(self, _server, session, _envelope, hostname, responses):  # type: ignore[no-untyped-def]
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, _server, _session, envelope, address, options):  # type: ignore[no-untyped-def]
        if self.at_sender:
            return self.at_sender
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"


Serve = Callable[..., tuple[Counted, Smtp, Controller]]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """A mail server on loopback, and our side of it."""
    started: list[Controller] = []

    def start(port: int = 0) -> tuple[Counted, Smtp, Controller]:
        box = Counted(port=port or free_port())
        controller = Controller(box, "127.0.0.1", box.port)
        controller.start()
        started.append(controller)
        return box, Smtp("127.0.0.1", box.port, "none"), controller

    yield start
    for controller in started:
        if controller.loop.is_running():
            controller.stop()


def test_mails_share_a_connection_also_after_a_refusal(serve: Serve) -> None:
    box, smtp, _ = serve()
    for number in range(5):
        box.refuse = "550 5.1.1 no" if number == 2 else ""
        if number == 2:
            with pytest.raises(NoSuchAddress):
                smtp.send(mail())
        else:
            smtp.send(mail())
    assert (len(box.mails), box.connections) == (4, 1)


def test_threads_have_connections_of_their_own(serve: Serve) -> None:
    box, smtp, _ = serve()
    threads = [threading.Thread(target=lambda: [smtp.send(mail()) for _ in range(10)]) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(box.mails) == 40
    assert 1 <= box.connections <= 8


def test_a_server_that_was_started_again_gets_the_mail_once(serve: Serve) -> None:
    box, smtp, controller = serve()
    smtp.send(mail())
    controller.stop()
    again, _, _ = serve(box.port)
    smtp.send(mail())
    assert (len(box.mails), len(again.mails)) == (1, 1)


def test_an_answer_lost_after_the_data_is_never_sent_again_by_us(serve: Serve) -> None:
    box, smtp, _ = serve()
    smtp.send(mail())
    box.hang_up_after_data = True
    with pytest.raises(OutcomeUnknown):
        smtp.send(mail())
    assert len(box.mails) == 2


@pytest.mark.parametrize("answer", ["550 5.1.1 user unknown", "550 no such user", "421 later", "452 full"])
def test_what_is_said_to_our_own_address_is_never_the_fault_of_the_client(serve: Serve, answer: str) -> None:
    box, smtp, _ = serve()
    box.at_sender = answer
    with pytest.raises(SenderRefused):
        smtp.send(mail())


def test_a_server_that_is_not_there_says_nothing_of_the_mail() -> None:
    with pytest.raises(Silent):
        Smtp("127.0.0.1", free_port(), "none").send(mail())


def test_a_full_mailbox_may_be_empty_later(serve: Serve) -> None:
    box, smtp, _ = serve()
    box.refuse = "552 5.2.2 over quota"
    with pytest.raises(IntegrationError) as refused:
        smtp.send(mail())
    assert type(refused.value) is IntegrationError
    assert not refused.value.permanent


def test_no_more_mails_a_minute_than_the_limit(serve: Serve) -> None:
    box, smtp, _ = serve()
    clock = [100.0]
    limited = Smtp("127.0.0.1", box.port, "none", per_minute=2, pool=Pool(lambda: clock[0]))
    assert limited.wait() == 0
    limited.send(mail())
    clock[0] += 10
    limited.send(mail())
    assert limited.wait() == 50
    clock[0] += 50
    assert limited.wait() == 0
    limited.send(mail())
    assert limited.wait() == 10
    assert smtp.wait() == 0
