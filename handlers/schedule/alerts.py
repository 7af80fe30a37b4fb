"""An alert to the clinic that somebody must look: at once, or in the next days.

One that must be looked at now goes on to the next way and the next person, until somebody signed in has
pressed its button. Opening a page is no sign that a person has read it.
"""

from datetime import datetime, timedelta

from handlers.context import Context
from handlers.schedule import news, recipients
from schemas.delivery import (
    ESCALATION,
    AlertCause,
    Channel,
    Delivery,
    DeliveryKey,
    DeliveryStatus,
    Due,
    Purpose,
    Urgency,
)
from schemas.rules import Severity
from schemas.staff import StaffNews
from store import bookings, deliveries, intakes
from store.base import Tx

# How long each severity may stay unseen before the next person is alerted.
ACKNOWLEDGE = {Severity.STOP_EMERGENCY: timedelta(minutes=15), Severity.STOP_URGENT: timedelta(hours=2)}
AT_ONCE = timedelta()


def at_once(tx: Tx, booking_id: int, name: str, now: datetime) -> None:
    """By mail and by text; once for each reason."""
    if _schedule(tx, booking_id, cause(tx, booking_id, name), (Channel.email, Channel.sms), now):
        _tell(tx, booking_id, StaffNews.alert, now)


def soon(tx: Tx, booking_id: int, name: str, now: datetime) -> None:
    """By mail alone; once for each reason."""
    if _schedule(tx, booking_id, cause(tx, booking_id, name, Urgency.soon), (Channel.email,), now):
        _tell(tx, booking_id, StaffNews.look, now)


def _tell(tx: Tx, booking_id: int, kind: StaffNews, now: datetime) -> None:
    booking = bookings.get(tx, booking_id)
    assert booking is not None
    news.tell(tx, booking, kind, now)


def cause(tx: Tx, booking_id: int, name: str, urgency: Urgency = Urgency.at_once) -> AlertCause:
    """A reason as it stands in the schedule, beside the client's name: it says nothing to who has no key."""
    booking = bookings.get(tx, booking_id)
    assert booking is not None
    return AlertCause(_codes(tx, booking.client_id, name)[0], urgency)


def _codes(tx: Tx, client_id: int, name: str) -> tuple[str, ...]:
    return tx.vault.codes(f"alert:{client_id}:{name}")


def escalate(tx: Tx, booking_id: int, channel: Channel, now: datetime) -> None:
    """Plan a second alert, to the next person, for what nobody has seen by then."""
    if waits := unseen(tx, booking_id):
        _schedule(tx, booking_id, ESCALATION, (channel,), now, min(waits))


def pass_on(tx: Tx, context: Context, delivery: Delivery, now: datetime) -> None:
    """It was refused, or it is not known whether it arrived: the next way and the next person, at once.

    The text went out together with the mail. Where the next person is the same one, their time is left to
    them: the mail server has just refused them.
    """
    waits = unseen(tx, delivery.booking_id)
    if not waits or urgency(delivery.key) is Urgency.soon:
        return
    mail, text = (Channel.email, Channel.sms)
    if urgency(delivery.key) is Urgency.escalated:
        _schedule(tx, delivery.booking_id, ESCALATION, ({mail: text, text: mail}[delivery.channel],), now)
        return
    same = context.clinic.alert_next_email in ("", context.clinic.alert_email)
    wait = min(waits) if same and delivery.channel is mail else AT_ONCE
    _schedule(tx, delivery.booking_id, ESCALATION, (mail,), now, wait)


def unseen(tx: Tx, booking_id: int) -> list[timedelta]:
    """How long what nobody has seen of a booking may stay so, each; [] when all is seen."""
    flags = [ACKNOWLEDGE[severity] for severity in intakes.unseen_stops(tx, booking_id)]
    return flags + [ACKNOWLEDGE[Severity.STOP_URGENT] for _each in _replies(tx, booking_id)]


def _replies(tx: Tx, booking_id: int) -> list[Delivery]:
    """Alerts of now that no flag stands for: what a client said in a check-in."""
    rules = {flag["rule"] for flag in intakes.flags_of_all(tx, booking_id)}
    return [
        each
        for each in deliveries.of_booking(tx, booking_id)
        if isinstance(each.key.number, AlertCause)
        and each.key.number.urgency is Urgency.at_once
        and not any(each.key.number.name in (rule, *_codes(tx, each.key.client, rule)) for rule in rules)
        and each.seen_at is None
    ]


def urgency(key: DeliveryKey) -> Urgency | None:
    """How fast an alert must be looked at; None for what is no alert."""
    return key.number.urgency if isinstance(key.number, AlertCause) else None


def _schedule(
    tx: Tx,
    booking_id: int,
    cause: AlertCause,
    channels: tuple[Channel, ...],
    now: datetime,
    wait: timedelta = AT_ONCE,
) -> bool:
    """True where something is due that was not yet."""
    booking, made = bookings.get(tx, booking_id), False
    assert booking is not None
    for channel in channels:
        key = recipients.about(booking, Purpose.alert, cause, channel)
        known = deliveries.by_key(tx, key)
        if known is None or known.status is not DeliveryStatus.scheduled or known.due_at > now + wait:
            deliveries.schedule(tx, Due(key, now + wait), now)
        made |= known is None
    return made
