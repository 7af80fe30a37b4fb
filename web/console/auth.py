"""Logging in and out, the second factor, the own account."""

import re
from typing import Any
from urllib.parse import unquote

from flask import Response, current_app, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from handlers.staff import (
    devices,
    known,
    passkeys,
    passwords,
    second_factor,
    sessions,
    setup_link,
    sign_in,
    wishes,
)
from handlers.staff import invited as invitations
from handlers.staff.passwords import Unfit
from handlers.staff.sessions import Entry
from handlers.staff.tries import Refused
from schemas import origin
from schemas.delivery import Channel
from schemas.staff import Role, Stage
from store import devices as stored_devices
from store import passkeys as stored_passkeys
from store import staff as stored_staff
from web import cookies
from web.console import drawings, gate
from web.console.gate import ANYBODY, DEVICE, ENROLLING, EVERYBODY, allowed, me, now
from web.console.named import practitioners
from web.console.news_words import NEWS, WHEN
from web.console.view import open_page, page, shown_name
from web.context import context
from web.language import NAMES

blueprint = gate.blueprint("auth")
WRONG = "That did not work. Check what you typed."
TOO_MANY = "Too many tries. Wait 15 minutes, then try again."
BUSY = "Many people sign in at this moment. Wait a minute, then try again."
NOT_ME = "That is not your password."
NOT_MY_KEY = "That passkey does not count here. Use your password, or try again."
CODES, BROWSER = "aftercare-codes", "aftercare-browser"
MOST_OF_A_WAY = 200
NO_PIN = "The PIN opens nothing here any more. Sign in with your password."
OVER = (
    "This invitation is over",
    "It opens once, and within three days. If you have chosen a password, sign in; else ask whoever invited "
    "you for another one.",
)
WAY_OVER = ("This link is over", "It is good for a day, and until the password is changed.")
REFUSED = {Refused.wrong: (WRONG, 401), Refused.too_many: (TOO_MANY, 429), Refused.busy: (BUSY, 503)}
SAFE_PATH = re.compile(r"/(?:console|n|setup)(?:/[A-Za-z0-9_-]+)*/?(?:\?[A-Za-z0-9_=&%.+-]*)?\Z", re.ASCII)


def home() -> str:
    """Where a login leads when nothing else was asked for."""
    return url_for("console_today.today")


def safe_next(value: str) -> str:
    """The path to go on to after the login; only plain paths of the console, never another site."""
    return value if SAFE_PATH.fullmatch(value) and SAFE_PATH.fullmatch(unquote(value)) else ""


@blueprint.get("/console/login")
@allowed(ANYBODY)
def login() -> AnyResponse:
    """The page that asks for address and password."""
    if g.session is not None and g.session.stage is Stage.full:
        return redirect(home(), 303)
    return _login_page()


def _login_page(error: str = "", status: int = 200, **values: Any) -> Response:
    email = request.form.get("email", "")[:320]
    with context().db.read() as tx:
        device = devices.opens(tx, context(), cookies.value(DEVICE), now())
    pin_of = device[1].name if device else ""
    by_passkey = passkeys.site(context()) is not None
    values = {
        "pin_of": pin_of,
        "by_passkey": by_passkey,
        "way": request.form.get("way", "")[:MOST_OF_A_WAY],
    } | values
    return open_page("login", status, error=error, email=email, next=after_login(), **values)


@blueprint.get("/console/way/<token>")
@allowed(ANYBODY)
def way_in(token: str) -> AnyResponse:
    """The sign-in by a link that was mailed while strangers try passwords; looking at it does nothing."""
    with context().db.read() as tx:
        who = known.whose(tx, context(), token, now()) if len(token) <= MOST_OF_A_WAY else None
    if who is None:
        return page("refused", 404, title=WAY_OVER[0], text=WAY_OVER[1])
    return _login_page(way=token)


def after_login() -> str:
    """The page that was asked for before the sign-in, or ""."""
    return safe_next(request.values.get("next", ""))


