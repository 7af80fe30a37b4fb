"""Mail over SMTP to and from addresses of every kind."""

import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from integrations.base import IntegrationError
from integrations.channels.email import Smtp
from schemas.notions.mail_address import mailbox
from tests.helpers.mailbox import Mailbox
from tests.helpers.ports import free_port

Serve = Callable[[bool], tuple[Mailbox, Smtp]]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """A mail server that takes international addresses, or does not."""
    started = []

    def start(international: bool) -> tuple[Mailbox, Smtp]:
        box = Mailbox(port=free_port())
        controller = Controller(box, "127.0.0.1", box.port, enable_SMTPUTF8=international)
        controller.start()
        started.append(controller)
        return box, Smtp("127.0.0.1", box.port, "none")

    yield start
    for controller in started:
        controller.stop()


def mail(sender: str, to: str) -> EmailMessage:
    """A mail as we make them."""
    made = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    made["Subject"] = "Su visita: ¿cómo está?"
    made["From"], made["To"] = mailbox(sender, "Praxis Müller"), mailbox(to)
    made["Date"] = datetime(2026, 11, 20, tzinfo=UTC)
    made.set_content("Grüße")
    return made


@pytest.mark.parametrize("international", [True, False])
@pytest.mark.parametrize(
    ("sender", "to", "sent"),
    [
        ("care@clinic.example", "zoe@example.org", ("care@clinic.example", "zoe@example.org")),
        (
            "care@praxis-müller.example",
            "zoe.b@例子.广告",
            ("care@xn--praxis-mller-klb.example", "zoe.b@xn--fsqu00a.xn--4rr70v"),
        ),
    ],
)
def test_a_domain_in_any_script_is_asked_for_in_ascii(
    serve: Serve, international: bool, sender: str, to: str, sent: tuple[str, str]
) -> None:
    box, smtp = serve(international)
    smtp.send(mail(sender, to))
    assert (box.senders, box.recipients) == ([sent[0]], [[sent[1]]])
    (found,) = box.mails
    assert (found["From"].addresses[0].addr_spec, found["To"].addresses[0].addr_spec) == sent
    assert (found["From"].addresses[0].display_name, found.get_content().strip()) == (
        "Praxis Müller",
        "Grüße",
    )


def test_letters_before_the_at_go_where_the_server_takes_them(serve: Serve) -> None:
    box, smtp = serve(True)
    smtp.send(mail("care@clinic.example", "用户@例子.广告"))
    assert box.recipients == [["用户@xn--fsqu00a.xn--4rr70v"]]
    name = box.mails[0]["To"].addresses[0].username
    assert name.encode("utf-8", "surrogateescape").decode() == "用户"
    assert box.mails[0]["Subject"] == "Su visita: ¿cómo está?"


def test_a_server_that_does_not_take_them_is_a_lasting_fault_that_names_nobody(serve: Serve) -> None:
    box, smtp = serve(False)
    with pytest.raises(IntegrationError, match="cannot send to an address with other letters") as refused:
        smtp.send(mail("care@clinic.example", "用户@例子.广告"))
    assert refused.value.permanent
    assert box.mails == []
    smtp.send(mail("care@clinic.example", "zoe@example.org"))
    assert len(box.mails) == 1


def self_signed(file: Path) -> ssl.SSLContext:
    """What a server with a certificate of its own making says that it is."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name.from_rfc4514_string("CN=localhost")
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(datetime.now(UTC) - timedelta(days=1))
    made = made.not_valid_after(datetime.now(UTC) + timedelta(days=1))
    named = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(secret + named.sign(key, SHA256()).public_bytes(Encoding.PEM))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    return context


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    box = Mailbox(port=free_port())
    controller = Controller(box, "localhost", box.port, ssl_context=self_signed(tmp_path / "own.pem"))
    controller.start()
    try:
        with pytest.raises(IntegrationError, match="SSLCertVerificationError"):
            Smtp("localhost", box.port, "tls").send(mail("care@clinic.example", "zoe@example.org"))
    finally:
        controller.stop()
    assert box.mails == []
