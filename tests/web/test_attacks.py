"""What an outsider tries over the wire, against a real server."""

import json
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import settings as configuration
from handlers.context import Context
from integrations.signing import sha256
from store.running import troubles
from tests.helpers.clinic import CALCOM_SECRET, environ, make_context
from tests.helpers.processes import Running
from tests.helpers.visits import webhook


@pytest.fixture(scope="module")
def running(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A web process on a SQLite file, without a worker."""
    folder = tmp_path_factory.mktemp("web")
    shutil.copy(sqlite_template, folder / "a.db")
    found = Running(environ(f"sqlite:///{folder / 'a.db'}", 25), folder)
    make_context(configuration.load(found.environ)).db.close()
    found.start("web")
    found.wait_ready()
    yield found
    found.stop()


@pytest.fixture
def context(running: Running) -> Iterator[Context]:
    """The same database, looked at from here."""
    built = make_context(configuration.load(running.environ))
    yield built
    built.db.close()


def raw(running: Running, request: bytes) -> bytes:
    """Bytes over a socket; the beginning of what came back."""
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as connection:
        connection.sendall(request)
        return connection.recv(65536)


def trouble(context: Context, name: str) -> str:
    """What the console shows about a connection."""
    with context.db.read() as tx:
        return " ".join(each.text for each in troubles.current(tx, name))


def until(good: Callable[[], bool]) -> None:
    """Wait for what a thread writes a moment later."""
    for _ in range(100):
        if good():
            return
        time.sleep(0.1)
    raise AssertionError("It did not come true.")


@pytest.mark.parametrize("chunks", [b"zz\r\nabc\r\n0\r\n\r\n", b"-1\r\n\r\n", b"3\r\nabcdef\r\n0\r\n\r\n"])
@pytest.mark.parametrize("path", ["/webhooks/main", "/i/" + "A" * 32 + "/about", "/console/login"])
def test_broken_chunks_are_the_senders_mistake(running: Running, path: str, chunks: bytes) -> None:
    signature = sha256(CALCOM_SECRET, b"abc").hex()
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: care.test",
        f"X-Cal-Signature-256: {signature}",
        "Content-Type: application/x-www-form-urlencoded",
        "Transfer-Encoding: chunked",
    ]
    answer = raw(running, ("\r\n".join([*lines, "", ""])).encode() + chunks)
    assert answer.startswith(b"HTTP/1.1 4"), answer[:100]


def test_a_genuine_webhook_far_from_our_clock_is_told_and_forgotten_with_the_next_good_one(
    running: Running, context: Context
) -> None:
    late = webhook("created", datetime.now(UTC) - timedelta(hours=1), connection="site")
    assert running.ask("POST", "/webhooks/site", late.body, late.headers)[0] == 401
    until(lambda: "clock" in trouble(context, "site"))
    good = webhook("created", datetime.now(UTC), connection="site")
    assert running.ask("POST", "/webhooks/site", good.body, good.headers)[0] == 202
    assert trouble(context, "site") == ""


def test_a_stranger_cannot_make_us_doubt_our_clock(running: Running, context: Context) -> None:
    late = webhook("created", datetime.now(UTC) - timedelta(hours=1), connection="site")
    assert running.ask("POST", "/webhooks/site", late.body + b" ", late.headers)[0] == 401
    time.sleep(1.5)
    assert trouble(context, "site") == ""


def test_a_host_is_never_repeated_in_a_redirect(running: Running) -> None:
    for path in ("/webhooks//main", "//webhooks/main", "/healthz/", "//console/"):
        answer = raw(
            running, f"POST {path} HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 0\r\n\r\n".encode()
        )
        assert b"evil" not in answer
        assert answer.startswith(b"HTTP/1.1 40"), (path, answer[:60])


TOKEN = "/i/" + "SecretToken" * 3


@pytest.mark.parametrize(
    "request_text",
    [
        f"GET {TOKEN}\x1b[31m\r\n\r\n",
        f"GET {TOKEN} HTTP/1.1\r\nHost: care.test\r\nBad Name{TOKEN}: x\r\n\r\n",
        f"POST {TOKEN} HTTP/1.1\r\nHost: care.test\r\nExpect: {TOKEN}\r\nContent-Length: 1\r\n\r\nx",
        f"POST {TOKEN} HTTP/1.1\r\nHost: care.test\r\nTransfer-Encoding: {TOKEN}\r\n\r\n",
        f"GET {TOKEN * 300} HTTP/1.1\r\nHost: care.test\r\n\r\n",
        f"GET {TOKEN} HTTP/1.1\r\nHost: care.test\r\n" + "X: 1\r\n" * 200 + "\r\n",
    ],
)
def test_a_request_that_cannot_be_read_is_neither_repeated_nor_logged(
    running: Running, request_text: str
) -> None:
    answer = raw(running, request_text.encode())
    assert answer[9:12] in (b"400", b"414", b"417", b"431", b"501")
    for name in ("Strict-Transport-Security", "Content-Security-Policy", "X-Content-Type-Options"):
        assert name.encode() in answer
    assert b"SecretToken" not in answer
    assert "SecretToken" not in running.logs()


def test_wrong_settings_are_told_once_and_end_the_web_process(running: Running, tmp_path: Path) -> None:
    wrong = Running({**running.environ, "SECRET_KEY": "short"}, tmp_path)
    wrong.start("web")
    assert wrong.processes["web"].wait(30) != 0
    assert wrong.logs().count("SECRET_KEY is too short") == 1


def test_several_web_processes_on_one_sqlite_file_are_refused(running: Running, tmp_path: Path) -> None:
    several = Running({**running.environ, "WEB_CONCURRENCY": "2"}, tmp_path)
    several.start("web")
    assert several.processes["web"].wait(60) == 1
    assert several.logs().count("SQLite takes one web process") == 1


def test_every_line_of_the_log_is_json(running: Running) -> None:
    raw(running, b"nonsense\r\n\r\n")
    lines = running.logs().splitlines()
    assert any("request not understood" in line for line in lines)
    assert all(json.loads(line)["message"] for line in lines)