@blueprint.post("/console/login")
@allowed(ANYBODY)
def log_in() -> AnyResponse:
    """Look at address and password; the answer to every mistake is the same."""
    with context().db.read() as tx:
        is_setup = setup_link.is_open(tx)
    found = sign_in.log_in(
        context(),
        request.form.get("email", "")[:320],
        request.form.get("password", "")[: passwords.LONGEST + 1],
        origin.network(request.remote_addr or ""),
        now(),
        require_totp=is_setup or current_app.config["REQUIRE_TOTP"],
        browser=request.form.get("way", "")[:MOST_OF_A_WAY] or cookies.value(BROWSER)[: known.LONGEST],
    )
    if isinstance(found, Refused):
        return refused(found)
    end_the_one_before()
    return entered(found, after_login())


@blueprint.post("/console/unlock")
@allowed(ANYBODY)
def unlock() -> AnyResponse:
    """The PIN of a known device, within a working day of the last whole sign-in on it."""
    pin = request.form.get("pin", "")[: devices.LONGEST + 1]
    found = devices.unlock(context(), cookies.value(DEVICE), pin, now())
    if isinstance(found, Refused):
        return refused(found) if _pin_counts() and found is not Refused.too_many else _login_page(NO_PIN, 401)
    end_the_one_before()
    return entered(found, after_login())


def _pin_counts() -> bool:
    """Return True while this device opens by a PIN: not after the last try."""
    with context().db.read() as tx:
        return devices.opens(tx, context(), cookies.value(DEVICE), now()) is not None


def end_the_one_before() -> None:
    """The session that this browser had ends: nothing of it is left to whoever has copied its cookie."""
    if g.session is not None:
        with context().db.begin() as tx:
            stored_staff.end_session(tx, g.session.id, now())


def refused(why: Refused) -> Response:
    """The sign-in again, with why nobody was let in."""
    response = _login_page(*REFUSED[why])
    if why is Refused.busy:
        response.headers["Retry-After"] = "30"
    return response


def entered(entry: Entry, after: str = "") -> AnyResponse:
    """On to the page that was asked for, or to what is still missing."""
    targets = {Stage.full: after or home()}
    steps = {each: f"console_auth.{each}" for each in (Stage.code, Stage.enrol, Stage.renew)}
    target = targets.get(entry.stage) or url_for(steps[entry.stage], next=after or None)
    response = redirect(target, 303)
    _let_in(response, entry)
    return response


def _let_in(response: AnyResponse, entry: Entry) -> None:
    """Give the browser its session; after a whole sign-in it is known from then on."""
    gate.set_cookie(response, entry.token)
    if entry.stage is not Stage.full:
        return
    with context().db.read() as tx:
        mine = sessions.current(tx, context(), entry.token, now())
    if mine is not None:
        kept = known.kept(context(), mine[0], cookies.value(BROWSER)[: known.LONGEST], now())
        cookies.put(response, BROWSER, kept, int(known.GOOD_FOR[known.BROWSER].total_seconds()))


def _halfway(stage: Stage) -> bool:
    return g.session is not None and g.session.stage is stage


@blueprint.get("/console/login/code")
@allowed(ENROLLING)
def code() -> AnyResponse:
    """The page that asks for the second factor."""
    if not _halfway(Stage.code):
        return redirect(url_for("console_auth.login"), 303)
    return page("code", next=after_login())


@blueprint.post("/console/login/code")
@allowed(ENROLLING)
def check_code() -> AnyResponse:
    """Look at the second factor."""
    found = second_factor.confirm(context(), gate.cookie(), request.form.get("code", "")[:40], now())
    if isinstance(found, Refused):
        text, status = REFUSED[found]
        return page("code", status, error=text, next=after_login())
    with context().db.begin() as tx:
        devices.entered(tx, context(), cookies.value(DEVICE), found, now())
    return entered(found, after_login())


@blueprint.get("/console/login/enrol")
@allowed(ENROLLING)
def enrol() -> AnyResponse:
    """The page on which a second factor is set up: a QR code, and the secret for typing."""
    if g.session is None or not g.session.totp:
        return redirect(url_for("console_auth.login"), 303)
    return _enrol_page()


