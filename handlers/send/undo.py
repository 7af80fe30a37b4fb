"""Taking back what somebody did some seconds ago, as long as nothing has left."""

from datetime import datetime, timedelta

from handlers.context import Context
from handlers.plans import drafting
from handlers.plans import release as plan_release
from handlers.plans.basis import NotNow
from handlers.plans.by_hand import UNDO, put_back, stands_again
from handlers.schedule import due as schedule
from schemas.delivery import WAITING, Delivery, DeliveryStatus, Purpose
from schemas.plan import PlanStatus
from schemas.reason import Reason
from store import audit, deliveries, plans
from store.audit import Line
from store.base import Tx

GRACE = timedelta(seconds=5)
"""The way from the button to here."""
LATE = "It is too late to undo this. Look at how it is now."
KEPT_BACK = {"hold": Reason.held_by_person, "withdraw": Reason.withdrawn_by_person}
SUBJECTS = {
    "release": "plan",
    "correct": "plan",
    "hold": "delivery",
    "withdraw": "delivery",
    "send_now": "delivery",
    "clear_flag": "flag",
}
OF_PLANS = frozenset(act for act, subject in SUBJECTS.items() if subject in ("plan", "flag"))
"""What a practitioner takes back."""


def undo(tx: Tx, context: Context, act: str, number: int, by: str, now: datetime) -> bool:
    """Take back the act of this person on a plan, message or flag. Raises `NotNow` when it is too late.

    False where what stood as it was before would leave now: it is held back instead.
    """
    if act == "clear_flag":
        if not stands_again(tx, context, number, by, now - UNDO - GRACE, now):
            raise NotNow(LATE)
        return True
    subject = f"{SUBJECTS[act]}:{number}"
    done = _done(tx, act, subject, by, now)
    if act == "release":
        as_it_was = _release(tx, context, number, done, now)
    elif act == "correct":
        as_it_was = _correction(tx, context, number, by, now)
    else:
        as_it_was = _message(tx, context, number, done, now)
    audit.add(tx, by, "undo", subject, now, act)
    return as_it_was


def _done(tx: Tx, act: str, subject: str, by: str, now: datetime) -> Line:
    """The line about this act, which is the last that anybody did to it, and lately: how it stood before."""
    done = audit.of_subjects(tx, [subject], (*SUBJECTS, "undo"))
    if not done or (done[-1].action, done[-1].actor) != (act, by) or now - done[-1].at > UNDO + GRACE:
        raise NotNow(LATE)
    return done[-1]


def wait(tx: Tx, booking_id: int, now: datetime) -> None:
    """Leave the time for a second thought before the plan of a visit leaves."""
    for each in deliveries.of_booking(tx, booking_id):
        if each.purpose is Purpose.plan:
            wait_for(tx, each, now)


def leaves_later(tx: Tx, booking_id: int, now: datetime) -> bool:
    """True while the plan of a visit is to leave, and not before there was time for a second thought."""
    plan = (each for each in deliveries.of_booking(tx, booking_id) if each.purpose is Purpose.plan)
    return any(each.status is DeliveryStatus.scheduled and each.due_at >= now + UNDO for each in plan)


def wait_for(tx: Tx, message: Delivery, now: datetime) -> None:
    """The same for one message."""
    if message.status is DeliveryStatus.scheduled and message.due_at < now + UNDO:
        deliveries.reschedule(tx, message.id, now + UNDO)


def _release(tx: Tx, context: Context, plan_id: int, done: Line, now: datetime) -> bool:
    stored = plans.get(tx, plan_id)
    mails = deliveries.of_booking(tx, stored.booking_id) if stored else []
    mails = [each for each in mails if each.purpose is Purpose.plan]
    leaving = any(each.status is DeliveryStatus.sending for each in mails)
    if stored is None or stored.status is not PlanStatus.released or leaving:
        raise NotNow(LATE)
    before, _, held = done.detail.partition(" ")
    if before != PlanStatus.released:
        plans.take_back(tx, stored.id)
        drafting.draft(tx, context, stored.booking_id, now)
    noted = _did_too(tx, f"booking:{stored.booking_id}", "note", done)
    if held or noted:  # the note says that it may go, and stays
        waiting = [each.id for each in mails if each.status in WAITING]
        deliveries.end(tx, waiting, DeliveryStatus.held, Reason(held or Reason.held_by_person), now)
    return noted is None


