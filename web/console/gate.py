"""Who may call what. Every route of the console says so; one that does not say it answers nobody."""

import hmac
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from flask import Blueprint, Response, abort, current_app, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from handlers.context import Context
from handlers.staff import sessions
from schemas import origin
from schemas.staff import Role, Staff, StaffSession, Stage
from store import staff as stored_staff
from web import cookies
from web.context import context, utc_now
from web.security import MOST_BYTES, from_here

View = TypeVar("View", bound=Callable[..., Any])
ANYBODY, ENROLLING, LINK = "anybody", "enrolling", "link"
TOUCH = timedelta(minutes=1)
SESSION, LOGIN, DEVICE = "aftercare", "aftercare-login", "aftercare-device"
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
PAGE_OF = re.compile(r"/console/(?:bookings|clients)/\d+(?:/plan/change$|(?=/))|/console/outbox(?=/)")
LOGGED_IN_SECONDS = 12 * 60 * 60
TOKEN_LENGTH = 64


def now() -> datetime:
    """The time of this request, the same in all its parts."""
    if "now" not in g:
        g.now = utc_now()
    at: datetime = g.now
    return at


def me() -> Staff:
    """Who is logged in; only where a route lets nobody else through."""
    who: Staff = g.staff
    return who


def allowed(*roles: Role | str) -> Callable[[View], View]:
    """Declare who may call a route: roles (any of them), ANYBODY, ENROLLING (a login halfway in) or LINK."""

    def mark(view: View) -> View:
        view.allowed = roles  # type: ignore[attr-defined] # read by _check
        return view

    return mark


def takes(most_bytes: int) -> Callable[[View], View]:
    """Declare that a form of this route may be larger than others: it brings a file."""

    def mark(view: View) -> View:
        view.most_bytes = most_bytes  # type: ignore[attr-defined] # read by _check
        return view

    return mark


def takes_draft(place: str) -> Callable[[View], View]:
    """Declare where what is typed into this route's form outlives the session: `note-{booking_id}`."""

    def mark(view: View) -> View:
        view.place = place  # type: ignore[attr-defined] # read by place
        return view

    return mark


EVERYBODY = (*Role,)


def blueprint(name: str) -> Blueprint:
    """A blueprint whose routes are all behind the gate."""
    made = Blueprint(f"console_{name}", f"web.console.{name}")
    made.before_request(_check)
    made.after_request(_keep_private)
    return made


def _check() -> AnyResponse | None:
    view = current_app.view_functions.get(request.endpoint or "")
    roles = getattr(view, "allowed", None)
    g.staff = g.session = None
    if roles is None:
        abort(403)
    if roles == (LINK,):
        origin.by(origin.LINK)
        return None
    _recognise()
    sent = request.method not in ("GET", "HEAD", "OPTIONS")
    if sent:
        _make_room(getattr(view, "most_bytes", 0))
    refused = (_of_another_session() if sent else None) or _refuse(roles)
    if refused is None and sent:
        check_csrf(context(), *_subjects(roles))
    return refused


def _make_room(most_bytes: int) -> None:
    """Let a form be this large; 0 for one that brings no file."""
    if most_bytes:
        request.max_content_length = most_bytes
        # It is read in pieces of 64 KiB; the end of the piece before, kept in memory, counts with each.
        request.max_form_memory_size = 2 * MOST_BYTES


def place() -> str:
    """Where the words of this request's form are kept; "" for a form whose words are not."""
    view = current_app.view_functions.get(request.endpoint or "")
    pattern: str = getattr(view, "place", "")
    return pattern.format(**(request.view_args or {}))


def _of_another_session() -> AnyResponse | None:
    from web.console import drafts

    return drafts.of_another_session()


def _recognise() -> None:
    with context().db.read() as tx:
        found = sessions.current(tx, context(), cookie(), now())
    if found is None:
        return
    g.staff, g.session = found
    origin.by(f"session:{g.session.id}")
    quiet = "X-Fragment" in request.headers  # a page that refreshes itself is nobody at the keys
    if not quiet and now() - g.session.seen_at > TOUCH:
        with context().db.begin() as tx:
            stored_staff.touch(tx, g.session.id, now())


def _refuse(roles: tuple[Role | str, ...]) -> AnyResponse | None:
    if roles in ((ANYBODY,), (ENROLLING,)):
        return None
    session: StaffSession | None = g.session
    if session is None:
        if "X-Fragment" in request.headers:
            abort(401)
        return redirect(url_for("console_auth.login", next=_come_back()), 303)
    if session.stage is not Stage.full:
        return redirect(url_for(f"console_auth.{session.stage}", next=_come_back()), 303)
    if not me().may(*(role for role in roles if isinstance(role, Role))):
        abort(403)
    return None


def _come_back() -> str | None:
    """Where to go on after the login: the page itself, or that of the visit or client whose form was sent."""
    if request.method == "GET":
        return request.full_path.rstrip("?")
    found = PAGE_OF.match(request.path)
    return found[0] if found else None


def _keep_private(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def cookie() -> str:
    """The value of the session's cookie, or ""."""
    return cookies.value(SESSION)


def set_cookie(response: AnyResponse, token: str, kind: str = SESSION) -> None:
    """Give the browser its session."""
    cookies.put(response, kind, token, LOGGED_IN_SECONDS)


def login_key() -> str:
    """What ties the login's form to this browser, before there is a session."""
    found: str = g.get("login_key") or cookies.value(LOGIN)
    return found


def _csrf_subject() -> str:
    return cookie() if g.get("session") else login_key()


def _subjects(roles: tuple[Role | str, ...]) -> tuple[str, ...]:
    """What a form may be tied to: the session; at a sign-in the browser, where another tab was first."""
    mine = _csrf_subject()
    return (mine, login_key()) if roles == (ANYBODY,) else (mine,)


def csrf_token() -> str:
    """The token that this browser's forms carry."""
    return csrf_for(context(), _csrf_subject())


def csrf_for(context: Context, subject: str) -> str:
    """The token of one session (or one link): useless with any other."""
    return _token(context, sessions.digest(context, subject))


def token_of(digest: str) -> str:
    """The token of the session whose cookie has this hash."""
    return _token(context(), digest)


def _token(context: Context, digest: str) -> str:
    return context.mac(f"csrf:{digest}").hex()


def is_mine() -> bool:
    """Return True where this request's form is on a page of the whole session that sends it."""
    session: StaffSession | None = g.session
    whole = session is not None and session.stage is Stage.full
    return whole and hmac.compare_digest(request.form.get("csrf", "").encode(), csrf_token().encode())


def check_csrf(context: Context, *subjects: str) -> None:
    """Answer 400 unless the request carries the token of one of these and comes from our own pages."""
    given = request.form.get("csrf", "").encode()
    known = [csrf_for(context, each).encode() for each in subjects if each]
    right = any(hmac.compare_digest(given, each) for each in known)
    if not right or request.mimetype not in FORMS or not from_here():
        abort(400)
    if any("\0" in value for name, value in request.form.items(multi=True) if name != "password"):
        abort(400)  # PostgreSQL keeps no such text
