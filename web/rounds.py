"""Webhooks that have arrived by the same time are handled by one thread and kept by one commit.

Threads that wait for each other's commit cost several times what the work itself does. So the requests
of a round are handled one after the other, and their answers are held back until all are on disk.
"""

import logging
import socket
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from store.base import DatabaseError, kind
from store.ingest import Round

log = logging.getLogger("aftercare.server")
MOST_AT_ONCE = 100  # requests
NOT_KEPT = "We could not store this. Please send it again."
RETRY_AFTER = "10"  # seconds
THREADS = 2  # one handles the next requests while the other waits for the disk
Connection = Any  # gunicorn's TConn
Finish = Callable[[list[tuple[Connection, bool]]], None]


class Wire:
    """Stands in for a socket: all that will be read has arrived, and what is written waits."""

    def __init__(self) -> None:
        self.written = bytearray()

    def setblocking(self, _flag: bool) -> None:
        """Nothing here blocks."""

    def gettimeout(self) -> float:
        """As a socket that does not block has it."""
        return 0.0

    def recv(self, _size: int) -> bytes:
        """The end: what the parser asks for beyond what has arrived is not waited for."""
        return b""

    def sendall(self, data: bytes) -> None:
        """Keep it for later."""
        self.written += data


@dataclass(eq=False, slots=True)
class _Asked:
    """One request of a round: its answer, whether the connection stays, and whether a webhook hangs on it."""

    conn: Connection
    answer: bytes
    stays: bool
    kept: bool


class Rounds:
    """The requests that wait for the next round, and the thread that holds it.

    `handle` is gunicorn's: it reads, asks the application and writes; True when the connection stays.
    `finish` gets every connection back, with the same word. `not_kept` answers what could not be stored.
    """

    def __init__(self, handle: Callable[[Connection], bool], finish: Finish, not_kept: bytes) -> None:
        self._handle, self._finish, self._not_kept = handle, finish, not_kept
        self._waiting: deque[Connection] = deque()
        self._threads = ThreadPoolExecutor(THREADS, "webhooks")

    def add(self, conn: Connection) -> None:
        """Have a request handled in the next round. Called by one thread alone."""
        self._waiting.append(conn)
        if len(self._waiting) == 1:  # else a round is on its way, and takes this one along
            self._threads.submit(self._hold)

    def stop(self) -> None:
        """Begin nothing more."""
        self._threads.shutdown(wait=False)

    def _hold(self) -> None:
        around = Round()
        with around.open():
            asked = list(self._handled(around))
        if self._waiting:
            self._threads.submit(self._hold)
        sound = _committed(around)
        for each in asked:
            words = each.answer if sound or not each.kept else self._not_kept
            each.stays = _said(each.conn.sock, words) and each.stays
        self._finish([(each.conn, each.stays) for each in asked])

    def _handled(self, around: Round) -> Iterator[_Asked]:
        for _ in range(MOST_AT_ONCE):
            try:
                conn = self._waiting.popleft()
            except IndexError:
                return
            before = len(around)
            answer, stays = self._answered(conn)
            yield _Asked(conn, answer, stays, kept=len(around) > before)

    def _answered(self, conn: Connection) -> tuple[bytes, bool]:
        wire, unreader = Wire(), conn.parser.unreader
        sock, conn.sock, unreader.sock = conn.sock, wire, wire
        stays = False
        try:
            stays = self._handle(conn)
        except Exception:  # one that cannot be answered is hung up on: the others of the round wait behind it
            log.exception("request failed")
        finally:
            conn.sock = unreader.sock = sock
        return bytes(wire.written), stays


def _committed(around: Round) -> bool:
    try:
        around.commit()
    except (DatabaseError, OSError) as error:
        log.error("receipts not stored", extra={"count": len(around), "error": kind(error)})
        return False
    except Exception:
        log.exception("receipts not stored", extra={"count": len(around)})
        return False
    return True


def _said(sock: socket.socket, words: bytes) -> bool:
    """Send without waiting; False when the peer does not read, or is gone."""
    try:
        return sock.send(words, socket.MSG_DONTWAIT) == len(words)
    except OSError:
        return False
