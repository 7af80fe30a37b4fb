"""gunicorn's worker with threads: requests are gathered before a thread takes them, webhooks have their own.

What never reaches the application is answered and logged without a word of the request: a request line may
hold a personal link, and a malformed one is somebody else's text.
"""

import logging
import selectors
import socket
import struct
import sys
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from types import MappingProxyType
from typing import Any

from flask import Flask
from gunicorn import util
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger
from gunicorn.http import errors
from gunicorn.workers.gthread import ThreadWorker

from web import renewal, watching
from web.arrival import CONTINUE, Arrival, State
from web.context import context_of
from web.logs import JsonLine
from web.rounds import NOT_KEPT, RETRY_AFTER, Rounds
from web.security import HEADERS

log = logging.getLogger("aftercare.server")
ANSWERS = {
    errors.LimitRequestLine: "414 URI Too Long",
    errors.LimitRequestHeaders: "431 Request Header Fields Too Large",
    errors.ExpectationFailed: "417 Expectation Failed",
    errors.UnsupportedTransferCoding: "501 Not Implemented",
}


REFUSALS = {State.long_head: "431 Request Header Fields Too Large", State.large_body: "413 Content Too Large"}
A_WEBHOOK = b"POST /webhooks/"
OF_WATCHERS = (b"GET /healthz", b"GET /readyz", b"GET /metrics")
FOR_WATCHERS = 4  # threads
MOST_ARRIVING = 500  # connections: one more, and the one that has said least for longest is closed
MOST_FILES = 4  # photos and clips that arrive at once: each takes as much memory as it is large
MOST_AT_ONCE = 16384  # bytes
WIRE_SECONDS = 10  # that a thread waits for a reader that does not read
LINGER_SECONDS = 2.0
Connection = Any  # gunicorn's TConn


def _done(stays: bool) -> "Future[bool]":
    done: Future[bool] = Future()
    done.set_result(stays)
    return done


DONE = {stays: _done(stays) for stays in (True, False)}
"""How a request ended that no future was made for: True when its connection stays."""