def _enrol_page(error: str = "", status: int = 200) -> Response:
    secret = g.session.totp
    uri = second_factor.totp_uri(me(), secret, shown_name())
    spaced = " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))
    drawn = drawings.code(uri)
    return page("enrol", status, error=error, uri=uri, qr=drawn, secret=spaced, next=after_login())


@blueprint.post("/console/login/enrol")
@allowed(ENROLLING)
def confirm_enrol() -> AnyResponse:
    """Confirm the second factor by its first code, and go on to the recovery codes."""
    if g.session is None or not g.session.totp:
        return redirect(url_for("console_auth.login"), 303)
    found = second_factor.enrol(context(), gate.cookie(), request.form.get("code", "")[:40], now())
    if isinstance(found, Refused):
        text, status = REFUSED[found]
        return _enrol_page(text, status)
    entry, seed = found
    response = redirect(url_for("console_auth.recovery", next=after_login() or None), 303)
    _let_in(response, entry)
    cookies.put(response, CODES, seed, gate.LOGGED_IN_SECONDS)
    return response


@blueprint.get("/console/login/recovery")
@allowed(ENROLLING)
def recovery() -> AnyResponse:
    """The recovery codes, until their owner has said that they are kept."""
    codes = _codes_to_keep()
    if not codes:
        return redirect(after_login() or home(), 303)
    return page("recovery", codes=codes, next=after_login(), full=False)  # first these, then the menu


@blueprint.post("/console/login/recovery")
@allowed(ENROLLING)
def codes_kept() -> AnyResponse:
    """They are kept: nothing shows them any more."""
    response = redirect(after_login() or home(), 303)
    cookies.drop(response, CODES)
    return response


def _codes_to_keep() -> list[str]:
    if g.session is None:
        return []
    with context().db.read() as tx:
        return second_factor.codes_of(tx, context(), g.session.staff_id, cookies.value(CODES))


@blueprint.get("/console/login/password")
@allowed(ENROLLING)
def renew() -> AnyResponse:
    """The page that asks for a password of one's own in the place of the one that was made."""
    if not _halfway(Stage.renew):
        return redirect(url_for("console_auth.login"), 303)
    return page("renew", who=me(), next=after_login())


@blueprint.post("/console/login/password")
@allowed(ENROLLING)
def renew_password() -> AnyResponse:
    """Keep it, and go on."""
    new = request.form.get("password", "")[: passwords.LONGEST + 1]
    try:
        found = sign_in.renew_password(context(), gate.cookie(), new, now())
    except Unfit as error:
        return page("renew", 422, who=me(), next=after_login(), error=str(error))
    return refused(found) if isinstance(found, Refused) else entered(found, after_login())


@blueprint.post("/console/logout")
@allowed(ENROLLING)
def logout() -> AnyResponse:
    """End the session here and at the server."""
    if g.session is not None:
        with context().db.begin() as tx:
            sessions.log_out(tx, g.session, me(), now())
            stored_devices.close(tx, g.session.id)
    response = redirect(url_for("console_auth.login"), 303)
    cookies.drop(response, gate.SESSION)
    cookies.drop(response, CODES)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@blueprint.get("/console/invited/<token>")
@allowed(ANYBODY)
def invited(token: str) -> Response:
    """Where a colleague who was invited chooses the first password."""
    return _invited_page(token)


def _invited_page(token: str, status: int = 200, error: str = "") -> Response:
    with context().db.read() as tx:
        who = invitations.whose(tx, context(), token, now())
    if who is None:
        return page("refused", 404, title=OVER[0], text=OVER[1])
    return open_page("invited", status, who=who, error=error)


@blueprint.post("/console/invited/<token>")
@allowed(ANYBODY)
def choose_first_password(token: str) -> AnyResponse:
    """Keep the first password, and go on to the second factor."""
    password = request.form.get("password", "")[: passwords.LONGEST + 1]
    needed = current_app.config["REQUIRE_TOTP"]
    try:
        found = invitations.choose_password(context(), token, password, now(), require_totp=needed)
    except Unfit as error:
        return _invited_page(token, 422, str(error))
    if isinstance(found, Refused):
        return _invited_page(token, 503, REFUSED[found][0])
    end_the_one_before()
    return entered(found)


