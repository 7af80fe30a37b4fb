"""Webhooks over a real server: what is let in, what is refused, what is kept."""

import concurrent.futures
import json
import os
import shutil
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import app as application
import settings as configuration
from handlers.bookings import inbox
from handlers.context import Context
from handlers.worker import work
from integrations.signing import sha256
from schemas.delivery import Channel, Purpose
from store import bookings, clients, connections, deliveries, receipts
from tests.helpers.clinic import CALCOM_SECRET, environ, make_context
from tests.helpers.mailbox import Mailbox
from tests.helpers.processes import Answer, Running
from tests.helpers.visits import webhook

SIGNATURE = "X-Cal-Signature-256"


@pytest.fixture(scope="module")
def running(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A web process on a SQLite file; no worker, so that every effect is the tests' own doing."""
    folder = tmp_path_factory.mktemp("web")
    shutil.copy(sqlite_template, folder / "a.db")
    found = Running(environ(f"sqlite:///{folder / 'a.db'}", 25, MAIN_SECRET=f"old {CALCOM_SECRET}"), folder)
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


def signed(body: bytes, secret: str = CALCOM_SECRET) -> dict[str, str]:
    """The credential of a body."""
    return {SIGNATURE: sha256(secret, body).hex(), "Content-Type": "application/json"}


def fresh(**visit: Any) -> bytes:
    """A body that nobody has sent before."""
    uid = f"w{os.urandom(6).hex()}"
    return webhook("created", datetime.now(UTC), **({"uid": uid, "email": f"{uid}@example.org"} | visit)).body


def kept(context: Context) -> int:
    """How many receipts there are."""
    with context.db.read() as tx:
        return sum(receipts.counts(tx).values())


def post(running: Running, body: bytes, headers: dict[str, str] | None = None, to: str = "main") -> Answer:
    """POST to a connection, signed unless told otherwise."""
    return running.ask("POST", f"/webhooks/{to}", body, signed(body) if headers is None else headers)


def raw(running: Running, request: bytes, wait: float = 5) -> bytes:
    """Bytes over a socket; what came back within so many seconds."""
    with socket.create_connection(("127.0.0.1", running.port), timeout=wait) as connection:
        connection.sendall(request)
        return connection.recv(65536)


def head(headers: dict[str, str], path: str = "/webhooks/main") -> bytes:
    """A request's first lines."""
    lines = [f"POST {path} HTTP/1.1", "Host: care.test", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def test_a_genuine_webhook_is_answered_202_with_the_receipt_that_was_kept(
    running: Running, context: Context
) -> None:
    status, _headers, body = post(running, fresh())
    assert status == 202
    with context.db.read() as tx:
        assert json.loads(body)["receipt"] == receipts.recent(tx, limit=1)[0].public_id


def wrong_credentials() -> dict[str, Callable[[bytes], dict[str, str]]]:
    """Ways to get the signature wrong."""

    def value(make: Callable[[str], str]) -> Callable[[bytes], dict[str, str]]:
        return lambda body: {SIGNATURE: make(signed(body)[SIGNATURE])}

    return {
        "missing": lambda _body: {},
        "empty": value(lambda _good: ""),
        "no-secret-provided": value(lambda _good: "no-secret-provided"),
        "upper case": value(str.upper),
        "prefix": value(lambda good: f"sha256={good}"),
        "space inside": value(lambda good: f"{good[:32]} {good[32:]}"),
        "short": value(lambda good: good[:-1]),
        "long": value(lambda good: good + "0"),
        "one digit": value(lambda good: ("0" if good[0] != "0" else "1") + good[1:]),
        "zeros": value(lambda _good: "0" * 64),
        "not ASCII": value(lambda good: "é" + good[1:]),
        "full-width digits": value(lambda good: good[:-1] + "\xb2"),
        "empty key": lambda body: signed(body, ""),
        "other key": lambda body: signed(body, "somebody else's"),
        "of another body": lambda body: signed(body + b" "),
    }


@pytest.mark.parametrize("name", wrong_credentials())
def test_a_wrong_credential_is_401_and_nothing_is_kept(running: Running, context: Context, name: str) -> None:
    body, before = fresh(), kept(context)
    headers = wrong_credentials()[name](body)
    answer = raw(running, head({**headers, "Content-Length": str(len(body)), "Connection": "close"}) + body)
    assert answer.startswith(b"HTTP/1.1 401")
    assert b"secret" not in answer
    assert kept(context) == before


@pytest.mark.parametrize("good_first", [True, False])
def test_a_credential_that_comes_twice_is_refused(running: Running, good_first: bool) -> None:
    body = fresh()
    values = [signed(body)[SIGNATURE], "0" * 64]
    lines = "".join(f"{SIGNATURE}: {each}\r\n" for each in (values if good_first else reversed(values)))
    start = f"POST /webhooks/main HTTP/1.1\r\nHost: care.test\r\n{lines}Content-Length: {len(body)}\r\n\r\n"
    assert raw(running, start.encode() + body).startswith(b"HTTP/1.1 401")


def test_the_same_good_credential_twice_is_refused_too(running: Running) -> None:
    body = fresh()
    lines = f"{SIGNATURE}: {signed(body)[SIGNATURE]}\r\n" * 2
    start = f"POST /webhooks/main HTTP/1.1\r\nHost: care.test\r\n{lines}Content-Length: {len(body)}\r\n\r\n"
    assert raw(running, start.encode() + body).startswith(b"HTTP/1.1 401")


def test_every_current_secret_is_accepted(running: Running) -> None:
    body = fresh()
    assert post(running, body, signed(body, "old"))[0] == 202


def test_a_refusal_is_noted_for_the_console_without_delay(running: Running, context: Context) -> None:
    began = time.monotonic()
    assert post(running, fresh(), {})[0] == 401
    assert time.monotonic() - began < 4
    for _ in range(100):
        with context.db.read() as tx:
            row = connections.get(tx, "main")
        if row is not None and row.last_refused_at is not None:
            return
        time.sleep(0.1)
    raise AssertionError("The refusal was not noted.")


def test_an_unknown_connection_is_404_and_another_method_405(running: Running) -> None:
    assert post(running, fresh(), to="nobody")[0] == 404
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        assert running.ask(method, "/webhooks/main")[0] == 405, method
    for name in ("X-HTTP-Method-Override", "X-Method-Override"):
        assert running.ask("GET", "/webhooks/main", headers={name: "POST"})[0] == 405


def test_whether_an_address_exists_can_be_asked_without_sending_anything(running: Running) -> None:
    assert running.ask("HEAD", "/webhooks/main")[0] == 200
    assert running.ask("HEAD", "/webhooks/nobody")[0] == 404


def test_a_compressed_body_is_415(running: Running) -> None:
    body = fresh()
    assert post(running, body, signed(body) | {"Content-Encoding": "gzip"})[0] == 415


def test_a_body_over_one_mebibyte_is_413(running: Running, context: Context) -> None:
    before = kept(context)
    body = b"x" * (1024 * 1024 + 1)
    assert post(running, body)[0] == 413
    assert kept(context) == before


def test_a_declared_size_of_10_gigabytes_is_413_at_once(running: Running) -> None:
    began = time.monotonic()
    answer = raw(running, head({"Content-Length": str(10 * 1024**3), SIGNATURE: "0" * 64}) + b"x")
    assert answer.startswith(b"HTTP/1.1 413")
    assert time.monotonic() - began < 10


def test_a_chunked_body_over_one_mebibyte_is_413(running: Running) -> None:
    began = time.monotonic()
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    start = head({"Transfer-Encoding": "chunked", SIGNATURE: "0" * 64})
    with socket.create_connection(("127.0.0.1", running.port), timeout=5) as connection:
        connection.sendall(start)
        try:
            for _ in range(40):
                connection.sendall(chunk)
            connection.sendall(b"0\r\n\r\n")
        except OSError:
            pass  # the server has said all that it wants to say
        assert connection.recv(4096).startswith(b"HTTP/1.1 413")
    assert time.monotonic() - began < 10


def test_a_chunked_body_of_good_size_is_taken(running: Running) -> None:
    body = fresh()
    start = head({"Transfer-Encoding": "chunked", "Connection": "close", **signed(body)})
    half = len(body) // 2
    chunks = b"".join(f"{len(p):x}\r\n".encode() + p + b"\r\n" for p in (body[:half], body[half:]))
    assert raw(running, start + chunks + b"0\r\n\r\n").startswith(b"HTTP/1.1 202")


def test_a_genuine_webhook_in_other_dress_is_taken(running: Running) -> None:
    told = json.loads(fresh())
    body = json.dumps({"extra": {"ü": [1, None]}, **dict(reversed(told.items()))}, indent=2).encode()
    headers = {"x-CAL-signature-256": signed(body)[SIGNATURE]}
    for content_type in ("application/json; charset=utf-8", "application/x-www-form-urlencoded", ""):
        assert post(running, body, headers | {"Content-Type": content_type})[0] == 202


def test_unknown_event_types_are_taken_and_have_no_effect(running: Running, context: Context) -> None:
    body = b'{"triggerEvent":"SOMETHING_NEW","createdAt":"2026-11-20T09:00:00Z","payload":{}}'
    assert post(running, body)[0] == 202
    work.work_once(context, datetime.now(UTC))
    with context.db.read() as tx:
        assert receipts.recent(tx, limit=1)[0].status == "ignored"


def test_ten_copies_at_once_are_one_booking_and_one_mail(running: Running, context: Context) -> None:
    body = fresh()
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _n: post(running, body)[0], range(10)))
    assert answers == [202] * 10
    now = datetime.now(UTC)
    inbox.work(context, now)
    while inbox.work(context, now):
        pass
    email = json.loads(body)["payload"]["attendees"][0]["email"]
    with context.db.read() as tx:
        (booking,) = bookings.listing(tx, email=email)
        keys = [each.key for each in deliveries.of_booking(tx, booking.id)]
    assert len(keys) == len(set(keys))
    assert [key.message[:3] for key in keys].count((Purpose.intake, 0, Channel.email)) == 1


