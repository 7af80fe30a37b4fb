"""The day on which something has leaked, rehearsed: what ends, what goes on, and what is not forgotten."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

import app as application
import settings as configuration
from handlers import links
from handlers.clients import privacy
from handlers.context import Context
from handlers.links import LinkPurpose
from store import audit, bookings, clients, erase
from store import links as stored_links
from store.tables import bookings as bookings_table
from tests.helpers.clinic import NOW
from tests.helpers.console import BASE, account, sign_in
from tests.helpers.phone import soon
from tests.helpers.visits import book
from web.context import utc_now


@pytest.fixture
def app(given: configuration.Settings, context: Context) -> Iterator[Flask]:
    """The application on the same database as `context`."""
    made = application.create_app(given)
    yield made
    made.extensions["aftercare"].db.close()


def run(app: Flask, *words: str) -> str:
    """What a command says."""
    with app.app_context():
        result = app.test_cli_runner().invoke(args=list(words))
    assert result.exit_code == 0, result.output
    return result.stdout


def link(context: Context, purpose: LinkPurpose, subject: int) -> str:
    """The path of a link that is good now."""
    with context.db.begin() as tx:
        until = utc_now() + timedelta(days=9)
        where = 1 if purpose is LinkPurpose.stop else None
        url = links.issue(tx, context, purpose, subject, utc_now(), until, where, client=subject)
    return url.removeprefix(BASE)


def status(client: FlaskClient, path: str) -> int:
    return client.get(path, base_url=BASE).status_code


def test_every_session_ends_at_once(app: Flask, context: Context) -> None:
    account(context)
    client = sign_in(app)
    assert status(client, "/console/account") == 200
    assert run(app, "incident", "end-sessions") == "1 sessions ended.\n"
    assert status(client, "/console/account") == 303
    assert status(sign_in(app), "/console/account") == 200


def test_every_link_ends_and_the_next_one_opens(app: Flask, context: Context) -> None:
    booking = soon(context)
    path = link(context, LinkPurpose.intake, booking.id)
    stop = link(context, LinkPurpose.stop, booking.client_id)
    client = app.test_client()
    assert status(client, path) == 200
    run(app, "incident", "end-links")
    assert status(client, path) == 404
    assert status(client, stop) == 200  # who wants no more mails is always heard
    new = link(context, LinkPurpose.intake, booking.id)
    assert new != path
    assert status(client, new) == 200
    with context.db.read() as tx:
        assert [line.via[:3] for line in audit.log(tx, action="end_every_link")] == ["os:"]


@pytest.mark.parametrize("forgets", [True, False])
def test_another_secret_ends_links_and_sessions_and_the_erased_stay_erased(
    app: Flask, context: Context, given: configuration.Settings, forgets: bool
) -> None:
    account(context)
    gone = book(context, uid="u7", email="gone@example.org", name="Gone Entirely", phone="")
    booking = soon(context)
    path, client = link(context, LinkPurpose.intake, booking.id), sign_in(app)
    assert (status(client, path), status(client, "/console/account")) == (200, 200)
    with context.db.read() as tx:
        seat = bookings.of_booking(tx, gone.id)[0].seat
    assert privacy.erase(context, gone.client_id, "mara", NOW) is not None
    line = run(app, "incident", "rotate-secret").strip()
    new = line.removeprefix("SECRET_KEY=")
    assert new.split()[1:] == [given.secret_key]
    after = replace(given, secret_key=new.split()[0] if forgets else new)
    rotated = application.create_app(after)
    other = rotated.extensions["aftercare"]
    with closing(other.db):
        old = rotated.test_client()
        kept = client.get_cookie("__Host-aftercare", domain="care.test")
        assert kept is not None
        old.set_cookie("__Host-aftercare", kept.value, domain="care.test", secure=True)
        assert status(old, "/console/account") == 303
        assert status(old, path) == 404
        assert status(old, link(other, LinkPurpose.intake, booking.id)) == 200
        assert status(sign_in(rotated), "/console/account") == 200
        with other.db.read() as tx:
            hashes = frozenset(erase.every_hash(tx))
        known = privacy.was_erased(
            other, lambda asked: not hashes.isdisjoint(asked), ("main", "u7", seat), None
        )
        assert known is not forgets


def test_links_of_an_older_database_stay_open_until_the_secret_changes(app: Flask, context: Context) -> None:
    booking = soon(context)
    path = link(context, LinkPurpose.intake, booking.id)
    plain = hashlib.sha256(path.rpartition("/")[2].encode()).hexdigest()
    with context.db.begin() as tx:
        tx.conn.exec_driver_sql(f"UPDATE links SET token_hash = '{plain}', keyed = FALSE")
    assert status(app.test_client(), path) == 404
    run(app, "migrate")
    assert status(app.test_client(), path) == 200
    with context.db.read() as tx:
        assert stored_links.unkeyed(tx) == []


def test_a_report_names_who_was_affected(app: Flask, context: Context) -> None:
    booking = soon(context)
    book(context, uid="u9", email="other@example.org", name="Other Person")
    path = link(context, LinkPurpose.intake, booking.id)
    of_link = json.loads(run(app, "breach", "report", "--link", BASE + path))
    assert (of_link["clients"], of_link["opens"]) == ([booking.client_id], "intake")
    assert len(json.loads(run(app, "breach", "report", "--key"))["clients"]) == 2
    before = json.loads(run(app, "breach", "report", "--backup", "2020-01-01T00:00:00Z"))
    assert (before["clients"], before["sealed_too"]) == ([], False)


@pytest.mark.parametrize("forgets", [True, False])
def test_a_report_knows_a_link_of_before_the_secret_changed_while_the_old_one_is_kept(
    app: Flask, context: Context, given: configuration.Settings, forgets: bool
) -> None:
    booking = soon(context)
    path = link(context, LinkPurpose.intake, booking.id)
    new = run(app, "incident", "rotate-secret").strip().removeprefix("SECRET_KEY=")
    rotated = application.create_app(replace(given, secret_key=new.split()[0] if forgets else new))
    with closing(rotated.extensions["aftercare"].db), rotated.app_context():
        asked = ["breach", "report", "--link", BASE + path]
        result = rotated.test_cli_runner().invoke(args=asked)
        if forgets:
            assert "SECRET_KEY" in result.output
            assert result.exit_code == 1
        else:
            found = json.loads(result.stdout)
            assert (found["clients"], found["state"]) == ([booking.client_id], "ended")


def test_a_report_names_everybody_whom_a_tablet_showed_while_it_was_open(
    app: Flask, context: Context
) -> None:
    """One comes within the hour, one much later; the tablet of an account that knows neither."""
    shown, later = soon(context), book(context, uid="u9", email="other@example.org", name="Other Person")
    with context.db.begin() as tx:
        tx.change(bookings_table, shown.id, start_at=utc_now() + timedelta(minutes=30))
        tx.change(bookings_table, later.id, start_at=utc_now() + timedelta(days=9))
        url = links.issue(tx, context, LinkPurpose.door, 1, utc_now())
    found = json.loads(run(app, "breach", "report", "--link", url))
    assert (found["opens"], found["clients"]) == ("door", [shown.client_id])


def test_a_report_names_a_client_under_every_number(app: Flask, context: Context) -> None:
    booking = soon(context)
    other = book(context, uid="u9", email="other@example.org", name="Other Person")
    path = link(context, LinkPurpose.intake, booking.id)
    with context.db.begin() as tx:
        clients.join(tx, other.client_id, booking.client_id)
    found = json.loads(run(app, "breach", "report", "--link", BASE + path))
    assert found["clients"] == sorted([booking.client_id, other.client_id])
