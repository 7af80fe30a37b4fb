"""The decision at the moment of sending (B3): is it still right to send this, and what exactly?"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from functools import partial

from handlers import alerts, attach, checkins, messages, plans, schedule
from handlers.house import House
from handlers.intake import begin
from integrations.base import Note
from schemas.booking import BookingStatus
from schemas.delivery import Channel, Delivery, Purpose
from schemas.message import Text
from store import bookings, clients, deliveries, intakes
from store import plans as stored_plans
from store.base import Tx
from store.bookings import Thread
from store.plans import StoredPlan

ASKING = (Purpose.intake, Purpose.intake_reminder)
APART = schedule.LEAST_GAP / 2


@dataclass(frozen=True, slots=True)
class Send:
    """Send this; `after` runs in the transaction that notes the success."""

    message: EmailMessage | Text
    after: Callable[[Tx], None] | None = None


@dataclass(frozen=True, slots=True)
class Skip:
    """Not needed any more, for this reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class Hold:
    """Not now: it waits for a person or an answer."""

    reason: str


@dataclass(frozen=True, slots=True)
class Later:
    """Not at this hour."""

    due_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Write:
    """Write this onto the scheduler's booking."""

    connection: str
    external_id: str
    note: Note


Decision = Send | Skip | Hold | Later | Write


def decide(tx: Tx, house: House, delivery: Delivery, now: datetime) -> Decision:
    """What to do with a claimed delivery, by what is true at this moment."""
    booking = bookings.get(tx, delivery.booking_id)
    assert booking is not None
    if delivery.purpose is Purpose.attach:
        return _attach(tx, house, booking)
    if delivery.purpose in STAFF:
        return STAFF[delivery.purpose](tx, house, delivery, booking, now)
    no = _booking_says_no(booking) or _client_says_no(tx, delivery, booking)
    return no or CLIENT[delivery.purpose](tx, house, delivery, booking, now)


def _booking_says_no(booking: Thread) -> Skip | None:
    if booking.status is not BookingStatus.confirmed:
        return Skip(str(booking.status))
    return Skip("older_than_connection") if booking.earlier else None


def _attach(tx: Tx, house: House, booking: Thread) -> Decision:
    """An older status that is still waiting is not written over a newer one: the words are made now."""
    no = _booking_says_no(booking)
    return no or Write(booking.connection, attach.current_id(tx, booking), attach.note(tx, house, booking))


def _too_late(house: House, booking: Thread, now: datetime) -> bool:
    return booking.end + house.clinic.policy.too_late < now


def _client_says_no(tx: Tx, delivery: Delivery, booking: Thread) -> Skip | Hold | None:
    client = clients.get(tx, booking.client_id)
    if client.erased_at:
        return Skip("erased")
    if delivery.channel is Channel.email:
        if not messages.can_mail(client.email):
            return Hold("no_address")
        return Skip("unsubscribed") if client.no_email_at else None
    return Skip("unsubscribed") if client.no_sms_at else None


def _intake(tx: Tx, house: House, delivery: Delivery, booking: Thread, now: datetime) -> Decision:
    intake = intakes.of_booking(tx, booking.id)
    if intake is None or intake.done:
        return Skip("answered")
    if _too_late(house, booking, now):
        return Skip("too_late")
    begin(tx, house, booking, now)
    asked = intakes.of_booking(tx, booking.id) or intake
    return Send(messages.intake(tx, house, delivery, booking, asked, now))


def _reminder(tx: Tx, house: House, delivery: Delivery, booking: Thread, now: datetime) -> Decision:
    if now >= booking.start:
        return Skip("visit_started")
    if intakes.open_stops(tx, booking.id):
        return Skip("red_flag")  # who was told to see a doctor now is not asked for the rest of a form
    quiet = schedule.quiet_hours(house, booking, clients.get(tx, booking.client_id).zone)
    if quiet.now(now):
        opens = quiet.next_open(now)
        return Later(opens, "quiet_hours") if opens < booking.start else Skip("quiet_hours")
    if _asked_lately(tx, booking, now):
        return Skip("asked_lately")
    return _intake(tx, house, delivery, booking, now)


