"""When all is down but one, that one tells somebody."""

import secrets
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

import app as application
import settings as configuration
from handlers.context import Context
from handlers.worker import watch
from integrations.http import Http
from integrations.probe import Probe
from schemas.trouble import TroubleKind
from store.running import troubles, workers
from tests.helpers.clinic import NOW, environ
from tests.helpers.mailbox import Mailbox
from tests.helpers.ports import free_port
from web import renewal, watching
from web.server import Worker

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
MINUTE = timedelta(minutes=1)


class Heard:
    """A server on loopback that keeps what it was asked, and answers as told."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.status = 200
        heard = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                heard.paths.append(self.path)
                self.send_response(heard.status)
                self.end_headers()

            def log_message(self, *_args: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def heard() -> Iterator[Heard]:
    """The other side of a ping, and of our public address."""
    made = Heard()
    yield made
    made.server.shutdown()
    made.server.server_close()


def probing(context: Context, probe: Probe) -> Context:
    return replace(context, probe=probe)


def wrong(context: Context) -> list[TroubleKind]:
    with context.db.read() as tx:
        return [each.kind for each in troubles.current(tx)]


def beat(context: Context, at: datetime) -> None:
    with context.db.begin() as tx:
        workers.beat(tx, "w", at)


def test_a_dead_worker_is_mailed_by_the_web_process_once_and_its_return_by_the_worker(
    context: Context, mailbox: Mailbox
) -> None:
    beat(context, NOW)
    for seconds in range(0, 1200, 60):
        watch.without_worker(context, NOW + timedelta(seconds=seconds))
    assert mailbox.kinds() == ["trouble"]
    text = mailbox.mails[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "The worker has not run since" in text
    back = NOW + 30 * MINUTE
    beat(context, back)
    for _twice in range(2):
        watch.look(context, back)
        watch.mail(context, back)
    assert mailbox.kinds() == ["trouble", "trouble_over"]


def test_a_worker_that_is_started_again_in_time_is_no_trouble(context: Context, mailbox: Mailbox) -> None:
    for minutes in range(0, 40, 4):
        beat(context, NOW + minutes * MINUTE)
        for seconds in (0, 60, 120, 200):
            watch.without_worker(context, NOW + minutes * MINUTE + timedelta(seconds=seconds))
            watch.look(context, NOW + minutes * MINUTE)
    assert mailbox.kinds() == []


def test_the_thread_of_the_web_process_looks_and_survives_what_fails(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, stop = [], threading.Event()

    def look(_context: Context, now: datetime) -> None:
        looks.append(now)
        if len(looks) == 3:
            stop.set()
        raise OSError("no database")

    monkeypatch.setattr(watch, "without_worker", look)
    watching.run(context, stop, every=0.01)
    assert len(looks) == 3
    assert looks[0].tzinfo is UTC


def test_the_ping_goes_out_while_all_is_well(context: Context, heard: Heard) -> None:
    clinic = probing(context, Probe(Http(), f"{heard.url}/ping/abc", heard.url))
    watch.outside(clinic, NOW)
    assert heard.paths == ["/healthz", "/ping/abc"]
    assert wrong(clinic) == []


def test_a_ping_that_nobody_takes_stops_nothing(context: Context) -> None:
    watch.outside(probing(context, Probe(Http(), f"http://127.0.0.1:{free_port()}/x")), NOW)
    assert wrong(context) == []


def test_a_public_address_that_stops_answering_is_a_trouble_and_keeps_the_ping_back(
    context: Context, heard: Heard, mailbox: Mailbox
) -> None:
    clinic = probing(context, Probe(Http(), f"{heard.url}/ping", heard.url))
    beat(clinic, NOW)
    watch.outside(clinic, NOW)
    heard.status = 503
    for minutes in range(1, 8):
        watch.outside(clinic, NOW + minutes * MINUTE)
        watch.mail(clinic, NOW + minutes * MINUTE)
    assert heard.paths.count("/ping") == 1
    assert wrong(clinic) == [TroubleKind.web]
    heard.status = 200
    watch.outside(clinic, NOW + 8 * MINUTE)
    watch.mail(clinic, NOW + 8 * MINUTE)
    assert (wrong(clinic), mailbox.kinds()) == ([], ["trouble", "trouble_over"])
    assert heard.paths.count("/ping") == 2


def test_an_address_that_cannot_be_reached_from_here_is_no_trouble(context: Context, heard: Heard) -> None:
    away = f"http://127.0.0.1:{free_port()}"
    clinic = probing(context, Probe(Http(), f"{heard.url}/ping", away))
    for minutes in range(10):
        watch.outside(clinic, NOW + minutes * MINUTE)
    assert wrong(clinic) == []
    assert heard.paths == ["/ping"] * 10


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        ("https://hc-ping.com/abc", True),
        ("http://127.0.0.1:8000/ping/abc", True),
        ("http://localhost/ping", True),
        ("", True),
        ("http://hc-ping.com/abc", False),
        ("ftp://127.0.0.1/x", False),
        ("hc-ping.com/abc", False),
        ("https://[half", False),
    ],
)
def test_the_ping_leaves_this_machine_only_in_private(database_url: str, url: str, fits: bool) -> None:
    given = environ(database_url, 25, PING_URL=url)
    if fits:
        assert configuration.load(given).ping_url == url
        return
    with pytest.raises(configuration.SettingsError, match="PING_URL must begin with https"):
        configuration.load(given)


def test_only_a_server_watches(context: Context, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An application that a test or a command makes would go on looking at a database that is gone."""
    watched: list[Context] = []
    monkeypatch.setattr(watching, "start", watched.append)
    monkeypatch.setattr(renewal, "end_when_changed", lambda *_: None)
    given = environ(database_url, 25, SECRET_KEY=secrets.token_urlsafe(48), PROXIES="1")
    for kind, count in (("production", 1), ("development", 0)):
        made = application.create_app(environ=given | {"AFTERCARE_ENV": kind})
        assert not watched
        worker = Worker.__new__(Worker)
        worker.app = SimpleNamespace(wsgi=lambda made=made: made)
        worker.load_wsgi()
        assert len(watched) == count
        watched.clear()
