"""Plans: drafted by rules, held or let through by the gate, released by a person."""

from dataclasses import dataclass, replace
from datetime import datetime

from handlers import choosing, edits, flags
from handlers.answers import Picture, effective, picture
from handlers.choosing_case import case_for, policy_for, said_yes
from handlers.history import history
from handlers.house import House
from handlers.schedule import BY_PERSON
from schemas import plan as plans_json
from schemas.delivery import Delivery, DeliveryStatus, Purpose
from schemas.plan import Plan, PlanStatus
from schemas.rules import Severity
from schemas.session_note import SendWish, SessionNote
from store import audit, bookings, deliveries, intakes, notes, plans
from store.base import Tx
from store.bookings import Thread
from store.intakes import Intake
from store.plans import StoredPlan

BY_CHECKIN = "checkin:"  # how the reason of a version that a check-in made begins
WAITING = ("no_intake", "needs_review", "needs_ok", "on_hold", "red_flag", "no_consent", "no_email_consent")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says: a plan that may go out, or the reason why none does."""

    plan: StoredPlan | None
    reason: str = ""
    final: bool = False

    @property
    def clear(self) -> bool:
        """True when the plan may be sent as it is."""
        return not self.reason


def draft(tx: Tx, house: House, booking_id: int, now: datetime) -> StoredPlan | None:
    """Choose the plan from what is known now; a new version only when it differs from the last."""
    booking = bookings.get(tx, booking_id)
    intake = intakes.of_booking(tx, booking_id)
    if booking is None or intake is None or not intake.done or not _wanted(house, booking):
        return None
    last = plans.newest(tx, booking_id)
    if last is not None and (last.status in ("released", "sent") or last.reason.startswith(BY_CHECKIN)):
        return last
    seen = picture(tx, house, booking, intake, now)
    chosen = _choose(tx, house, booking, intake.language, seen, now)
    stored = _store(tx, booking, last, chosen, now)
    _wake(tx, booking_id, now)
    return stored


def _wanted(house: House, booking: Thread) -> bool:
    return house.clinic.service(booking.service, booking.service_name).plan


def _choose(tx: Tx, house: House, booking: Thread, language: str, seen: Picture, now: datetime) -> Plan:
    note = notes.newest(tx, booking.id)
    past = history(tx, house, booking.client_id, seen.answers, now)
    case = case_for(seen.answers, seen.facts, seen.age, seen.flags, past, note)
    moves = house.moves(house.clinic.spoken(language))
    chosen = choosing.choose(case, moves, policy_for(house.clinic))
    return edits.applied(tx, booking.id, chosen, case, moves, policy_for(house.clinic))


STATUS = {PlanStatus.READY: "draft", PlanStatus.HELD: "held", PlanStatus.NONE: "none"}


def _store(tx: Tx, booking: Thread, last: StoredPlan | None, chosen: Plan, now: datetime) -> StoredPlan:
    content = plans_json.dump(replace(chosen, version=(last.version if last else 1)))
    status = STATUS[chosen.status]
    if last is not None and last.content == content and last.status == status:
        return last
    content["version"] = last.version + 1 if last else 1
    return plans.add(tx, booking.id, booking.client_id, status, chosen.protocol_id, "", content, now)


def _wake(tx: Tx, booking_id: int, now: datetime, reasons: tuple[str, ...] = WAITING) -> None:
    """A plan that waited for something is looked at again; the gate decides anew."""
    for delivery in deliveries.of_booking(tx, booking_id):
        waits = delivery.status is DeliveryStatus.held and delivery.reason in reasons
        if delivery.purpose is Purpose.plan and waits:
            deliveries.reschedule(tx, delivery.id, max(delivery.due_at, now))


def gate(tx: Tx, house: House, booking: Thread, now: datetime) -> Verdict:
    """Decide at this moment whether a plan may go out (B10, INV-01 to INV-05)."""
    intake = intakes.of_booking(tx, booking.id)
    if intake is None or not intake.done:
        return Verdict(None, "no_intake")
    seen = picture(tx, house, booking, intake, now)
    if flags.stops(seen.flags):
        draft(tx, house, booking.id, now)
        return Verdict(plans.newest(tx, booking.id), "red_flag")
    stored = draft(tx, house, booking.id, now)
    note = notes.newest(tx, booking.id)
    return _verdict(house, stored, note, seen)


def _verdict(house: House, stored: StoredPlan | None, note: SessionNote | None, seen: Picture) -> Verdict:
    if stored is None:
        return Verdict(None, "not_needed", final=True)
    if note is not None and note.send is SendWish.NO_PLAN:
        return Verdict(stored, "no_plan_wanted", final=True)
    if not said_yes(seen.answers, "consent_exercise"):
        return Verdict(stored, "no_consent")
    if stored.status in ("released", "sent"):
        return Verdict(stored)
    if note is not None and note.send is SendWish.HOLD:
        return Verdict(stored, "on_hold")
    if stored.status == "none":
        return Verdict(stored, "too_young")
    ok = not house.clinic.policy.require_ok or (note is not None and note.send is SendWish.OK_TO_SEND)
    if stored.status != "draft" and (ok or any(flag.severity is Severity.REVIEW for flag in seen.flags)):
        return Verdict(stored, "needs_review")
    return Verdict(stored, "" if ok else "needs_ok")


def agreed(tx: Tx, intake: Intake, consent: str) -> bool:
    """True when the client gave this consent, now or in the last full form."""
    return said_yes(effective(tx, intake), consent)


def add_note(tx: Tx, house: House, booking_id: int, note: SessionNote, now: datetime) -> None:
    """Keep what the practitioner says after the visit, and draft the plan anew with it."""
    notes.add(tx, booking_id, note, now)
    audit.add(tx, note.author, "note", f"booking:{booking_id}", now, note.send)
    stored = draft(tx, house, booking_id, now)
    if note.send is SendWish.OK_TO_SEND and stored is not None and stored.status in ("draft", "held"):
        release(tx, house, booking_id, note.author, now)


def release(tx: Tx, house: House, booking_id: int, by: str, now: datetime) -> bool:
    """A named practitioner lets the plan out; False when there is none, or an answer forbids it."""
    booking = bookings.get(tx, booking_id)
    intake = intakes.of_booking(tx, booking_id)
    stored = plans.newest(tx, booking_id)
    if booking is None or intake is None or stored is None or stored.status not in ("draft", "held"):
        return False
    seen = picture(tx, house, booking, intake, now)
    if flags.stops(seen.flags) or not stored.content["items"]:
        return False
    plans.release(tx, stored.id, by, now)
    audit.add(tx, by, "release", f"plan:{stored.id}", now)
    _wake(tx, booking_id, now, (*WAITING, BY_PERSON))
    return True


def hold(tx: Tx, delivery: Delivery, by: str, now: datetime) -> None:
    """A person keeps a message back."""
    deliveries.end(tx, [delivery.id], DeliveryStatus.held, BY_PERSON, now)
    audit.add(tx, by, "hold", f"delivery:{delivery.id}", now)
