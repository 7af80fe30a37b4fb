"""How gunicorn takes requests in, and how it answers and logs what never reaches the application.

A request is read whole before a thread takes it, so that slow senders keep nobody out. A request line may
hold a personal link, and a malformed one is somebody else's text: no word of either is repeated.
"""

import errno
import logging
import selectors
import socket
import sys
import time
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from gunicorn import util
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger
from gunicorn.http import errors, get_parser
from gunicorn.workers.gthread import ThreadWorker

from web.arrival import Arrival
from web.logs import JsonLine
from web.security import HEADERS

log = logging.getLogger("aftercare.server")
ANSWERS = {
    errors.LimitRequestLine: "414 URI Too Long",
    errors.LimitRequestHeaders: "431 Request Header Fields Too Large",
    errors.ExpectationFailed: "417 Expectation Failed",
    errors.UnsupportedTransferCoding: "501 Not Implemented",
}
PATIENCE = 20.0  # seconds for a whole request, and for a reader to take an answer
LINGER = 2.0  # seconds for the other side to close: closing first may destroy the answer on its way
LOOK_EVERY = 0.5  # seconds between looks for those who took too long
MOST_HELD = 64 * 1024 * 1024  # bytes of unfinished requests together
READ = 64 * 1024


@dataclass(slots=True)
class Waiting:
    """A connection without a thread: its request is coming in, or our answer is going out."""

    until: float
    arrival: Arrival = field(default_factory=Arrival)
    leaving: bool = False


