"""Where a booking's plan stands with the gate at this moment (B10): everything that keeps it back."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from clinical.plan import gate
from clinical.plan.case import case_for, policy_for, said_yes
from handlers.answers import Picture, picture
from handlers.context import Context
from handlers.plans import drafting
from schemas.booking import Booking
from schemas.hold import FINAL, Hold
from schemas.intake import Intake
from schemas.plan import Plan, StoredPlan
from schemas.reason import Reason
from store import intakes, notes, plans
from store.base import Tx


@dataclass(frozen=True, slots=True)
class Standing:
    """The plan that counts, and what keeps it from going out: nothing for one that may be sent."""

    plan: StoredPlan | None
    holds: tuple[Hold, ...]

    @property
    def clear(self) -> bool:
        """True when the plan may be mailed as it is."""
        return self.plan is not None and not self.holds

    @property
    def reason(self) -> Reason:
        """What weighs most of what keeps it back; `none` for nothing."""
        return self.holds[0].reason if self.holds else Reason.none

    @property
    def final(self) -> bool:
        """True when nothing is waited for."""
        return self.reason in FINAL


def decide(tx: Tx, context: Context, booking: Booking, now: datetime) -> Standing:
    """Draft the plan from what is true now, and say what keeps it back.

    A message that waits stays where it is in the schedule, unless nothing is in its way any more.
    """
    intake = intakes.of_booking(tx, booking.id)
    stored = drafting.drafted(tx, context, booking.id, now)
    plan = stored.plan if stored else None
    found = Standing(stored, _holds(tx, context, booking, intake, stored, plan, now))
    if found.clear and stored is not None and not drafting.stays(stored):
        drafting.wake(tx, booking.id, now)
    return found


def look(tx: Tx, context: Context, booking: Booking, now: datetime) -> tuple[Hold, ...]:
    """What `decide` would say keeps the plan back: a page that only shows it writes no draft."""
    intake = intakes.of_booking(tx, booking.id)
    if intake is None or not intake.done or not drafting.wanted(context, booking):
        return _holds(tx, context, booking, intake, None, None, now)
    stored = plans.newest(tx, booking.id)
    if stored is not None and drafting.stays(stored):
        return _holds(tx, context, booking, intake, stored, stored.plan, now)
    seen = picture(tx, context, booking, intake, now)
    plan = drafting.choice(tx, context, booking, intake.language, seen, now)
    return _holds(tx, context, booking, intake, None, plan, now)


def _holds(
    tx: Tx,
    context: Context,
    booking: Booking,
    intake: Intake | None,
    stored: StoredPlan | None,
    plan: Plan | None,
    now: datetime,
) -> tuple[Hold, ...]:
    if intake is None or not intake.done:
        return gate.holds({"intake=open"})
    seen = picture(tx, context, booking, intake, now)
    facts = {*_facts_now(tx, context, booking, seen), *(gate.facts_in(plan) if plan else ())}
    found = gate.holds(facts)
    return gate.released(found) if stored is not None and stored.status in drafting.LET_OUT else found


def _facts_now(tx: Tx, context: Context, booking: Booking, seen: Picture) -> Iterator[str]:
    """What holds whichever plan there is. What only needs a look was looked at when the plan was made."""
    case = case_for(seen.answers, seen.facts, seen.age, seen.flags, note=notes.newest(tx, booking.id))
    found = gate.holds(gate.facts_of(case, policy_for(context.clinic)))
    yield from (hold.fact for hold in found if hold.reason is not Reason.needs_review)
    if not drafting.wanted(context, booking):
        yield "service=no_plan"
    if not said_yes(seen.answers, "consent_email"):
        yield "consent_email=no"
