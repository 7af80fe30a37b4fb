"""Who may come in: every account, and the switch that ends one at once."""

from typing import Any

from flask import Response, abort, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from handlers.plans.basis import NotNow
from handlers.staff import accounts
from handlers.staff.passwords import Unfit
from schemas.staff import Role, Staff
from store import staff as stored_staff
from web.console import basis, gate
from web.console.auth import confirmed
from web.console.gate import allowed, me, now
from web.console.named import practitioners
from web.console.view import page
from web.context import context
from web.language import NAMES

blueprint = gate.blueprint("people")
ROLES = {
    "practitioner": "Practitioner",
    "manager": "Manager",
    "manager practitioner": "Practitioner and manager",
    "front_desk": "Front desk",
}
"""What somebody may be, by the roles that they have."""
ROLE = {Role.practitioner: "Practitioner", Role.manager: "Manager", Role.front_desk: "Front desk"}


@blueprint.get("/console/staff")
@allowed(Role.manager)
def people() -> Response:
    """Every account, and the form that invites somebody."""
    return _people_page()


def _people_page(status: int = 200, **more: Any) -> Response:
    with context().db.read() as tx:
        found, named = stored_staff.every(tx), practitioners(tx)
    fresh = {"name": "", "email": "", "credential": "", "language": me().language, "role": "practitioner"}
    shown = {key: request.form.get(key, value)[:320] for key, value in fresh.items()}
    here = {each.name for each in found}
    values = {"people": found, "role_names": ROLE, "roles": ROLES, "languages": NAMES, "shown": shown}
    values["names"] = [name for name in named if name not in here]
    return page("people", status, **values, **more)


@blueprint.post("/console/staff/invite")
@allowed(Role.manager)
def invite() -> AnyResponse:
    """A new account, and a mail with the link at which its owner chooses a password."""
    form, language = request.form, request.form.get("language", "")
    if wrong := confirmed():
        return _people_page(wrong[1], error=wrong[0], at="my_password")
    try:
        with context().db.begin() as tx:
            made = accounts.invite(
                tx,
                form.get("email", "").strip()[:320],
                form.get("name", "").strip()[:100],
                [role for role in Role if role in form.get("role", "").split()],
                now(),
                credential=form.get("credential", "")[:20],
                language=language if language in NAMES else me().language,
                by=me(),
            )
    except Unfit as error:
        return _people_page(422, error=str(error), at=error.field)
    return redirect(url_for("console_people.people", done="invited", _anchor=f"s{made}"), 303)


@blueprint.post("/console/staff/<int:staff_id>/invite-again")
@allowed(Role.manager)
def invite_again(staff_id: int) -> AnyResponse:
    """Another mail with another link; the one before ends."""
    with context().db.begin() as tx:
        if stored_staff.get(tx, staff_id) is None:
            abort(404)
        accounts.invite_again(tx, staff_id, me(), now())
    return redirect(url_for("console_people.people", done="invited", _anchor=f"s{staff_id}"), 303)


@blueprint.get("/console/staff/<int:staff_id>/edit")
@allowed(Role.manager)
def edit(staff_id: int) -> Response:
    """One account: name, role, credential, language."""
    return _edit_page(staff_id)


def _edit_page(staff_id: int, status: int = 200, **more: Any) -> Response:
    with context().db.read() as tx:
        one, named = stored_staff.get(tx, staff_id) or abort(404), practitioners(tx)
    shown = {"name": one.name, "credential": one.credential, "language": one.language, "role": _roles(one)}
    shown |= {key: request.form[key] for key in shown if key in request.form}
    values = {"one": one, "shown": shown, "roles": _choices(one), "languages": NAMES, "names": named}
    begun_on = request.form.get("decided_on", "") if status not in (200, 409) else ""
    return page("person", status, **values, basis=begun_on or basis.of_account(one), **more)


def _roles(one: Staff) -> str:
    return " ".join(sorted(one.roles))


def _choices(one: Staff) -> dict[str, str]:
    """The roles to choose from, and those that somebody has, if they are others."""
    return {_roles(one): " + ".join(ROLE[role] for role in sorted(one.roles))} | ROLES


@blueprint.post("/console/staff/<int:staff_id>/save")
@allowed(Role.manager)
def save(staff_id: int) -> AnyResponse:
    """Keep the account as it was typed."""
    form = request.form
    language = form.get("language", "")
    with context().db.read() as tx:
        one = stored_staff.get(tx, staff_id) or abort(404)
    wrong = confirmed() if set(form.get("role", "").split()) != one.roles else None
    if wrong:
        return _edit_page(staff_id, wrong[1], error=wrong[0], at="my_password")
    try:
        with context().db.begin() as tx:
            basis.check_account(stored_staff.get(tx, staff_id) or abort(404))
            accounts.edit(
                tx,
                staff_id,
                name=form.get("name", "")[:100],
                credential=form.get("credential", "")[:20],
                roles=[role for role in Role if role in form.get("role", "").split()],
                language=language if language in NAMES else one.language,
                by=me(),
                now=now(),
            )
    except NotNow as error:
        return _edit_page(staff_id, 409, error=str(error), at="basis")
    except Unfit as error:
        return _edit_page(staff_id, 422, error=str(error), at=error.field)
    return redirect(url_for("console_people.people", done=1, _anchor=f"s{staff_id}"), 303)


@blueprint.post("/console/staff/<int:staff_id>/<any('deactivate', 'activate'):act>")
@allowed(Role.manager)
def switch(staff_id: int, act: str) -> AnyResponse:
    """Let somebody in again, or out: every session of theirs ends now. Nobody locks themselves out."""
    if staff_id == me().id:
        abort(409)
    with context().db.read() as tx:
        if stored_staff.get(tx, staff_id) is None:
            abort(404)
    if wrong := confirmed():
        return _edit_page(staff_id, wrong[1], error=wrong[0], at=f"{act}_password")
    try:
        with context().db.begin() as tx:
            one = stored_staff.get(tx, staff_id) or abort(404)
            if one.active == (act == "activate"):
                return redirect(url_for("console_people.people", _anchor=f"s{staff_id}"), 303)
            accounts.set_active(tx, staff_id, me(), now(), active=act == "activate")
    except Unfit as error:
        return _edit_page(staff_id, 422, error=str(error), at=error.field)
    return redirect(url_for("console_people.people", done=1), 303)
