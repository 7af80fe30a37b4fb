"""Several plans that wait are released with one press, each as it was when its box was ticked."""

import re

from flask import redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from handlers.plans import basis as plans_basis
from handlers.plans import by_hand
from handlers.plans.basis import NotNow
from handlers.send import undo as undo_handler
from schemas.staff import Role
from store import bookings, plans
from web.console import gate, waits
from web.console.gate import allowed, me, now
from web.context import context

blueprint = gate.blueprint("several")
MOST = waits.PAGE
LOOKED = re.compile(r"(\d{1,18})-([0-9a-f]{16})", re.ASCII)
NONE = "Tick each plan that you have looked at, then press again."
SOME = "Some have changed in the meantime and still wait. Look at them as they are now."


@blueprint.post("/console/waits/release")
@allowed(Role.practitioner)
def release() -> AnyResponse:
    """Release every plan whose box was ticked, if it is still as it was shown; the others wait."""
    looked = [found for each in request.form.getlist("looked")[:MOST] if (found := LOOKED.fullmatch(each))]
    if not looked:
        return waits.show(422, NONE)
    made = [_release(int(each[1]), each[2]) for each in looked]
    if 0 in made:
        return waits.show(409, SOME)
    numbers = ".".join(map(str, made))
    return redirect(url_for("console_waits.waits", done=f"several-{numbers}"), 303)


def _release(booking_id: int, shown: str) -> int:
    """The plan that is released now; 0 where it is not as it was shown."""
    try:
        with context().db.begin() as tx:
            if bookings.get(tx, booking_id) is None:
                return 0
            plans_basis.still(shown, plans_basis.basis_of(tx, booking_id))
            by_hand.release_plan(tx, context(), booking_id, me().name, now())
            undo_handler.wait(tx, booking_id, now())
            released = plans.newest(tx, booking_id)
            return released.id if released else 0
    except NotNow:
        return 0
