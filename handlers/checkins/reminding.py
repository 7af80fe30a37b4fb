"""Reminders on the days that a client chose: only where they asked for one, one at a time."""

from datetime import datetime, timedelta

from handlers.answers import agreed
from handlers.checkins import reach
from handlers.clients.contacts import wants
from handlers.context import Context
from handlers.plans import page as plan_page
from handlers.schedule import recipients
from handlers.schedule.quiet import quiet_hours
from schemas.booking import Booking
from schemas.delivery import WAITING, Channel, Delivery, DeliveryStatus, Due, Purpose
from schemas.my_days import MyDays
from schemas.reason import Reason
from store import checkins, clients, contacts, deliveries, intakes, my_days
from store.base import Tx

LONGEST = timedelta(weeks=12)
"""After the visit: as long as the calendar file runs."""


def ways(tx: Tx, context: Context, booking: Booking) -> tuple[Channel, ...]:
    """How this client may be reminded now: agreed to, wanted there, and able to arrive."""
    intake = intakes.of_booking(tx, booking.id)
    point = contacts.get(tx, recipients.recipient(tx, booking.id, Channel.email) or None)
    mail = intake is not None and agreed(tx, intake, "consent_email") and wants(point, Purpose.my_day)
    text = reach.number_for_texts(tx, context, booking) is not None
    return tuple(way for way, is_open in ((Channel.email, mail), (Channel.sms, text)) if is_open)


def chosen_by(tx: Tx, booking: Booking) -> MyDays | None:
    """The days of who comes to a visit."""
    return my_days.of_client(tx, clients.family(tx, booking.client_id))


def schedule(tx: Tx, context: Context, booking: Booking, now: datetime) -> None:
    """Schedule the next reminder as the client wants it; what waits otherwise is moved or ended."""
    chosen = chosen_by(tx, booking)
    made = [each for each in deliveries.of_booking(tx, booking.id) if each.purpose is Purpose.my_day]
    waiting = [each for each in made if each.status in WAITING]
    way = chosen.way if chosen else None
    deliveries.end(
        tx,
        [each.id for each in waiting if each.channel is not way],
        DeliveryStatus.withdrawn,
        Reason.not_needed,
        now,
    )
    if chosen is None or way is None:
        return
    at = next_time(tx, context, booking, chosen, now)
    same = [each for each in waiting if each.channel is way]
    number = same[-1].key.number if same else 1 + max((_number(each) for each in made), default=0)
    deliveries.schedule(tx, Due(recipients.to_client(tx, booking, Purpose.my_day, number, way), at), now)


def _number(delivery: Delivery) -> int:
    assert isinstance(delivery.key.number, int)
    return delivery.key.number


def next_time(tx: Tx, context: Context, booking: Booking, chosen: MyDays, now: datetime) -> datetime:
    """The next time of the rhythm on the client's clock, moved out of the quiet hours."""
    client = clients.get(tx, booking.client_id)
    at = chosen.next_time(now, context.zone(client.zone or booking.zone))
    return quiet_hours(context, booking, client.zone).next_open(at)


def ended(tx: Tx, context: Context, booking: Booking, way: Channel, now: datetime) -> Reason:
    """Why there are no more reminders of this visit's plan by this way; `none` while there are."""
    chosen = chosen_by(tx, booking)
    if chosen is None or chosen.way is not way:
        return Reason.not_needed
    if booking.end + LONGEST < now:
        return Reason.too_late
    if way not in ways(tx, context, booking):
        return Reason.no_consent
    current = plan_page.current(tx, booking.id).plan
    if current is not None and current.booking_id != booking.id:
        return Reason.newer_plan
    return Reason.none


def not_today(tx: Tx, context: Context, booking: Booking, now: datetime) -> Reason:
    """Why there is none today: the plan is paused or held, it is no chosen day, or it was ticked already."""
    if plan_page.current(tx, booking.id).plan is None:
        return Reason.on_hold
    chosen, zone = chosen_by(tx, booking), clients.get(tx, booking.client_id).zone or booking.zone
    today = now.astimezone(context.zone(zone)).date()
    if chosen is None or today.weekday() not in chosen.days:
        return Reason.too_late
    ticked = checkins.days(tx, clients.family(tx, booking.client_id))
    return Reason.answered if today in ticked else Reason.none
