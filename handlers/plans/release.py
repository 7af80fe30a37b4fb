"""A practitioner's word on a plan: the note after the visit, a release, a hold."""

from datetime import datetime

from handlers.context import Context
from handlers.plans import standing
from handlers.plans.drafting import NOT_LET_OUT, draft, wake
from schemas.delivery import Delivery, DeliveryStatus
from schemas.hold import REFUSALS
from schemas.reason import Reason
from schemas.session_note import SendWish, SessionNote
from store import audit, bookings, deliveries, notes, plans
from store.base import Tx


def add_note(tx: Tx, context: Context, booking_id: int, note: SessionNote, now: datetime) -> None:
    """Keep what the practitioner says after the visit, and draft the plan again with it."""
    notes.add(tx, booking_id, note, now)
    audit.add(tx, note.author, "note", f"booking:{booking_id}", now, note.send)
    stored = draft(tx, context, booking_id, now)
    if note.send is SendWish.OK_TO_SEND and stored is not None and stored.status in NOT_LET_OUT:
        release(tx, context, booking_id, note.author, now)


def release(tx: Tx, context: Context, booking_id: int, by: str, now: datetime) -> bool:
    """A named practitioner lets the plan out; False when there is none, or an answer forbids it."""
    booking, stored = bookings.get(tx, booking_id), plans.newest(tx, booking_id)
    if booking is None or stored is None or stored.status not in NOT_LET_OUT or not stored.plan.items:
        return False
    if any(found.reason in REFUSALS for found in standing.look(tx, context, booking, now)):
        return False
    plans.release(tx, stored.id, by, now)
    audit.add(tx, by, "release", f"plan:{stored.id}", now)
    wake(tx, booking_id, now, Reason.held_by_person)
    return True


def hold(tx: Tx, delivery: Delivery, by: str, now: datetime) -> None:
    """A person keeps a message back."""
    deliveries.end(tx, [delivery.id], DeliveryStatus.held, Reason.held_by_person, now)
    audit.add(tx, by, "hold", f"delivery:{delivery.id}", now)