class Worker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's worker with threads, which get whole requests only; its own error answers are ours."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.waiting: dict[Any, Waiting] = {}  # oldest first
        self.held = 0
        self.looked = 0.0

    def load_wsgi(self) -> None:
        """Wrong settings are told once and end the server: starting again would not mend them."""
        try:
            super().load_wsgi()
        except SystemExit as stop:
            print(stop, file=sys.stderr, flush=True)
            sys.exit(Arbiter.APP_LOAD_ERROR)

    def accept(self, listener: Any) -> None:
        """Take a connection in; when the house is full, whoever has been slow for longest leaves."""
        try:
            super().accept(listener)
        except OSError as error:
            if error.errno not in (errno.EMFILE, errno.ENFILE) or not self.waiting:
                raise
            self._drop(next(iter(self.waiting)))
        if self.nr_conns >= self.worker_connections and self.waiting:
            self._drop(next(iter(self.waiting)))

    def enqueue_req(self, conn: Any) -> None:
        """Wait for the whole request of a connection, then give it to a thread."""
        if self.cfg.is_ssl or self.cfg.proxy_protocol != "off":
            super().enqueue_req(conn)
            return
        read_ahead = conn.parser.unreader.take_buffered() if conn.parser else b""
        self._wait(conn, Waiting(time.monotonic() + PATIENCE))
        if read_ahead:
            self._came(conn, read_ahead)
        else:
            self._readable(conn)

    def _wait(self, conn: Any, waiting: Waiting) -> None:
        conn.sock.setblocking(False)
        self.waiting[conn] = waiting
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._readable, conn))

    def _readable(self, conn: Any, _sock: Any = None) -> None:
        if conn not in self.waiting:  # dropped while others of the same look were served
            return
        try:
            data = conn.sock.recv(READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop(conn)
        elif not self.waiting[conn].leaving:
            self._came(conn, data)

    def _came(self, conn: Any, data: bytes) -> None:
        """More bytes of a request: give it on, refuse it, or wait."""
        arrival = self.waiting[conn].arrival
        before = len(arrival.held)
        over = arrival.add(data)
        self.held += len(arrival.held) - before
        if over:
            self._forget(conn)
            self._refuse(conn, arrival.refusal) if arrival.refusal else self._hand_on(conn, arrival)
        elif arrival.asks:
            arrival.asks = False
            with suppress(OSError):
                conn.sock.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        while self.held > MOST_HELD:
            self._drop(max(self.waiting, key=lambda each: len(self.waiting[each].arrival.held)))

    def _hand_on(self, conn: Any, arrival: Arrival) -> None:
        conn.parser = conn.parser or get_parser(self.cfg, conn.sock, conn.client)
        conn.parser.unreader.unread(bytes(arrival.held))
        conn.data_ready, conn.cut = True, arrival.cut
        # What a thread calls first, once it has the connection: it shall not wait for ever either.
        conn.init, conn.initialized = partial(conn.sock.settimeout, PATIENCE), True
        super().enqueue_req(conn)

    def _refuse(self, conn: Any, status: str) -> None:
        log.warning("request not understood", extra={"error": status})
        with suppress(OSError):
            conn.sock.send(answer(status))
        self._linger(conn)

    def _keepalive_after(self, conn: Any, keepalive: bool) -> bool:
        """The rest of a body that nobody reads is not waited for."""
        return not getattr(conn, "cut", False) and super()._keepalive_after(conn, keepalive)

    def finish_request(self, conn: Any, fs: "Future[Any]") -> None:
        """Close a connection without waiting for the other side: everybody else waits for this thread."""
        if fs.cancelled() or fs.exception() or fs.result():
            super().finish_request(conn, fs)
        else:
            self._linger(conn)

    def _linger(self, conn: Any) -> None:
        try:
            conn.sock.shutdown(socket.SHUT_WR)
            self._wait(conn, Waiting(time.monotonic() + LINGER, leaving=True))
        except (OSError, ValueError):  # gone already
            self.nr_conns -= 1
            conn.close()

    def murder_pending(self) -> None:
        """Close what has taken too long; gunicorn calls this after every event."""
        super().murder_pending()
        now = time.monotonic()
        if now - self.looked < LOOK_EVERY:
            return
        self.looked = now
        for conn, waiting in list(self.waiting.items()):
            if not self.alive and not waiting.arrival.held and not waiting.leaving:
                self._drop(conn)
            elif waiting.until <= now:
                self._time_out(conn, waiting)

    def _time_out(self, conn: Any, waiting: Waiting) -> None:
        if waiting.arrival.held:
            with suppress(OSError):
                conn.sock.send(answer("408 Request Timeout"))
        self._drop(conn)

    def _forget(self, conn: Any) -> None:
        self.held -= len(self.waiting.pop(conn).arrival.held)
        with suppress(OSError, KeyError, ValueError):
            self.poller.unregister(conn.sock)

    def _drop(self, conn: Any) -> None:
        self._forget(conn)
        self.nr_conns -= 1
        conn.close()

    def handle_error(self, _req: Any, client: Any, _addr: Any, exc: Exception) -> None:
        """Answer a request that cannot be read, with the headers of every other answer."""
        status = "500 Internal Server Error"
        if isinstance(exc, errors.ParseException):
            status = ANSWERS.get(type(exc), "400 Bad Request")
            log.warning("request not understood", extra={"error": type(exc).__name__})
        else:
            log.error("request failed", exc_info=exc)
        with suppress(OSError):
            util.write_nonblock(client, answer(status))


def answer(status: str) -> bytes:
    """A whole answer: status, the usual headers, the status once more as text."""
    headers = HEADERS | {
        "Content-Type": "text/plain; charset=utf-8",
        "Cache-Control": "no-store",
        "Content-Length": str(len(status)),
        "Connection": "close",
    }
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers.items()), "", status]
    return "\r\n".join(lines).encode("ascii")


class Log(Logger):  # type: ignore[misc]
    """gunicorn's log as JSON lines, with no request in them."""

    def setup(self, cfg: Any) -> None:
        """Put our form onto what gunicorn sets up."""
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(JsonLine())
            handler.addFilter(without_request)


def without_request(record: logging.LogRecord) -> bool:
    """Take the request out of a record; every record is kept."""
    if "request" in str(record.msg).casefold():
        record.msg, record.args = "a request failed", ()
    return True
