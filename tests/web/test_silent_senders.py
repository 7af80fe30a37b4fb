"""The web command as it is shipped, beside senders that say half of it, slowly, or nothing."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from shutil import copyfile
from threading import Event, Thread

import pytest

from tests.helpers.clinic import environ
from tests.helpers.processes import Running
from tests.helpers.visits import webhook

HALVES = (
    b"",
    b"POST /webhooks/main HTTP/1.1\r\nHost: care.test\r\nContent-Le",
    b"POST /webhooks/main HTTP/1.1\r\nHost: care.test\r\nContent-Length: 900\r\n\r\n{",
    b"POST /webhooks/main HTTP/1.1\r\nHost: care.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    b"POST /console/login HTTP/1.1\r\nHost: care.test\r\nContent-Length: 900\r\n\r\nemail=a",
)


@pytest.fixture(scope="module")
def running(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("silent")
    copyfile(sqlite_template, folder / "silent.db")
    made = Running(environ(f"sqlite:///{folder / 'silent.db'}", 25), folder)
    made.start("web")
    made.wait_ready()
    yield made
    made.stop()


MALFORMED = (
    b"POST /webhooks/main HTTP/1.1\r\nHost: care.test\r\nno header at all\r\n\r\n",
    b"POST /webhooks/main HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    b"POST /webhooks/main HTTP/9.9\r\nHost: care.test\r\n\r\n",
    b"POST /webhooks/main HTTP/1.1\r\nX: " + b"a" * 9000 + b"\r\n\r\n",
    b"POST /webhooks/main HTTP/1.1\r\nExpect: banana\r\nContent-Length: 0\r\n\r\n",
    b"POST /webhooks/main HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
)


def wait_of_a_webhook(running: Running) -> float:
    """Seconds until a good webhook is answered 202."""
    sent = webhook("created", datetime.now(UTC))
    began = time.monotonic()
    assert running.ask("POST", "/webhooks/main", sent.body, sent.headers)[0] == 202
    return time.monotonic() - began


def connect(running: Running, said: bytes) -> socket.socket:
    """A connection that has said so much."""
    made = socket.create_connection(("127.0.0.1", running.port), timeout=30)
    made.sendall(said)
    return made


@pytest.mark.parametrize("count", [8, 300, 600])
def test_half_open_requests_keep_no_webhook_waiting(running: Running, count: int) -> None:
    with ExitStack() as open_ones:
        for number in range(count):
            open_ones.enter_context(connect(running, HALVES[number % len(HALVES)]))
        assert max(wait_of_a_webhook(running) for _ in range(3)) < 2


@pytest.mark.parametrize("count", [8, 300])
def test_slow_requests_keep_no_webhook_waiting(running: Running, count: int) -> None:
    done = Event()

    def drip(wires: list[socket.socket]) -> None:
        while not done.wait(0.2):
            for wire in wires:
                wire.sendall(b"x")

    with ExitStack() as open_ones:
        wires = [open_ones.enter_context(connect(running, HALVES[2])) for _ in range(count)]
        sender = Thread(target=drip, args=(wires,))
        sender.start()
        try:
            assert max(wait_of_a_webhook(running) for _ in range(3)) < 2
        finally:
            done.set()
            sender.join()


@pytest.mark.parametrize("said", MALFORMED)
def test_a_malformed_webhook_is_refused(running: Running, said: bytes) -> None:
    with connect(running, said) as wire:
        assert wire.recv(4096).startswith(b"HTTP/1.1 4")


def test_malformed_webhooks_keep_no_good_one_waiting(running: Running) -> None:
    for _ in range(3):
        with ExitStack() as open_ones:
            for number in range(60):
                open_ones.enter_context(connect(running, MALFORMED[number % len(MALFORMED)]))
            waits = [wait_of_a_webhook(running) for _ in range(3)]
        assert max(waits) < 2


def test_who_has_the_answer_and_does_not_hang_up_keeps_no_webhook_waiting(running: Running) -> None:
    asked = b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    with ExitStack() as open_ones:
        for wire in [open_ones.enter_context(connect(running, asked)) for _ in range(20)]:
            assert wire.recv(4096).startswith(b"HTTP/1.1 200")
        assert max(wait_of_a_webhook(running) for _ in range(3)) < 2


def test_who_reads_no_answer_keeps_no_webhook_waiting(running: Running) -> None:
    asked = b"POST /webhooks/main HTTP/1.1\r\nHost: care.test\r\nContent-Length: 0\r\n\r\n"
    with ExitStack() as open_ones:
        for _ in range(8):
            open_ones.enter_context(connect(running, asked * 500))
        assert max(wait_of_a_webhook(running) for _ in range(3)) < 2


def test_who_says_half_of_it_is_told_so_in_the_end(running: Running) -> None:
    with connect(running, HALVES[1]) as wire:
        assert wire.recv(4096).startswith(b"HTTP/1.1 408")


def test_a_body_that_waits_to_be_asked_for_is_asked_for(running: Running) -> None:
    sent = webhook("created", datetime.now(UTC))
    fields = {**sent.headers, "Host": "care.test", "Content-Length": str(len(sent.body))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    head = f"POST /webhooks/main HTTP/1.1\r\n{lines}Expect: 100-continue\r\n\r\n"
    with connect(running, head.encode()) as wire:
        assert wire.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
        wire.sendall(sent.body)
        assert wire.recv(4096).startswith(b"HTTP/1.1 202")


def test_two_requests_in_one_go_get_two_answers(running: Running) -> None:
    asked = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
    with connect(running, asked + asked[:20]) as wire, wire.makefile("rb") as answers:
        assert next(answers).startswith(b"HTTP/1.1 200")
        wire.sendall(asked[20:])
        assert any(line.endswith(b"HTTP/1.1 200 OK\r\n") for line in answers)


def test_a_clip_arrives_whole_and_many_at_once_are_refused(running: Running) -> None:
    size = 5_000_000
    head = (
        f"POST /console/bookings/1/plan/change HTTP/1.1\r\nHost: care.test\r\nContent-Length: {size}\r\n\r\n"
    )
    with ExitStack() as open_ones:
        first, *others = [open_ones.enter_context(connect(running, head.encode())) for _ in range(4)]
        time.sleep(0.5)
        fifth = open_ones.enter_context(connect(running, head.encode()))
        assert fifth.recv(4096).startswith(b"HTTP/1.1 503")
        first.sendall(bytes(size))
        assert first.recv(4096).startswith(b"HTTP/1.1 303"), "to the sign-in, which nobody has done"
        assert wait_of_a_webhook(running) < 2
        assert len(others) == 3


def test_a_clip_that_is_too_large_arrives_at_the_page(running: Running) -> None:
    size = 40_000_000
    head = (
        f"POST /console/bookings/1/plan/change HTTP/1.1\r\nHost: care.test\r\nContent-Length: {size}\r\n\r\n"
    )
    with connect(running, head.encode()) as sender:
        sender.sendall(bytes(size))
        assert sender.recv(4096).startswith(b"HTTP/1.1 303"), "to the sign-in, not 413 without a word"


def test_what_came_right_before_a_stop_is_still_taken(running: Running) -> None:
    sent = webhook("created", datetime.now(UTC), uid="at the last moment")
    fields = {"Host": "care.test", "Content-Length": str(len(sent.body)), **sent.headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    asked = f"POST /webhooks/main HTTP/1.1\r\n{lines}\r\n".encode() + sent.body
    with connect(running, b"") as silent, connect(running, asked[:50]) as half:
        time.sleep(0.3)
        running.processes["web"].terminate()
        time.sleep(0.3)
        for wire, rest in ((half, asked[50:]), (silent, asked)):
            wire.sendall(rest)
            assert wire.recv(4096).startswith(b"HTTP/1.1 202")
    running.stop()
    running.start("web")
    running.wait_ready()
