"""What a person may do to a message or a plan: each act is checked, done, and written into the log."""

import re
from dataclasses import replace
from datetime import datetime

from handlers import choosing_edit, edits, plans
from handlers.answers import picture
from handlers.choosing_case import policy_for
from handlers.choosing_edit import Edit
from handlers.house import House
from handlers.schedule import WITHDRAWN
from schemas import plan as plans_json
from schemas.delivery import Delivery, DeliveryStatus, Purpose
from schemas.plan import Plan
from store import audit, bookings, deliveries, intakes, plan_edits
from store import plans as stored_plans
from store.base import Tx
from store.deliveries import Due
from store.plans import StoredPlan

WAITING = (DeliveryStatus.scheduled, DeliveryStatus.held)
NOT_SENT = (*WAITING, DeliveryStatus.skipped, DeliveryStatus.withdrawn, DeliveryStatus.dead)
GONE_OUT = (DeliveryStatus.sent, DeliveryStatus.unknown)


class NotNow(ValueError):
    """This cannot be done to it as it stands; the text says why."""


def hold(tx: Tx, delivery_id: int, by: str, now: datetime) -> None:
    """Keep a message back until a person lets it out. Raises `NotNow`."""
    plans.hold(tx, _in(tx, delivery_id, WAITING), by, now)


def release(tx: Tx, house: House, delivery_id: int, by: str, now: datetime) -> None:
    """Let a held message out, or a plan that the gate would hold, by its own rules. Raises `NotNow`."""
    delivery = _in(tx, delivery_id, WAITING)
    if delivery.purpose is Purpose.plan:
        release_plan(tx, house, delivery.booking_id, by, now)
    fresh = deliveries.get(tx, delivery_id)
    if fresh is not None and fresh.status is DeliveryStatus.held:
        deliveries.reschedule(tx, delivery_id, max(delivery.due_at, now))
    audit.add(tx, by, "release", f"delivery:{delivery_id}", now)


def release_plan(tx: Tx, house: House, booking_id: int, by: str, now: datetime) -> None:
    """A named practitioner lets the plan out. Raises `NotNow` where an answer forbids it."""
    stored = stored_plans.newest(tx, booking_id)
    if stored is not None and stored.status in ("released", "sent"):
        return
    if not plans.release(tx, house, booking_id, by, now):
        raise NotNow("There is no plan that may go out: see the flags.")


def send_now(tx: Tx, delivery_id: int, by: str, now: datetime) -> None:
    """Due at once. The decision at the moment of sending is still made: what is wrong stays unsent."""
    delivery = _in(tx, delivery_id, NOT_SENT)
    deliveries.reschedule(tx, delivery.id, now)
    audit.add(tx, by, "send_now", f"delivery:{delivery_id}", now)


def resend(tx: Tx, delivery_id: int, by: str, now: datetime) -> None:
    """The same message once more, as a message of its own. Raises `NotNow`."""
    delivery = _in(tx, delivery_id, GONE_OUT)
    key = _next_key(tx, delivery)
    deliveries.owe(tx, Due(key, delivery.booking_id, delivery.purpose, delivery.channel, now), now)
    audit.add(tx, by, "resend", f"delivery:{delivery_id}", now)


def _next_key(tx: Tx, delivery: Delivery) -> str:
    """`12:plan:0:email` becomes `12:plan:0-again1:email`, then `-again2`: two clicks at once make one."""
    head, channel = re.sub(r"-again\d+", "", delivery.key).rsplit(":", 1)
    family = [each for each in deliveries.of_booking(tx, delivery.booking_id) if each.key.startswith(head)]
    open_one = next((each for each in family if each.status in WAITING), None)
    if open_one is not None:
        raise NotNow("It is on its way already.")
    times = sum("-again" in each.key and each.key.endswith(channel) for each in family)
    return f"{head}-again{times + 1}:{channel}"


def withdraw(tx: Tx, delivery_id: int, by: str, now: datetime) -> None:
    """Never send it, whatever becomes of the booking. Raises `NotNow`."""
    delivery = _in(tx, delivery_id, WAITING)
    deliveries.end(tx, [delivery.id], DeliveryStatus.withdrawn, WITHDRAWN, now)
    audit.add(tx, by, "withdraw", f"delivery:{delivery_id}", now)


