"""What a message says: the right words, link, time and zone for one delivery."""

import hashlib
import hmac
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import parseaddr

from handlers import alerts, links, pictures, plan_page
from handlers.answers import effective
from handlers.house import House
from handlers.links import LinkPurpose
from render import mail, readable
from render.mail import Contents, Envelope, MailKind
from schemas import plan as plans_json
from schemas.delivery import Channel, Delivery
from schemas.message import Text
from store import checkins, clients, intakes
from store import plans as stored_plans
from store.base import Tx
from store.bookings import Thread
from store.intakes import Intake
from store.plans import StoredPlan

AFTER_VISIT = timedelta(days=1)  # how long the intake link lives on after the visit
MINUTES = {"returning": "2", "short": "4"}


def message_id(house: House, delivery: Delivery) -> str:
    """The same for every attempt at a delivery, so that mail programs show a repeat once.

    Two installations of one clinic never make the same: mail programs would hide the second mail.
    """
    return _identity(house, delivery.purpose, delivery.key)


def _identity(house: House, kind: str, key: str) -> str:
    digest = hmac.new(house.link_key, f"mail:{key}".encode(), hashlib.sha256).hexdigest()[:32]
    domain = parseaddr(house.clinic.email)[1].rpartition("@")[2]
    return f"<{kind}.{digest}@{domain}>"


def can_mail(address: str) -> bool:
    """True for exactly one address that a mail can go to."""
    try:
        return bool(mail.one_address(address))
    except ValueError:
        return False


def when(house: House, booking: Thread, client_zone: str, language: str) -> str:
    """The visit's time with its zone: the clinic's for a visit in person, the client's for a call (B16)."""
    zone = client_zone if booking.remote and client_zone else booking.zone
    return readable.moment(booking.start, house.zone(zone), language)


def _envelope(tx: Tx, house: House, delivery: Delivery, booking: Thread, to: str, now: datetime) -> Envelope:
    stop = links.issue(tx, house, LinkPurpose.stop, booking.client_id, now)
    return Envelope(
        to=to,
        sender=house.clinic.email,
        message_id=message_id(house, delivery),
        date=now,
        unsubscribe_url=stop,
    )


def _to_client(
    tx: Tx,
    house: House,
    delivery: Delivery,
    booking: Thread,
    now: datetime,
    kind: MailKind,
    language: str,
    url: str,
    minutes: str = "",
    contents: Contents | None = None,
    wording: str = "",
) -> EmailMessage:
    client = clients.get(tx, booking.client_id)
    context = {
        "url": url,
        "name": _called(tx, booking) or client.name,
        "when": when(house, booking, client.zone, language) if kind in BEFORE_VISIT else "",
        "place": booking.place if kind in BEFORE_VISIT and not booking.remote else "",
        "practitioner": booking.practitioner,
        "minutes": minutes,
        "emergency_number": house.clinic.emergency_number,
    }
    envelope = _envelope(tx, house, delivery, booking, client.email, now)
    return mail.message(
        kind,
        envelope,
        context,
        house.mail_texts(language),
        house.clinic,
        language=language,
        contents=contents,
        wording=wording,
    )


def _called(tx: Tx, booking: Thread) -> str:
    """What the client asked to be called; "" until they said so."""
    intake = intakes.of_booking(tx, booking.id)
    return str(effective(tx, intake).get("preferred_name") or "") if intake else ""


BEFORE_VISIT = (MailKind.INTAKE, MailKind.INTAKE_REMINDER)


def intake(
    tx: Tx, house: House, delivery: Delivery, booking: Thread, asked: Intake, now: datetime
) -> EmailMessage:
    """The request to fill in the questionnaire, or the reminder of it."""
    until = max(booking.end, now) + AFTER_VISIT
    url = links.issue(tx, house, LinkPurpose.intake, booking.id, now, until)
    minutes = MINUTES.get(asked.questionnaire, "8")
    kind, language = MailKind(delivery.purpose), house.clinic.spoken(asked.language)
    wording = mail.BEGUN if kind is MailKind.INTAKE_REMINDER and asked.answers else ""
    return _to_client(tx, house, delivery, booking, now, kind, language, url, minutes, wording=wording)


def plan(
    tx: Tx, house: House, delivery: Delivery, booking: Thread, stored: StoredPlan, now: datetime
) -> EmailMessage:
    """The plan: a link; with the plan itself only where the clinic chose so."""
    url = links.issue(tx, house, LinkPurpose.plan, booking.id, now)
    content = plans_json.load(stored.content)
    inside = None
    if house.clinic.policy.mail_contents:
        paper = plan_page.printed(tx, house, booking, stored, content)
        inside = Contents(content, pictures.of_plan(house, content), paper)
    return _to_client(
        tx, house, delivery, booking, now, MailKind.PLAN, content.language, url, contents=inside
    )


def checkin(
    tx: Tx, house: House, delivery: Delivery, booking: Thread, kind: str, now: datetime
) -> EmailMessage | Text:
    """A short question about the plan: a link to one page."""
    plan = stored_plans.newest(tx, booking.id)
    assert plan is not None
    asked = checkins.ask(tx, booking.id, plan.id, kind, now)
    url = links.issue(tx, house, LinkPurpose.checkin, asked.id, now)
    intake = intakes.of_booking(tx, booking.id)
    language = house.clinic.spoken(intake.language if intake else booking.language)
    if delivery.channel is Channel.sms:
        words = house.mail_texts(language)["sms"]["checkin"]
        body = words.format(clinic=house.clinic.name, url=url)
        return Text(clients.get(tx, booking.client_id).phone, body, delivery.key)
    return _to_client(tx, house, delivery, booking, now, MailKind.CHECKIN, language, url)


def reference(booking: Thread) -> str:
    """How staff mails name a booking: a number that tells a stranger nothing."""
    return f"{booking.id:05d}"


def staff(tx: Tx, house: House, delivery: Delivery, booking: Thread, to: str, now: datetime) -> EmailMessage:
    """A word to the clinic that somebody must look: no name, no answer."""
    language = house.clinic.language
    context = {
        "url": links.issue(tx, house, LinkPurpose.note, booking.id, now),
        "reference": reference(booking),
        "when": readable.moment(booking.start, house.zone(booking.zone), language),
    }
    envelope = Envelope(to, house.clinic.email, message_id(house, delivery), now)
    kind = MailKind.NUDGE if alerts.is_soon(delivery.key) else MailKind(delivery.purpose)
    return mail.message(kind, envelope, context, house.mail_texts(language), house.clinic, language=language)


def connection(house: House, label: str, hours: str, trouble: str, key: str, now: datetime) -> EmailMessage:
    """To whoever runs the clinic: a scheduler is quiet (for so many hours) or cannot be read (its words)."""
    context = {
        "url": f"{house.clinic.public_url.rstrip('/')}/console/connections",
        "connection": label,
        "hours": hours,
        "trouble": trouble,
    }
    language, kind = house.clinic.language, MailKind.CONNECTION
    identity = _identity(house, kind, f"connection:{key}")
    envelope = Envelope(house.clinic.alert_email, house.clinic.email, identity, now)
    return mail.message(kind, envelope, context, house.mail_texts(language), house.clinic, language=language)


def alert_text(house: House, delivery: Delivery, booking: Thread) -> Text:
    """The same as a text message."""
    body = f"{house.clinic.name}: please look at booking {reference(booking)} now."
    return Text(house.clinic.alert_sms, body, delivery.key)
