"""Protections that hold for every answer: headers, host, size of a request, origin of a form."""

import hashlib
import heapq
import hmac
import logging
import threading
import time
from collections.abc import Callable
from typing import Any, NoReturn
from urllib.parse import urlsplit

from flask import Flask, Request, Response, abort, current_app, g, request
from flask.sessions import SessionInterface
from werkzeug.middleware.proxy_fix import ProxyFix

from handlers.context import Context
from handlers.worker import seals
from schemas import origin
from store import audit
from store.base import DatabaseError
from web.context import context as the_context
from web.context import utc_now

log = logging.getLogger("aftercare.security")
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Any]

HEADERS = {
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; "
        "connect-src 'self'; manifest-src 'self'; worker-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}
_HEADERS = {name.lower(): (name, value) for name, value in HEADERS.items()}
ANY_HOST = (
    "/webhooks/",
    "/healthz",
    "/readyz",
    "/metrics",
)  # senders sign what they send; probes come by address
MOST_BYTES = 64 * 1024
MOST_FIELDS = 500
BAD_TOKENS, BAD_SECONDS = 30, 600
MOST_NETWORKS = 10_000  # that are remembered


class NoSessions(SessionInterface):
    """Who is signed in stands in a cookie of our own; the one of Flask would cost every webhook."""

    def open_session(self, app: Flask, request: Request) -> None:
        """None."""


def install(app: Flask, context: Context) -> None:
    """Put the protections onto every request and answer."""
    app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES
    app.config["MAX_FORM_MEMORY_SIZE"] = MOST_BYTES
    app.config["MAX_FORM_PARTS"] = MOST_FIELDS
    app.session_interface = NoSessions()
    app.extensions["guesses"] = Guesses()
    app.url_map.merge_slashes = False  # its redirects would repeat any Host
    if app.config["PROXIES"]:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=app.config["PROXIES"], x_proto=0)  # type: ignore[method-assign]
    app.wsgi_app = _protected(app.wsgi_app)  # type: ignore[assignment, method-assign]
    own = urlsplit(context.clinic.public_url).netloc.casefold()

    @app.before_request
    def only_our_host() -> None:
        """A foreign Host never reaches a page: links are made from the configured address alone.

        No text that we keep or look for holds a NUL, and PostgreSQL refuses to hear of it.
        """
        asked = request._get_current_object()  # type: ignore[attr-defined] # each look through the proxy costs
        origin.begin(source=origin.shortened(asked.remote_addr or ""))
        if not asked.path.startswith(ANY_HOST) and asked.host.casefold() != own:
            abort(400)
        if "\0" in asked.path:
            abort(404)
        if asked.query_string and any("\0" in value for _name, value in asked.args.items(multi=True)):
            abort(400)

    @app.after_request
    def protect(response: Response) -> Response:
        """No answer is kept by anybody, and refusals are written down."""
        if request.endpoint != "static.files" or response.status_code >= 400:
            response.headers["Cache-Control"] = "no-store"
        response.headers.pop("Server", None)
        if _is_refusal(response.status_code):
            _note_refusal(context, response.status_code)
        if context.db.vault.broken:
            _note_broken(context)
        return response

    @app.teardown_request
    def forget(_error: BaseException | None) -> None:
        """What this thread does next comes from elsewhere."""
        origin.begin()


def _protected(wsgi_app: Wsgi) -> Wsgi:
    """The same headers on every answer, errors and redirects included."""

    def run(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            given = {name.lower() for name, _value in headers}
            missing = [item for name, item in _HEADERS.items() if name not in given]
            return start_response(status, headers + missing, *more)

        return wsgi_app(environ, start)

    return run


def _is_refusal(status: int) -> bool:
    """Who may not do a thing, or whose form is not ours; senders of webhooks are counted elsewhere."""
    refused = status in (403, 429) or (status == 400 and request.method == "POST")
    return refused and not request.path.startswith(ANY_HOST)


def _note_refusal(context: Context, status: int) -> None:
    """Into the log of the service and of the clinic: which page, never which address."""
    who, page = g.get("staff"), request.endpoint or "none"
    log.warning("refused", extra={"code": status, "route": page})
    try:
        with context.db.begin() as tx:
            actor = who.name if who else "unknown"
            audit.note_refusal(tx, actor, "refused", f"page:{page}"[:60], utc_now(), str(status))
    except DatabaseError:
        log.exception("the refusal is not in the audit log")


def _note_broken(context: Context) -> None:
    """What did not open while this was answered: the worker mails the clinic about it."""
    try:
        seals.note(context, utc_now())
    except DatabaseError:
        log.exception("the broken seal is not noted")


def form_key(token: str) -> str:
    """What a form on a personal page carries, so that no other site can have sent it."""
    key = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(key, f"form:{token}".encode(), hashlib.sha256).hexdigest()[:32]


def require_own_form(token: str) -> None:
    """403 unless this POST comes from a form on our own page; 413 for more fields than any of them has."""
    if sum(1 for _field in request.form.items(multi=True)) > MOST_FIELDS:
        abort(413)
    sent = request.form.get("form_key", "")
    if not hmac.compare_digest(sent.encode(), form_key(token).encode()) or not from_here():
        abort(403)


def from_here() -> bool:
    """Return True unless the browser says that another site has sent this request."""
    # From a page with Referrer-Policy no-referrer browsers send "null": Sec-Fetch-Site and the key decide.
    origin = request.headers.get("Origin", "null")
    if origin != "null" and origin.casefold() != _origin(the_context().clinic.public_url):
        return False
    return request.headers.get("Sec-Fetch-Site", "same-origin") in ("same-origin", "none")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".casefold()


class Guesses:
    """Counts wrong links by network; good links are never slowed.

    A flood from many networks fills the table; whoever guesses most stays in it.
    """

    def __init__(self) -> None:
        self._seen: dict[str, tuple[float, int]] = {}
        self._lock = threading.Lock()

    def too_many(self, address: str) -> bool:
        """Count one wrong link; True when there have been too many lately."""
        network, now = origin.network(address), time.monotonic()
        with self._lock:
            since, count = self._seen.get(network, (now, 0))
            since, count = (now, 0) if now - since > BAD_SECONDS else (since, count)
            self._seen[network] = (since, count + 1)
            if len(self._seen) > MOST_NETWORKS:
                self._make_room(now)
            return count + 1 > BAD_TOKENS

    def _make_room(self, now: float) -> None:
        """Keep the half that guessed most lately."""
        lately = [item for item in self._seen.items() if now - item[1][0] <= BAD_SECONDS]
        self._seen = dict(heapq.nlargest(MOST_NETWORKS // 2, lately, key=lambda item: item[1][1]))


def wrong_link() -> NoReturn:
    """The same answer for a malformed, unknown, expired, revoked or foreign link."""
    count_guess()
    abort(404)


def count_guess() -> None:
    """Count a wrong link; 429 when there have been too many from this address."""
    guesses: Guesses = current_app.extensions["guesses"]
    if guesses.too_many(request.remote_addr or ""):
        abort(429)
