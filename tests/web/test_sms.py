"""STOP and START by text: they hold for the number, until the other is said."""

import base64
import hashlib
import hmac
from dataclasses import replace

import pytest
from flask import Flask

import app as application
import settings as configuration
from handlers.clients import contacts
from handlers.context import Context
from schemas.booking import Person
from settings.values import Sms
from store import contacts as stored
from tests.helpers.clinic import NOW

NOBODY, FAMILY = [False] * 5, [True] * 4 + [False]
FROM, URL = "+15550100139", "https://care.test/texts"


@pytest.fixture
def app(given: configuration.Settings) -> Flask:
    """The application with an account for texts."""
    sms = Sms("AC1", "token", "+15550100100", "https://api.twilio.com")
    return application.create_app(replace(given, sms=sms))


def said(app: Flask, body: str, token: str = "token", **more: str) -> int:
    """A text comes in, signed as Twilio signs; the status of our answer."""
    values = {"From": FROM, "To": "+15550100100", "Body": body, "MessageSid": "SM1", **more}
    signed = URL + "".join(f"{name}{values[name]}" for name in sorted(values))
    mac = base64.b64encode(hmac.digest(token.encode(), signed.encode(), hashlib.sha1)).decode()
    client, headers = app.test_client(), {"X-Twilio-Signature": mac}
    return client.post("/texts", base_url="https://care.test", data=values, headers=headers).status_code


def stopped(context: Context) -> list[bool]:
    """Whether texts are stopped for each of the people below."""
    with context.db.begin() as tx:
        people = [
            Person("Zoë Łuć", "zoe@example.org", "+1 (555) 010-0139"),
            Person("Sam Łuć", "sam@example.org", "0015550100139"),
            Person("Nia Łuć", "nia@example.org", "(555) 010-0139"),
            Person("Noor Łuć", "noor@example.org", "٥٥٥ ٠١٠ ٠١٣٩"),
            Person("Al Other", "al@example.org", "+15550100140"),
        ]
        found = [stored.get(tx, contacts.phone_of(tx, context, each.phone, NOW)) for each in people]
        return [bool(each and each.stopped) for each in found]


@pytest.mark.parametrize(
    ("stop", "start"), [("STOP", "START"), ("Stop please", "yes"), ("Alto", "ALTA"), ("BAJA", "Comenzar")]
)
def test_stop_holds_for_the_number_until_start(app: Flask, context: Context, stop: str, start: str) -> None:
    assert stopped(context) == NOBODY
    assert said(app, stop) == said(app, stop) == 200
    assert stopped(context) == FAMILY
    assert said(app, "When do I start again?") == 200
    assert stopped(context) == FAMILY
    assert said(app, start) == said(app, start) == 200
    assert stopped(context) == NOBODY


def test_what_the_service_made_of_a_text_counts(app: Flask, context: Context) -> None:
    stopped(context)
    said(app, "genug", OptOutType="STOP")
    assert stopped(context) == FAMILY
    said(app, "wieder", OptOutType="START")
    assert stopped(context) == NOBODY


def test_a_text_that_is_not_signed_changes_nothing(app: Flask, context: Context) -> None:
    stopped(context)
    assert said(app, "STOP", token="other") == 401
    assert stopped(context) == NOBODY
