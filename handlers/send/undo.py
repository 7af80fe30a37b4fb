"""Taking back what somebody did some seconds ago, as long as nothing has left."""

from datetime import datetime, timedelta

from handlers.context import Context
from handlers.plans import drafting
from handlers.plans import release as plan_release
from handlers.plans.basis import NotNow
from handlers.plans.by_hand import UNDO, WAITING, put_back, stands_again
from schemas.delivery import Delivery, DeliveryStatus, Purpose
from schemas.plan import PlanStatus
from schemas.reason import Reason
from store import audit, deliveries, plans
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


def undo(tx: Tx, context: Context, act: str, number: int, by: str, now: datetime) -> None:
    """Take back the act of this person on a plan, message or flag. Raises `NotNow` when it is too late."""
    if act == "clear_flag":
        if not stands_again(tx, context, number, by, now - UNDO - GRACE, now):
            raise NotNow(LATE)
        return
    subject = f"{SUBJECTS[act]}:{number}"
    was = _before(tx, act, subject, by, now)
    if act == "release":
        _release(tx, context, number, was, now)
    elif act == "correct":
        _correction(tx, context, number, by, now)
    else:
        _message(tx, act, number, was, by, now)
    audit.add(tx, by, "undo", subject, now, act)


def _before(tx: Tx, act: str, subject: str, by: str, now: datetime) -> str:
    """How it stood before this act, which is the last that anybody did to it, and lately."""
    done = audit.of_subjects(tx, [subject], (*SUBJECTS, "undo"))
    if not done or (done[-1].action, done[-1].actor) != (act, by) or now - done[-1].at > UNDO + GRACE:
        raise NotNow(LATE)
    return done[-1].detail


def wait(tx: Tx, booking_id: int, now: datetime) -> None:
    """Leave the time for a second thought before the plan of a visit leaves."""
    for each in deliveries.of_booking(tx, booking_id):
        if each.purpose is Purpose.plan:
            wait_for(tx, each, now)


def wait_for(tx: Tx, message: Delivery, now: datetime) -> None:
    """The same for one message."""
    if message.status is DeliveryStatus.scheduled and message.due_at < now + UNDO:
        deliveries.reschedule(tx, message.id, now + UNDO)


def _release(tx: Tx, context: Context, plan_id: int, was: str, now: datetime) -> None:
    stored = plans.get(tx, plan_id)
    mails = deliveries.of_booking(tx, stored.booking_id) if stored else []
    mails = [each for each in mails if each.purpose is Purpose.plan]
    leaving = any(each.status is DeliveryStatus.sending for each in mails)
    if stored is None or stored.status is not PlanStatus.released or leaving:
        raise NotNow(LATE)
    before, _, held = was.partition(" ")
    if before != PlanStatus.released:
        plans.take_back(tx, stored.id)
        drafting.draft(tx, context, stored.booking_id, now)
    if held:
        waiting = [each.id for each in mails if each.status in WAITING]
        deliveries.end(tx, waiting, DeliveryStatus.held, Reason(held), now)


def _correction(tx: Tx, context: Context, plan_id: int, by: str, now: datetime) -> None:
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


def _message(tx: Tx, act: str, delivery_id: int, was: str, by: str, now: datetime) -> None:
    """It stands as it stood; what stood in the schedule and was to leave at once is held."""
    found = deliveries.get(tx, delivery_id)
    sent_now = act == "send_now" and found is not None and found.status in WAITING
    if found is None or not (sent_now or found.reason is KEPT_BACK.get(act)):
        raise NotNow(LATE)
    status, _, reason = was.partition(" ")
    if sent_now and status in ("", DeliveryStatus.scheduled):
        plan_release.hold(tx, found, by, now)
        return
    deliveries.reschedule(tx, delivery_id, max(found.due_at, now))
    if status not in ("", DeliveryStatus.scheduled):
        deliveries.end(tx, [delivery_id], DeliveryStatus(status), Reason(reason), now)
