"""Hosts that keep silent: a deadline for the whole call, and a breaker that leaves them alone."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from integrations import bounces, http
from integrations.api import Api
from integrations.base import IntegrationError, NotAsked, OutcomeUnknown, Silent
from integrations.bounces import Imap, Place
from integrations.breaker import LONGEST_PAUSE, OPENS_AFTER, Breaker
from integrations.channels import email
from integrations.channels.email import Smtp
from integrations.channels.sms import Sms
from integrations.http import Http, Resting
from schemas.message import Text
from tests.helpers.fake_vendor import FakeVendor
from tests.helpers.mailbox import Mailbox
from tests.helpers.silent import SLOWLY, silent
from tests.integrations.test_email import mail

DEADLINE = 0.3  # seconds: whoever waits for each byte alone waits for ever
DRIPS = {
    "headers": b"HTTP/1.1 200 OK\r\nX-Slow: ",
    "body": b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n",
    "body without a length": b"HTTP/1.1 200 OK\r\n\r\n",
    "chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n",
}


@dataclass
class Clock:
    """A clock that a test sets."""

    now: float = 0.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


@dataclass
class Host:
    """A host that is down until a moment, asked by one lane after the other."""

    up_at: float
    asked: list[float] = field(default_factory=list)


@pytest.mark.parametrize("drip", DRIPS.values(), ids=DRIPS)
def test_a_call_ends_at_its_deadline_however_slowly_the_answer_drips(
    drip: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "LONGEST", DEADLINE)
    with silent(drip) as host:
        began = time.monotonic()
        with pytest.raises(requests.RequestException) as raised:
            Http().request("GET", host.url)
    assert time.monotonic() - began < 3
    assert http.was_sent(raised.value)


def test_a_host_that_hangs_before_the_request_has_not_got_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "TIMEOUT", (0.2, 5.0))
    with silent() as host:
        sms = Sms(Http(), "AC1", "token", "+15550100", host.url.replace("http:", "https:"))
        with pytest.raises(IntegrationError) as raised:
            sms.send(Text("+15550123", "Hello", "key"))
    assert not isinstance(raised.value, OutcomeUnknown)


HALF_A_HANDSHAKE = b"\x16\x03\x03\x40\x00\x02\x00"  # a TLS record of 16 KiB


def test_a_call_ends_at_its_deadline_however_slowly_tls_is_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "LONGEST", DEADLINE)
    with silent(HALF_A_HANDSHAKE) as host:
        began = time.monotonic()
        with pytest.raises(requests.RequestException) as raised:
            Http().request("POST", host.url.replace("http:", "https:"))
    assert time.monotonic() - began < 3
    assert not http.was_sent(raised.value)


@pytest.mark.parametrize(
    ("security", "said"), [("tls", b""), ("starttls", b"220 a\r\n250-a\r\n250 STARTTLS\r\n220 go\r\n")]
)
def test_a_mail_ends_at_its_deadline_however_slowly_tls_is_begun(
    security: str, said: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(email, "LONGEST", SLOWLY * len(said) + 2 * DEADLINE)
    with silent(said + HALF_A_HANDSHAKE) as host:
        began = time.monotonic()
        with pytest.raises(Silent):
            Smtp("127.0.0.1", host.port, security).send(mail("care@clinic.example", "zoe@example.org"))
    assert time.monotonic() - began < email.LONGEST + 2


@pytest.mark.parametrize(("tls", "said"), [(False, b"* OK "), (True, HALF_A_HANDSHAKE)])
def test_a_look_into_a_mailbox_ends_at_its_deadline(
    tls: bool, said: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounces, "LONGEST", DEADLINE)
    with silent(said) as host:
        began = time.monotonic()
        with pytest.raises(IntegrationError):
            Imap("127.0.0.1", host.port, "care", "secret", tls=tls).new(Place(), datetime.now(UTC))
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("greeting", [b"", b"220 slow "])
def test_a_mail_ends_at_its_deadline(greeting: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(email, "LONGEST", DEADLINE)
    with silent(greeting) as host:
        began = time.monotonic()
        with pytest.raises(Silent):
            Smtp("127.0.0.1", host.port, "none").send(mail("care@clinic.example", "zoe@example.org"))
    assert time.monotonic() - began < 3


def test_a_silent_host_is_left_alone_and_another_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "TIMEOUT", (1.0, 0.05))
    ours = Http()
    with silent() as host, silent(b"HTTP/1.1 204 No Content\r\n\r\n") as other:
        for _ in range(OPENS_AFTER):
            with pytest.raises(requests.ReadTimeout):
                ours.request("GET", host.url)
        with pytest.raises(Resting) as raised:
            ours.request("GET", host.url)
        assert len(host.taken) == OPENS_AFTER
        assert ours.request("GET", other.url).status_code == 204
    assert 0 < raised.value.seconds <= LONGEST_PAUSE
    assert not http.was_sent(raised.value)


@given(up_at=st.floats(0, 600), callers=st.integers(1, 5), step=st.floats(0.5, 20))
def test_while_a_host_is_silent_it_is_tried_now_and_then_by_one_and_never_given_up(
    up_at: float, callers: int, step: float
) -> None:
    clock, host = Clock(), Host(up_at)
    breaker, answered = Breaker(clock), None
    while answered is None:
        through = [breaker.wait("host") == 0 for _ in range(callers)].count(True)
        opened = len(host.asked) >= OPENS_AFTER
        assert through <= 1 if opened else through == callers
        for _ in range(through):
            host.asked.append(clock.now)
            breaker.heard("host", answered=clock.now >= host.up_at)
            answered = clock.now if clock.now >= host.up_at else None
        clock.now += step
    assert answered <= up_at + LONGEST_PAUSE + step
    assert len(host.asked) <= OPENS_AFTER + callers + 4 + up_at / LONGEST_PAUSE
    assert breaker.wait("host") == 0


def test_a_silent_scheduler_is_said_to_be_one() -> None:
    vendor = FakeVendor().on("GET", "/x", requests.ReadTimeout())
    api = Api(vendor.http(), "Vendor", "https://vendor.example", "Ask for a key.")
    for _ in range(OPENS_AFTER):
        with pytest.raises(IntegrationError):
            api.get("/x")
    with pytest.raises(NotAsked, match="Vendor does not answer") as raised:
        api.send("POST", "/x", once=True)
    assert raised.value.retry_after
    assert len(vendor.calls) == OPENS_AFTER


def test_an_answer_of_any_kind_is_no_silence() -> None:
    vendor = FakeVendor().on("GET", "/x", {}, 500)
    api = Api(vendor.http(), "Vendor", "https://vendor.example", "Ask for a key.")
    for _ in range(3 * OPENS_AFTER):
        with pytest.raises(IntegrationError, match="500"):
            api.get("/x")
    assert len(vendor.calls) == 3 * OPENS_AFTER


def test_a_mail_server_that_hangs_up_is_left_alone_and_one_that_refuses_is_not(mailbox: Mailbox) -> None:
    smtp = Smtp("127.0.0.1", mailbox.port, "none")
    message = mail("care@clinic.example", "zoe@example.org")
    mailbox.refuse = "451 later"
    for _ in range(2 * OPENS_AFTER):
        with pytest.raises(IntegrationError, match="451"):
            smtp.send(message)
    mailbox.refuse, mailbox.hang_up_after_data = "", True
    for _ in range(OPENS_AFTER):
        with pytest.raises(OutcomeUnknown):
            smtp.send(message)
    with pytest.raises(NotAsked):
        smtp.send(message)
    assert len(mailbox.mails) == OPENS_AFTER


def test_a_text_message_service_that_asks_for_time_gets_it() -> None:
    vendor = FakeVendor().on(
        "POST", "/2010-04-01/Accounts/AC1/Messages.json", {"code": 20429}, 429, {"Retry-After": "40"}
    )
    sms = Sms(vendor.http(), "AC1", "token", "+15550100", "https://vendor.example")
    with pytest.raises(IntegrationError, match="429"):
        sms.send(Text("+15550123", "Hello", "key"))
    with pytest.raises(NotAsked) as raised:
        sms.send(Text("+15550123", "Hello", "key"))
    assert 30 < (raised.value.retry_after or 0) <= 40
    assert len(vendor.calls) == 1
