"""Where a booking's plan stands with the gate at this moment (B10): everything that keeps it back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from clinical.plan import gate, overrides
from clinical.plan.case import case_for, policy_for, said_yes
from handlers.answers import Picture, picture
from handlers.context import Context
from handlers.plans import drafting, reviews
from schemas.booking import Booking
from schemas.hold import FINAL, Hold
from schemas.intake import Intake
from schemas.plan import Plan, PlanStatus, StoredPlan
from schemas.reason import Reason
from schemas.rules import Severity
from store import bookings, clients, intakes, notes, plans
from store.base import Tx
from store.views import waits
from store.views.waits import Waiting


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
    if intake is None or not intake.done or not drafting.wanted(tx, context, booking):
        return _holds(tx, context, booking, intake, None, None, now)
    stored = plans.newest(tx, booking.id)
    if stored is not None and drafting.stays(stored):
        return _holds(tx, context, booking, intake, stored, stored.plan, now)
    seen = picture(tx, context, booking, intake, now)
    plan = drafting.choice(tx, context, booking, intake.language, seen, now)
    return _holds(tx, context, booking, intake, None, plan, now)


def foreseen(tx: Tx, booking_ids: Sequence[int]) -> dict[int, Reason]:
    """Why plans that are still to go out would not go out: what holds the drafts as they are kept.

    Nothing is chosen again, and the way to the client is not looked at: this is for lists.
    """
    answered, raised = intakes.answered(tx, booking_ids), intakes.severities(tx, booking_ids)
    drafts = plans.statuses(tx, booking_ids)

    def facts(booking_id: int) -> Iterator[str]:
        yield from (f"stop={severity}" for severity in raised.get(booking_id, ()) if severity.stops)
        if booking_id not in answered:
            yield "intake=open"
        elif drafts.get(booking_id) in (PlanStatus.held, PlanStatus.none):
            kept = plans.newest(tx, booking_id)
            yield from gate.facts_in(kept.plan) if kept else ()

    found = {booking_id: gate.holds(set(facts(booking_id))) for booking_id in booking_ids}
    return {booking_id: holds[0].reason for booking_id, holds in found.items() if holds}


def waiting(tx: Tx, practitioner: str = "") -> list[Waiting]:
    """What waits for a look: what a warning sign stopped first, however far ahead its visit is, then plans.

    Where no plan goes, a warning sign waits until somebody has seen its alert.
    A plan that is refused for another reason waits for nobody before its visit is over.
    """
    found = waits.plans_held(tx, practitioner)
    unsure = {one.booking_id for one in found if not one.reason and one.drafted != PlanStatus.held}
    why = foreseen(tx, sorted(unsure))
    stopped = {number for number in unsure if why.get(number) is Reason.red_flag}
    named = [replace(one, reason=Reason.red_flag) if one.booking_id in stopped else one for one in found]
    kept = [one for one in named if one.reason or one.booking_id not in unsure]
    kept += _stops_without_plan(tx, practitioner, {one.booking_id for one in kept})
    first = [one for one in kept if one.reason is Reason.red_flag]
    return [
        *sorted(first, key=lambda one: one.start),
        *(one for one in kept if one.reason is not Reason.red_flag),
    ]


def _stops_without_plan(tx: Tx, practitioner: str, there: set[int]) -> list[Waiting]:
    return [
        replace(one, reason=Reason.red_flag)
        for one in waits.alerted(tx, practitioner)
        if intakes.unseen_stops(tx, one.booking_id)
        and there.isdisjoint(bookings.together(tx, one.booking_id))
    ]


def _holds(
    tx: Tx,
    context: Context,
    booking: Booking,
    intake: Intake | None,
    stored: StoredPlan | None,
    plan: Plan | None,
    now: datetime,
) -> tuple[Hold, ...]:
    others = elsewhere(tx, booking)
    if stored is None or stored.status is not PlanStatus.sent:
        others |= cleared_elsewhere(tx, booking, intake)
    if intake is None or not intake.done:
        stops = (f"stop={severity}" for severity in intakes.open_stops(tx, booking.id))
        return gate.holds({"intake=open", *stops, *others})
    seen = picture(tx, context, booking, intake, now)
    of_plan = _facts_of(tx, context, plan, now) if plan else set()
    own = gate.holds({*_facts_now(tx, context, booking, seen), *of_plan})
    if stored is not None and stored.status in drafting.LET_OUT:
        own = gate.released(own)
    if stored is not None:
        others |= gate.overtaken(_overtaken(tx, context, booking, stored, seen, now))
    return gate.holds({*(hold.fact for hold in own), *others})


def overtaken(tx: Tx, context: Context, booking: Booking, now: datetime) -> dict[str, tuple[str, ...]]:
    """What came up against an exercise since somebody signed for it, by exercise id, in a plan that stays.

    A plan that is still drafted by rules loses such an exercise with its next draft; one that went out is
    the client's.
    """
    intake, stored = intakes.of_booking(tx, booking.id), plans.newest(tx, booking.id)
    if intake is None or stored is None:
        return {}
    return _overtaken(tx, context, booking, stored, picture(tx, context, booking, intake, now), now)


def _overtaken(
    tx: Tx, context: Context, booking: Booking, stored: StoredPlan, seen: Picture, now: datetime
) -> dict[str, tuple[str, ...]]:
    plan = stored.plan
    if not plan.overrides or stored.status is PlanStatus.sent or not drafting.stays(stored):
        return {}
    case = drafting.case_of(tx, context, booking, seen, now)
    content = context.plan_content(plan.language)
    return overrides.overtaken(plan, case, content, policy_for(context.clinic))


def _facts_of(tx: Tx, context: Context, plan: Plan, now: datetime) -> set[str]:
    """What held the plan when it was made; whether its files are signed is looked up at this moment."""
    return {*(gate.facts_in(plan) - {reviews.FACT}), *reviews.facts(tx, context, plan, now)}


def elsewhere(tx: Tx, booking: Booking) -> set[str]:
    """Facts of the person's other visits: every stop, and every review that came after the last release."""
    family, here = clients.family(tx, booking.client_id), set(bookings.together(tx, booking.id))
    last = plans.last_release(tx, family)
    facts = set()
    for flag in intakes.standing(tx, family):
        severity = Severity(flag.severity)
        newer = severity is Severity.REVIEW and (last is None or flag.raised_at > last)
        if flag.booking_id not in here and (severity.stops or newer):
            facts.add(f"{'stop' if severity.stops else 'flag'}={flag.rule}")
    return facts


