"""A signing secret that is left to `flask register`."""

import pytest

import app as application
import settings as configuration
from integrations.base import InvalidSignature
from store import connections
from tests.helpers.clinic import CALCOM_SECRET, NOW, environ, make_context
from tests.helpers.visits import webhook


def left_to_register(database_url: str) -> configuration.Settings:
    """Settings whose secret is made by the command."""
    return configuration.load(environ(database_url, 25, CONNECTIONS="main=calcom", MAIN_SECRET="register"))


def test_until_it_is_registered_every_webhook_is_refused(database_url: str) -> None:
    context = application.build_context(left_to_register(database_url))
    with pytest.raises(InvalidSignature):
        context.schedulers["main"].verify(webhook("created", NOW))
    assert "register" not in context.schedulers["main"].connection.secrets


def kept(database_url: str) -> configuration.Settings:
    """The same, after `register` has kept a secret."""
    given = left_to_register(database_url)
    context = make_context(given)
    with context.db.begin() as tx:
        connections.keep_secret(tx, "main", CALCOM_SECRET)
    context.db.close()
    return given


def test_the_secret_that_was_kept_is_accepted_after_a_restart(database_url: str) -> None:
    second = application.build_context(kept(database_url))
    second.schedulers["main"].verify(webhook("created", NOW))


def test_every_wrong_connection_is_named(database_url: str) -> None:
    wrong = environ(database_url, 25, CONNECTIONS="main=calcom,south=square,west=nothing", MAIN_SECRET="")
    with pytest.raises(configuration.SettingsError) as caught:
        application.build_context(configuration.load(wrong))
    text = str(caught.value)
    assert "Connection main:" in text
    assert "Connection south:" in text
    assert "'nothing' is not a scheduler" in text


def test_a_kept_secret_that_no_key_opens_is_told_at_the_start(database_url: str) -> None:
    kept(database_url)
    with pytest.raises(SystemExit, match="Connection main: the secret that register kept"):
        application.create_app(left_to_register(database_url))
