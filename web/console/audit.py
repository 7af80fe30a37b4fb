"""The log: who saw, changed, released, exported or erased what. It is only ever added to."""

from flask import Response, request

from schemas.staff import Role
from store import audit as stored
from store import staff as accounts
from web.console import gate
from web.console.gate import allowed
from web.console.labels import ACTS
from web.console.view import page
from web.context import context
from web.numbers import number

blueprint = gate.blueprint("audit")


@blueprint.get("/console/log")
@allowed(Role.manager)
def audit() -> Response:
    """One page of the log, by person, act or thing."""
    actor, action, subject = (
        request.args.get(name, "").strip()[:200] for name in ("actor", "action", "subject")
    )
    before = request.args.get("before", 0, type=number)
    with context().db.read() as tx:
        lines = stored.log(tx, actor=actor, action=action, subject=subject, before=before)
        people = accounts.every(tx)
    return page(
        "audit",
        lines=lines[: stored.PAGE],
        more=len(lines) > stored.PAGE,
        actor=actor,
        action=action,
        subject=subject,
        acts=ACTS,
        people=people,
    )
