"""Alive and ready: what whoever watches the machine is told; and what the logs tell."""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

import app as application
import settings as configuration
from handlers.context import Context
from handlers.worker import work
from settings import Settings
from store.running import workers
from tests.helpers.clinic import environ
from web.logs import JsonLine

BASE = "https://care.test"


@pytest.fixture
def client(given: Settings) -> Iterator[FlaskClient]:
    """The web application on each database."""
    app = application.create_app(given)
    yield app.test_client()
    app.extensions["aftercare"].db.close()


def test_it_is_alive_without_a_database(tmp_path: Path) -> None:
    app = application.create_app(configuration.load(environ(f"sqlite:///{tmp_path}/none/x.db", 25)))
    client = app.test_client()
    assert client.get("/healthz", base_url=BASE).get_json() == {"status": "ok"}
    answer = client.get("/readyz", base_url=BASE)
    assert answer.status_code == 503
    assert answer.get_json()["migrations"] != "ok"


def test_it_is_ready_once_a_worker_was_alive_lately(client: FlaskClient, context: Context) -> None:
    silent = client.get("/readyz", base_url=BASE)
    assert (silent.status_code, silent.get_json()["database"]) == (503, "ok")
    assert silent.get_json()["worker"].startswith("silent")
    work.work_once(context, datetime.now(UTC))
    ready = client.get("/readyz", base_url=BASE)
    assert (ready.status_code, ready.get_json()["worker"]) == (200, "ok")


def test_a_worker_that_went_silent_is_told(client: FlaskClient, context: Context) -> None:
    with context.db.begin() as tx:
        workers.beat(tx, "old", datetime.now(UTC) - workers.SILENT - timedelta(seconds=1))
    assert client.get("/readyz", base_url=BASE).status_code == 503


def test_an_unreachable_database_is_not_ready(given: Settings, mailbox: object) -> None:
    gone = configuration.load(environ("postgresql://nobody@127.0.0.1:1/none", 25))
    client = application.create_app(gone).test_client()
    answer = client.get("/readyz", base_url=BASE)
    assert (answer.status_code, answer.get_json()["database"]) == (503, "does not answer")


def record(message: str, *args: object, **extra: object) -> logging.LogRecord:
    """One thing that is logged."""
    made = logging.LogRecord("aftercare.test", logging.INFO, __file__, 1, message, args, None)
    made.__dict__.update(extra)
    return made


def test_a_log_entry_is_one_line_whatever_it_says() -> None:
    line = JsonLine().format(record("a\nb\r\x1b[31m %s", "ü\u2028", receipt="r_1\nforged"))
    assert len(line.splitlines()) == 1
    assert line.isascii()
    assert "\x1b" not in line
    assert json.loads(line)["receipt"] == "r_1\nforged"


def test_of_an_exception_only_kind_and_place_are_told() -> None:
    made = record("failed")
    try:
        raise ValueError("zoe@example.org has pain")
    except ValueError as error:
        made.exc_info = (ValueError, error, error.__traceback__)
    told = json.loads(JsonLine().format(made))
    assert told["error"] == "ValueError"
    assert "test_health.py" in told["place"]
    assert "zoe" not in json.dumps(told)
