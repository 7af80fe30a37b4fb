"""Connections in the console and at the command line: what is wrong, and what would be sent."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from handlers.bookings import preview
from handlers.bookings.preview import Planned, Preview
from handlers.context import Context
from handlers.worker import backups, watch
from handlers.worker.troubles import OF_THE_SERVICE
from integrations.base import IntegrationError
from integrations.schedulers.calcom import CalCom
from schemas.delivery import Purpose
from schemas.trouble import TroubleKind
from store import connections
from store.running import troubles
from tests.helpers.console import BASE

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
TODAY = datetime.now(UTC)
SAID = {
    TroubleKind.unreadable: ("Cal.com refused our key (401).", "Cal.com refused our key (401)."),
    TroubleKind.clock: ("Check the clock.", "Check the clock."),
    TroubleKind.webhook_gone: ("", "flask --app app register main"),
    TroubleKind.not_understood: ("3", "Webhooks that we could not read: 3."),
    TroubleKind.quiet: ("31", "sent nothing for 31 hours"),
}

OF_THE_MACHINE = (TroubleKind.jumped, TroubleKind.bounces, TroubleKind.sealed, TroubleKind.backup)
OF_THE_JOURNAL = (TroubleKind.journal, TroubleKind.log_cut, TroubleKind.journal_unkept)
ELSEWHERE = {*OF_THE_SERVICE, TroubleKind.web, *OF_THE_MACHINE, *OF_THE_JOURNAL}
AT_A_CONNECTION = {kind for kind in TroubleKind if kind not in ELSEWHERE}


def text(client: FlaskClient, url: str) -> str:
    answered = client.get(url, base_url=BASE)
    assert answered.status_code == 200
    return answered.get_data(as_text=True)


def run(app: Flask, *words: str) -> str:
    with app.app_context():
        done = app.test_cli_runner().invoke(args=list(words))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.output


def test_every_kind_of_trouble_stands_in_console_check_and_status(
    app: Flask, context: Context, client: FlaskClient
) -> None:
    assert set(SAID) == AT_A_CONNECTION
    with context.db.begin() as tx:
        connections.ensure(tx, "main", "calcom", TODAY)
        for kind, (words, _) in SAID.items():
            troubles.note(tx, kind, "main", words, TODAY)
    page, checked = text(client, "/console/connections"), run(app, "check")
    status = json.loads(run(app, "status", "--json"))
    assert {each["kind"] for each in status["troubles"]} >= AT_A_CONNECTION
    for kind, (_, said) in SAID.items():
        assert said in page
        assert f"Trouble with connection main: {said}" in checked or said in checked
        assert said in next(each["text"] for each in status["troubles"] if each["kind"] == kind)
    assert next(each["trouble"] for each in status["connections"] if each["name"] == "main")


def test_a_backup_that_is_not_made_any_more_stands_on_every_page(
    context: Context, client: FlaskClient
) -> None:
    with context.db.begin() as tx:
        backups.note_made(tx, "command line", TODAY - timedelta(days=4))
    assert "No backup was made" not in text(client, "/console/waits"), "no worker has looked yet"
    watch.look(context, TODAY)
    for where in ("/console/waits", "/console/connections"):
        assert "No backup was made for 4 days" in text(client, where)


def test_what_would_be_sent_is_shown(
    app: Flask, context: Context, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with context.db.begin() as tx:
        connections.ensure(tx, "main", "calcom", TODAY)
    where = "/console/connections/main/preview"
    assert client.get(where, base_url=BASE).status_code == 404, "a connection without a key cannot be asked"
    assert "no API key" in run(app, "connect", "main", "--preview")
    monkeypatch.setattr(CalCom, "readable", True)
    planned = [Planned(TODAY + timedelta(days=2), Purpose.intake, TODAY)]
    found = Preview(read=12, earlier=11, planned=planned)
    monkeypatch.setattr(preview, "preview", lambda *_: found)
    assert where in text(client, "/console/connections")
    page, said = text(client, where), run(app, "connect", "main", "--preview")
    assert "Intake link" in page
    assert "11" in page
    assert "never written to: 11." in said
    assert "Nothing was stored or sent." in said


def test_a_scheduler_that_cannot_be_read_says_why_instead_of_a_preview(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> Preview:
        raise IntegrationError("Cal.com refused our key (401).", permanent=True)

    monkeypatch.setattr(CalCom, "readable", True)
    monkeypatch.setattr(preview, "preview", refuse)
    assert "Cal.com refused our key (401)." in text(client, "/console/connections/main/preview")
    assert "Cal.com refused our key (401)." in run(app, "connect", "main", "--preview")
