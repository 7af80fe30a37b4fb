"""The log: who saw, changed, released, exported or erased what. It is only ever added to."""

from flask import Response, request

from store import audit as stored
from store.staff import Role
from web.console import gate
from web.console.gate import allowed
from web.console.view import page
from web.house import house

blueprint = gate.blueprint("audit")
ACTIONS = (
    *("login", "login_failed", "logout", "code_failed", "recovery_code_used", "password_changed"),
    *("second_factor_set", "view", "view_summary", "view_receipt", "preview", "print_summary"),
    *("flags_seen", "intake_reviewed", "note", "release", "hold", "send_now", "resend", "withdraw"),
    *("change_plan", "override", "clear_flag", "replay", "door_code", "end_links"),
    *("export", "export_board", "export_fhir", "erase", "restored", "resealed"),
    *("staff_added", "staff_deactivated", "staff_let_in", "staff_reset"),
)


@blueprint.get("/console/log")
@allowed(Role.manager)
def audit() -> Response:
    """One page of the log, by person, act or thing."""
    actor, action, subject = (
        request.args.get(name, "").strip()[:200] for name in ("actor", "action", "subject")
    )
    before = request.args.get("before", 0, type=int)
    with house().db.read() as tx:
        lines = stored.log(tx, actor=actor, action=action, subject=subject, before=before)
    return page(
        "audit",
        lines=lines[: stored.PAGE],
        more=len(lines) > stored.PAGE,
        actor=actor,
        action=action,
        subject=subject,
        actions=ACTIONS,
    )
