"""Setting a clinic up in the browser: one address, one first account, settings below the environment."""

import html
import json
import re
import secrets
import smtplib
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from itertools import pairwise
from typing import Any

import pyotp
import pytest
import requests
import sqlalchemy as sa
from cryptography.fernet import Fernet
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

import app as application
import settings as configuration
from handlers.context import Context
from handlers.staff import setup_link
from handlers.worker import work
from integrations.base import IntegrationError, Offered, Scheduler, SenderRefused, Unsupported
from integrations.channels.email import Smtp
from integrations.http import Http
from integrations.schedulers import SCHEDULERS
from schemas.clinic import Connection
from schemas.staff import Role
from settings.kept import with_kept
from store import connections, kept, receipts, staff, tables
from store.base import Database
from store.vault import Vault
from tests.helpers.clinic import CALCOM_SECRET, STANDARD_SECRET, environ
from tests.helpers.console import BASE, PASSWORD, account, browser, sign_in, token_in
from tests.helpers.fake_vendor import FakeVendor, response
from tests.helpers.mailbox import Mailbox
from tests.helpers.vendors import VENDORS
from tests.helpers.visits import only, receive, webhook
from tests.integrations.schedulers.test_services import LISTS, OFFERED
from web import renewal
from web.setup import desk, scheduler
from web.setup import mail as mail_step
from web.setup.fields import CLINIC as CLINIC_FIELDS
from web.setup.fields import PUBLIC, SECURITY

MADE = (
    "AFTERCARE_ENV",
    "PUBLIC_URL",
    "CONNECTIONS",
    "MAIN_SECRET",
    "SITE_SECRET",
    "SMTP_HOST",
    "SMTP_PORT",
    "SMTP_SECURITY",
)
CLINIC = {
    "PUBLIC_URL": BASE,
    "CLINIC_NAME": "Río Clinic",
    "CLINIC_PHONE": "+1 303 555 0199",
    "CLINIC_EMAIL": "care@rio.test",
    "CLINIC_REPLY_TO": "desk@rio.test",
    "CLINIC_COUNTRY": "US",
    "CLINIC_ZONE": "America/Denver",
    "CLINIC_EMERGENCY_NUMBER": "911",
    "CLINIC_CRISIS_NUMBER": "988",
    "QUIET_UNTIL": "09:00",
    "QUIET_FROM": "20:00",
    "CLINIC_SENDER": "Ana Ruiz",
    "WORDING": "self_care",
}


@pytest.fixture
def bare(database_url: str) -> dict[str, str]:
    """An environment in which nothing is set that the setup asks for."""
    whole = environ(database_url, 25, SECRET_KEY=secrets.token_urlsafe(48))
    given = {name: value for name, value in whole.items() if name not in MADE}
    db = Database(database_url, Vault((given["FIELD_KEYS"],)))
    with db.begin() as tx:
        begun = {"AFTERCARE_SETUP": "open", "AFTERCARE_ENV": "development", "PUBLIC_URL": BASE}
        kept.put(tx, begun, datetime.now(UTC))
    db.close()
    return given


@pytest.fixture
def app(bare: dict[str, str]) -> Iterator[Flask]:
    """A clinic that is about to be set up."""
    made = application.create_app(environ=bare)
    yield made
    context_of(made).db.close()


def context_of(app: Flask) -> Context:
    found: Context = app.extensions["aftercare"]
    return found


def address(app: Flask, now: datetime | None = None) -> str:
    """The path that `make start` prints."""
    with context_of(app).db.begin() as tx:
        return f"/setup/{setup_link.open_up(tx, context_of(app), now or datetime.now(UTC))}"


def send(client: FlaskClient, path: str, page: str = "", **data: str) -> TestResponse:
    """Send the form of a page."""
    csrf = token_in(client.get(page or path, base_url=BASE))
    return client.post(path, base_url=BASE, data={"csrf": csrf, **data})


def first(client: FlaskClient, path: str, **changes: str) -> TestResponse:
    given = {"name": "Ana Ruiz", "email": "ana@rio.test", "credential": "LMT", "password": PASSWORD}
    return send(client, path, **(given | changes))


def inside(app: Flask) -> FlaskClient:
    """A manager with a second factor, signed in."""
    context = context_of(app)
    account(context)
    client = browser(app)
    token = token_in(client.get("/console/login", base_url=BASE))
    given = {"csrf": token, "email": "mara@handsofstone.example", "password": PASSWORD}
    client.post("/console/login", base_url=BASE, data=given)
    if not is_open(app):
        return client
    page = client.get("/console/login/enrol", base_url=BASE).get_data(as_text=True)
    secret = re.search(r'class="mono">([A-Z2-7 ]+)<', page)
    assert secret
    code = pyotp.TOTP(secret[1].replace(" ", "")).now()
    send(client, "/console/login/enrol", code=code)
    return client


def is_open(app: Flask) -> bool:
    with context_of(app).db.read() as tx:
        return setup_link.is_open(tx)


def close(app: Flask) -> None:
    with context_of(app).db.begin() as tx:
        setup_link.close(tx, "Ana Ruiz", datetime.now(UTC))


def values(app: Flask) -> Mapping[str, str]:
    with context_of(app).db.read() as tx:
        return kept.every(tx)


def people(app: Flask) -> int:
    with context_of(app).db.read() as tx:
        return len(staff.every(tx))


# ---- the address


def test_without_the_token_there_is_no_setup(app: Flask) -> None:
    address(app)
    client = browser(app)
    for path in ("/setup/", "/setup/x", f"/setup/{'a' * 32}"):
        assert client.get(path, base_url=BASE).status_code == 404


def test_the_address_ends_after_a_day_with_the_next_one_and_with_its_work(app: Flask) -> None:
    client = browser(app)
    old = address(app, datetime.now(UTC) - timedelta(hours=25))
    gone = client.get(old, base_url=BASE)
    assert gone.status_code == 404
    assert "prints another" in gone.get_data(as_text=True), "not: open it from our mail, or call us"
    second, third = address(app), address(app)
    assert client.get(second, base_url=BASE).status_code == 404
    assert client.get(third, base_url=BASE).status_code == 200
    close(app)
    assert client.get(third, base_url=BASE).status_code == 404


def test_the_token_is_kept_as_a_hash(app: Flask) -> None:
    token = address(app).rpartition("/")[2]
    assert token not in "".join(values(app).values())


