"""What an act did, said on the next page, with the button that takes it back."""

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from handlers.plans.basis import NotNow
from handlers.send import undo as handler
from schemas.staff import Role
from store import audit
from web.console import gate
from web.console.auth import safe_next
from web.console.gate import EVERYBODY, allowed, me, now
from web.console.view import page
from web.context import context

blueprint = gate.blueprint("undo")
DID = {
    "release": "Released.",
    "correct": "Corrected: the client's page shows it now, and one mail goes out.",
    "hold": "Held back.",
    "withdraw": "Withdrawn.",
    "send_now": "It goes out now.",
    "clear_flag": "The flag is cleared. The plan waits until you release it.",
    "invited": "Invited. A mail with a link is on its way; the link opens once, within three days.",
    "remark_answer": "Answered. It leaves in five minutes; until then it can be taken back.",
    "remark_read": "Done.",
    "request": "Done.",
    "remark_undo": "Undone: it is as it was.",
    "walk_in": "Taken in.",
    "walk_in_cancelled": "Cancelled. Nothing goes out for it any more.",
    "undone": "Undone: it is as it was.",
    "look": "The change is kept but not released: an answer of the client changed it again. Look first.",
}
"""What an act did, by its name in the log."""


def last_act() -> str:
    """The act that this request has done, as `release-12`; "1" for one that cannot be undone.

    Call it after the act's transaction: the log is written at its end.
    """
    with context().db.read() as tx:
        lines = audit.log(tx, actor=me().name, limit=3)
    for line in lines:
        kind, _, number = line.subject.partition(":")
        if handler.SUBJECTS.get(line.action) == kind and line.at == now():
            return f"{line.action}-{number}"
    return "1"


def said(done: str) -> tuple[str, str, str]:
    """Of the address's `done`: what is said, and the act and number that can be undone ("" for none)."""
    act, _, number = done.partition("-")
    can = act in handler.SUBJECTS and number.isdigit()
    return DID.get(act, "Done."), act if can else "", number if can else ""


@blueprint.post(
    "/console/undo/<any('release', 'correct', 'hold', 'withdraw', 'send_now', 'clear_flag'):act>/<int:number>"
)
@allowed(*EVERYBODY)
def undo(act: str, number: int) -> AnyResponse:
    """Take it back, and go on where it was done."""
    try:
        with context().db.begin() as tx:
            if act in handler.OF_PLANS and not me().may(Role.practitioner):
                raise NotNow("Only a practitioner lets a plan out.")
            handler.undo(tx, context(), act, number, me().name, now())
    except NotNow as error:
        return _too_late(str(error))
    back = safe_next(request.form.get("next", "")) or url_for("console_today.today")
    return redirect(f"{back.partition('?')[0]}?done=undone", 303)


def _too_late(error: str) -> Response:
    return page("refused", 409, title="Not undone", text=error)