def _did_too(tx: Tx, subject: str, action: str, done: Line) -> Line | None:
    """What the same press did to something else."""
    lines = audit.of_subjects(tx, [subject], (action,))
    return next((each for each in lines if (each.at, each.actor) == (done.at, done.actor)), None)


def _correction(tx: Tx, context: Context, plan_id: int, by: str, now: datetime) -> bool:
    """The version before is shown again, and the mail of this one does not go out."""
    made = plans.get(tx, plan_id)
    newest = plans.newest(tx, made.booking_id) if made else None
    if made is None or newest is None or newest.id != plan_id:
        raise NotNow(LATE)
    mails = [each for each in deliveries.of_booking(tx, made.booking_id) if each.purpose is Purpose.plan]
    waiting = [each for each in mails if each.status in WAITING]
    before = [each for each in plans.of_client(tx, [made.client_id]) if each.sent_at and each.id < plan_id]
    mine = [each for each in before if each.booking_id == made.booking_id]
    if not waiting or not mine:
        raise NotNow(LATE)
    own = [each.id for each in waiting if each.key.number == made.version]
    deliveries.end(tx, own, DeliveryStatus.withdrawn, Reason.withdrawn_by_person, now)
    put_back(tx, context, made, mine[-1], by, now)
    schedule.sync(tx, context, made.booking_id, now)  # the mail may have stood for the plan at a new address
    return True


def _message(tx: Tx, context: Context, delivery_id: int, done: Line, now: datetime) -> bool:
    found = deliveries.get(tx, delivery_id)
    sent_now = done.action == "send_now" and found is not None and found.status in WAITING
    if found is None or not (sent_now or found.reason is KEPT_BACK.get(done.action)):
        raise NotNow(LATE)
    status, reason, due = _stood(done.detail, found.due_at)
    if sent_now and (held := _release_with_it(tx, context, found, done, now)):
        status, reason = DeliveryStatus.held, held
    scheduled = status is DeliveryStatus.scheduled
    if sent_now and scheduled and due <= now and not _waits_for_a_look(tx, found):
        plan_release.hold(tx, found, done.actor, now)
        return False
    deliveries.reschedule(tx, delivery_id, max(due, now))
    if not scheduled:
        deliveries.end(tx, [delivery_id], status, reason, now)
    return True


def _release_with_it(tx: Tx, context: Context, message: Delivery, done: Line, now: datetime) -> Reason:
    """A plan that was let out by the press that sent it is not let out any more; why it is held again."""
    plan = plans.newest(tx, message.booking_id) if message.purpose is Purpose.plan else None
    release = _did_too(tx, f"plan:{plan.id}", "release", done) if plan else None
    if plan and release:
        _release(tx, context, plan.id, release, now)
    again = deliveries.get(tx, message.id)
    return again.reason if again and again.status is DeliveryStatus.held else Reason.none


def _waits_for_a_look(tx: Tx, message: Delivery) -> bool:
    plan = plans.newest(tx, message.booking_id) if message.purpose is Purpose.plan else None
    return plan is not None and plan.status is PlanStatus.held


def _stood(was: str, due: datetime) -> tuple[DeliveryStatus, Reason, datetime]:
    """Of `held no_address 2026-11-27T15:00:00+00:00`: where it stood, why, and for when."""
    words = was.split()
    if words and words[-1][:1].isdigit():
        due = datetime.fromisoformat(words.pop())
    status = DeliveryStatus(words[0]) if words else DeliveryStatus.scheduled
    return status, Reason(words[1]) if len(words) > 1 else Reason.none, due