def test_a_clinic_with_an_account_is_not_opened_again(app: Flask) -> None:
    account(context_of(app))
    close(app)
    with context_of(app).db.begin() as tx:
        assert setup_link.open_up(tx, context_of(app), datetime.now(UTC)) == ""


@pytest.mark.parametrize("over", ["another was printed", "a day went by", "the setup is done"])
def test_a_manager_who_is_signed_in_goes_on_where_the_address_has_ended(
    app: Flask, mailbox: Mailbox, over: str
) -> None:
    """In the tab that stood open while the server was started again, or while somebody else finished."""
    client, path = inside(app), address(app)
    assert client.get(f"{path}/mail", base_url=BASE).status_code == 200
    csrf = token_in(client.get(f"{path}/mail", base_url=BASE))
    if over == "another was printed":
        address(app)
    elif over == "a day went by":
        path = address(app, datetime.now(UTC) - timedelta(hours=25))
    else:
        close(app)
    typed = {"csrf": csrf, "my_password": PASSWORD, **mail_of(mailbox)}
    kept_now = client.post(f"{path}/mail/save", base_url=BASE, data=typed)
    assert kept_now.location == "/console/setup/mail#test"
    assert values(app)["SMTP_HOST"] == "127.0.0.1"
    for step in ("clinic", "mail", "scheduler", "services", "webhook"):
        page = client.get(f"{path}/{step}", base_url=BASE)
        assert page.status_code == 200
        assert path not in page.text, "from here on its links are those of the console"
    assert browser(app).get(f"{path}/mail", base_url=BASE).status_code in (303, 404)


def test_the_last_button_may_be_pressed_twice(waiting: Flask) -> None:
    client, path = inside(waiting), address(waiting)
    csrf = token_in(client.get(f"{path}/webhook", base_url=BASE))
    for _ in range(2):
        answer = client.post(f"{path}/finish", base_url=BASE, data={"csrf": csrf})
        assert answer.location == "/console/"
    assert not is_open(waiting)


# ---- the first account


def test_the_first_account_comes_in_by_its_second_factor_alone(app: Flask) -> None:
    client, path = browser(app), address(app)
    answer = first(client, path)
    assert answer.location.startswith("/console/login/enrol?next=")
    assert (
        client.get("/console/setup/clinic", base_url=BASE).location
        == "/console/login/enrol?next=/console/setup/clinic"
    )
    with context_of(app).db.read() as tx:
        (who,) = staff.every(tx)
    assert who.roles == {Role.manager, Role.practitioner}
    again = sign_in(app, "ana@rio.test")
    assert again.get("/console/", base_url=BASE).location == "/console/login/enrol?next=/console/"


def test_nobody_is_greeted_in_the_name_of_the_sample_clinic(app: Flask) -> None:
    client, sample = browser(app), context_of(app).clinic.name
    first(client, address(app))
    page = client.get("/console/login/enrol", base_url=BASE).get_data(as_text=True)
    assert "issuer=Aftercare" in page
    assert sample not in html.unescape(page)
    close(app)
    page = client.get("/console/login/enrol", base_url=BASE).get_data(as_text=True)
    assert sample in html.unescape(page), "who leaves it so has chosen it"


def test_there_is_one_first_account_whoever_else_has_the_address(app: Flask) -> None:
    one, other, path = browser(app), browser(app), address(app)
    csrf = token_in(other.get(path, base_url=BASE))
    first(one, path)
    late = {"csrf": csrf, "name": "Bo", "email": "bo@rio.test", "password": "seven quiet green lamps"}
    assert other.post(path, base_url=BASE, data=late).location == f"{path}/clinic"
    assert people(app) == 1
    assert other.get(f"{path}/clinic", base_url=BASE).location.startswith("/console/login")


@pytest.mark.parametrize(
    ("field", "value"), [("name", ""), ("email", "ana"), ("password", "short"), ("password", "Río Ana Ruiz")]
)
def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(
    app: Flask, field: str, value: str
) -> None:
    client = browser(app)
    answer = first(client, address(app), **{field: value})
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in text
    assert people(app) == 0
    assert PASSWORD not in text
    assert field == "email" or 'value="ana@rio.test"' in text


def test_everything_that_is_wrong_is_said_at_once_with_the_name_of_its_field(app: Flask) -> None:
    text = first(browser(app), address(app), name=" ", email="ana", password="short").text
    for field in ("Your name: Fill this in.", "E-mail address: Write one", "Password: "):
        assert f">{field}" in text


def test_the_recovery_codes_come_before_the_menu(app: Flask) -> None:
    client = inside(app)
    page = client.get("/console/login/recovery?next=/setup/x/clinic", base_url=BASE).text
    assert "Your recovery codes" in page
    assert "Waits for you" not in page
    send(client, "/console/login/recovery", next="/console/")
    assert "Waits for you" in client.get("/console/", base_url=BASE).text


def test_the_setup_speaks_spanish(app: Flask) -> None:
    page = browser(app).get(address(app), base_url=BASE, headers={"Accept-Language": "es"})
    assert "Poner en marcha Aftercare" in page.get_data(as_text=True)


# ---- settings


def test_what_is_kept_stands_below_the_environment(app: Flask, bare: dict[str, str]) -> None:
    client = inside(app)
    assert (
        send(client, "/console/setup/clinic/save", "/console/setup/clinic", **CLINIC).location
        == "/console/setup/mail"
    )
    given = with_kept(bare).variables
    clinic = configuration.load(given).clinic
    assert (clinic.name, clinic.zone, clinic.sender) == ("Río Clinic", "America/Denver", "Ana Ruiz")
    assert (clinic.address, clinic.credential, clinic.alert_email) == ("", "", "care@rio.test")
    assert clinic.reply_to == "desk@rio.test"
    assert configuration.load(with_kept(bare | {"CLINIC_NAME": "Other"}).variables).clinic.name == "Other"


def test_what_no_key_opens_is_said_at_the_start(app: Flask, bare: dict[str, str]) -> None:
    with pytest.raises(SystemExit, match="set in the browser cannot be read"):
        application.create_app(environ=bare | {"FIELD_KEYS": Fernet.generate_key().decode()})


def test_what_the_environment_gives_is_said_and_not_changed(bare: dict[str, str]) -> None:
    app = application.create_app(environ=bare | {"CLINIC_PHONE": "+1 303 555 0100"})
    client = inside(app)
    page = client.get("/console/setup/clinic", base_url=BASE).get_data(as_text=True)
    assert re.search(r'<input id="CLINIC_PHONE"[^>]*disabled', page)
    assert "Set in the environment" in page
    send(client, "/console/setup/clinic/save", "/console/setup/clinic", **CLINIC)
    assert "CLINIC_PHONE" not in values(app)


