"""Webhooks in: raw bytes, verify, write down, answer. Everything else is the worker's."""

import json
import logging
import secrets
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Flask, current_app, request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wsgi import get_input_stream

from integrations.base import InvalidSignature, Scheduler, WrongClock
from schemas.webhook import Inbound
from store.base import DatabaseError, kind
from store.ingest import Ingest
from store.running.refusals import Refusals
from web.context import context_of, utc_now
from web.rounds import NOT_KEPT, RETRY_AFTER

log = logging.getLogger("aftercare.webhooks")
MOST_BYTES = 1024 * 1024
ADDRESS = "/webhooks/"
blueprint = Blueprint("webhooks", __name__)
Environ = dict[str, Any]
Answer = tuple[str, int, dict[str, str]]  # as Flask takes it
Wsgi = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


def install(app: Flask) -> None:
    """Answer webhooks in front of Flask, whose work for a request takes longer than ours for a webhook."""
    app.wsgi_app = partial(_in_front, app, app.wsgi_app)  # type: ignore[method-assign]


def _in_front(
    app: Flask, flask: Wsgi, environ: Environ, start_response: Callable[..., Any]
) -> Iterable[bytes]:
    connection = _plain(app, environ)
    if not connection:
        return flask(environ, start_response)
    began = time.perf_counter()
    try:
        text, status, headers = answer(app, environ, connection)
    except Exception as error:  # answered as Flask answers it
        with app.request_context(environ):
            return app.finalize_request(app.handle_user_exception(error))(environ, start_response)
    body = text.encode()
    headers |= {"Content-Length": str(len(body)), "Cache-Control": "no-store"}
    start_response(f"{status} {HTTPStatus(status).phrase}", list(headers.items()))
    app.extensions["request_seconds"]("webhooks.receive", str(status)).observe(time.perf_counter() - began)
    return [body]


def _plain(app: Flask, environ: Environ) -> str:
    """The connection of a webhook of which Flask has nothing more to say; "" for every other request."""
    path = environ.get("PATH_INFO", "")
    if not path.startswith(ADDRESS) or environ["REQUEST_METHOD"] != "POST" or environ.get("QUERY_STRING"):
        return ""
    name = path[len(ADDRESS) :]
    return name if name in context_of(app).schedulers else ""


@blueprint.route(f"{ADDRESS}<connection>", methods=["HEAD"])
def is_there(connection: str) -> tuple[str, int]:
    """Mindbody asks so whether an address exists before it takes a webhook for it."""
    return "", 200 if _listening(current_app, connection) else 404


@blueprint.post(f"{ADDRESS}<connection>")
def receive(connection: str) -> Answer:
    """Whatever is not plain, with all that Flask does for a request."""
    return answer(current_app, request.environ, connection)


def answer(app: Flask, environ: Environ, connection: str) -> Answer:
    """202 with the receipt's id once it is on disk; see docs/webhooks.md for every other answer."""
    now = utc_now()
    scheduler = _listening(app, connection)
    if scheduler is None:
        return _answer(404, error="There is no connection of this name that takes webhooks.")
    if environ.get("HTTP_CONTENT_ENCODING", "identity").casefold() != "identity":
        return _answer(415, error="Send the body as it is, without Content-Encoding.")
    body = _body(environ)
    if body is None:
        return _answer(413, error="The body is larger than 1 MiB.")
    inbound = Inbound(_headers(environ), body, scheduler.connection.webhook_url, now)
    try:
        scheduler.verify(inbound)
    except InvalidSignature as error:
        _refuse(app, connection, now, clock=isinstance(error, WrongClock))
        return _answer(401, error="The signature is missing or wrong.")
    return _keep(app, connection, inbound)


def _listening(app: Flask, connection: str) -> Scheduler | None:
    """The connection of this name, where its scheduler has webhooks."""
    found = context_of(app).schedulers.get(connection)
    return found if found is not None and found.has_webhooks else None


def _answer(status: int, **values: str) -> Answer:
    return json.dumps(values) + "\n", status, {"Content-Type": "application/json"}


def _body(environ: Environ) -> bytes | None:
    """The raw bytes, or None when there are too many. A chunked body is cut at the limit without a word."""
    try:
        body = get_input_stream(environ, max_content_length=MOST_BYTES + 1).read()
    except RequestEntityTooLarge:
        return None
    return body if len(body) <= MOST_BYTES else None


def _headers(environ: Environ) -> dict[str, str]:
    """Names in lower case; one that came twice is joined by the server: no exact check lets it through."""
    found = {
        name[5:].replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_") and name not in ("HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH")
    }
    for name, key in (("content-type", "CONTENT_TYPE"), ("content-length", "CONTENT_LENGTH")):
        if environ.get(key):
            found[name] = environ[key]
    return found


def _keep(app: Flask, connection: str, inbound: Inbound) -> Answer:
    public_id = f"r_{secrets.token_hex(12)}"
    ingest: Ingest = app.extensions["ingest"]
    try:
        ingest.add(public_id, connection, inbound)
    except (DatabaseError, OSError) as error:
        log.error("receipt not stored", extra={"connection": connection, "error": kind(error)})
        text, status, headers = _answer(503, error=NOT_KEPT)
        return text, status, headers | {"Retry-After": RETRY_AFTER}
    return _answer(202, receipt=public_id)


def _refuse(app: Flask, connection: str, now: datetime, *, clock: bool) -> None:
    log.warning(
        "webhook refused", extra={"connection": connection, "reason": "clock" if clock else "credential"}
    )
    refusals: Refusals = app.extensions["refusals"]
    refusals.note(connection, now, clock=clock)
