"""Signing in with a passkey, and the passkeys of the own account."""

from flask import Response, abort, make_response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from handlers.staff import devices, passkeys
from handlers.staff.passwords import Unfit
from handlers.staff.tries import Refused
from schemas import origin
from web import cookies
from web.console import gate
from web.console.auth import (
    account_page,
    after_login,
    confirmed,
    end_the_one_before,
    entered,
    refused,
)
from web.console.gate import ANYBODY, EVERYBODY, allowed, me, now
from web.context import context

blueprint = gate.blueprint("passkeys")


@blueprint.get("/console/passkeys/options")
@allowed(ANYBODY)
def options() -> Response:
    """What this browser needs to ask for a passkey; good for five minutes, and nothing is kept."""
    return _json(passkeys.options(context(), gate.csrf_token(), now()) if _here() else "")


@blueprint.get("/console/passkeys/new")
@allowed(*EVERYBODY)
def new_options() -> Response:
    """What this browser needs to make a passkey."""
    return _json(passkeys.new_options(context(), me(), gate.csrf_token(), now()) if _here() else "")


def _here() -> bool:
    return passkeys.site(context()) is not None


def _json(text: str) -> Response:
    if not text:
        abort(404)
    return make_response(text, 200, {"Content-Type": "application/json; charset=utf-8"})


@blueprint.post("/console/passkeys/sign-in")
@allowed(ANYBODY)
def sign_in() -> AnyResponse:
    """A passkey in the place of password and second factor."""
    address = origin.network(request.remote_addr or "")
    given = request.form.get("passkey", "")
    found = passkeys.sign_in(context(), gate.csrf_token(), given, address, now())
    if isinstance(found, Refused):
        return refused(found)
    end_the_one_before()
    with context().db.begin() as tx:
        devices.entered(tx, context(), cookies.value(gate.DEVICE), found, now())
    return entered(found, after_login())


@blueprint.post("/console/account/passkeys")
@allowed(*EVERYBODY)
def add() -> AnyResponse:
    """A new passkey, with the own password."""
    if wrong := confirmed():
        return account_page(wrong[1], error=wrong[0], at="passkey_password")
    try:
        given, name = request.form.get("passkey", ""), request.form.get("name", "").replace("\0", "")
        passkeys.enrol(context(), me(), gate.csrf_token(), given, name, now())
    except Unfit as error:
        return account_page(422, error=str(error), at="passkey")
    return _done()


@blueprint.post("/console/account/passkeys/<int:passkey_id>/forget")
@allowed(*EVERYBODY)
def forget(passkey_id: int) -> AnyResponse:
    """One of the own passkeys opens nothing any more."""
    if wrong := confirmed():
        return account_page(wrong[1], error=wrong[0], at="passkey_gone")
    with context().db.begin() as tx:
        passkeys.forget(tx, me(), passkey_id, now())
    return _done()


def _done() -> AnyResponse:
    return redirect(url_for("console_auth.account", done=1, _anchor="passkeys"), 303)