def test_a_wrong_value_is_not_kept(app: Flask) -> None:
    client = inside(app)
    answer = send(
        client,
        "/console/setup/clinic/save",
        "/console/setup/clinic",
        **(CLINIC | {"CLINIC_PHONE": "12", "CLINIC_NAME": "Río"}),
    )
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'id="CLINIC_PHONE-error"' in text
    assert 'value="Río"' in text
    assert "CLINIC_NAME" not in values(app)


def test_an_address_that_does_not_lead_here_is_not_taken(app: Flask) -> None:
    client = inside(app)
    answer = send(
        client,
        "/console/setup/clinic/save",
        "/console/setup/clinic",
        **(CLINIC | {"PUBLIC_URL": "https://nowhere.invalid"}),
    )
    assert answer.status_code == 422
    assert "does not lead here" in answer.get_data(as_text=True)


@pytest.mark.parametrize(("before", "after"), [("", "1"), ("2", "2")])
def test_an_address_with_tls_that_is_typed_in_has_a_proxy_in_front(
    app: Flask, bare: dict[str, str], monkeypatch: pytest.MonkeyPatch, before: str, after: str
) -> None:
    client = inside(app)
    with context_of(app).db.begin() as tx:
        kept.put(tx, {"PUBLIC_URL": "http://localhost:8000", "PROXIES": before}, datetime.now(UTC))
    monkeypatch.setattr("integrations.outside.is_ours", lambda *_: True)
    given = CLINIC | {"PUBLIC_URL": "https://care.rio.test"}
    send(client, "/console/setup/clinic/save", "/console/setup/clinic", **given)
    settings = configuration.load(with_kept(bare).variables)
    assert (settings.proxies, settings.production) == (int(after), True)


