"""The first account: by the one address that `make start` prints, and only while there is none."""

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from handlers.staff import passwords, sign_in
from handlers.staff.passwords import Unfit
from schemas.notions import mail_address
from store import staff as stored_staff
from web.console import gate
from web.console.gate import ANYBODY, allowed, now
from web.console.view import language, open_page
from web.context import context
from web.setup.fields import ACCOUNT, ADDRESS
from web.setup.pages import STEPS, blueprint, lacking, place


@blueprint.get("/setup/<token>")
@allowed(ANYBODY)
def begin() -> AnyResponse:
    """The form for the first account; with one already, the first step."""
    with context().db.read() as tx:
        there = bool(stored_staff.every(tx))
    return redirect(place("clinic"), 303) if there else _form()


def _form(status: int = 200, wrong: dict[str, str] | None = None) -> Response:
    shown = {each.name: _typed()[each.name] for each in ACCOUNT if not each.sealed}
    return open_page("setup_account", status, steps=STEPS, fields=ACCOUNT, shown=shown, wrong=wrong or {})


def _typed() -> dict[str, str]:
    given = {each.name: request.form.get(each.name, "")[: each.most] for each in ACCOUNT}
    return {name: value if name == "password" else value.strip() for name, value in given.items()}


@blueprint.post("/setup/<token>")
@allowed(ANYBODY)
def make() -> AnyResponse:
    """Make the account, and go on to its second factor."""
    given = _typed()
    wrong = _wrong(given)
    if wrong:
        return _form(422, wrong)
    try:
        entry = sign_in.first_account(context(), **given, language=language(), now=now())
    except Unfit as error:
        return _form(422, {error.field or "password": str(error)})
    if entry is None:
        return redirect(place("clinic"), 303)
    response = redirect(url_for("console_auth.enrol", next=place("clinic")), 303)
    gate.set_cookie(response, entry.token)
    return response


def _wrong(given: dict[str, str]) -> dict[str, str]:
    """A sentence for each field, all at once."""
    wrong = {} if mail_address.read(given["email"]) else {"email": ADDRESS}
    try:
        passwords.check(context(), given["password"], given["email"], given["name"])
    except Unfit as error:
        wrong["password"] = str(error)
    return wrong | lacking(ACCOUNT, given)
