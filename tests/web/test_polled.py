"""A clinic whose scheduler has no webhooks: setup, console and commands say so, and ask for none."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
import requests
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient

import app as application
import settings as configuration
from handlers.bookings import reconcile
from handlers.context import Context
from integrations.schedulers.cliniko import APPOINTMENTS, Cliniko
from store import connections
from tests.handlers.bookings.test_polling import holding, row
from tests.helpers.clinic import environ, make_context
from tests.helpers.console import BASE, account, sign_in
from tests.helpers.fake_cliniko import FakeCliniko
from tests.helpers.fake_vendor import FakeVendor
from tests.helpers.mailbox import Mailbox
from tests.web.test_check_outside import marked, world
from tests.web.test_setup import CLINIC, bare, inside, mail_of, send, values
from web.setup import scheduler

__all__ = ["bare", "world"]
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
NOW = datetime.now(UTC)
CONNECTED = {"CONNECTIONS": "main=cliniko", "MAIN_API_KEY": "key-uk2"}
NO_WEBHOOKS = "Cliniko has no webhooks: its bookings are read every few minutes."


@pytest.fixture
def app(database_url: str) -> Iterator[Flask]:
    """A clinic at Cliniko and nowhere else."""
    given = environ(database_url, 25)
    settings = configuration.load({k: v for k, v in given.items() if not k.endswith("_SECRET")} | CONNECTED)
    make_context(settings, NOW - timedelta(days=1)).db.close()
    made = application.create_app(settings)
    yield made
    made.extensions["aftercare"].db.close()


def ours(app: Flask) -> Context:
    found: Context = app.extensions["aftercare"]
    return found


def asks(app: Flask, vendor: FakeCliniko) -> Context:
    """The clinic, whose scheduler is this stand-in."""
    vendor.host = "api.uk2.cliniko.com"
    ours(app).schedulers["main"].http.session = cast("requests.Session", vendor)
    return ours(app)


def text(client: FlaskClient, url: str) -> str:
    return client.get(url, base_url=BASE).get_data(as_text=True)


def run(app: Flask, *words: str) -> Result:
    with app.app_context():
        return app.test_cli_runner().invoke(args=list(words))


def new(name: str) -> dict[str, Any]:
    """An appointment of next week that was made just now."""
    start, stamp = NOW + timedelta(days=7), "%Y-%m-%dT%H:%M:%SZ"
    times = {"starts_at": start.strftime(stamp), "ends_at": (start + timedelta(hours=1)).strftime(stamp)}
    return row(name, **times, created_at=NOW.strftime(stamp), updated_at=NOW.strftime(stamp))


def test_it_starts_without_a_secret_and_its_address_takes_nothing(app: Flask) -> None:
    client = app.test_client()
    for method in ("post", "head"):
        assert getattr(client, method)("/webhooks/main", base_url=BASE).status_code == 404
    with ours(app).db.read() as tx:
        row_ = connections.get(tx, "main")
    assert row_ is not None
    assert row_.last_refused_at is None


def test_there_is_nothing_to_subscribe_or_to_simulate(app: Flask) -> None:
    for words in (("register", "main"), ("register", "main", "--remove")):
        done = run(app, *words)
        assert (done.exit_code, NO_WEBHOOKS in done.output) == (1, True)
    simulated = run(app, "simulate", "main", "created")
    assert simulated.exit_code == 2
    assert "has no webhooks" in simulated.output


def test_it_is_read_by_hand_and_shows_when(app: Flask) -> None:
    asks(app, holding(new("1")))
    assert "main: 1 bookings read." in run(app, "reconcile", "main").output
    account(ours(app))
    page = text(sign_in(app), "/console/connections")
    assert "Works" in page
    assert "Last read through" in page
    for word in ("Last webhook", "/webhooks/main", "app register main"):
        assert word not in page


def test_what_others_see_asks_for_no_webhook(app: Flask, world: Callable[..., None]) -> None:
    world()
    before = run(app, "check", "--outside")
    assert "Cliniko has no webhooks, and was not read yet." in before.output
    assert "scheduler main" in marked(before, "?")
    reconcile.reconcile(asks(app, holding()), "main", NOW)
    after = run(app, "check", "--outside")
    assert "scheduler main" in marked(after, "ok")
    assert "webhook main" not in after.output


def test_the_setup_asks_for_a_key_and_waits_for_the_first_booking(
    bare: dict[str, str], mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Cliniko, "ping", lambda _self: None)
    app = application.create_app(environ=bare)
    client = inside(app)
    send(client, "/console/setup/clinic/save", "/console/setup/clinic", **CLINIC)
    send(client, "/console/setup/mail/save", "/console/setup/mail", **mail_of(mailbox))
    chosen = "/console/setup/scheduler?kind=cliniko"
    kept = send(client, "/console/setup/scheduler/save", chosen, kind="cliniko", api_key="key-uk2")
    assert kept.status_code == 303
    assert not values(app).get("MAIN_SECRET")
    page = text(client, "/console/setup/scheduler")
    assert NO_WEBHOOKS in page
    assert "Make the webhook" not in page
    assert "Waiting for your first booking" in text(client, "/console/setup/webhook")
    again = application.create_app(environ=bare)
    with ours(again).db.begin() as tx:
        connections.ensure(tx, "main", "cliniko", NOW - timedelta(days=1))
    reconcile.reconcile(asks(again, holding(new("1"))), "main", datetime.now(UTC))
    page = text(client, "/console/setup/webhook")
    assert "It came: here it is." in page
    assert "Deep tissue 60" in page
    assert "Finish without it" not in page
    for each in (app, again):
        ours(each).db.close()


def test_a_key_that_cliniko_refuses_is_not_kept(
    bare: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor = FakeVendor(host="api.uk2.cliniko.com").on("GET", APPOINTMENTS, {}, status=401)
    monkeypatch.setattr(scheduler, "Http", vendor.http)
    app = application.create_app(environ=bare)
    client = inside(app)
    send(client, "/console/setup/clinic/save", "/console/setup/clinic", **CLINIC)
    chosen = "/console/setup/scheduler?kind=cliniko"
    refused = send(client, "/console/setup/scheduler/save", chosen, kind="cliniko", api_key="key-uk2")
    assert refused.status_code == 422
    assert "Cliniko refused our key (401)" in refused.get_data(as_text=True)
    assert "MAIN_API_KEY" not in values(app)
    assert vendor.calls[0].headers["User-Agent"] == "Aftercare (care@rio.test)"
    ours(app).db.close()
