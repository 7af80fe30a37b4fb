"""What a form says of where its client is reached: consent given again, an address or a number typed."""

from datetime import datetime

from clinical.plan.case import said_yes
from handlers.clients import contacts
from handlers.context import Context
from handlers.links import Link
from handlers.schedule import due
from schemas.booking import Booking, Person
from schemas.delivery import Channel, DeliveryKey, Due, Purpose
from schemas.forms.condition import Answers
from schemas.notions.phone import for_texts
from schemas.person import Attendance, ContactKind, ContactPoint, MessageKind
from store import attendances, audit, bookings, clients, deliveries
from store import contacts as stored
from store.base import Tx

CONSENT = {Channel.email: "consent_email", Channel.sms: "consent_sms"}
TYPED = {Channel.email: "email", Channel.sms: "mobile_phone"}


def mail_is_settled(tx: Tx, booking: Booking, before: Answers) -> bool:
    """True where a short update need not ask about e-mail: agreed to and not stopped, or no address."""
    comes = attendances.current(tx, booking.id)
    point = stored.get(tx, comes.email_id) if comes else None
    if point is None:
        return True
    return said_yes(before, CONSENT[Channel.email]) and MessageKind.care not in point.stopped


def agreed_again(
    tx: Tx, context: Context, booking: Booking, answers: Answers, now: datetime
) -> tuple[Channel, ...]:
    """A yes to e-mails or texts takes back the stop at the client's address or number; which had one.

    Where several people are reached there, nobody can take back what may have been another's stop.
    """
    comes = attendances.current(tx, booking.id)
    found = [
        channel
        for channel, consent in CONSENT.items()
        if comes is not None and answers.get(consent) == "yes" and _allow(tx, context, comes, channel, now)
    ]
    return tuple(found)


def _allow(tx: Tx, context: Context, comes: Attendance, channel: Channel, now: datetime) -> bool:
    point = stored.get(tx, comes.email_id if channel is Channel.email else comes.phone_id)
    if point is None or contacts.shared(tx, [point.id]):
        return False
    if not contacts.allow(tx, context, point, contacts.EVERY_KIND, now):
        return False
    audit.add(tx, "client", f"start_{channel}", f"contact:{point.id}", now, CONSENT[channel])
    return True


def ask_to_confirm(
    tx: Tx, context: Context, booking: Booking, answers: Answers, now: datetime
) -> tuple[Channel, ...]:
    """Write to an address or number that was typed, to hear whether it is the client's; which were new."""
    comes = attendances.current(tx, booking.id)
    assert comes is not None
    asked = []
    for channel, question in TYPED.items():
        agreed = answers.get(CONSENT[channel]) == "yes" and channel in context.senders
        place = _place(tx, context, channel, str(answers.get(question) or ""), now) if agreed else None
        if place is not None and place not in (comes.email_id, comes.phone_id):
            key = DeliveryKey(
                booking.id, Purpose.confirm, 0, channel, client=comes.client_id, recipient=place
            )
            deliveries.schedule(tx, Due(key, now), now)
            asked.append(channel)
    return tuple(asked)


def _place(tx: Tx, context: Context, channel: Channel, written: str, now: datetime) -> int | None:
    if channel is Channel.email:
        return contacts.email_of(tx, context, written, now)
    number = for_texts(written, context.clinic.country)
    return contacts.phone_of(tx, context, number, now) if number else None


def is_reached(tx: Tx, link: Link) -> bool:
    """True once the client of a link is reached at the address or number to which it was sent."""
    comes = attendances.current(tx, link.subject)
    return comes is not None and link.contact_id in (comes.email_id, comes.phone_id)


def confirm(tx: Tx, context: Context, link: Link, now: datetime) -> None:
    """The owner of the address or number says that it is theirs: the client is reached there from now on."""
    booking, point = bookings.get(tx, link.subject), stored.get(tx, link.contact_id)
    comes = attendances.current(tx, booking.id) if booking else None
    if booking is None or comes is None or point is None or is_reached(tx, link):
        return
    clients.describe(tx, comes.client_id, _person(point), context.clinic.country)
    stored.bounced(tx, point.id, None)
    audit.add(tx, "client", "address_confirmed", f"booking:{booking.id}", now)
    visits = attendances.sharing(tx, comes.intake_id) if comes.intake_id else [comes]
    for each in visits:
        places = {"email_id": each.email_id, "phone_id": each.phone_id}
        places["email_id" if point.kind is ContactKind.email else "phone_id"] = point.id
        attendances.reached_at(tx, each.id, **places)
    for each in visits:
        due.sync(tx, context, each.booking_id, now)


def _person(point: ContactPoint) -> Person:
    is_mail = point.kind is ContactKind.email
    return Person("", email=point.value if is_mail else "", phone="" if is_mail else point.value)