# ---- genuine, and hostile


def _set(path: tuple[str | int, ...], value: Any) -> Callable[[dict[str, Any]], None]:
    def change(told: dict[str, Any]) -> None:
        inner: Any = told
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = value

    return change


CLIENT = ("payload", "attendees", 0)
HOSTILE: dict[str, Any] = {
    "NUL in a name": _set((*CLIENT, "name"), "a\0b"),
    "impossible date": _set(("payload", "startTime"), "2026-02-30T10:00:00Z"),
    "end before start": _set(("payload", "endTime"), "2001-01-01T00:00:00Z"),
    "a list for the uid": _set(("payload", "uid"), ["u"]),
    "a path for the uid": _set(("payload", "uid"), "../../etc/passwd"),
    "payload is a list": _set(("payload",), []),
    "trigger is a number": _set(("triggerEvent",), 5),
}
SIDE: dict[str, Any] = {
    "two addresses": _set((*CLIENT, "email"), "a@example.org,b@example.org"),
    "long address": _set((*CLIENT, "email"), "a" * 300 + "@example.org"),
    "line break in an address": _set((*CLIENT, "email"), "a@example.org\r\nBcc: b@example.org"),
    "a number for a name": _set((*CLIENT, "name"), 7),
    "no attendees": _set(("payload", "attendees"), []),
    "attendees as text": _set(("payload", "attendees"), "x"),
}
RAW: dict[str, bytes] = {
    "nothing": b"",
    "null": b"null",
    "a scalar": b"7",
    "a list": b"[]",
    "not JSON": b"{",
    "trailing data": b"{} {}",
    "NaN": b'{"triggerEvent":"BOOKING_CREATED","x":NaN}',
    "the same key twice": b'{"triggerEvent":"BOOKING_CREATED","triggerEvent":"BOOKING_CANCELLED"}',
    "BOM": b'\xef\xbb\xbf{"triggerEvent":"BOOKING_CREATED"}',
    "UTF-16": '{"triggerEvent":"BOOKING_CREATED"}'.encode("utf-16"),
    "invalid UTF-8": b'{"triggerEvent":"\xff"}',
    "lone surrogate": b'{"triggerEvent":"\\ud800"}',
    "deep": b'{"a":' * 5000 + b"1" + b"}" * 5000,
    "5000 digits": b'{"triggerEvent":"BOOKING_CREATED","n":' + b"9" * 5000 + b"}",
}