def confirmed() -> tuple[str, int] | None:
    """What is wrong with the own password or passkey in this form, with the answer's status; else None."""
    if given := request.form.get("my_passkey", ""):
        wrong = passkeys.is_me(context(), me(), gate.csrf_token(), given, now())
        return None if wrong is None else (NOT_MY_KEY, 422)
    password = request.form.get("my_password", "")[: passwords.LONGEST + 1]
    why = sign_in.is_me(context(), me(), password, now())
    if why is None:
        return None
    return (NOT_ME, 422) if why is Refused.wrong else REFUSED[why]


@blueprint.post("/console/account/sessions/<int:session_id>/end")
@allowed(*EVERYBODY)
def end_session(session_id: int) -> AnyResponse:
    """End one of the own sessions, at the server."""
    if wrong := confirmed():
        return account_page(wrong[1], error=wrong[0], at="ending")
    with context().db.begin() as tx:
        for one in stored_staff.sessions(tx, me().id):
            if one.id == session_id and one.id != g.session.id:
                sessions.log_out(tx, one, me(), now())
                stored_devices.forget_of_session(tx, one.id)
    return redirect(url_for("console_auth.account", done=1, _anchor="sessions"), 303)


@blueprint.get("/console/account")
@allowed(*EVERYBODY)
def account() -> Response:
    """The own account: password, second factor, language."""
    return account_page()


def account_page(status: int = 200, **values: Any) -> Response:
    with context().db.read() as tx:
        left = stored_staff.codes_left(tx, me().id)
        keys = stored_passkeys.of_staff(tx, me().id)
        mine = [one for one in stored_staff.sessions(tx, me().id) if sessions.is_alive(one, now())]
        known = devices.of(tx, me(), now())
        this = devices.known(tx, context(), cookies.value(DEVICE), now())
        named = practitioners(tx) if me().may(Role.practitioner) else []
        news = {"wanted": wishes.of(tx, me().id), "news": NEWS, "when": WHEN}
    shown = {"codes_left": left, "sessions": mine, "here": g.session.id, "devices": known}
    this_one = this[0].id if this and this[1].id == me().id else 0
    shown |= {"passkeys": keys, "may_passkey": passkeys.site(context()) is not None}
    shown["unkept"] = bool(_codes_to_keep())
    shown["names"] = named
    values = shown | news | {"texts": Channel.sms in context().senders} | values
    return page("account", status, languages=NAMES, this_device=this_one, **values)


@blueprint.post("/console/account/password")
@allowed(*EVERYBODY)
def change_password() -> AnyResponse:
    """Another password; every other browser is logged out."""
    old, new = (request.form.get(name, "")[: passwords.LONGEST + 1] for name in ("old", "new"))
    try:
        found = sign_in.change_password(context(), me(), old, new, now())
    except Unfit as error:
        return account_page(422, error=str(error))
    if isinstance(found, Refused):
        return account_page(503 if found is Refused.busy else 422, error=REFUSED[found][0])
    response = redirect(url_for("console_auth.account", saved=1), 303)
    _let_in(response, found)
    return response


@blueprint.post("/console/account/second-factor")
@allowed(*EVERYBODY)
def begin_second_factor() -> AnyResponse:
    """Set up a new second factor (the old one counts until the new one is confirmed)."""
    if wrong := confirmed():
        return account_page(wrong[1], error=wrong[0], at="second_factor")
    second_factor.begin_totp(context(), gate.cookie(), now())
    return redirect(url_for("console_auth.enrol"), 303)


@blueprint.post("/console/account/language")
@allowed(*EVERYBODY)
def change_language() -> AnyResponse:
    """The console in another language."""
    chosen = request.form.get("language", "")
    if chosen in NAMES:
        with context().db.begin() as tx:
            stored_staff.set_language(tx, me().id, chosen)
    return redirect(url_for("console_auth.account"), 303)
