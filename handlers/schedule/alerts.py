"""A word to the clinic that somebody must look: at once, or in the next days."""

from datetime import datetime, timedelta

from schemas.delivery import Channel, Due, Purpose
from schemas.rules import Severity
from store import deliveries, intakes
from store.base import Tx

SOON = "soon-"  # how the name of an alert begins that has days
AGAIN = "again"
# How long each severity may stay unseen before the next person is told (clinical sources, section 2.1).
ACKNOWLEDGE = {Severity.STOP_EMERGENCY: timedelta(minutes=15), Severity.STOP_URGENT: timedelta(hours=2)}


def at_once(tx: Tx, booking_id: int, name: str, now: datetime) -> None:
    """By mail and by text; once for each reason."""
    _owe(tx, booking_id, name, (Channel.email, Channel.sms), now)


def soon(tx: Tx, booking_id: int, name: str, now: datetime) -> None:
    """By mail alone; once for each reason."""
    _owe(tx, booking_id, SOON + name, (Channel.email,), now)


def once_more(tx: Tx, booking_id: int, channel: Channel, now: datetime) -> None:
    """Plan a second word, to the next person, for stops that nobody has looked at."""
    waits = [ACKNOWLEDGE[severity] for severity in intakes.open_stops(tx, booking_id, unseen=True)]
    if waits:
        _owe(tx, booking_id, AGAIN, (channel,), now, min(waits))


def is_again(key: str) -> bool:
    """True for the key of a delivery that is a second word."""
    return f":{AGAIN}:" in key


def is_soon(key: str) -> bool:
    """True for the key of a delivery that has days."""
    return f":{SOON}" in key


def _owe(
    tx: Tx,
    booking_id: int,
    name: str,
    channels: tuple[Channel, ...],
    now: datetime,
    wait: timedelta = timedelta(),
) -> None:
    for channel in channels:
        key = f"{booking_id}:alert:{name}:{channel}"
        deliveries.owe(tx, Due(key, booking_id, Purpose.alert, channel, now + wait), now)
