"""Who may come in: every account, and the switch that ends one at once."""

from flask import Response, abort, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from handlers.staff import accounts
from schemas.staff import Role
from store import staff as stored_staff
from web.console import gate
from web.console.gate import allowed, me, now
from web.console.view import page
from web.context import context

blueprint = gate.blueprint("people")


@blueprint.get("/console/staff")
@allowed(Role.manager)
def people() -> Response:
    """Every account."""
    with context().db.read() as tx:
        return page("people", people=stored_staff.every(tx))


@blueprint.post("/console/staff/<int:staff_id>/<any('deactivate', 'activate'):act>")
@allowed(Role.manager)
def switch(staff_id: int, act: str) -> AnyResponse:
    """Let somebody in again, or out: every session of theirs ends now. Nobody locks themselves out."""
    if staff_id == me().id:
        abort(409)
    with context().db.begin() as tx:
        if stored_staff.get(tx, staff_id) is None:
            abort(404)
        accounts.set_active(tx, staff_id, me().name, now(), active=act == "activate")
    return redirect(url_for("console_people.people", done=1), 303)
