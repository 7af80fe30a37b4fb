"""Answers of a round are held back until its webhooks are on disk."""

import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from handlers.context import Context
from schemas.webhook import Inbound
from store import receipts
from store.base import Database
from store.ingest import Ingest
from web.rounds import MOST_AT_ONCE, Rounds


@dataclass(eq=False)
class Conn:
    """As much of a connection as a round needs, and the other end of it."""

    number: int
    sock: Any = None
    peer: socket.socket = field(default_factory=socket.socket)
    stays: bool | None = None

    def __post_init__(self) -> None:
        self.peer.close()
        self.sock, self.peer = socket.socketpair()
        self.peer.settimeout(10)
        self.parser = SimpleNamespace(unreader=SimpleNamespace(sock=self.sock))


IMPOSSIBLE = 13


class Server:
    """Keeps a webhook for every even connection and answers; an odd one is only answered, one is not."""

    def __init__(self, db: Database) -> None:
        self.db, self.ingest = db, Ingest(db)
        self.rounds = Rounds(self.handle, self.finish, b"503")

    def handle(self, conn: Conn) -> bool:
        if conn.number == IMPOSSIBLE:
            raise AttributeError("nobody foresaw this request")
        if conn.number % 2 == 0:
            inbound = Inbound({}, b"", "", datetime.now(UTC))
            self.ingest.add(f"r_{conn.number}", "main", inbound)
        conn.sock.sendall(b"202" if conn.number % 2 == 0 else b"401")
        return True

    def finish(self, done: list[tuple[Conn, bool]]) -> None:
        for conn, stays in done:
            conn.stays = stays
            if not stays:
                conn.sock.close()

    def kept(self) -> int:
        with self.db.read() as tx:
            return sum(receipts.counts(tx).values())


@pytest.fixture
def server(context: Context) -> Iterator[Server]:
    made = Server(context.db)
    yield made
    made.rounds.stop()


def test_everybody_is_answered_and_what_was_acknowledged_is_kept(server: Server) -> None:
    conns = [Conn(number) for number in range(3 * MOST_AT_ONCE) if number != IMPOSSIBLE]
    for conn in conns:
        server.rounds.add(conn)
    for conn in conns:
        assert conn.peer.recv(100) == (b"202" if conn.number % 2 == 0 else b"401")
    assert server.kept() == 3 * MOST_AT_ONCE / 2
    assert all(conn.sock.fileno() >= 0 and conn.parser.unreader.sock is conn.sock for conn in conns)


def test_nothing_is_acknowledged_before_the_commit(server: Server) -> None:
    conns = [Conn(number) for number in range(8)]
    with server.db.begin():  # on SQLite the writer's turn; elsewhere the commit just comes soon
        for conn in conns:
            server.rounds.add(conn)
        time.sleep(0.1)
        if server.db.sqlite:
            conns[0].peer.setblocking(False)
            with pytest.raises(BlockingIOError):
                conns[0].peer.recv(100)
            conns[0].peer.settimeout(10)
    assert [conn.peer.recv(100) for conn in conns[::2]] == [b"202"] * 4


def test_without_the_commit_only_those_who_wait_for_it_are_refused(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_rows: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(server.ingest, "write", full)
    conns = [Conn(number) for number in range(8)]
    for conn in conns:
        server.rounds.add(conn)
    assert [conn.peer.recv(100) for conn in conns] == [b"503", b"401"] * 4
    assert server.kept() == 0


def test_who_does_not_read_is_hung_up_on_and_keeps_nobody_waiting(server: Server) -> None:
    deaf, good = Conn(1), Conn(2)
    deaf.sock.setblocking(False)
    while True:
        try:
            deaf.sock.send(b"x" * 65536)
        except BlockingIOError:
            break
    deaf.sock.setblocking(True)
    server.rounds.add(deaf)
    server.rounds.add(good)
    assert good.peer.recv(100) == b"202"
    end = time.monotonic() + 10
    while deaf.stays is None and time.monotonic() < end:
        time.sleep(0.01)
    assert deaf.stays is False


def test_one_that_cannot_be_handled_is_hung_up_on_and_keeps_nobody_waiting(server: Server) -> None:
    bad = [Conn(IMPOSSIBLE) for _ in range(50)]
    good = [Conn(number) for number in range(0, 100, 2)]
    for conns in zip(bad, good, strict=True):
        for conn in conns:
            server.rounds.add(conn)
    assert [conn.peer.recv(100) for conn in good] == [b"202"] * 50
    assert [conn.peer.recv(100) for conn in bad] == [b""] * 50


def test_a_commit_that_fails_as_nobody_foresaw_is_refused(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_rows: object) -> None:
        raise KeyError("row")

    monkeypatch.setattr(server.ingest, "write", broken)
    conns = [Conn(number) for number in range(4)]
    for conn in conns:
        server.rounds.add(conn)
    assert [conn.peer.recv(100) for conn in conns] == [b"503", b"401"] * 2
