"""A word to the clinic that somebody must look: at once, or in the next days."""

from datetime import datetime

from schemas.delivery import Channel, Purpose
from store import deliveries
from store.base import Tx
from store.deliveries import Due

SOON = "soon-"  # how the name of an alert begins that has days


def at_once(tx: Tx, booking_id: int, name: str, now: datetime) -> None:
    """By mail and by text; once for each reason."""
    _owe(tx, booking_id, name, (Channel.email, Channel.sms), now)


def soon(tx: Tx, booking_id: int, name: str, now: datetime) -> None:
    """By mail alone; once for each reason."""
    _owe(tx, booking_id, SOON + name, (Channel.email,), now)


def is_soon(key: str) -> bool:
    """True for the key of a delivery that has days."""
    return f":{SOON}" in key


def _owe(tx: Tx, booking_id: int, name: str, channels: tuple[Channel, ...], now: datetime) -> None:
    for channel in channels:
        key = f"{booking_id}:alert:{name}:{channel}"
        deliveries.owe(tx, Due(key, booking_id, Purpose.alert, channel, now), now)