def test_one_who_gives_the_number_of_proxies_knows_it(
    bare: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = application.create_app(environ=bare | {"PROXIES": "0"})
    send(inside(app), "/console/setup/clinic/save", "/console/setup/clinic", **CLINIC)
    assert "PROXIES" not in values(app)


@pytest.mark.parametrize(
    "url", ["http://care.rio.test", "http://localhost.rio.test", "http://127.0.0.1.rio.test", "http://[::1"]
)
def test_an_address_without_tls_is_for_this_computer_alone(app: Flask, url: str) -> None:
    given = CLINIC | {"PUBLIC_URL": url}
    answer = send(inside(app), "/console/setup/clinic/save", "/console/setup/clinic", **given)
    assert answer.status_code == 422
    assert 'id="PUBLIC_URL-error"' in answer.get_data(as_text=True)


def mail_of(mailbox: Mailbox, **changes: str) -> dict[str, str]:
    return {
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(mailbox.port),
        "SMTP_SECURITY": "none",
        **changes,
    }


def test_a_password_is_sealed_and_never_shown_again(app: Flask, mailbox: Mailbox) -> None:
    client, secret = inside(app), "hunter-of-pebbles"
    with context_of(app).db.begin() as tx:
        kept.put(tx, mail_of(mailbox, SMTP_PASSWORD=secret), datetime.now(UTC))
        (row,) = tx.all(sa.select(tables.settings).where(tables.settings.c.name == "SMTP_PASSWORD"))
    assert secret.encode() not in bytes(row.sealed_value)
    assert secret not in client.get("/console/setup/mail", base_url=BASE).get_data(as_text=True)
    send(client, "/console/setup/mail/save", "/console/setup/mail", **mail_of(mailbox, SMTP_PASSWORD=""))
    assert values(app)["SMTP_PASSWORD"] == secret


@pytest.mark.parametrize("changed", mail_step.PLACE)
def test_a_password_that_is_kept_goes_to_no_other_mail_server(
    app: Flask, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    asked: list[Mapping[str, str]] = []

    def lets_in(values: Mapping[str, str]) -> dict[str, str]:
        asked.append(values)
        return {}

    monkeypatch.setattr(mail_step, "_sign_in", lets_in)
    client, before = inside(app), mail_of(mailbox, SMTP_PASSWORD="hunter-of-pebbles")
    with context_of(app).db.begin() as tx:
        kept.put(tx, before, datetime.now(UTC))
    other = {"SMTP_HOST": "127.0.0.2", "SMTP_PORT": "2525", "SMTP_SECURITY": "tls"}[changed]
    elsewhere = before | {changed: other, "SMTP_PASSWORD": ""}
    refused = send(client, "/console/setup/mail/save", "/console/setup/mail", **elsewhere)
    assert refused.status_code == 422
    assert mail_step.AGAIN in refused.text
    assert asked == []
    typed = elsewhere | {"SMTP_PASSWORD": "another"}
    assert send(client, "/console/setup/mail/save", "/console/setup/mail", **typed).status_code == 303


def test_a_key_that_is_kept_goes_to_no_other_installation(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor = FakeVendor(host="evil.test")
    monkeypatch.setattr(scheduler, "Http", vendor.http)
    with context_of(app).db.begin() as tx:
        given = {"CONNECTIONS": "main=easyappointments", "MAIN_API_KEY": "k3y" * 8}
        kept.put(tx, given | {"MAIN_API_BASE": "https://book.test"}, datetime.now(UTC))
    refused = connect(inside(app), "easyappointments", api_base="https://evil.test", api_key="")
    assert refused.status_code == 422
    assert vendor.calls == []


@pytest.mark.parametrize("step", ["clinic", "mail", "scheduler"])
def test_once_the_clinic_is_set_up_another_setting_needs_the_own_password(
    app: Flask, mailbox: Mailbox, step: str
) -> None:
    close(app)
    client = inside(app)
    forms = {"clinic": CLINIC, "mail": mail_of(mailbox), "scheduler": {"kind": "standard"}}
    page = "/console/setup/scheduler?kind=standard" if step == "scheduler" else f"/console/setup/{step}"
    before = dict(values(app))
    for wrong in ({}, {"my_password": "not it"}):
        refused = send(client, f"/console/setup/{step}/save", page, **forms[step], **wrong)
        assert refused.status_code == 422
        assert "That is not your password." in refused.text
    assert values(app) == before
    whole = forms[step] | {"my_password": PASSWORD}
    assert send(client, f"/console/setup/{step}/save", page, **whole).status_code == 303
    assert values(app) != before


@pytest.mark.parametrize(
    ("host", "security", "port", "said"),
    [
        ("127.0.0.1", "none", "1", "Nothing answers at this port"),
        ("smtp.example.com:587", "starttls", "", "Write it without a port"),
        ("nowhere.invalid", "tls", "", "no mail server of this name"),
        ("127.0.0.1", "starttls", "theirs", "The server does not do this here"),
        ("127.0.0.1", "tls", "theirs", "No TLS is spoken at this port"),
    ],
)
def test_a_mail_server_that_does_not_let_us_in_is_not_kept_and_says_what_to_do(
    app: Flask, mailbox: Mailbox, host: str, security: str, port: str, said: str
) -> None:
    client = inside(app)
    port = str(mailbox.port) if port == "theirs" else port
    given = {"SMTP_HOST": host, "SMTP_PORT": port, "SMTP_SECURITY": security}
    answer = send(client, "/console/setup/mail/save", "/console/setup/mail", **given)
    assert answer.status_code == 422
    assert said in html.unescape(answer.get_data(as_text=True))
    assert "SMTP_HOST" not in values(app)


@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
def test_a_mail_server_that_keeps_silent_is_not_said_to_hang_up(
    app: Flask, monkeypatch: pytest.MonkeyPatch, security: str
) -> None:
    monkeypatch.setattr("integrations.channels.email.TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = str(mute.getsockname()[1])
        given = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": port, "SMTP_SECURITY": security}
        answer = send(inside(app), "/console/setup/mail/save", "/console/setup/mail", **given)
    assert "keeps silent. Choose another encryption" in answer.text
    assert "hung up" not in answer.text


def test_a_refused_password_stands_beside_its_field_and_is_not_called_kept(
    app: Flask, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_self: Smtp) -> None:
        raise SenderRefused("no") from smtplib.SMTPAuthenticationError(535, b"5.7.8 no")

    monkeypatch.setattr(Smtp, "check", refuse)
    given = mail_of(mailbox, SMTP_USERNAME="care", SMTP_PASSWORD="hunter-of-pebbles")
    answer = send(inside(app), "/console/setup/mail/save", "/console/setup/mail", **given)
    assert 'id="SMTP_PASSWORD-error"' in answer.text
    assert "SMTP_USERNAME and" not in answer.text
    assert "One is kept" not in answer.text
    assert "SMTP_PASSWORD" not in values(app)


def test_a_test_mail_to_no_address_leads_to_its_field(app: Flask, mailbox: Mailbox) -> None:
    with context_of(app).db.begin() as tx:
        kept.put(tx, mail_of(mailbox), datetime.now(UTC))
    answer = send(inside(app), "/console/setup/mail/test", "/console/setup/mail", to="ana at rio")
    assert '<a href="#to">Send it to: Write one e-mail address' in answer.text
    assert 'value="ana at rio"' in answer.text


def test_country_and_zone_are_chosen_and_never_those_of_the_sample(app: Flask) -> None:
    client = inside(app)
    page = client.get("/console/setup/clinic", base_url=BASE).text
    assert re.findall(r'<option value="([^"]*)" selected>', page) == ["", "", "self_care"]
    none = CLINIC | {"CLINIC_COUNTRY": "", "CLINIC_ZONE": ""}
    answer = send(client, "/console/setup/clinic/save", "/console/setup/clinic", **none)
    assert answer.status_code == 422
    assert ">Country: Choose a country.<" in answer.text
    assert ">Time zone: Choose a time zone.<" in answer.text


@pytest.mark.parametrize(
    ("country", "number", "status"), [("AR", "", 422), ("AR", "107", 303), ("IN", "", 303)]
)
def test_where_no_emergency_number_is_known_the_clinic_says_it(
    app: Flask, country: str, number: str, status: int
) -> None:
    phone = {"AR": "+54 11 4555 0123", "IN": "+91 495 272 3456"}[country]
    here = {"CLINIC_COUNTRY": country, "CLINIC_PHONE": phone, "CLINIC_CRISIS_NUMBER": ""}
    given = CLINIC | here | {"CLINIC_EMERGENCY_NUMBER": number}
    answer = send(inside(app), "/console/setup/clinic/save", "/console/setup/clinic", **given)
    assert answer.status_code == status
    assert ("CLINIC_EMERGENCY_NUMBER-error" in answer.text) is (status == 422)


@pytest.mark.parametrize("security", SECURITY)
@pytest.mark.parametrize(
    "host", ["smtp..rio.test", ".rio.test", "m" * 64 + ".test", "\U0001f4a9" * 64, "a b"]
)
def test_a_name_that_no_server_can_have_is_said_beside_its_field(
    app: Flask, host: str, security: str
) -> None:
    given = {"SMTP_HOST": host, "SMTP_PORT": "1", "SMTP_SECURITY": security}
    answer = send(inside(app), "/console/setup/mail/save", "/console/setup/mail", **given)
    assert answer.status_code == 422
    assert "no mail server of this name" in answer.text


ODD = (
    *("", " ", "a\nb", "a\r\nBcc: x@evil.test", "\x01", "\x1b[31m", "\u202eabc", "\u200b"),
    *(
        "محمد الأحمد",
        "李雷",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",
        "=?utf-8?q?x?=",
        "a@b@c",
        "<a@b.test>",
    ),
    *("<script>alert(1)</script>", "'\"&;", "{{ 7 * 7 }}", "%s %n {0}", "'; DROP TABLE staff; --"),
    *("-1", "1e9", "99999999999999999999", "²", "25:99", "Europe/Nowhere", "../../etc", "x" * 10_000),
    *("http://[::1", "https://a:b@c.test", "https://c.test:99999", "javascript:alert(1)"),
)
"""What somebody pastes, or sends past the form."""


def test_whatever_is_typed_about_a_clinic_is_said_to_be_wrong_or_does_no_harm(
    app: Flask, mailbox: Mailbox, everything: bool
) -> None:
    client, page = inside(app), "/console/setup/clinic"
    send(client, "/console/setup/mail/save", "/console/setup/mail", **mail_of(mailbox))
    csrf = token_in(client.get(page, base_url=BASE))
    names = [each.name for each in (PUBLIC, *CLINIC_FIELDS)]
    for name, value in spread(names, ODD, everything=everything, always="CLINIC_NAME"):
        given = {"csrf": csrf, **CLINIC, name: value}
        answer = client.post(f"{page}/save", base_url=BASE, data=given)
        assert answer.status_code in (303, 422), (name, value)
        if answer.status_code == 422:
            assert f'id="{name}-error"' in answer.text, (name, value)
            assert "<script>alert" not in answer.text
            continue
        mailbox.mails.clear()
        to = {"csrf": csrf, "to": "ana@rio.test"}
        assert client.post("/console/setup/mail/test", base_url=BASE, data=to).status_code == 303, value
        (mail,) = mailbox.mails
        assert sorted(mail.keys()) == HEADERS, (name, value)


def spread(
    names: Sequence[str], values: Sequence[str], *, everything: bool, always: str
) -> Iterator[tuple[str, str]]:
    """Each value for one name and for `always`; with `everything` for each name."""
    for n, value in enumerate(values):
        yield from ((name, value) for name in (names if everything else {always, names[n % len(names)]}))


HEADERS = [
    *("Content-Transfer-Encoding", "Content-Type", "Date", "From", "MIME-Version", "Message-ID", "Subject"),
    *("To", "X-Aftercare-Kind"),
]


@pytest.mark.parametrize("last", ["09:00", "08:30", "06:00"])
def test_hours_that_were_exchanged_send_nothing_by_night(app: Flask, last: str) -> None:
    client = inside(app)
    given = CLINIC | {"QUIET_UNTIL": "09:00", "QUIET_FROM": last}
    answer = send(client, "/console/setup/clinic/save", "/console/setup/clinic", **given)
    assert answer.status_code == 422
    assert "later on the same day" in answer.get_data(as_text=True)


def test_hours_may_end_at_midnight(app: Flask) -> None:
    given = CLINIC | {"QUIET_UNTIL": "09:00", "QUIET_FROM": "00:00"}
    answer = send(inside(app), "/console/setup/clinic/save", "/console/setup/clinic", **given)
    assert answer.location == "/console/setup/mail"


def test_a_key_goes_nowhere_where_others_could_read_it(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    vendor = FakeVendor(host="book.test")
    monkeypatch.setattr(scheduler, "Http", vendor.http)
    answer = connect(inside(app), "easyappointments", api_base="http://book.test", api_key="k3y" * 8)
    assert answer.status_code == 422
    assert "https" in answer.text
    assert vendor.calls == []


def test_whatever_is_pasted_for_a_scheduler_is_said_to_be_wrong_or_is_asked_there(
    app: Flask, monkeypatch: pytest.MonkeyPatch, everything: bool
) -> None:
    monkeypatch.setattr("integrations.http.Http.request", _nobody)
    client = inside(app)
    csrf = token_in(client.get("/console/setup/scheduler?kind=calcom", base_url=BASE))
    names = [f"{kind} {ask.name}" for kind, each in SCHEDULERS.items() for ask in each.asks]
    for where, value in spread(names, ODD, everything=everything, always="easyappointments api_base"):
        kind, _, name = where.partition(" ")
        given = {"csrf": csrf, "kind": kind, **pasted(kind), name: value}
        answer = client.post("/console/setup/scheduler/save", base_url=BASE, data=given)
        assert answer.status_code in (303, 422), (where, value)
        assert 'role="alert"' in answer.text or answer.status_code == 303, (where, value)


def _nobody(*_: object, **__: object) -> None:
    raise requests.ConnectTimeout


@pytest.mark.parametrize("kind", [name for name, each in SCHEDULERS.items() if each.asks])
def test_a_key_that_was_pasted_with_a_strange_sign_is_said_beside_its_field(app: Flask, kind: str) -> None:
    client = inside(app)
    for sign in ("\u200b", "\u00a0", "\u201c", "ż", "\t"):
        given = {each.name: f"cal_live_{sign}abc" for each in SCHEDULERS[kind].asks} | {"kind": kind}
        answer = send(client, "/console/setup/scheduler/save", "/console/setup/scheduler", **given)
        assert answer.status_code == 422
        assert "Only the letters a to z" in answer.get_data(as_text=True)
    assert "CONNECTIONS" not in values(app)


def link_of(mail: EmailMessage) -> str:
    words = str(mail.get_content()).split()
    return next(word for word in words if "/setup/mail/" in word).removeprefix(BASE)


def test_the_test_mail_counts_when_its_button_was_pressed(app: Flask, mailbox: Mailbox) -> None:
    client = inside(app)
    send(client, "/console/setup/clinic/save", "/console/setup/clinic", **CLINIC)
    send(client, "/console/setup/mail/save", "/console/setup/mail", **mail_of(mailbox))
    send(client, "/console/setup/mail/test", "/console/setup/mail", to="ana@rio.test")
    (mail,) = mailbox.mails
    assert mail["From"] == "Río Clinic <care@rio.test>"
    reader = browser(app)
    scanned = reader.get(link_of(mail), base_url=BASE)
    assert scanned.status_code == 200
    assert "It came and was clicked" not in page_of(client)
    assert not is_tried(app, client)
    assert send(reader, link_of(mail)).status_code == 303
    assert "It came and was clicked" in page_of(client)
    assert is_tried(app, client)
    with context_of(app).db.begin() as tx:
        kept.put(tx, {"SMTP_USERNAME": "another"}, datetime.now(UTC))
    assert "It came and was clicked" not in page_of(client), "another account is to be tried again"
    assert not is_tried(app, client)


def test_a_test_mail_goes_to_a_domain_in_any_script(app: Flask, mailbox: Mailbox) -> None:
    client = inside(app)
    given = CLINIC | {"CLINIC_EMAIL": "Praxis <care@praxis-müller.test>"}
    send(client, "/console/setup/clinic/save", "/console/setup/clinic", **given)
    send(client, "/console/setup/mail/save", "/console/setup/mail", **mail_of(mailbox))
    to = "ana@bücher.test"
    assert send(client, "/console/setup/mail/test", "/console/setup/mail", to=to).status_code == 303
    assert mailbox.recipients == [["ana@xn--bcher-kva.test"]]
    assert mailbox.mails[0]["From"] == "Praxis <care@xn--praxis-mller-klb.test>"


def is_tried(app: Flask, client: FlaskClient) -> bool:
    """What the last step, the list under Setup and `check` say of it, which is the same."""
    pages = [client.get(f"/console/setup{path}", base_url=BASE) for path in ("/webhook", "")]
    said = ["No test mail came and was clicked" in page.get_data(as_text=True) for page in pages]
    said.append(any("no test mail by way of" in line for line in checked(app)))
    assert len(set(said)) == 1
    return not said[0]


def checked(app: Flask) -> list[str]:
    """The lines of `flask check`."""
    with app.app_context():
        said = app.test_cli_runner().invoke(args=["check"])
    assert isinstance(said.exception, SystemExit | None), said.exception
    return said.output.splitlines()


def page_of(client: FlaskClient) -> str:
    return client.get("/console/setup/mail", base_url=BASE).get_data(as_text=True)


@pytest.mark.parametrize("code", ["x", "a" * 32])
def test_a_made_up_code_confirms_no_mail(app: Flask, code: str) -> None:
    assert browser(app).get(f"/setup/mail/{code}", base_url=BASE).status_code == 404


@pytest.mark.parametrize("kind", [each for each in SCHEDULERS if each != "standard"])
def test_a_key_that_is_refused_is_said_in_the_language_of_the_page(
    app: Flask, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    def refused(self: Http, *_: Any, **__: Any) -> requests.Response:
        return response(401, {"message": "no"})

    monkeypatch.setattr(Http, "request", refused)
    client, asks = inside(app), SCHEDULERS[kind].asks
    with context_of(app).db.begin() as tx:
        staff.set_language(tx, staff.every(tx)[0].id, "es")
    pasted = {each.name: "https://book.test" if each.name == "api_base" else "k3y" * 8 for each in asks}
    answer = connect(client, kind, **pasted)
    if answer.status_code == 422:
        assert "rechazó nuestra clave (401)" in answer.text
    assert "refused our key" not in answer.text


def test_a_sender_of_our_own_signs_with_a_secret_that_is_shown(
    app: Flask, bare: dict[str, str], mailbox: Mailbox
) -> None:
    client = inside(app)
    send(client, "/console/setup/mail/save", "/console/setup/mail", **mail_of(mailbox))
    assert (
        send(
            client, "/console/setup/scheduler/save", "/console/setup/scheduler?kind=standard", kind="standard"
        ).status_code
        == 303
    )
    secret = values(app)["MAIN_SECRET"]
    page = client.get("/console/setup/scheduler", base_url=BASE).get_data(as_text=True)
    assert secret.startswith("whsec_")
    assert secret in page
    assert f"{BASE}/webhooks/main" in page
    (connection,) = configuration.load(with_kept(bare).variables).connections
    assert (connection.scheduler, connection.secrets) == ("standard", (secret,))


def pasted(kind: str) -> dict[str, str]:
    """What somebody pastes for this scheduler, and nobody for another one."""
    fit = {"api_base": f"https://{kind}.test"}
    return {each.name: fit.get(each.name, f"{kind}-{'k3yq' * 6}") for each in SCHEDULERS[kind].asks}


def connect(client: FlaskClient, kind: str, **typed: str) -> TestResponse:
    """Paste it, and press Connect."""
    page = f"/console/setup/scheduler?kind={kind}"
    return send(client, "/console/setup/scheduler/save", page, kind=kind, **typed)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Connection]:
    """What each scheduler was shown when it was asked whether it takes what was pasted."""
    seen: list[Connection] = []
    for kind in SCHEDULERS.values():
        monkeypatch.setattr(kind, "ping", lambda self: seen.append(self.connection))
    return seen


def test_another_scheduler_gets_nothing_that_was_pasted_for_the_former_one(
    app: Flask, asked: list[Connection]
) -> None:
    client = inside(app)
    for former, other in pairwise([*SCHEDULERS, *reversed(list(SCHEDULERS)[:-1])]):
        assert connect(client, former, **pasted(former)).status_code == 303
        asked.clear()
        if pasted(other):
            assert (connect(client, other).status_code, asked) == (422, []), (former, other)
        assert connect(client, other, **pasted(other)).status_code == 303, (former, other)
        mine = {f"MAIN_{name.upper()}": value for name, value in pasted(other).items()}
        found = {name: value for name, value in values(app).items() if name.startswith("MAIN_")}
        assert former not in found.pop("MAIN_SECRET", "")
        assert found == mine
        assert not [each for each in asked if former in "".join(shown(each))]


def shown(connection: Connection) -> tuple[str, ...]:
    """What a scheduler sees of a connection."""
    return (connection.api_key, connection.account, connection.api_base)


def test_the_setup_changes_the_first_connection_and_leaves_the_others(
    app: Flask, asked: list[Connection]
) -> None:
    north = {"NORTH_SECRET": "whsec_" + "q7Rk" * 8, "CONNECTIONS": "main=standard, north=standard"}
    with context_of(app).db.begin() as tx:
        kept.put(tx, north | {"MAIN_SECRET": "whsec_" + "Zp4e" * 8}, datetime.now(UTC))
    client = inside(app)
    assert connect(client, "square", **pasted("square")).status_code == 303
    assert values(app)["CONNECTIONS"] == "main=square,north=standard"
    assert values(app)["NORTH_SECRET"] == north["NORTH_SECRET"]
    assert asked[0].scheduler == "square"


def test_services_go_with_forms(app: Flask, bare: dict[str, str]) -> None:
    client = inside(app)
    rows = {"slug": ["massage-60", "voucher"], "name": ["Massage", "Gift card"]}
    chosen: dict[str, Any] = {"form0": "short", "plan0": "on", "form1": "none", **rows}
    csrf = token_in(client.get("/console/setup/services", base_url=BASE))
    client.post("/console/setup/services/save", base_url=BASE, data={"csrf": csrf, **chosen})
    clinic = configuration.load(with_kept(bare).variables).clinic
    assert (clinic.service("massage-60").questionnaire, clinic.service("massage-60").plan) == ("short", True)
    assert (clinic.service("", "Gift card").questionnaire, clinic.service("voucher").plan) == ("", False)
    assert clinic.service("relaxation-60").plan is False, "what the file says of others stays"


@pytest.mark.parametrize("name", LISTS)
def test_the_services_of_every_scheduler_are_listed_by_name(
    app: Flask, bare: dict[str, str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """From documented answers: each in its own words, and what is chosen goes with the word of a booking."""
    vendor = FakeVendor()
    LISTS[name](vendor)
    given = dict(CLINIC, CONNECTIONS=f"main={name}", MAIN_API_KEY="k" * 20, MAIN_SECRET="register")
    with context_of(app).db.begin() as tx:
        kept.put(tx, given | {"MAIN_ACCOUNT": VENDORS[name].account}, datetime.now(UTC))
    offering = VENDORS[name].ours(vendor)
    main = desk.Desk({}, lambda _: [], list, lambda: replace(context_of(app), schedulers={"main": offering}))
    monkeypatch.setattr(desk, "desk", lambda: main)
    client = inside(app)
    page = client.get("/console/setup/services", base_url=BASE).get_data(as_text=True)
    assert all(html.escape(title) in page for title in OFFERED[name].values())
    found = re.findall(r'name="slug" value="([^"]+)"', page)
    assert sorted(found) == sorted(OFFERED[name])
    csrf = token_in(client.get("/console/setup/services", base_url=BASE))
    chosen = {"csrf": csrf, "slug": found, "name": [OFFERED[name][each] for each in found]}
    chosen |= {f"form{number}": "short" for number in range(len(found))}
    assert client.post("/console/setup/services/save", base_url=BASE, data=chosen).status_code == 303
    clinic = configuration.load(with_kept(bare).variables | {"CONNECTIONS": "main=calcom"}).clinic
    assert {clinic.service(slug).questionnaire for slug in OFFERED[name]} == {"short"}


def offering(app: Flask, monkeypatch: pytest.MonkeyPatch, found: list[Offered] | Exception) -> None:
    """Have the scheduler offer this."""

    def listed(_self: Scheduler) -> list[Offered]:
        if isinstance(found, Exception):
            raise found
        return found

    given = dict(CLINIC, CONNECTIONS="main=standard", MAIN_SECRET=STANDARD_SECRET)
    with context_of(app).db.begin() as tx:
        kept.put(tx, given, datetime.now(UTC))
    monkeypatch.setattr(SCHEDULERS["standard"], "services", listed)


def services_page(client: FlaskClient) -> str:
    return html.unescape(client.get("/console/setup/services", base_url=BASE).get_data(as_text=True))


def test_of_many_services_the_first_by_name_are_shown_and_the_others_are_counted(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [Offered(f"s{n}", f"放松 {n:03} <b>") for n in reversed(range(230))]
    offering(app, monkeypatch, many)
    client = inside(app)
    page = services_page(client)
    shown = re.findall(r'name="slug" value="([^"]+)"', page)
    assert shown == [f"s{n}" for n in range(200)]
    assert "30 more have no place here" in page
    chosen: dict[str, Any] = {"slug": shown, "name": [each.name for each in many[::-1]][:200]}
    chosen |= {f"form{n}": "short" for n in range(200)} | {
        "csrf": token_in(client.get("/console/setup/services", base_url=BASE))
    }
    assert client.post("/console/setup/services/save", base_url=BASE, data=chosen).status_code == 303
    assert len(json.loads(values(app)["CLINIC_SERVICES"])) == 200


def test_services_that_cannot_be_kept_are_not_passed_over(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    offering(app, monkeypatch, [Offered("a", "Massage")])
    client = inside(app)
    csrf = token_in(client.get("/console/setup/services", base_url=BASE))
    main = replace(desk_of(app), problems=lambda _: ["CLINIC_SERVICES: a cannot be."])
    monkeypatch.setattr(desk, "desk", lambda: main)
    chosen = {"csrf": csrf, "slug": "a", "name": "Massage", "form0": "short"}
    answer = client.post("/console/setup/services/save", base_url=BASE, data=chosen)
    assert answer.status_code == 422
    assert "a cannot be." in answer.get_data(as_text=True)
    assert "CLINIC_SERVICES" not in values(app)


def desk_of(app: Flask) -> desk.Desk:
    found: desk.Desk = app.extensions["setup"]
    return found


def test_a_scheduler_that_has_no_list_is_said_once_in_the_words_of_the_page(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    offering(app, monkeypatch, Unsupported("It does not say what can be booked."))
    client = inside(app)
    page = services_page(client)
    assert "Your scheduler does not say what can be booked." in page
    assert "It does not say" not in page
    offering(app, monkeypatch, IntegrationError("Cal.com does not answer (503)."))
    assert "does not answer (503)" in services_page(client)


def test_the_end_names_what_is_missing(app: Flask) -> None:
    client = inside(app)
    answer = send(client, "/console/setup/finish", "/console/setup/webhook")
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    listed = re.search(r'role="alert">(.*?)</ul>', text, re.DOTALL)
    assert listed
    assert re.findall(r'<a href="/console/setup/(\w+)">', listed[1]) == ["mail", "scheduler"]
    assert "is not set" not in text, "a clinic reads no names of variables"


@pytest.fixture
def waiting(bare: dict[str, str], asked: list[Connection]) -> Iterator[Flask]:
    """A clinic that waits for its first webhook."""
    given = dict(CLINIC, CONNECTIONS="main=calcom", MAIN_SECRET=CALCOM_SECRET, SMTP_HOST="127.0.0.1")
    made = application.create_app(environ=given | bare | {"AFTERCARE_ENV": "development"})
    with context_of(made).db.begin() as tx:
        kept.put(tx, {"SMTP_SECURITY": "none", **given}, datetime.now(UTC))
        connections.ensure(tx, "main", "calcom", datetime.now(UTC) - timedelta(days=1))
    yield made
    context_of(made).db.close()


def came(client: FlaskClient) -> str:
    """What the last page of the setup says of the first webhook."""
    page = client.get("/console/setup/webhook", base_url=BASE).get_data(as_text=True)
    return html.unescape(page.partition('id="live"')[2].partition("<form")[0])


def test_the_visit_that_is_shown_is_that_of_the_webhook_however_full_the_calendar_is(waiting: Flask) -> None:
    context, client, now = context_of(waiting), inside(waiting), datetime.now(UTC)
    later = [now + timedelta(days=3, hours=n) for n in range(120)]
    full = [webhook("created", now, uid=f"c{n}", start=at, email=f"c{n}@x.org") for n, at in enumerate(later)]
    receive(context, *full, webhook("created", now, uid="mine", start=now + timedelta(days=2)))
    while work.work_once(context, now):
        pass
    mine = only(context).id
    assert f"/console/bookings/{mine}" in came(client)
    receive(context, webhook("created", now, uid="mine", start=now + timedelta(days=2)))
    assert "Deep tissue" not in came(client), "it is not read yet, and no other is shown in its place"
    while work.work_once(context, now):
        pass
    assert f"/console/bookings/{mine}" in came(client), "a second time it is the same visit"


@pytest.mark.parametrize("other", ["standard", "cliniko"])
def test_what_came_from_the_former_scheduler_is_not_the_first_of_this_one(waiting: Flask, other: str) -> None:
    context, client, now = context_of(waiting), inside(waiting), datetime.now(UTC)
    receive(context, webhook("created", now))
    work.work_once(context, now)
    assert "here it is" in came(client)
    assert connect(client, other, **pasted(other)).status_code == 303
    with context.db.begin() as tx:
        connections.ensure(tx, "main", other, datetime.now(UTC))
    assert "here it is" not in came(client)
    assert "Waiting for your first" in came(client)


def test_what_is_finished_is_not_finished_again(waiting: Flask) -> None:
    client = inside(waiting)
    assert "Finish" in client.get("/console/setup/webhook", base_url=BASE).text
    close(waiting)
    assert "Finish" not in client.get("/console/setup/webhook", base_url=BASE).text


def test_a_webhook_that_nobody_understands_is_not_called_good(waiting: Flask) -> None:
    context, client, now = context_of(waiting), inside(waiting), datetime.now(UTC)
    strange = webhook("created", now)
    receive(context, replace(strange, body=strange.body.replace(b"startTime", b"beginTime")))
    work.work_once(context, now)
    shown = came(client)
    assert "could not be taken in" in shown
    assert "note bad" in shown
    assert "note good" not in shown


def test_a_webhook_of_another_account_is_not_called_the_first_one(waiting: Flask) -> None:
    context, client = context_of(waiting), inside(waiting)
    receive(context, webhook("created", datetime.now(UTC)))
    with context.db.begin() as tx:
        (row,) = receipts.recent(tx, limit=1)
        tx.change(tables.receipts, row.id, status="ignored")
    shown = came(client)
    assert "about no booking of yours" in shown
    assert "here it is" not in shown


def test_a_webhook_with_a_wrong_signature_leads_back_to_the_scheduler(waiting: Flask) -> None:
    client = inside(waiting)
    assert "not signed" not in came(client)
    sent = webhook("created", datetime.now(UTC), secret="another")
    answer = waiting.test_client().post(
        "/webhooks/main", base_url=BASE, data=sent.body, headers=dict(sent.headers)
    )
    assert answer.status_code == 401
    limit = time.monotonic() + 20
    while "not signed with our secret" not in came(client):  # it is noted beside the answer
        assert time.monotonic() < limit
        time.sleep(0.05)
    assert "/console/setup/scheduler" in came(client)


def test_the_console_has_the_list_of_check(app: Flask) -> None:
    client = inside(app)
    page = client.get("/console/setup", base_url=BASE).get_data(as_text=True)
    said = checked(app)
    assert len(said) > 3
    assert all(line in html.unescape(page) for line in said)


def test_the_list_of_check_is_read_in_spanish(waiting: Flask) -> None:
    context, client = context_of(waiting), inside(waiting)
    later = datetime.now(UTC) + timedelta(hours=9)
    with context.db.begin() as tx:
        tx.run(sa.update(tables.connections).values(last_receipt_at=later - timedelta(days=30)))
        tx.run(sa.insert(tables.troubles).values(kind="mail", name="", text="550 no", since=later))
        staff.set_language(tx, staff.every(tx)[0].id, "es")
    text = html.unescape(client.get("/console/setup", base_url=BASE).get_data(as_text=True))
    said = checked(waiting)
    assert text.count("Observación: ") == sum(line.startswith("Remark: ") for line in said) > 3
    assert text.count("Problema: ") == sum(line.startswith("Trouble: ") for line in said) > 0
    assert not [line for line in said if line in text], "no line stays English"


def test_only_a_manager_changes_settings(app: Flask) -> None:
    context = context_of(app)
    close(app)
    account(context, "bo@handsofstone.example", "Bo Quinn", (Role.practitioner,))
    client = sign_in(app, "bo@handsofstone.example")
    for path in ("", "/clinic", "/mail", "/scheduler", "/services", "/webhook"):
        assert client.get(f"/console/setup{path}", base_url=BASE).status_code == 403


def test_web_and_worker_notice_a_changed_setting_and_nothing_else(app: Flask, bare: dict[str, str]) -> None:
    context, now = context_of(app), datetime.now(UTC)
    begun = with_kept(bare).revision
    assert not renewal.changed(context, begun)
    with context.db.begin() as tx:
        kept.put(tx, {"setup_mail_asked": "x"}, now)
    assert not renewal.changed(context, begun)
    with context.db.begin() as tx:
        kept.put(tx, {"WORDING": "fitness"}, now)
    assert renewal.changed(context, begun)
    assert not renewal.changed(context, with_kept(bare).revision)


def test_settings_are_kept_on_the_command_line_too(app: Flask) -> None:
    run = app.test_cli_runner().invoke
    assert run(args=["settings", "set", "WORDING", "fitness"]).exit_code == 0
    assert "WORDING" in run(args=["settings", "list"]).output
    assert "fitness" not in run(args=["settings", "list"]).output
    assert run(args=["settings", "set", "WORDING", ""]).exit_code == 0
    assert "WORDING" not in run(args=["settings", "list"]).output


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SMTP_PORT", "abc", "SMTP_PORT must be a whole number"),
        ("PUBLIC_URL", "care", "PUBLIC_URL must look like"),
        ("CLINIC_ZONE", "Mars/Phobos", "CLINIC_ZONE"),
        ("CONNECTIONS", "main=nobody", "is not a scheduler"),
        ("DATABASE_URL", "sqlite:////tmp/another.db", "stands outside of it"),
        ("FIELD_KEYS", "x", "stands outside of it"),
        ("SECRET_KEY", "x" * 64, "stands outside of it"),
    ],
)
def test_the_command_line_keeps_nothing_that_would_not_start(
    app: Flask, bare: dict[str, str], name: str, value: str, said: str
) -> None:
    before = dict(values(app))
    answer = app.test_cli_runner().invoke(args=["settings", "set", name, value])
    assert answer.exit_code == 1
    assert said in answer.output
    assert values(app) == before
    application.create_app(environ=bare)


def test_a_password_need_not_stand_on_the_command_line(app: Flask) -> None:
    run = app.test_cli_runner().invoke
    assert run(args=["settings", "set", "SMTP_PASSWORD"], input="hunter of pebbles\n").exit_code == 0
    assert values(app)["SMTP_PASSWORD"] == "hunter of pebbles"


def test_the_command_prints_one_address_until_the_clinic_is_set_up(app: Flask) -> None:
    run = app.test_cli_runner().invoke
    with app.app_context():
        assert re.search(rf"{BASE}/setup/[\w-]{{20,}}\n$", run(args=["setup"]).output)
        close(app)
        account(context_of(app))
        assert run(args=["setup"]).output.endswith(f"{BASE}/console/\n")
