"""Whom a message is about and where it goes: the key of a delivery, from who comes to the booking now."""

from schemas.booking import Booking
from schemas.delivery import Channel, DeliveryKey, Number, Purpose
from store import attendances
from store.base import Tx


def to_client(
    tx: Tx, booking: Booking, purpose: Purpose, number: Number, channel: Channel = Channel.email
) -> DeliveryKey:
    """A message to the client, where they are reached now."""
    place = recipient(tx, booking.id, channel)
    return DeliveryKey(booking.id, purpose, number, channel, client=booking.client_id, recipient=place)


def about(
    booking: Booking, purpose: Purpose, number: Number, channel: Channel = Channel.email
) -> DeliveryKey:
    """A message about the client: to the clinic, or onto the scheduler's booking."""
    return DeliveryKey(booking.id, purpose, number, channel, client=booking.client_id)


def recipient(tx: Tx, booking_id: int, channel: Channel) -> int:
    """The contact point at which who comes is reached by a channel; 0 where none is known."""
    comes = attendances.current(tx, booking_id)
    if comes is None:
        return 0
    return (comes.phone_id if channel is Channel.sms else comes.email_id) or 0
