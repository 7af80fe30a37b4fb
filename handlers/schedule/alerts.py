"""An alert to the clinic that somebody must look: at once, or in the next days."""

from datetime import datetime, timedelta

from handlers.schedule import recipients
from schemas.delivery import ESCALATION, AlertCause, Channel, DeliveryKey, Due, Purpose, Urgency
from schemas.rules import Severity
from store import bookings, deliveries, intakes
from store.base import Tx

# How long each severity may stay unseen before the next person is alerted (clinical sources, section 2.1).
ACKNOWLEDGE = {Severity.STOP_EMERGENCY: timedelta(minutes=15), Severity.STOP_URGENT: timedelta(hours=2)}


def at_once(tx: Tx, booking_id: int, name: str, now: datetime) -> None:
    """By mail and by text; once for each reason."""
    _schedule(tx, booking_id, AlertCause(name), (Channel.email, Channel.sms), now)


def soon(tx: Tx, booking_id: int, name: str, now: datetime) -> None:
    """By mail alone; once for each reason."""
    _schedule(tx, booking_id, AlertCause(name, Urgency.soon), (Channel.email,), now)


def escalate(tx: Tx, booking_id: int, channel: Channel, now: datetime) -> None:
    """Plan a second alert, to the next person, for stops that nobody has looked at."""
    waits = [ACKNOWLEDGE[severity] for severity in intakes.open_stops(tx, booking_id, unseen=True)]
    if waits:
        _schedule(tx, booking_id, ESCALATION, (channel,), now, min(waits))


def urgency(key: DeliveryKey) -> Urgency | None:
    """How fast an alert must be looked at; None for what is no alert."""
    return key.number.urgency if isinstance(key.number, AlertCause) else None


def _schedule(
    tx: Tx,
    booking_id: int,
    cause: AlertCause,
    channels: tuple[Channel, ...],
    now: datetime,
    wait: timedelta = timedelta(),
) -> None:
    booking = bookings.get(tx, booking_id)
    assert booking is not None
    for channel in channels:
        key = recipients.about(booking, Purpose.alert, cause, channel)
        deliveries.schedule(tx, Due(key, now + wait), now)
