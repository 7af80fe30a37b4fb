"""A mail service says by a signed webhook that mail came back."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

import app as application
import settings as configuration
from handlers.context import Context
from integrations.standard_webhooks import signatures
from schemas.delivery import DeliveryStatus
from tests.handlers.send.test_bounces import sent, state
from tests.helpers.clinic import environ, make_context
from tests.helpers.mailbox import Mailbox

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
BASE = "https://care.test"


def signed(body: bytes, secret: str = SECRET, ago: timedelta = timedelta()) -> dict[str, str]:
    """The headers of Standard Webhooks."""
    seconds = str(int((datetime.now(UTC) - ago).timestamp()))
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": seconds,
        "webhook-signature": signatures(secret, "msg_1", seconds, body)[0],
    }


@pytest.fixture
def given(database_url: str, mailbox: Mailbox) -> configuration.Settings:
    """The test clinic with a secret for bounces."""
    return configuration.load(environ(database_url, mailbox.port, BOUNCES_SECRET=f"{OTHER} {SECRET}"))


@pytest.fixture
def web(given: configuration.Settings) -> FlaskClient:
    """The mail service's way in."""
    make_context(given)
    return application.create_app(given).test_client()


def said(message_id: str, to: str = "zoe@example.org", status: str = "5.1.1") -> bytes:
    return json.dumps({"message_id": message_id, "recipient": to, "status": status, "text": "?"}).encode()


def test_a_signed_bounce_marks_the_address(context: Context, web: FlaskClient) -> None:
    one = sent(context)
    body = said(one.message_id)
    for _twice in range(2):
        assert web.post("/bounces", data=body, headers=signed(body), base_url=BASE).status_code == 200
    assert state(context, one) == (DeliveryStatus.dead, True)


def test_what_is_not_signed_by_us_does_nothing(context: Context, web: FlaskClient) -> None:
    one = sent(context)
    body = said(one.message_id)
    strange = "whsec_" + "B" * 32
    late = signed(body, ago=timedelta(minutes=6))
    for headers in ({}, signed(body, strange), signed(body + b" "), late, signed(body) | {"webhook-id": "é"}):
        assert web.post("/bounces", data=body, headers=headers, base_url=BASE).status_code == 401
    assert state(context, one) == (DeliveryStatus.sent, False)


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b"{", b'{"message_id": {}}', b'{"status": 5}'])
def test_what_says_nothing_changes_nothing(context: Context, web: FlaskClient, body: bytes) -> None:
    one = sent(context)
    secret = {**signed(b"x"), **({} if body == b"\xff" else signed(body))}
    assert web.post("/bounces", data=body, headers=secret, base_url=BASE).status_code in (200, 401, 422)
    assert state(context, one) == (DeliveryStatus.sent, False)


def test_without_a_secret_there_is_no_such_address(database_url: str, mailbox: Mailbox) -> None:
    given = configuration.load(environ(database_url, mailbox.port))
    make_context(given)
    web = application.create_app(given).test_client()
    assert web.post("/bounces", data=b"{}", headers=signed(b"{}"), base_url=BASE).status_code == 404