class Worker(ThreadWorker):  # type: ignore[misc]
    """Hands a request to a thread when all of it is there; people and machines have threads of their own."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.arriving: dict[Connection, Arrival] = {}
        self.stops_at: float | None = None  # monotonic seconds: until when requests that came are still read
        self.watchers: ThreadPoolExecutor
        self.rounds: Rounds

    def load_wsgi(self) -> None:
        """Wrong settings are said once and end the server: starting again would not mend them."""
        try:
            super().load_wsgi()
        except SystemExit as stop:
            print(stop, file=sys.stderr, flush=True)
            sys.exit(Arbiter.APP_LOAD_ERROR)
        if isinstance(self.wsgi, Flask) and "aftercare" in self.wsgi.extensions:
            context, config = context_of(self.wsgi), self.wsgi.config
            renewal.end_when_changed(context, config["SETTINGS_REVISION"])
            if config["PRODUCTION"] and config["WORKER"] != "inline":
                watching.start(context)

    def init_process(self) -> None:
        """Make the threads in this process."""
        self.watchers = ThreadPoolExecutor(FOR_WATCHERS, "watchers")
        not_kept = answer("503 Service Unavailable", NOT_KEPT, {"Retry-After": RETRY_AFTER})
        self.rounds = Rounds(self.handle, partial(self.method_queue.defer, self._finish_all), not_kept)
        super().init_process()

    def enqueue_req(self, conn: Connection) -> None:
        """Begin to gather the next request of a connection; no thread waits for it."""
        if self.cfg.is_ssl:  # bytes that a proxy has to take off first are gunicorn's own affair
            super().enqueue_req(conn)
            return
        if not conn.initialized:
            conn.init()
            _bound(conn.sock)
        self.arriving[conn] = Arrival()
        if not self._take_in(conn, conn.parser.unreader.take_buffered()) and not self._receive(conn):
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._more, conn))
        if len(self.arriving) > MOST_ARRIVING:
            self._drop(next(iter(self.arriving)))

    def _more(self, conn: Connection, _sock: Any) -> None:
        self._receive(conn)

    def _receive(self, conn: Connection) -> bool:
        """Read what has come; True when nothing more is waited for."""
        try:
            data = conn.sock.recv(MOST_AT_ONCE, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if not data:
            self._drop(conn)
            return True
        return self._take_in(conn, data)

    def _take_in(self, conn: Connection, data: bytes) -> bool:
        arrival = self.arriving[conn]
        if arrival.refused:
            return False
        state = arrival.add(data)
        if state is State.whole:
            self._hand_on(conn)
        elif state in REFUSALS:
            self._refuse(conn, REFUSALS[state])
        elif arrival.is_file and sum(each.is_file for each in self.arriving.values()) > MOST_FILES:
            self._refuse(conn, "503 Service Unavailable")
        elif arrival.wants_continue:
            arrival.wants_continue = False
            with suppress(OSError):
                conn.sock.send(CONTINUE, socket.MSG_DONTWAIT)
        return state is State.whole

    def _refuse(self, conn: Connection, status: str) -> None:
        """Answer, and read on for a moment: closing with unread bytes would tear the answer off."""
        log.warning("request not taken", extra={"code": int(status[:3])})
        self.arriving[conn] = Arrival(deadline=time.monotonic() + LINGER_SECONDS, refused=True)
        with suppress(OSError):
            conn.sock.send(answer(status), socket.MSG_DONTWAIT)
            conn.sock.shutdown(socket.SHUT_WR)

    def _hand_on(self, conn: Connection) -> None:
        data = bytes(self._let_go(conn).data)
        conn.parser.unreader.unread(data)
        conn.data_ready = True
        if data.startswith(A_WEBHOOK):
            self.rounds.add(conn)
            return
        pool = self.watchers if data.startswith(OF_WATCHERS) else self.tpool
        done = partial(self.method_queue.defer, self.finish_request, conn)
        pool.submit(self.handle, conn).add_done_callback(done)

    def _finish_all(self, handled: list[tuple[Connection, bool]]) -> None:
        for conn, stays in handled:
            self.finish_request(conn, DONE[stays])

    def finish_request(self, conn: Connection, fs: "Future[bool]") -> None:
        """Keep the connection, or close it without waiting here until the peer has read its answer."""
        if conn.initialized and not self.cfg.is_ssl and not (fs.exception() or fs.result()):
            self._linger(conn)
        else:
            super().finish_request(conn, fs)

    def _linger(self, conn: Connection) -> None:
        """Say no more, and read on for a moment: closing with unread bytes would tear the answer off."""
        self.arriving[conn] = Arrival(deadline=time.monotonic() + LINGER_SECONDS, refused=True)
        with suppress(OSError):
            conn.sock.shutdown(socket.SHUT_WR)
        if not self._receive(conn):
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._more, conn))

    def _let_go(self, conn: Connection) -> Arrival:
        with suppress(KeyError, ValueError):  # a request that came at once was never watched
            self.poller.unregister(conn.sock)
        return self.arriving.pop(conn)

    def _drop(self, conn: Connection) -> None:
        self._let_go(conn)
        self.nr_conns -= 1
        conn.close()

    def murder_pending(self) -> None:
        """Close what takes too long to say what it wants; when we stop, what is not whole in a moment."""
        now = time.monotonic()
        if not self.alive and self.stops_at is None:
            self.stops_at = now + LINGER_SECONDS
        for conn, arrival in list(self.arriving.items()):
            if now < min(arrival.deadline, self.stops_at or arrival.deadline):
                continue
            if arrival.data:
                with suppress(OSError):
                    conn.sock.send(answer("408 Request Timeout"), socket.MSG_DONTWAIT)
            self._drop(conn)

    def run(self) -> None:
        """Serve until told to stop."""
        super().run()
        self.watchers.shutdown(wait=False)
        self.rounds.stop()

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


def _bound(sock: socket.socket) -> None:
    """No thread waits for this peer for longer than WIRE_SECONDS, whoever sets the socket to block."""
    seconds = struct.pack("ll", WIRE_SECONDS, 0)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, seconds)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, seconds)


def answer(status: str, text: str = "", more: Mapping[str, str] = MappingProxyType({})) -> bytes:
    """A whole answer: status, the usual headers and some more, a text or the status once more."""
    text = text or status
    headers = HEADERS | {
        "Content-Type": "text/plain; charset=utf-8",
        "Cache-Control": "no-store",
        "Content-Length": str(len(text)),
        "Connection": "close",
        **more,
    }
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers.items()), "", text]
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
