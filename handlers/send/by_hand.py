"""What a person may do to a message: each act is checked, done, and written into the log."""

import re
from datetime import datetime

from handlers.context import Context
from handlers.plans import drafting
from handlers.plans.by_hand import WAITING, NotNow, release_plan
from handlers.schedule.due import WITHDRAWN
from schemas.delivery import Delivery, DeliveryStatus, Due, Purpose
from store import audit, deliveries
from store.base import Tx

NOT_SENT = (*WAITING, DeliveryStatus.skipped, DeliveryStatus.withdrawn, DeliveryStatus.dead)
GONE_OUT = (DeliveryStatus.sent, DeliveryStatus.unknown)


def hold(tx: Tx, delivery_id: int, by: str, now: datetime) -> None:
    """Keep a message back until a person lets it out. Raises `NotNow`."""
    drafting.hold(tx, _in(tx, delivery_id, WAITING), by, now)


def release(tx: Tx, context: Context, delivery_id: int, by: str, now: datetime) -> None:
    """Let a held message out, or a plan that the gate would hold, by its own rules. Raises `NotNow`."""
    delivery = _in(tx, delivery_id, WAITING)
    if delivery.purpose is Purpose.plan:
        release_plan(tx, context, delivery.booking_id, by, now)
    fresh = deliveries.get(tx, delivery_id)
    if fresh is not None and fresh.status is DeliveryStatus.held:
        deliveries.reschedule(tx, delivery_id, max(delivery.due_at, now))
    audit.add(tx, by, "release", f"delivery:{delivery_id}", now)


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
