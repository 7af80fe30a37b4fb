"""A practitioner's changes outlive the draft they were made on: they are applied to every later one.

So an answer that comes in after a change still counts: the plan is chosen again, then changed again by the
same steps, each checked by the same filter.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from clinical.plan import gate
from clinical.plan.case import Case, Policy
from clinical.plan.edit import Edit, EditRefused, again
from schemas.choosing import PlanContent
from schemas.forms.loading import load_as, plain
from schemas.plan import Effect, Override, Plan, PlanItem, PlanReason, Readiness
from store import plan_edits
from store.base import Tx


def dump(change: Edit) -> dict[str, Any]:
    """A change as plain JSON values."""
    values: dict[str, Any] = plain(change)
    return values


def load(values: Mapping[str, Any]) -> Edit:
    """The change that `dump` wrote, also after a journey through JSON."""
    pairs = {name: tuple((str(a), b) for a, b in values[name]) for name in ("swap", "levels")}
    lists: dict[str, Any] = {name: tuple(values[name]) for name in ("remove", "add")}
    lists["lines"] = tuple(load_as(PlanItem, each) for each in values.get("lines", ()))
    lists["overrides"] = tuple(load_as(Override, each) for each in values.get("overrides", ()))
    return Edit(**{**values, **pairs, **lists})


def _that_count(changes: Sequence[Edit]) -> Sequence[Edit]:
    """A change of the whole plan takes the place of all before it."""
    whole = [place for place, change in enumerate(changes) if change.lines]
    return changes[whole[-1] if whole else 0 :]


def applied(tx: Tx, booking_id: int, plan: Plan, case: Case, content: PlanContent, policy: Policy) -> Plan:
    """The plan with every change made to this booking's plan; one that is not safe any more holds it.

    What a later change signs for counts for the ones before it too: who signs again need not undo those.
    """
    changes = _that_count([load(values) for values in plan_edits.of_booking(tx, booking_id)])
    signed = tuple(dict.fromkeys(one for change in changes for one in change.overrides))
    for change in changes:
        if plan.status is Readiness.NONE:
            return plan
        try:
            plan = again(plan, replace(change, overrides=signed), case, content, policy)
        except EditRefused as error:
            return replace(plan, status=Readiness.HELD, reasons=(*plan.reasons, *_refused(error)))
    return plan


def _refused(error: EditRefused) -> Iterator[PlanReason]:
    (held,) = gate.reasons(gate.holds({"change=refused"}))
    yield replace(held, values={"cause": str(error)})
    for name in sorted(error.new):
        yield PlanReason("R7", error.facts[name], Effect.OUT, name, gate.NEW_SINCE)
