"""An address or number was put right: what waits goes there, the newest plan once, and nothing is lost."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from handlers.context import Context
from handlers.schedule import recipients
from schemas.booking import Booking
from schemas.clinic import Policy
from schemas.delivery import TRIED, Delivery, DeliveryStatus, Due, Purpose
from schemas.reason import BY_PERSON, Reason
from store import deliveries, plans
from store.base import Tx

KEPT = (
    *(Purpose.plan_held, Purpose.checkin, Purpose.my_day, Purpose.answer),
    *(Purpose.book_again, Purpose.confirm, Purpose.attach),
)
"""What has rules of its own, besides those of the booking."""
STILL_WANTED = (Purpose.plan, Purpose.answer)
"""What the client is to have, however long an address did not work."""
COMING = (DeliveryStatus.scheduled, DeliveryStatus.held, DeliveryStatus.sending)


def theirs(delivery: Delivery, booking: Booking) -> bool:
    """True for what is about the client who comes now."""
    return delivery.key.client in (0, booking.client_id)


def follows_address(purpose: Purpose) -> bool:
    """True for what goes to where the client is reached, wherever that is by then."""
    return purpose.to_client and purpose is not Purpose.confirm


def after_plan(delivery: Delivery) -> bool:
    """True for what follows a plan or was sent again: it is due whatever the booking alone asks for."""
    later = delivery.key.resend > 0 or (delivery.purpose is Purpose.plan and delivery.key.number != 0)
    return later or delivery.purpose in KEPT


def without_plan(tx: Tx, booking: Booking, dues: list[Due]) -> list[Due]:
    """What is due, without the plan where a mail of it went already, or follows: one says it."""
    mails = [each for each in _of_kind(tx, booking.id, Purpose.plan) if theirs(each, booking)]
    follows = any(each.status in COMING and after_plan(each) for each in mails)
    there = {each.key.recipient: each.key for each in mails if each.status in TRIED}
    return [
        due
        for due in dues
        if due.key.purpose is not Purpose.plan
        or not (follows or there.get(due.key.recipient, due.key) != due.key)
    ]


def keep_decided(tx: Tx, booking: Booking, now: datetime) -> None:
    """What a person held or withdrew stays so wherever the client is reached."""
    for each, place in _elsewhere(tx, booking):
        if each.reason in BY_PERSON:
            there = replace(each.key, recipient=place)
            deliveries.schedule(tx, Due(there, each.due_at), now)
            made = deliveries.by_key(tx, there)
            if made is not None and made.status is DeliveryStatus.scheduled:
                deliveries.end(tx, [made.id], each.status, each.reason, now)
            deliveries.let_go(tx, each, Reason.address_changed, now)


def follow(tx: Tx, booking: Booking, now: datetime) -> None:
    """What waits or is leaving for who comes goes to where they are reached now."""
    for each, place in _elsewhere(tx, booking):
        if each.status in COMING and after_plan(each):
            deliveries.schedule(tx, Due(replace(each.key, recipient=place), each.due_at), now)


def once_more(tx: Tx, context: Context, booking: Booking, now: datetime) -> None:
    """What was refused at the old address is done with; what the client is to have goes to the new one.

    A plan or an answer goes there once, however many of them did not arrive, or left lately.
    """
    for each, place in _elsewhere(tx, booking):
        if each.purpose in STILL_WANTED and _is_due_again(context.clinic.policy, each, now):
            _again(tx, each, place, now)
        if each.status is DeliveryStatus.dead:
            deliveries.let_go(tx, each, Reason.address_changed, now)


def _is_due_again(policy: Policy, delivery: Delivery, now: datetime) -> bool:
    """True for what was refused while it can still be of use, and for what left a short while ago."""
    if delivery.status is DeliveryStatus.dead:
        return _settled(delivery) > now - policy.mendable
    return delivery.status in TRIED and _settled(delivery) > now - policy.too_late


def _again(tx: Tx, gone: Delivery, place: int, now: datetime) -> None:
    """To the new address, unless one of its kind is on its way, or was settled there since."""
    others = _of_kind(tx, gone.booking_id, gone.purpose)
    there = [each for each in others if each.key.recipient == place and each.settled_at]
    last = max((_settled(each) for each in there if each.reason is not Reason.address_changed), default=None)
    if any(each.status in COMING for each in others) or (last and not _is_newer(tx, gone, last)):
        return
    deliveries.schedule(tx, Due(gone.key.again(gone.booking_id, place, gone.key.resend + 1), now), now)


def _is_newer(tx: Tx, gone: Delivery, last: datetime) -> bool:
    plan = plans.newest(tx, gone.booking_id) if gone.purpose is Purpose.plan else None
    return _settled(gone) > last and (plan is None or plan.created_at > last)


def _settled(delivery: Delivery) -> datetime:
    return delivery.settled_at or delivery.due_at


def _of_kind(tx: Tx, booking_id: int, purpose: Purpose) -> list[Delivery]:
    return [each for each in deliveries.of_booking(tx, booking_id) if each.purpose is purpose]


def _elsewhere(tx: Tx, booking: Booking) -> Iterator[tuple[Delivery, int]]:
    """What was meant for a place where who comes is not reached any more, and the place that counts."""
    for each in deliveries.of_booking(tx, booking.id):
        if follows_address(each.purpose) and theirs(each, booking):
            place = recipients.recipient(tx, booking.id, each.channel)
            if place not in (0, each.key.recipient):
                yield each, place
