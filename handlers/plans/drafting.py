"""Plans are drafted by rules, from what is known at the moment; every version is kept."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from clinical.plan import choose, wording
from clinical.plan.case import Case, case_for, policy_for
from handlers.answers import Picture, picture
from handlers.context import Context
from handlers.plans import edits, reviews
from handlers.plans.history import history
from schemas import plan as plans_json
from schemas.booking import Booking
from schemas.delivery import DeliveryStatus, Purpose
from schemas.hold import OF_THE_GATE
from schemas.plan import Plan, PlanOrigin, PlanStatus, Readiness, StoredPlan
from schemas.reason import Reason
from schemas.session_note import SessionNote
from store import bookings, deliveries, intakes, notes, plan_edits, plans
from store.base import Tx

LET_OUT = (PlanStatus.released, PlanStatus.sent)
NOT_LET_OUT = (PlanStatus.draft, PlanStatus.held)
STATUS = {
    Readiness.READY: PlanStatus.draft,
    Readiness.HELD: PlanStatus.held,
    Readiness.NONE: PlanStatus.none,
}


def draft(tx: Tx, context: Context, booking_id: int, now: datetime) -> StoredPlan | None:
    """Choose the plan from what is known now; a new version only when another plan is decided.

    A message that waits with it is looked at again. None where no plan is wanted, or no answers are there.
    """
    stored = drafted(tx, context, booking_id, now)
    if stored is not None and not stays(stored):
        wake(tx, booking_id, now)
    return stored


def drafted(tx: Tx, context: Context, booking_id: int, now: datetime) -> StoredPlan | None:
    """Like `draft`, but leaves the messages where they are in the schedule."""
    booking = bookings.get(tx, booking_id)
    intake = intakes.of_booking(tx, booking_id)
    if booking is None or intake is None or not intake.done or not wanted(tx, context, booking):
        return None
    last = plans.newest(tx, booking_id)
    if last is not None and stays(last):
        return last
    seen = picture(tx, context, booking, intake, now)
    return _store(tx, context, booking, last, choice(tx, context, booking, intake.language, seen, now), now)


def stays(last: StoredPlan) -> bool:
    """What a person let out, what went out, and what a check-in made is never drafted again."""
    return last.status in LET_OUT or bool(last.origin.check_in)


def wanted(tx: Tx, context: Context, booking: Booking) -> bool:
    """Whether the service that was booked gets a plan, or a practitioner made one for this visit."""
    by_rule = context.clinic.service(booking.service, booking.service_name).plan
    return by_rule or plan_edits.there_are(tx, booking.id)


def case_of(
    tx: Tx, context: Context, booking: Booking, seen: Picture, now: datetime, note: SessionNote | None = None
) -> Case:
    """What a plan is chosen from: answers, flags, what was before, and the newest note (or this one)."""
    past = history(tx, context, booking.client_id, seen.answers, now)
    note = note or notes.deciding(tx, booking.id)
    return case_for(seen.answers, seen.facts, seen.age, seen.flags, past, note)


def choice(
    tx: Tx,
    context: Context,
    booking: Booking,
    language: str,
    seen: Picture,
    now: datetime,
    note: SessionNote | None = None,
) -> Plan:
    """The plan that the rules and the practitioner's changes give now; nothing is written."""
    case, policy = case_of(tx, context, booking, seen, now, note), policy_for(context.clinic)
    content = context.plan_content(language)
    chosen = choose.choose(case, content, policy)
    edited = edits.applied(tx, booking.id, chosen, case, content, policy)
    return reviews.held(tx, context, edited, now)


def content_of(context: Context, plan: Plan) -> dict[str, Any]:
    """A plan as it is stored: the decision, and its words of now beside it."""
    content = context.plan_content(plan.language)
    return plans_json.dump(wording.remember(plan, content, policy_for(context.clinic)))


def _store(
    tx: Tx, context: Context, booking: Booking, last: StoredPlan | None, chosen: Plan, now: datetime
) -> StoredPlan:
    """A new version when another plan was decided; the same plan is only brought up to date.

    Another language of the client, or other words in the content, decide nothing else.
    """
    status = STATUS[chosen.status]
    same = replace(chosen, version=last.version if last else 1)
    content = content_of(context, same)
    if last is None or last.status != status or last.plan != same:
        content["version"] = last.version + 1 if last else 1
        protocol = chosen.protocol_id
        return plans.add(tx, booking.id, booking.client_id, status, protocol, PlanOrigin(), content, now)
    if last.content != content:
        plans.rewrite(tx, last.id, content)
    return replace(last, content=content)


def keep_words(tx: Tx, context: Context, stored: StoredPlan) -> None:
    """Keep the words in which a version goes out, whatever becomes of the content."""
    plans.rewrite(tx, stored.id, content_of(context, stored.plan))


def wake(tx: Tx, booking_id: int, now: datetime, *more: Reason) -> None:
    """A plan that waits for what the gate knows, or for one of `more`, is looked at again."""
    reasons = {*OF_THE_GATE, *more}
    for delivery in deliveries.of_booking(tx, booking_id):
        waits = delivery.status is DeliveryStatus.held and delivery.reason in reasons
        if delivery.purpose is Purpose.plan and waits:
            deliveries.reschedule(tx, delivery.id, max(delivery.due_at, now))