def _in(tx: Tx, delivery_id: int, statuses: tuple[DeliveryStatus, ...]) -> Delivery:
    delivery = deliveries.get(tx, delivery_id)
    if delivery is None or delivery.status not in statuses:
        raise NotNow("This message has changed in the meantime. Look again.")
    return delivery


def hold_plan(tx: Tx, booking_id: int, by: str, now: datetime) -> None:
    """Keep the plan of a booking back. Raises `NotNow` when it went out, or there is none."""
    waiting = [
        each
        for each in deliveries.of_booking(tx, booking_id)
        if each.purpose is Purpose.plan and each.status in WAITING
    ]
    if not waiting:
        raise NotNow("There is no plan on its way.")
    for delivery in waiting:
        plans.hold(tx, delivery, by, now)


def change_plan(tx: Tx, house: House, booking_id: int, change: Edit, now: datetime) -> StoredPlan:
    """Change a plan that has not gone out. Raises `EditRefused` (with what blocks it) or `NotNow`."""
    last = stored_plans.newest(tx, booking_id)
    if last is None or last.status not in ("draft", "held", "released"):
        raise NotNow("There is no plan that can be changed: it went out, or none was drafted.")
    checked = preview(tx, house, booking_id, last, change, now)
    if last.status == "released":  # a changed plan is a new one: it needs its own release
        stored_plans.set_status(tx, last.id, "held", "changed")
    plan_edits.add(tx, booking_id, change.author, edits.dump(change), now)
    for override in checked.overrides[len(plans_json.load(last.content).overrides) :]:
        audit.add(tx, change.author, "override", f"booking:{booking_id}", now, override.exercise_id)
    audit.add(tx, change.author, "change_plan", f"plan:{last.id}", now)
    if last.reason.startswith(plans.BY_CHECKIN):
        return _next_version(tx, last, checked, now)
    made = plans.draft(tx, house, booking_id, now)
    if made is None:
        raise NotNow("There is no plan that can be changed.")
    return made


def _next_version(tx: Tx, last: StoredPlan, checked: Plan, now: datetime) -> StoredPlan:
    """A version that a check-in made is not drafted again, so the change is written beside it."""
    content = plans_json.dump(replace(checked, version=last.version + 1))
    status = plans.STATUS[checked.status]
    return stored_plans.add(
        tx, last.booking_id, last.client_id, status, checked.protocol_id, last.reason, content, now
    )


def preview(tx: Tx, house: House, booking_id: int, stored: StoredPlan, change: Edit, now: datetime) -> Plan:
    """What a change would make of a plan, checked by the safety filter. Raises `EditRefused`."""
    booking, intake = bookings.get(tx, booking_id), intakes.of_booking(tx, booking_id)
    if booking is None or intake is None:
        raise NotNow("There are no answers for this booking.")
    case = plans.case_of(tx, house, booking, picture(tx, house, booking, intake, now), now)
    moves = house.moves(house.clinic.spoken(intake.language))
    plan = plans_json.load(stored.content)
    return choosing_edit.edit(plan, change, case, moves, policy_for(house.clinic))


def clear_flag(
    tx: Tx, house: House, booking_id: int, flag_id: int, by: str, basis: str, now: datetime
) -> None:
    """A named clinician clears a flag and says on what basis; the plan is drafted anew. Raises `NotNow`."""
    found = next((one for one in intakes.flags_of(tx, booking_id) if one["id"] == flag_id), None)
    if found is None or found["cleared_at"] or len(basis.strip()) < 3:
        raise NotNow("Say on what basis: for example, who examined the client and when.")
    intakes.clear_flag(tx, flag_id, by, basis.strip(), now)
    audit.add(tx, by, "clear_flag", f"booking:{booking_id}", now, found["rule"])
    plans.draft(tx, house, booking_id, now)


def acknowledge(tx: Tx, booking_id: int, by: str, now: datetime) -> bool:
    """Somebody has seen the flags; True the first time."""
    seen = intakes.flags_seen(tx, booking_id, now)
    if seen:
        audit.add(tx, by, "flags_seen", f"booking:{booking_id}", now)
    return seen


def review(tx: Tx, booking_id: int, by: str, now: datetime) -> None:
    """A practitioner has read the intake."""
    intakes.review(tx, booking_id, by, now)
    audit.add(tx, by, "intake_reviewed", f"booking:{booking_id}", now)
