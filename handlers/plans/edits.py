"""A practitioner's changes outlive the draft they were made on: they are applied to every later one.

So an answer that comes in after a change still counts: the plan is chosen again, then changed again by the
same steps, each checked by the same filter.
"""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from clinical.plan import gate
from clinical.plan.case import Case, Policy
from clinical.plan.edit import Edit, EditRefused, edit
from schemas.choosing import PlanContent
from schemas.plan import Plan, Readiness
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


def applied(tx: Tx, booking_id: int, plan: Plan, case: Case, content: PlanContent, policy: Policy) -> Plan:
    """The plan with every change made to this booking's plan; one that is not safe any more holds it."""
    for values in plan_edits.of_booking(tx, booking_id):
        if plan.status is Readiness.NONE:
            return plan
        try:
            plan = edit(plan, load(values), case, content, policy)
        except EditRefused as error:
            (held,) = gate.reasons(gate.holds({"change=refused"}))
            held = replace(held, values={"cause": str(error)})
            return replace(plan, status=Readiness.HELD, reasons=(*plan.reasons, held))
    return plan
