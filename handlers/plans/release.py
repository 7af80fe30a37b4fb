"""A practitioner's word on a plan: the note after the visit, a release, a hold."""

from dataclasses import replace
from datetime import datetime

from clinical.plan import gate
from handlers.answers import picture
from handlers.context import Context
from handlers.plans import drafting, standing
from handlers.plans.drafting import NOT_LET_OUT, wake
from schemas.delivery import Delivery, DeliveryStatus, Purpose
from schemas.hold import LOOKS, REFUSALS
from schemas.plan import Override, Plan, PlanStatus, Readiness, StoredPlan
from schemas.reason import Reason
from schemas.session_note import SendWish, SessionNote
from store import audit, bookings, deliveries, intakes, notes, plans
from store.base import Tx

RELEASABLE = (*NOT_LET_OUT, PlanStatus.released)
"""A plan that was let out may be held by what came to light since."""


def add_note(tx: Tx, context: Context, booking_id: int, note: SessionNote, now: datetime) -> None:
    """Keep what the practitioner says after the visit, and draft the plan again with it.

    "OK to send" releases the plan that was there, not one that the note itself makes otherwise: that one
    goes out by itself where nothing holds it, and waits where the clinic wants an OK for every plan.
    """
    agreed = note.send is SendWish.OK_TO_SEND and _stays_as_shown(tx, context, booking_id, note, now)
    if note.send is SendWish.OK_TO_SEND and not agreed and context.clinic.policy.require_ok:
        note = replace(note, send=SendWish.HOLD)
    note = replace(note, overrides=_signed_for(tx, context, booking_id, note, now))
    notes.add(tx, booking_id, note, now)
    audit.add(tx, note.author, "note", f"booking:{booking_id}", now, note.send)
    stored = drafting.draft(tx, context, booking_id, now)
    if agreed and stored is not None and stored.status in NOT_LET_OUT:
        release(tx, context, booking_id, note.author, now)


def _stays_as_shown(tx: Tx, context: Context, booking_id: int, note: SessionNote, now: datetime) -> bool:
    """True when the client gets the same plan with this note as without it."""
    booking, intake = bookings.get(tx, booking_id), intakes.of_booking(tx, booking_id)
    shown = plans.newest(tx, booking_id)
    if booking is None or intake is None or shown is None or drafting.stays(shown):
        return shown is not None
    seen = picture(tx, context, booking, intake, now)
    made = drafting.choice(tx, context, booking, intake.language, seen, now, note)
    return _for_the_client(made) == _for_the_client(shown.plan)


def _signed_for(
    tx: Tx, context: Context, booking_id: int, note: SessionNote, now: datetime
) -> tuple[Override, ...]:
    """What the added exercises are signed against; nothing for a note that signs for none."""
    booking, intake = bookings.get(tx, booking_id), intakes.of_booking(tx, booking_id)
    if not note.add_reason or booking is None or intake is None:
        return ()
    seen = picture(tx, context, booking, intake, now)
    made = drafting.choice(tx, context, booking, intake.language, seen, now, note)
    return tuple(one for one in made.overrides if one.exercise_id in note.add)


def _for_the_client(plan: Plan) -> Plan:
    """A plan without what the note says itself: its words to the client, the places worked, the reasons."""
    return replace(plan, version=1, status=Readiness.READY, reasons=(), practitioner_note="", worked=())


def release(tx: Tx, context: Context, booking_id: int, by: str, now: datetime) -> bool:
    """A named practitioner lets the plan out; False when there is none, or an answer forbids it.

    A plan that is not drafted again does not go out with an exercise that something new speaks against.
    """
    booking, stored = bookings.get(tx, booking_id), plans.newest(tx, booking_id)
    if booking is None or stored is None or stored.status not in RELEASABLE or not stored.plan.items:
        return False
    holds = standing.look(tx, context, booking, now)
    reasons = {found.reason for found in holds}
    if reasons & REFUSALS or (drafting.stays(stored) and gate.is_overtaken(holds)):
        return False
    was = _before(tx, stored)
    if was != PlanStatus.released or reasons & LOOKS:
        plans.release(tx, stored.id, by, now)
        audit.add(tx, by, "release", f"plan:{stored.id}", now, was)
    wake(tx, booking_id, now, Reason.held_by_person)
    return True


def _before(tx: Tx, stored: StoredPlan) -> str:
    """How a plan stands before it is let out, as words for the log: what takes it back puts this back."""
    held = any(
        each.purpose is Purpose.plan and each.reason is Reason.held_by_person
        for each in deliveries.of_booking(tx, stored.booking_id)
    )
    return f"{stored.status} {Reason.held_by_person}" if held else stored.status


def hold(tx: Tx, delivery: Delivery, by: str, now: datetime) -> None:
    """A person keeps a message back."""
    deliveries.end(tx, [delivery.id], DeliveryStatus.held, Reason.held_by_person, now)
    audit.add(tx, by, "hold", f"delivery:{delivery.id}", now, delivery.state)