def _asked_lately(tx: Tx, booking: Thread, now: datetime) -> bool:
    """After days without a worker the request and its reminders are due together: one of them is enough."""
    return any(
        each.purpose in ASKING and each.status == "sent" and each.settled_at and each.settled_at > now - APART
        for each in deliveries.of_booking(tx, booking.id)
    )


def _plan(tx: Tx, house: House, delivery: Delivery, booking: Thread, now: datetime) -> Decision:
    due = booking.end + house.clinic.policy.plan_delay
    if now < due:
        return Later(due, "visit_not_over")
    verdict = plans.gate(tx, house, booking, now)
    if not verdict.clear or verdict.plan is None:
        return Skip(verdict.reason) if verdict.final else Hold(verdict.reason)
    intake = intakes.of_booking(tx, booking.id)
    if intake is None or not plans.agreed(tx, intake, "consent_email"):
        return Hold("no_email_consent")
    plan = verdict.plan
    by_person = plan.released_by or plan.reason.startswith(plans.BY_CHECKIN)
    if _too_late(house, booking, now) and not by_person:
        return Skip("too_late")
    message = messages.plan(tx, house, delivery, booking, plan, now)
    return Send(message, after=partial(_plan_sent, house, booking, plan, now))


def _plan_sent(house: House, booking: Thread, plan: StoredPlan, now: datetime, tx: Tx) -> None:
    stored_plans.sent(tx, plan.id, now)
    checkins.owe(tx, house, booking, now)
    attach.owe(tx, house, booking, now)


def _checkin(tx: Tx, house: House, delivery: Delivery, booking: Thread, now: datetime) -> Decision:
    kind = checkins.kind_of(delivery.key)
    reason = checkins.not_now(tx, booking, kind, now)
    if reason == "no_reply":
        checkins.nudge_staff(tx, booking, now)
    if reason:
        return Skip(reason)
    quiet = schedule.quiet_hours(house, booking, clients.get(tx, booking.client_id).zone)
    if quiet.now(now):
        return Later(quiet.next_open(now), "quiet_hours")
    intake = intakes.of_booking(tx, booking.id)
    consent = "consent_sms" if delivery.channel is Channel.sms else "consent_email"
    if intake is None or not plans.agreed(tx, intake, consent):
        return Skip("no_consent")
    again = quiet.next_open(now + checkins.REMINDED_AFTER)
    message = messages.checkin(tx, house, delivery, booking, kind, now)
    return Send(message, after=lambda tx: checkins.remind(tx, delivery, again, now))


def _alert(tx: Tx, house: House, delivery: Delivery, booking: Thread, now: datetime) -> Decision:
    again = alerts.is_again(delivery.key)
    if again and not intakes.open_stops(tx, booking.id, unseen=True):
        return Skip("acknowledged")
    after = None
    if delivery.purpose is Purpose.alert and not again:
        after = partial(alerts.once_more, booking_id=booking.id, channel=delivery.channel, now=now)
    if delivery.channel is Channel.sms:
        if not house.clinic.alert_sms or Channel.sms not in house.senders:
            return Skip("no_alert_number")
        return Send(messages.alert_text(house, delivery, booking), after)
    to = (house.clinic.alert_next_email if again else "") or house.clinic.alert_email
    if not messages.can_mail(to):
        return Skip("no_alert_address")
    return Send(messages.staff(tx, house, delivery, booking, to, now), after)


Decider = Callable[[Tx, House, Delivery, Thread, datetime], Decision]
STAFF: dict[Purpose, Decider] = {Purpose.alert: _alert, Purpose.summary: _alert}
CLIENT: dict[Purpose, Decider] = {
    Purpose.intake: _intake,
    Purpose.intake_reminder: _reminder,
    Purpose.plan: _plan,
    Purpose.checkin: _checkin,
}
