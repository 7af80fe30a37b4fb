"""Errors as pages of our own: what to do, and nothing about the inside."""

import logging

from flask import Flask, Response, jsonify, make_response, render_template, request
from gunicorn.http.errors import NoMoreData, ParseException
from werkzeug.exceptions import HTTPException

from web import language as words

log = logging.getLogger("aftercare.web")
TABLES = {404: "not_found", 410: "closed", 413: "too_much", 429: "too_many", 503: "busy"}
"""The table of the page's words for a status."""
OTHER = "other"
UNREADABLE = (ParseException, NoMoreData)  # a body in broken chunks: the server finds out while we read it


def install(app: Flask) -> None:
    """Turn every error into an answer, once."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _crash)


def _http(error: HTTPException) -> Response:
    return _answer(error.code or 500, error)


def _crash(error: Exception) -> Response:
    if isinstance(error, UNREADABLE):
        return _answer(400, None)
    log.exception("request failed", extra={"route": str(request.url_rule or "")})
    return _answer(500, None)


def _answer(code: int, error: HTTPException | None) -> Response:
    name = TABLES.get(code, OTHER)
    if request.path.startswith(("/webhooks/", "/texts", "/healthz", "/readyz")):
        response = jsonify(error=words.pages("en").say(f"error.{name}.title"))
    else:
        language = words.asked_for(request)
        page = render_template("client/error.html", name=name, **words.shared(language))
        response = make_response(page)
    response.status_code = code
    if error is not None and code == 405:
        response.headers["Allow"] = ", ".join(getattr(error, "valid_methods", None) or [])
    return response
