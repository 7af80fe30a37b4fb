"""Plans: drafted by rules, held or let through by the gate, released by a person."""

from dataclasses import dataclass, replace
from datetime import datetime

from clinical.answers import flags
from clinical.plan import choose
from clinical.plan.case import Case, case_for, policy_for, said_yes
from handlers.answers import Picture, effective, picture
from handlers.context import Context
from handlers.plans import edits
from handlers.plans.history import history
from schemas import plan as plans_json
from schemas.booking import Booking
from schemas.delivery import Delivery, DeliveryStatus, Purpose
from schemas.intake import Intake
from schemas.plan import Plan, PlanOrigin, PlanStatus, Readiness, StoredPlan
from schemas.reason import Reason
from schemas.rules import Severity
from schemas.session_note import SendWish, SessionNote
from store import audit, bookings, deliveries, intakes, notes, plans
from store.base import Tx

LET_OUT = (PlanStatus.released, PlanStatus.sent)
NOT_LET_OUT = (PlanStatus.draft, PlanStatus.held)
FINAL = (Reason.not_needed, Reason.no_plan_wanted)  # nothing is waited for: the message is dropped
OWN = (
    Reason.no_intake,
    Reason.needs_review,
    Reason.needs_ok,
    Reason.on_hold,
    Reason.red_flag,
    Reason.no_consent,
)  # the gate's own reasons
WAITING = (*OWN, Reason.no_email_consent)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says: a plan that may go out, or the reason why none does."""

    plan: StoredPlan | None
    reason: Reason = Reason.none
    final: bool = False

    @property
    def clear(self) -> bool:
        """True when the plan may be sent as it is."""
        return not self.reason


def draft(tx: Tx, context: Context, booking_id: int, now: datetime) -> StoredPlan | None:
    """Choose the plan from what is known now; a new version only when it differs from the last.

    A message that waits with it is looked at again.
    """
    stored = _drafted(tx, context, booking_id, now)
    if stored is not None and not _stays(stored):
        _wake(tx, booking_id, now)
    return stored


def _drafted(tx: Tx, context: Context, booking_id: int, now: datetime) -> StoredPlan | None:
    booking = bookings.get(tx, booking_id)
    intake = intakes.of_booking(tx, booking_id)
    if booking is None or intake is None or not intake.done or not _wanted(context, booking):
        return None
    last = plans.newest(tx, booking_id)
    if last is not None and _stays(last):
        return last
    seen = picture(tx, context, booking, intake, now)
    chosen = _choose(tx, context, booking, intake.language, seen, now)
    return _store(tx, booking, last, chosen, now)


def _stays(last: StoredPlan) -> bool:
    """What a person let out, what went out, and what a check-in made is never drafted anew."""
    return last.status in LET_OUT or bool(last.origin.check_in)


def _wanted(context: Context, booking: Booking) -> bool:
    return context.clinic.service(booking.service, booking.service_name).plan


def case_of(tx: Tx, context: Context, booking: Booking, seen: Picture, now: datetime) -> Case:
    """What a plan is chosen from: answers, flags, what was before, and the newest note."""
    past = history(tx, context, booking.client_id, seen.answers, now)
    note = notes.newest(tx, booking.id)
    return case_for(seen.answers, seen.facts, seen.age, seen.flags, past, note)


def _choose(tx: Tx, context: Context, booking: Booking, language: str, seen: Picture, now: datetime) -> Plan:
    case = case_of(tx, context, booking, seen, now)
    moves = context.moves(context.clinic.spoken(language))
    chosen = choose.choose(case, moves, policy_for(context.clinic))
    return edits.applied(tx, booking.id, chosen, case, moves, policy_for(context.clinic))


STATUS = {
    Readiness.READY: PlanStatus.draft,
    Readiness.HELD: PlanStatus.held,
    Readiness.NONE: PlanStatus.none,
}


def _store(tx: Tx, booking: Booking, last: StoredPlan | None, chosen: Plan, now: datetime) -> StoredPlan:
    content = plans_json.dump(replace(chosen, version=(last.version if last else 1)))
    status = STATUS[chosen.status]
    if last is not None and last.content == content and last.status == status:
        return last
    content["version"] = last.version + 1 if last else 1
    return plans.add(
        tx, booking.id, booking.client_id, status, chosen.protocol_id, PlanOrigin(), content, now
    )


def _wake(tx: Tx, booking_id: int, now: datetime, reasons: tuple[Reason, ...] = WAITING) -> None:
    """A plan that waited for something is looked at again; the gate decides anew."""
    for delivery in deliveries.of_booking(tx, booking_id):
        waits = delivery.status is DeliveryStatus.held and delivery.reason in reasons
        if delivery.purpose is Purpose.plan and waits:
            deliveries.reschedule(tx, delivery.id, max(delivery.due_at, now))


def gate(tx: Tx, context: Context, booking: Booking, now: datetime) -> Verdict:
    """Decide at this moment whether a plan may go out (B10, INV-01 to INV-05).

    A message that waits stays where it is in the schedule, unless nothing is in its way any more.
    """
    intake = intakes.of_booking(tx, booking.id)
    if intake is None or not intake.done:
        return Verdict(None, Reason.no_intake)
    seen = picture(tx, context, booking, intake, now)
    if flags.stops(seen.flags):
        _drafted(tx, context, booking.id, now)
        return Verdict(plans.newest(tx, booking.id), Reason.red_flag)
    stored = _drafted(tx, context, booking.id, now)
    reason = _refusal(context, stored.status if stored else None, notes.newest(tx, booking.id), seen)
    if not reason and stored is not None and not _stays(stored):
        _wake(tx, booking.id, now, OWN)
    return Verdict(stored, reason, final=reason in FINAL)


def look(tx: Tx, context: Context, booking: Booking, now: datetime) -> Reason:
    """What `gate` would say, as its reason alone: a page that only shows it writes no draft."""
    intake = intakes.of_booking(tx, booking.id)
    if intake is None or not intake.done:
        return Reason.no_intake
    seen = picture(tx, context, booking, intake, now)
    if flags.stops(seen.flags):
        return Reason.red_flag
    status = _status(tx, context, booking, intake, seen, now)
    return _refusal(context, status, notes.newest(tx, booking.id), seen)


def _status(
    tx: Tx, context: Context, booking: Booking, intake: Intake, seen: Picture, now: datetime
) -> PlanStatus | None:
    """The status of the plan that counts, or that would be drafted now; None where none is wanted."""
    if not _wanted(context, booking):
        return None
    last = plans.newest(tx, booking.id)
    if last is not None and _stays(last):
        return last.status
    return STATUS[_choose(tx, context, booking, intake.language, seen, now).status]


def _refusal(context: Context, status: PlanStatus | None, note: SessionNote | None, seen: Picture) -> Reason:
    if status is None:
        return Reason.not_needed
    if note is not None and note.send is SendWish.NO_PLAN:
        return Reason.no_plan_wanted
    if not said_yes(seen.answers, "consent_exercise"):
        return Reason.no_consent
    if status in LET_OUT:
        return Reason.none
    if note is not None and note.send is SendWish.HOLD:
        return Reason.on_hold
    if status is PlanStatus.none:
        return Reason.too_young
    ok = not context.clinic.policy.require_ok or (note is not None and note.send is SendWish.OK_TO_SEND)
    review = any(flag.severity is Severity.REVIEW for flag in seen.flags)
    if status is not PlanStatus.draft and (ok or review):
        return Reason.needs_review
    return Reason.none if ok else Reason.needs_ok


def agreed(tx: Tx, intake: Intake, consent: str) -> bool:
    """True when the client gave this consent, now or in the last full form."""
    return said_yes(effective(tx, intake), consent)


def add_note(tx: Tx, context: Context, booking_id: int, note: SessionNote, now: datetime) -> None:
    """Keep what the practitioner says after the visit, and draft the plan anew with it."""
    notes.add(tx, booking_id, note, now)
    audit.add(tx, note.author, "note", f"booking:{booking_id}", now, note.send)
    stored = draft(tx, context, booking_id, now)
    if note.send is SendWish.OK_TO_SEND and stored is not None and stored.status in NOT_LET_OUT:
        release(tx, context, booking_id, note.author, now)


def release(tx: Tx, context: Context, booking_id: int, by: str, now: datetime) -> bool:
    """A named practitioner lets the plan out; False when there is none, or an answer forbids it."""
    booking = bookings.get(tx, booking_id)
    intake = intakes.of_booking(tx, booking_id)
    stored = plans.newest(tx, booking_id)
    if booking is None or intake is None or stored is None or stored.status not in NOT_LET_OUT:
        return False
    seen = picture(tx, context, booking, intake, now)
    if flags.stops(seen.flags) or not stored.content["items"]:
        return False
    plans.release(tx, stored.id, by, now)
    audit.add(tx, by, "release", f"plan:{stored.id}", now)
    _wake(tx, booking_id, now, (*WAITING, Reason.held_by_person))
    return True


def hold(tx: Tx, delivery: Delivery, by: str, now: datetime) -> None:
    """A person keeps a message back."""
    deliveries.end(tx, [delivery.id], DeliveryStatus.held, Reason.held_by_person, now)
    audit.add(tx, by, "hold", f"delivery:{delivery.id}", now)
