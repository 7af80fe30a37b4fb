"""`flask doctor`: each line says what was looked at, and what to do where something is wrong."""

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

import app as application
from handlers.context import Context
from integrations import outside
from integrations.base import IntegrationError
from integrations.schedulers import SCHEDULERS
from settings import Settings
from store.base import why
from store.running import workers
from tests.helpers.ports import free_port
from tests.helpers.visits import receive, webhook
from web.commands import doctor


@pytest.fixture
def app(given: Settings, context: Context, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The application on the database of `context`; every name has an address."""
    monkeypatch.setattr(outside, "resolves", lambda _host: True)
    made = application.create_app(given)
    yield made
    made.extensions["aftercare"].db.close()


def run(app: Flask) -> Result:
    with app.app_context():
        return app.test_cli_runner().invoke(args=["doctor"])


def beat(context: Context, at: datetime) -> None:
    with context.db.begin() as tx:
        workers.beat(tx, "w", at)


def faults(result: Result) -> list[str]:
    """What is to be mended, by its first word."""
    return [line.split()[1].rstrip(":") for line in result.output.splitlines() if line.startswith("FIX")]


def test_all_is_well(app: Flask, context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "FREE_BYTES", 0)
    monkeypatch.setattr(doctor, "SLOW_COMMIT", 10.0)
    beat(context, datetime.now(UTC))
    result = run(app)
    assert faults(result) == [], result.output
    assert result.exit_code == 0
    for about in (
        "fsync",
        "clock",
        "disk",
        "DNS",
        "mail server",
        "scheduler main",
        "address",
        "worker",
        "lag",
    ):
        assert f"ok   {about}: " in result.output


def test_everything_is_wrong_and_each_line_says_what_to_do(
    given: Settings, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    monkeypatch.setattr(doctor, "FREE_BYTES", 10**18)
    monkeypatch.setattr(doctor, "SLOW_COMMIT", 0.0)
    monkeypatch.setattr(outside, "resolves", lambda _host: False)
    monkeypatch.setattr(
        outside, "probe", lambda _http, _template, _url: ("The probe answered 502.", now + timedelta(hours=1))
    )
    receive(context, webhook("created", now - timedelta(hours=2)), now=now - timedelta(hours=2))
    mail = replace(given.mail, port=1)
    app = application.create_app(replace(given, mail=mail, probe_url="https://probe.example/?u={url}"))
    result = run(app)
    app.extensions["aftercare"].db.close()
    assert result.exit_code == 1
    assert {"fsync", "disk", "DNS", "mail", "address", "clock", "worker", "lag"} <= set(faults(result))
    wrong = [line for line in result.output.splitlines() if line.startswith("FIX")]
    assert all(re.search(r"[.)] [A-Z]", line) for line in wrong), result.output


@pytest.mark.parametrize(
    ("permanent", "do"),
    [(True, "See the API key of connection main"), (False, "this machine's way to the internet")],
)
def test_a_key_is_blamed_only_where_somebody_refused_it(
    app: Flask, monkeypatch: pytest.MonkeyPatch, permanent: bool, do: str
) -> None:
    def ping(_self: object) -> None:
        raise IntegrationError("Cal.com did not answer.", permanent=permanent)

    monkeypatch.setattr(SCHEDULERS["calcom"], "readable", True)
    monkeypatch.setattr(SCHEDULERS["calcom"], "ping", ping)
    with app.app_context():
        checked = app.test_cli_runner().invoke(args=["check"])
    for said in (run(app).output, checked.output):
        assert do in next(line for line in said.splitlines() if "Cal.com did not answer" in line)


def test_a_mail_server_that_is_not_there_says_which_setting_to_change(
    given: Settings, context: Context
) -> None:
    app = application.create_app(replace(given, mail=replace(given.mail, port=free_port())))
    with app.app_context():
        checked = app.test_cli_runner().invoke(args=["check", "--mail"])
    for said in (run(app).output, checked.output):
        assert "Nothing answers at this port. Choose another port. See SMTP_HOST, SMTP_PORT" in said


@pytest.mark.parametrize("said", ["disk I/O error", "database or disk is full"])
def test_a_full_disk_is_named_as_such(said: str) -> None:
    error = sa.exc.OperationalError("", {}, sqlite3.OperationalError(said))
    assert "room on its disk" in why(error)


def test_a_clock_behind_what_was_seen_is_said(app: Flask, context: Context) -> None:
    beat(context, datetime.now(UTC) + timedelta(days=1))
    assert "clock" in faults(run(app))


def test_a_database_that_is_not_there_is_one_line_and_no_traceback(given: Settings, tmp_path: object) -> None:
    app = application.create_app(replace(given, database_url=f"sqlite:///{tmp_path}/x.db"))
    result = run(app)
    assert "Run: flask --app app migrate" in result.output
    assert "Traceback" not in result.output
    assert result.exit_code == 1
