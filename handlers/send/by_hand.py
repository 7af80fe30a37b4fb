"""What a person may do to a message: each act is checked, done, and written into the log."""

from datetime import datetime

from handlers.context import Context
from handlers.plans import release as plan_release
from handlers.plans.basis import NotNow
from handlers.plans.by_hand import release_plan
from handlers.schedule import recipients
from schemas.delivery import WAITING, Delivery, DeliveryKey, DeliveryStatus, Due, Purpose
from schemas.reason import Reason
from store import audit, contacts, deliveries
from store.base import Tx

NOT_SENT = (*WAITING, DeliveryStatus.skipped, DeliveryStatus.withdrawn, DeliveryStatus.dead)
ON_ITS_WAY = (*WAITING, DeliveryStatus.sending)
GONE_OUT = (DeliveryStatus.sent, DeliveryStatus.unknown)


def hold(tx: Tx, delivery_id: int, by: str, now: datetime) -> None:
    """Keep a message back until a person lets it out. Raises `NotNow`."""
    plan_release.hold(tx, _in(tx, delivery_id, WAITING), by, now)


def release(tx: Tx, context: Context, delivery_id: int, by: str, now: datetime) -> None:
    """Let a held message out, or a plan that the gate would hold, by its own rules. Raises `NotNow`."""
    delivery = _in(tx, delivery_id, WAITING)
    if delivery.purpose is Purpose.plan:
        release_plan(tx, context, delivery.booking_id, by, now)
    _trust_again(tx, delivery, by, now)
    fresh = deliveries.get(tx, delivery_id)
    if fresh is not None and fresh.status is DeliveryStatus.held:
        deliveries.reschedule(tx, delivery_id, max(delivery.due_at, now))
    audit.add(tx, by, "release", f"delivery:{delivery_id}", now)


def send_now(tx: Tx, delivery_id: int, by: str, now: datetime) -> None:
    """Due at once. The decision at the moment of sending is still made: what is wrong stays unsent."""
    delivery = _in(tx, delivery_id, NOT_SENT)
    _trust_again(tx, delivery, by, now)
    deliveries.reschedule(tx, delivery.id, now, by_person=True)
    was = f"{delivery.state} {delivery.due_at.isoformat()}"
    audit.add(tx, by, "send_now", f"delivery:{delivery_id}", now, was)


def resend(tx: Tx, delivery_id: int, by: str, now: datetime) -> None:
    """The same message once more, as a message of its own. Raises `NotNow`."""
    delivery = _in(tx, delivery_id, GONE_OUT)
    _trust_again(tx, delivery, by, now)
    tx.lock(f"resend:{delivery.booking_id}")
    deliveries.schedule(tx, Due(_next_key(tx, delivery), now), now)
    audit.add(tx, by, "resend", f"delivery:{delivery_id}", now)


def _next_key(tx: Tx, delivery: Delivery) -> DeliveryKey:
    """The key of the next time that this message is sent: two clicks at once make one."""
    every = deliveries.of_booking(tx, delivery.booking_id)
    same = [each for each in every if each.key.message == delivery.key.message]
    if any(each.status in ON_ITS_WAY for each in same):
        raise NotNow("It is on its way already.")
    return delivery.key.again(
        delivery.booking_id, _recipient(tx, delivery), max(each.key.resend for each in same) + 1
    )


def _recipient(tx: Tx, delivery: Delivery) -> int:
    """Where the client is reached now; whether an address is theirs is asked at that address."""
    if delivery.purpose is Purpose.confirm:
        return delivery.key.recipient
    return (
        recipients.recipient(tx, delivery.booking_id, delivery.channel) if delivery.purpose.to_client else 0
    )


def withdraw(tx: Tx, delivery_id: int, by: str, now: datetime) -> None:
    """Never send it, whatever becomes of the booking; what failed is let go. Raises `NotNow`."""
    delivery = _in(tx, delivery_id, (*WAITING, DeliveryStatus.dead))
    if delivery.status is DeliveryStatus.dead:
        deliveries.let_go(tx, delivery, Reason.withdrawn_by_person, now)
    else:
        deliveries.end(tx, [delivery.id], DeliveryStatus.withdrawn, Reason.withdrawn_by_person, now)
    audit.add(tx, by, "withdraw", f"delivery:{delivery_id}", now, delivery.state)


def _trust_again(tx: Tx, delivery: Delivery, by: str, now: datetime) -> None:
    """Mail to the address came back, and a person says that it is to be tried again."""
    point = contacts.get(tx, delivery.key.recipient)
    if point is not None and point.bounced_at is not None:
        contacts.bounced(tx, point.id, None)
        audit.add(tx, by, "address_again", f"delivery:{delivery.id}", now)


def _in(tx: Tx, delivery_id: int, statuses: tuple[DeliveryStatus, ...]) -> Delivery:
    delivery = deliveries.get(tx, delivery_id, lock=True)
    if delivery is None or delivery.status not in statuses:
        raise NotNow("This message has changed in the meantime. Look again.")
    return delivery
