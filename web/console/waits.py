"""Waits for you: everything that needs a person, across all days, each plan drawn with why it waits."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Response, current_app, request

from handlers.intake import summary
from handlers.plans import basis as plans_basis
from handlers.plans import standing
from schemas.hold import LOOKS
from schemas.reason import Reason
from schemas.staff import Role
from store import attendances, plans
from store.base import Tx
from store.views import waits as stored
from store.views.waits import Waiting
from web import cookies
from web.console import gate, who
from web.console.gate import EVERYBODY, allowed, me, now
from web.console.plan_form import plan_view
from web.console.tags import FLAGS
from web.console.view import language, page, say
from web.context import context

blueprint = gate.blueprint("waits")
DRAWN = 12
"""How many plans are drawn on one page."""
FRESH, WEEKS = timedelta(minutes=5), timedelta(weeks=6)
WHOSE = "aftercare-whose"
REMEMBERED_SECONDS = 365 * 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose visits are shown: those of one name, or all (""); `choice`: whether there is one."""

    name: str
    choice: bool


def whose(tx: Tx) -> Whose:
    """Mine, where visits are with somebody of my name and I did not ask for all."""
    if not _treats(tx):
        return Whose("", choice=False)
    asked = request.args.get("whose") or cookies.value(WHOSE)
    return Whose("" if asked == "all" else me().name, choice=True)


def _treats(tx: Tx) -> bool:
    """Whether I have visits these weeks, as of some minutes ago: every page asks."""
    known: dict[str, tuple[datetime, bool]] = current_app.extensions.setdefault("console_treats", {})
    at, here = known.get(me().name, (None, False))
    if at is None or now() - at > FRESH:
        here = stored.works_here(tx, me().name, now() - WEEKS, now() + WEEKS)
        known[me().name] = (now(), here)
    return here


def count(tx: Tx) -> int:
    """How many things wait for who is signed in."""
    mine = whose(tx).name
    held = len(stored.plans_held(tx, mine)) if me().may(Role.practitioner) else 0
    return held + len(stored.addresses(tx, mine)) + attendances.count_unsettled(tx)


@blueprint.get("/console/waits")
@allowed(*EVERYBODY)
def waits() -> Response:
    """The list, those of the earliest visit first."""
    return show()


def show(status: int = 200, error: str = "") -> Response:
    """The list, after an act that was refused too."""
    clinical = me().may(Role.practitioner)
    with context().db.read() as tx:
        mine = whose(tx)
        held = stored.plans_held(tx, mine.name) if clinical else []
        reasons = standing.foreseen(tx, [one.booking_id for one in held[:DRAWN]])
        basis = plans_basis.bases(tx, [one.booking_id for one in held[:DRAWN]])
        asked = [found for each in attendances.unsettled(tx) if (found := who.asked_of(tx, each))]
        values = {
            "held": [_plan(tx, one, reasons, basis) for one in held[:DRAWN]],
            "more": max(0, len(held) - DRAWN),
            "addresses": stored.addresses(tx, mine.name),
            "questions": asked,
        }
    made = page("waits", status, error=error, whose=mine, clinical=clinical, flag_tags=FLAGS, **values)
    if mine.choice and request.args.get("whose"):
        cookies.put(made, WHOSE, request.args["whose"][:10], REMEMBERED_SECONDS)
    return made


def _plan(tx: Tx, one: Waiting, reasons: dict[int, Reason], basis: dict[int, str]) -> dict[str, Any]:
    drafted = plans.newest(tx, one.booking_id)
    reason = one.reason or reasons.get(one.booking_id, Reason.none)
    return {
        "message": one,
        "reason": reason,
        "may_release": reason in LOOKS,
        "basis": basis[one.booking_id],
        "flags": summary.early_flags(tx, context(), one.booking_id, language()),
        "plan": plan_view(context(), drafted, language(), say()) if drafted else None,
    }
