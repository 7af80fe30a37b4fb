"""The first account: by the one address that `make start` prints, and only while there is none."""

import secrets

from flask import Response, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from handlers.staff import sign_in
from handlers.staff.passwords import LONGEST, Unfit
from schemas.notions import mail_address
from store import staff as stored_staff
from web.console import gate
from web.console.gate import ANYBODY, allowed, now
from web.console.view import language, page
from web.context import context
from web.setup.fields import ADDRESS, NEEDED
from web.setup.pages import STEPS, blueprint, place


@blueprint.get("/setup/<token>")
@allowed(ANYBODY)
def begin() -> AnyResponse:
    """The form for the first account; with one already, the first step."""
    with context().db.read() as tx:
        there = bool(stored_staff.every(tx))
    return redirect(place("clinic"), 303) if there else _form()


def _form(status: int = 200, wrong: dict[str, str] | None = None) -> Response:
    g.login_key = gate.login_key() or secrets.token_urlsafe(32)
    shown = {name: request.form.get(name, "")[:320] for name in ("name", "email", "credential")}
    response = page("setup_account", status, steps=STEPS, shown=shown, wrong=wrong or {})
    gate.set_cookie(response, g.login_key, gate.LOGIN)
    return response


@blueprint.post("/setup/<token>")
@allowed(ANYBODY)
def make() -> AnyResponse:
    """Make the account, and go on to its second factor."""
    name, email, credential = (
        request.form.get(key, "").strip()[:320] for key in ("name", "email", "credential")
    )
    password = request.form.get("password", "")[: LONGEST + 1]
    wrong = {} if name else {"name": NEEDED}
    wrong |= {} if mail_address.read(email) else {"email": ADDRESS}
    if wrong:
        return _form(422, wrong)
    try:
        entry = sign_in.first_account(
            context(), email, name[:100], credential[:20], password, language(), now()
        )
    except Unfit as error:
        return _form(422, {"password": str(error)})
    if entry is None:
        return redirect(place("clinic"), 303)
    response = redirect(url_for("console_auth.enrol", next=place("clinic")), 303)
    gate.set_cookie(response, entry.token)
    return response
