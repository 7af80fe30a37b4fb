"""A practitioner's changes outlive the draft they were made on: they are applied to every later one.

So an answer that comes in after a change is still heard: the plan is chosen anew, then changed again by the
same steps, each checked by the same filter.
"""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from clinical.plan.case import Case, Policy
from clinical.plan.edit import Edit, EditRefused, edit
from schemas.choosing import Moves
from schemas.plan import Effect, Plan, Readiness, Reason
from store import plan_edits
from store.base import Tx


def dump(change: Edit) -> dict[str, Any]:
    """A change as plain JSON values."""
    return asdict(change)


def load(values: Mapping[str, Any]) -> Edit:
    """The change that `dump` wrote, also after a journey through JSON."""
    pairs = {name: tuple((str(a), b) for a, b in values[name]) for name in ("swap", "levels")}
    lists = {name: tuple(values[name]) for name in ("remove", "add")}
    return Edit(**{**values, **pairs, **lists})


def applied(tx: Tx, booking_id: int, plan: Plan, case: Case, moves: Moves, policy: Policy) -> Plan:
    """The plan with every change made to this booking's plan; one that is not safe any more holds it."""
    for values in plan_edits.of_booking(tx, booking_id):
        if plan.status is Readiness.NONE:
            return plan
        try:
            plan = edit(plan, load(values), case, moves, policy)
        except EditRefused as error:
            return _held(plan, error)
    return plan


def _held(plan: Plan, error: EditRefused) -> Plan:
    text = f"A change by hand does not fit the answers as they are now: {error}."
    reason = Reason("R7", "practitioner", Effect.HELD, None, "", text)
    return replace(plan, status=Readiness.HELD, reasons=(*plan.reasons, reason))
