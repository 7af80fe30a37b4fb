"""By which way a check-in reaches a client: a text where one can really go, else a mail (B11)."""

from dataclasses import replace
from datetime import datetime

from handlers.answers import agreed
from handlers.clients.contacts import wants
from handlers.context import Context
from handlers.schedule import recipients
from schemas.booking import Booking
from schemas.delivery import Channel, Delivery, Due, Purpose
from schemas.notions import phone
from store import contacts, deliveries, intakes
from store.base import Tx


def channel(tx: Tx, context: Context, booking: Booking) -> Channel:
    """The way that is open now; looked at again when the message goes out."""
    return Channel.sms if number_for_texts(tx, context, booking) else Channel.email


def number_for_texts(tx: Tx, context: Context, booking: Booking) -> str | None:
    """Where texts to this client go, in E.164; None where none can go or none is wanted."""
    point = contacts.get(tx, recipients.recipient(tx, booking.id, Channel.sms) or None)
    number = phone.for_texts(point.value, context.clinic.country) if point else None
    if number is None or Channel.sms not in context.senders or not wants(point, Purpose.checkin):
        return None
    intake = intakes.of_booking(tx, booking.id)
    return number if intake and agreed(tx, intake, "consent_sms") else None


def by_mail(tx: Tx, delivery: Delivery, now: datetime) -> None:
    """The same check-in as a mail, where it was to be a text and none can arrive."""
    if delivery.purpose is Purpose.checkin and delivery.channel is Channel.sms:
        place = recipients.recipient(tx, delivery.booking_id, Channel.email)
        key = replace(delivery.key, booking=delivery.booking_id, channel=Channel.email, recipient=place)
        deliveries.schedule(tx, Due(key, now), now)
