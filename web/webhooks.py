"""Webhooks in: raw bytes, verify, write down, answer. Everything else is the worker's."""

import json
import logging
import secrets
from datetime import datetime

from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import RequestEntityTooLarge

from integrations.base import InvalidSignature, WrongClock
from schemas.webhook import Inbound
from store.base import DatabaseError, kind
from store.ingest import Ingest
from store.running.refusals import Refusals
from web.context import context, utc_now
from web.rounds import NOT_KEPT, RETRY_AFTER

log = logging.getLogger("aftercare.webhooks")
MOST_BYTES = 1024 * 1024
blueprint = Blueprint("webhooks", __name__)


def _answer(status: int, **values: str) -> Response:
    return Response(json.dumps(values) + "\n", status, content_type="application/json")


@blueprint.post("/webhooks/<connection>")
def receive(connection: str) -> Response:
    """202 with the receipt's id once it is on disk; see docs/webhooks.md for every other answer."""
    now = utc_now()
    scheduler = context().schedulers.get(connection)
    if scheduler is None:
        return _answer(404, error="There is no connection of this name.")
    if request.headers.get("Content-Encoding", "identity").casefold() != "identity":
        return _answer(415, error="Send the body as it is, without Content-Encoding.")
    body = _body()
    if body is None:
        return _answer(413, error="The body is larger than 1 MiB.")
    inbound = Inbound(_headers(), body, scheduler.connection.webhook_url, now)
    try:
        scheduler.verify(inbound)
    except InvalidSignature as error:
        _refuse(connection, now, clock=isinstance(error, WrongClock))
        return _answer(401, error="The signature is missing or wrong.")
    return _keep(connection, inbound)


def _body() -> bytes | None:
    """The raw bytes, or None when there are too many. A chunked body is cut at the limit without a word."""
    request.max_content_length = MOST_BYTES + 1
    try:
        body = request.get_data(cache=True)
    except RequestEntityTooLarge:
        return None
    return body if len(body) <= MOST_BYTES else None


def _headers() -> dict[str, str]:
    """Names in lower case; a header that came twice is joined, so that no exact check lets it through."""
    found: dict[str, str] = {}
    for name, value in request.headers.items():
        key = name.lower()
        found[key] = f"{found[key]}, {value}" if key in found else value
    return found


def _keep(connection: str, inbound: Inbound) -> Response:
    public_id = f"r_{secrets.token_hex(12)}"
    ingest: Ingest = current_app.extensions["ingest"]
    try:
        ingest.add(public_id, connection, inbound)
    except (DatabaseError, OSError) as error:
        log.error("receipt not stored", extra={"connection": connection, "error": kind(error)})
        response = _answer(503, error=NOT_KEPT)
        response.headers["Retry-After"] = RETRY_AFTER
        return response
    return _answer(202, receipt=public_id)


def _refuse(connection: str, now: datetime, *, clock: bool) -> None:
    log.warning(
        "webhook refused", extra={"connection": connection, "reason": "clock" if clock else "credential"}
    )
    refusals: Refusals = current_app.extensions["refusals"]
    refusals.note(connection, now, clock=clock)