def hostile() -> dict[str, bytes]:
    """Genuine bodies that nobody should ever send."""
    found = dict(RAW)
    for name, change in (HOSTILE | SIDE).items():
        told = json.loads(fresh())
        change(told)
        found[name] = json.dumps(told).encode()
    return found


@pytest.mark.parametrize("name", [*RAW, *HOSTILE])
def test_a_hostile_genuine_body_is_kept_and_has_no_effect(
    running: Running, context: Context, name: str
) -> None:
    while inbox.work(context, datetime.now(UTC)):
        pass
    with context.db.read() as tx:
        before = len(bookings.listing(tx, limit=10_000))
    assert post(running, hostile()[name])[0] == 202
    assert inbox.work(context, datetime.now(UTC)) == 1
    with context.db.read() as tx:
        assert receipts.recent(tx, limit=1)[0].status in ("not_understood", "ignored")
        assert len(bookings.listing(tx, limit=10_000)) == before
    assert post(running, fresh())[0] == 202


@pytest.mark.parametrize("name", [*SIDE])
def test_a_hostile_side_field_is_left_out_and_the_visit_is_kept(
    running: Running, context: Context, name: str
) -> None:
    while inbox.work(context, datetime.now(UTC)):
        pass
    with context.db.read() as tx:
        before = {each.id for each in bookings.listing(tx, limit=10_000)}
    assert post(running, hostile()[name])[0] == 202
    assert inbox.work(context, datetime.now(UTC)) == 1
    with context.db.read() as tx:
        made = [each for each in bookings.listing(tx, limit=10_000) if each.id not in before]
        assert len(made) == 1
        client = clients.get(tx, made[0].client_id)
        assert receipts.recent(tx, limit=1)[0].status == "done"
    assert "Bcc" not in client.email
    assert "," not in client.email
    assert len(client.email) < 255


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=max(25, settings().max_examples // 2))
@given(data=st.data())
def test_a_changed_genuine_body_never_fails(running: Running, data: st.DataObject) -> None:
    told = json.loads(fresh())
    part: Any = told
    while isinstance(part, dict) and part:
        key = data.draw(st.sampled_from(sorted(part)))
        if not isinstance(part[key], dict) or data.draw(st.booleans()):
            part[key] = data.draw(JSON)
            break
        part = part[key]
    body = json.dumps(told).encode()
    assert post(running, body)[0] == 202


# ---- a database in trouble


@pytest.fixture
def troubled(sqlite_template: Path, tmp_path: Path) -> Iterator[tuple[Running, Path]]:
    """A web process on a file of its own."""
    path = tmp_path / "a.db"
    shutil.copy(sqlite_template, path)
    found = Running(environ(f"sqlite:///{path}", 25), tmp_path)
    make_context(configuration.load(found.environ)).db.close()
    found.start("web")
    found.wait_ready()
    yield found, path
    found.stop()


def test_a_locked_database_is_503_in_time_and_everything_heals(troubled: tuple[Running, Path]) -> None:
    running, path = troubled
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        status, headers, _body = post(running, fresh())
        assert time.monotonic() - began < 10
        assert (status, headers["retry-after"]) == (503, "10")
        began = time.monotonic()
        assert post(running, fresh(), {})[0] == 401
        assert time.monotonic() - began < 4
        other.execute("ROLLBACK")
    assert post(running, fresh())[0] == 202


def test_a_full_disk_is_503_and_everything_heals(
    sqlite_template: Path, tmp_path: Path, mailbox: Mailbox
) -> None:

    path = tmp_path / "a.db"
    shutil.copy(sqlite_template, path)
    given = configuration.load(environ(f"sqlite:///{path}", mailbox.port))
    context = make_context(given, datetime.now(UTC) - timedelta(days=1))
    client = application.create_app(given).test_client()
    inside: Context = client.application.extensions["aftercare"]
    body = fresh()

    def answer() -> int:
        told = {"data": body, "headers": signed(body), "base_url": "https://care.test"}
        return client.post("/webhooks/main", **told).status_code

    with inside.db.begin() as tx:
        pages = tx.conn.exec_driver_sql("PRAGMA page_count").scalar_one()
        tx.conn.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    answers = {answer() for _ in range(60)}
    assert answers <= {202, 503}
    assert 503 in answers
    with inside.db.begin() as tx:
        tx.conn.exec_driver_sql("PRAGMA max_page_count=1000000")
    assert answer() == 202
    context.db.close()
    inside.db.close()
