"""How gunicorn answers and logs what never reaches the application: without a word of the request.

A request line may hold a personal link, and a malformed one is somebody else's text.
"""

import logging
import sys
from contextlib import suppress
from typing import Any

from gunicorn import util
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger
from gunicorn.http import errors
from gunicorn.workers.gthread import ThreadWorker

from web.logs import JsonLine
from web.security import HEADERS

log = logging.getLogger("aftercare.server")
ANSWERS = {
    errors.LimitRequestLine: "414 URI Too Long",
    errors.LimitRequestHeaders: "431 Request Header Fields Too Large",
    errors.ExpectationFailed: "417 Expectation Failed",
    errors.UnsupportedTransferCoding: "501 Not Implemented",
}


class Worker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's worker with threads; only its own error answers, and how it ends, are ours."""

    def load_wsgi(self) -> None:
        """Wrong settings are said once and end the server: starting again would not mend them."""
        try:
            super().load_wsgi()
        except SystemExit as stop:
            print(stop, file=sys.stderr, flush=True)
            sys.exit(Arbiter.APP_LOAD_ERROR)

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
