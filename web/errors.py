"""Errors as pages of our own: what to do, and nothing about the inside."""

import logging

from flask import Flask, Response, jsonify, make_response, render_template, request
from gunicorn.http.errors import NoMoreData, ParseException
from werkzeug.exceptions import HTTPException

from web import language as words

log = logging.getLogger("aftercare.web")
TEXTS = {
    404: (
        "This page is not here",
        "The link may be old or cut off. Open it again from our mail, or call us.",
    ),
    410: ("This page is closed", "The link has ended. Please call us if you need it."),
    413: ("That is too much", "Please use fewer words and try again."),
    429: ("Please wait a little", "There were too many tries. Wait ten minutes and try again."),
    503: ("Please try again soon", "We could not save this just now. Your answers are safe. Try again."),
}
UNREADABLE = (ParseException, NoMoreData)  # a body in broken chunks: the server finds out while we read it
OTHER = ("That did not work", "Go back and try again. Please call us if it goes on.")


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
    title, text = TEXTS.get(code, OTHER)
    if request.path.startswith(("/webhooks/", "/texts", "/healthz", "/readyz")):
        response = jsonify(error=title)
    else:
        language = words.asked_for(request)
        page = render_template("client/error.html", title=title, text=text, **words.shared(language))
        response = make_response(page)
    response.status_code = code
    if error is not None and code == 405:
        response.headers["Allow"] = ", ".join(getattr(error, "valid_methods", None) or [])
    return response
