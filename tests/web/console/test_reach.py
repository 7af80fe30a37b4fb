"""What a client says who calls: no more messages, and messages again."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from handlers.clients import contacts
from handlers.context import Context
from schemas.delivery import Channel
from schemas.person import ContactKind, MessageKind
from schemas.staff import Role
from store import audit
from store import contacts as stored
from tests.helpers.clinic import NOW
from tests.helpers.console import BASE, account, post, sign_in, visit

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
PAGE = "/console/clients/1"
ZOE = "zoe@example.org"


@pytest.fixture
def desk(app: Flask, context: Context) -> FlaskClient:
    visit(context)
    account(context, "jo@handsofstone.example", "Jo", (Role.front_desk,))
    return sign_in(app, "jo@handsofstone.example")


def stopped(context: Context) -> set[MessageKind]:
    with context.db.read() as tx:
        found = stored.find(tx, ContactKind.email, ZOE)
    assert found is not None
    return set(found.stopped)


def press(client: FlaskClient, act: str) -> int:
    """Press the button of the page, twice where it still stands there."""
    found = re.search(rf'action="({PAGE}/reach/\d+/{act})"', client.get(PAGE, base_url=BASE).text)
    assert found is not None, act
    return {post(client, found[1], PAGE).status_code for _twice in range(2)}.pop()


def test_who_calls_gets_nothing_more_until_they_call_again(context: Context, desk: FlaskClient) -> None:
    assert press(desk, "stop") == 303
    assert stopped(context) == set(MessageKind)
    page = desk.get(PAGE, base_url=BASE).text
    assert "no e-mail" in page
    assert "/stop" not in page
    assert press(desk, "start") == 303
    assert stopped(context) == set()
    with context.db.read() as tx:
        log = [(line.actor, line.action) for line in audit.log(tx) if line.action.startswith("noted")]
    assert sorted(log) == [("Jo", "noted_start_email"), ("Jo", "noted_stop_email")]


def test_what_the_owner_stopped_alone_nobody_else_starts(context: Context, desk: FlaskClient) -> None:
    with context.db.begin() as tx:
        place = stored.find(tx, ContactKind.email, ZOE)
        assert place is not None
        stored.stop(tx, place.id, [MessageKind.checkins], "link", NOW)
    assert press(desk, "stop") == 303
    assert press(desk, "start") == 303
    assert stopped(context) == {MessageKind.checkins}
    with context.db.begin() as tx:
        contacts.stop(tx, context, Channel.email, ZOE, "link", NOW)
    page = desk.get(PAGE, base_url=BASE).text
    assert "alone can let it come again" in page
    assert "/reach/" not in page
    assert post(desk, f"{PAGE}/reach/{place.id}/start", PAGE).status_code == 303
    assert stopped(context) == set(MessageKind)


def test_nobody_is_stopped_at_an_address_that_is_not_theirs(context: Context, desk: FlaskClient) -> None:
    visit(context, "u2", name="Cleo Ash", email="cleo@example.org")
    with context.db.read() as tx:
        other = stored.find(tx, ContactKind.email, "cleo@example.org")
    assert other is not None
    assert post(desk, f"{PAGE}/reach/{other.id}/stop", PAGE).status_code == 404
    assert post(desk, "/console/clients/99/reach/1/stop", PAGE).status_code == 404


def test_mail_that_comes_back_stands_at_the_address_and_a_number_dials(
    context: Context, desk: FlaskClient
) -> None:
    page = desk.get(PAGE, base_url=BASE).text
    assert "mail comes back" not in page
    assert 'href="tel:+15550104242"' in page
    with context.db.begin() as tx:
        place = stored.find(tx, ContactKind.email, ZOE)
        assert place is not None
        stored.bounced(tx, place.id, NOW)
    assert "mail comes back" in desk.get(PAGE, base_url=BASE).text
