"""What clients wrote in a check-in: answered in one line, or read."""

from flask import request
from werkzeug.wrappers import Response as AnyResponse

from handlers.checkins import remarks
from handlers.plans.basis import NotNow
from schemas.staff import Role
from store.base import Tx
from web.console import basis, drafts, gate, waits
from web.console.gate import allowed, me, now, takes_draft
from web.context import context

blueprint = gate.blueprint("remarks")
EMPTY = "Write one line, or tap that no answer is needed."
FIRST = "Somebody was first, or it was taken back. Look at it as it is now."
LEFT = "It has left: the client may have read it."


def _do(tx: Tx, remark_id: int, act: str, line: str) -> bool:
    if act == "answer":
        return remarks.answer(tx, remark_id, line, me().name, now())
    return (remarks.take_back if act == "undo" else remarks.needs_none)(tx, remark_id, me().name, now())


@blueprint.post("/console/remarks/<int:remark_id>/<any('answer', 'read', 'undo'):act>")
@takes_draft("remark-{remark_id}")
@allowed(Role.practitioner)
def settle(remark_id: int, act: str) -> AnyResponse:
    """Answer, say that no answer is needed, or take an answer back that has not left."""
    line = " ".join(request.form.get("line", "").split())[: remarks.LONGEST]
    if act == "answer" and not line:
        return waits.show(422, EMPTY, at=remark_id)
    try:
        with context().db.begin() as tx:
            basis.check_remark(tx, remark_id)
            here = f"r{remark_id}"
            at = waits.next_to(tx, here) if act == "read" else here
            done = _do(tx, remark_id, act, line)
            drafts.forget(tx, f"remark-{remark_id}")
    except NotNow:
        return waits.show(409, FIRST, at=remark_id, typed=line)
    if not done:
        return waits.show(409, LEFT if act == "undo" else FIRST, at=remark_id, typed=line)
    return waits.go_on(f"remark_{act}", at)
