"""What an act did, said on the next page, with the button that takes it back."""

import re

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
SEVERAL, MOST_DIGITS = "several", 19
PLANS = re.compile(r"\d{1,18}(?:\.\d{1,18}){0,11}", re.ASCII)
DID = {
    "release": "Released.",
    "several": "All that you ticked are released.",
    "correct": "Corrected: the client's page shows it now, and one mail goes out.",
    "hold": "Held back.",
    "withdraw": "Withdrawn.",
    "send_now": "It goes out now.",
    "clear_flag": "The flag is cleared. The plan waits until you release it.",
    "invited": "Invited. A mail with a link is on its way; the link opens once, within three days.",
    "remark_answer": "Answered. It leaves in five minutes; until then it can be taken back.",
    "remark_read": "Done.",
    "request": "Done.",
    "replay": "It is processed again within seconds; what becomes of it stands below.",
    "remark_undo": "Undone: it is as it was.",
    "walk_in": "Taken in.",
    "walk_in_corrected": "Corrected.",
    "walk_in_cancelled": "Cancelled. Nothing goes out for it any more.",
    "undone": "Undone: it is as it was.",
    "kept_back": "Undone: it is held back, and goes out when somebody releases it.",
    "note": "The note is kept.",
    "note_sent": "The note is kept, and the plan goes out now.",
    "changed": "The change is kept. Nothing is sent until you release the plan.",
    "look": "The change is kept but not released: an answer of the client changed it again. Look first.",
}
"""What an act did, by its name in the log."""


def last_act(else_: str = "1") -> str:
    """The act that this request has done, as `release-12`; `else_` for one that cannot be undone.

    Call it after the act's transaction: the log is written at its end.
    """
    with context().db.read() as tx:
        lines = audit.log(tx, actor=me().name, limit=3)
    for line in lines:
        kind, _, number = line.subject.partition(":")
        if handler.SUBJECTS.get(line.action) == kind and line.at == now():
            return f"{line.action}-{number}"
    return else_


def said(done: str) -> tuple[str, str]:
    """Of the address's `done`: what is said, and where it is undone ("" for what cannot be)."""
    act, _, number = done.partition("-")
    where = ""
    if act == SEVERAL and PLANS.fullmatch(number):
        where = url_for("console_undo.undo_several", plans=number)
    elif act in handler.SUBJECTS and number.isdecimal() and len(number) < MOST_DIGITS:
        where = url_for("console_undo.undo", act=act, number=number)
    return DID.get(act, "Done."), where


@blueprint.post(
    "/console/undo/<any('release', 'correct', 'hold', 'withdraw', 'send_now', 'clear_flag'):act>/<int:number>"
)
@allowed(*EVERYBODY)
def undo(act: str, number: int) -> AnyResponse:
    """Take it back, and go on where it was done."""
    try:
        as_it_was = _undo(act, number)
    except NotNow as error:
        return _too_late(str(error))
    return _back("undone" if as_it_was else "kept_back")


@blueprint.post("/console/undo/several/<plans>")
@allowed(Role.practitioner)
def undo_several(plans: str) -> AnyResponse:
    """Take back the release of several plans; where one has left, that is said, and the others wait."""
    late = ""
    for number in plans.split(".") if PLANS.fullmatch(plans) else ():
        try:
            _undo("release", int(number))
        except NotNow as error:
            late = str(error)
    return _too_late(late) if late else _back("undone")


def _undo(act: str, number: int) -> bool:
    with context().db.begin() as tx:
        if act in handler.OF_PLANS and not me().may(Role.practitioner):
            raise NotNow("Only a practitioner lets a plan out.")
        return handler.undo(tx, context(), act, number, me().name, now())


def _back(did: str) -> AnyResponse:
    back = safe_next(request.form.get("next", "")) or url_for("console_today.today")
    return redirect(f"{back.partition('?')[0]}?done={did}", 303)


def _too_late(error: str) -> Response:
    return page("refused", 409, title="Not undone", text=error)