def cleared_elsewhere(tx: Tx, booking: Booking, intake: Intake | None) -> set[str]:
    """Facts of flags on other visits that were cleared since these answers and the last release."""
    if intake is None or intake.submitted_at is None:
        return set()
    family, here = clients.family(tx, booking.client_id), set(bookings.together(tx, booking.id))
    since = max(intake.submitted_at, plans.last_release(tx, family) or intake.submitted_at)
    rows = intakes.cleared(tx, family, since)
    return {f"{gate.CLEARED}{flag.rule}" for flag in rows if flag.booking_id not in here}


def _facts_now(tx: Tx, context: Context, booking: Booking, seen: Picture) -> Iterator[str]:
    """What holds whichever plan there is. What only needs a look was looked at when the plan was made."""
    case = case_for(seen.answers, seen.facts, seen.age, seen.flags, note=notes.deciding(tx, booking.id))
    found = gate.holds(gate.facts_of(case, policy_for(context.clinic)))
    lately = (hold for hold in found if hold.reason is not Reason.needs_review or _is_cleared(hold))
    yield from (hold.fact for hold in lately)
    if not drafting.wanted(tx, context, booking):
        yield "service=no_plan"
    if not said_yes(seen.answers, "consent_email"):
        yield "consent_email=no"


def _is_cleared(hold: Hold) -> bool:
    return hold.fact.startswith(gate.CLEARED)
