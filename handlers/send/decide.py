"""The decision at the moment of sending (B3): is it still right to send this, and what exactly?"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import partial

from handlers.answers import agreed
from handlers.bookings.observe import current_id
from handlers.checkins import asking, book_again, reach, remarks, reminding
from handlers.clients.contacts import is_placeholder, wants
from handlers.context import Context
from handlers.intake.form import begin
from handlers.plans import drafting, standing
from handlers.schedule import alerts, attach
from handlers.schedule import due as schedule
from handlers.schedule.quiet import Quiet, quiet_hours
from handlers.send import flood, held, messages
from handlers.send.flood import Flood
from integrations.base import Note
from schemas.booking import Booking, BookingStatus
from schemas.delivery import ASKING, Channel, CheckInQuestion, Delivery, Purpose, Urgency
from schemas.message import Text
from schemas.plan import StoredPlan
from schemas.reason import Reason
from store import attendances, bookings, clients, contacts, deliveries, intakes
from store import plans as stored_plans
from store.base import Tx

WAITS = timedelta(minutes=1)  # the others of a flood, for the first request to go
APART = schedule.LEAST_GAP / 2


@dataclass(frozen=True, slots=True)
class Send:
    """Send this; `after` runs in the transaction that notes the success."""

    message: EmailMessage | Text
    after: Callable[[Tx], None] | None = None


@dataclass(frozen=True, slots=True)
class Skip:
    """Not needed any more, for this reason."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Hold:
    """Not now: it waits for a person or an answer."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Later:
    """Not yet."""

    due_at: datetime
    reason: Reason


@dataclass(frozen=True, slots=True)
class Write:
    """Write this onto the scheduler's booking."""

    connection: str
    external_id: str
    note: Note


Decision = Send | Skip | Hold | Later | Write


def decide(tx: Tx, context: Context, delivery: Delivery, now: datetime) -> Decision:
    """What to do with a claimed delivery, by what is true at this moment.

    What a person sent again does not wait for the pace that holds between our own messages.
    """
    booking = bookings.get(tx, delivery.booking_id)
    assert booking is not None
    if delivery.purpose is Purpose.attach:
        return _attach(tx, context, booking)
    if delivery.purpose in STAFF:
        return STAFF[delivery.purpose](tx, context, delivery, booking, now)
    no = _booking_says_no(booking) or _client_says_no(tx, context, delivery, booking)
    no = no or _person_says_no(tx, delivery, booking)
    return no or CLIENT[delivery.purpose](tx, context, delivery, booking, now)


def _booking_says_no(booking: Booking) -> Skip | None:
    if booking.status is not BookingStatus.confirmed:
        return Skip(Reason(booking.status))
    return Skip(Reason.older_than_connection) if booking.earlier else None


def _attach(tx: Tx, context: Context, booking: Booking) -> Decision:
    """An older status that is still waiting is not written over a newer one: the words are made now."""
    external_id, no = current_id(tx, booking), _booking_says_no(booking)
    if not external_id:
        no = Skip(Reason.older_than_connection)
    return no or Write(booking.connection, external_id, attach.note(tx, context, booking))


def _too_late(context: Context, booking: Booking, now: datetime) -> bool:
    return booking.end + context.clinic.policy.too_late < now


def _client_says_no(tx: Tx, context: Context, delivery: Delivery, booking: Booking) -> Skip | Hold | None:
    """Is it for who comes now, is it certain who that is, and are they reached there?"""
    comes, key = attendances.current(tx, booking.id), delivery.key
    if comes is None or clients.get(tx, booking.client_id).erased_at:
        return Skip(Reason.erased)
    if key.client not in (0, comes.client_id):
        return Skip(Reason.handed_over)
    if comes.asked is not None:
        return Hold(Reason.who_is_it)
    point = contacts.get(tx, key.recipient)
    if point is None or is_placeholder(point.value, context.clinic):
        return Hold(Reason.no_address)
    if delivery.purpose is not Purpose.confirm and key.recipient not in (comes.email_id, comes.phone_id):
        return Skip(Reason.address_changed)
    if point.bounced_at:
        return Hold(Reason.no_address)
    if key.channel is Channel.sms and delivery.purpose is Purpose.checkin:
        return None  # what was to be a text may go by mail: that is decided where the check-in is
    return None if wants(point, delivery.purpose) else Skip(Reason.unsubscribed)


def _person_says_no(tx: Tx, delivery: Delivery, booking: Booking) -> Hold | None:
    """A stop on any visit of a person holds every check-in too, until somebody cleared it."""
    asks = delivery.purpose is Purpose.checkin
    stopped = asks and any(fact.startswith("stop=") for fact in standing.elsewhere(tx, booking))
    return Hold(Reason.red_flag) if stopped else None


def _intake(tx: Tx, context: Context, delivery: Delivery, booking: Booking, now: datetime) -> Decision:
    intake = intakes.of_booking(tx, booking.id)
    if intake is None or intake.done:
        return Skip(Reason.answered)
    if _too_late(context, booking, now):
        return Skip(Reason.too_late)
    many = flood.look(tx, delivery, booking)
    if many is not Flood.no:
        waits = many is Flood.first_comes
        return Later(now + WAITS, Reason.many_bookings) if waits else Hold(Reason.many_bookings)
    if now >= booking.end:  # nothing is asked "before your visit" once it is over
        return Skip(Reason.visit_started)
    begin(tx, context, booking, now)
    asked = intakes.of_booking(tx, booking.id) or intake
    return Send(messages.intake(tx, context, delivery, booking, asked, now))


def _quiet(tx: Tx, context: Context, booking: Booking) -> Quiet:
    return quiet_hours(context, booking, clients.get(tx, booking.client_id).zone)


def _undisturbed(tx: Tx, context: Context, booking: Booking, now: datetime) -> Later | None:
    """When the client's quiet hours end; None where it may go now."""
    quiet = _quiet(tx, context, booking)
    return Later(quiet.next_open(now), Reason.quiet_hours) if quiet.now(now) else None


def _reminder(tx: Tx, context: Context, delivery: Delivery, booking: Booking, now: datetime) -> Decision:
    if now >= booking.start:
        return Skip(Reason.visit_started)
    if intakes.open_stops(tx, booking.id):
        return Skip(Reason.red_flag)  # who was told to see a doctor now is not asked for the rest of a form
    if later := _undisturbed(tx, context, booking, now):
        return later if later.due_at < booking.start else Skip(Reason.quiet_hours)
    if not delivery.key.resend and _asked_lately(tx, booking, now):
        return Skip(Reason.asked_lately)
    return _intake(tx, context, delivery, booking, now)


def _asked_lately(tx: Tx, booking: Booking, now: datetime) -> bool:
    """After days without a worker the request and its reminders are due together: one of them is enough."""
    return any(
        each.purpose in ASKING and each.status == "sent" and each.settled_at and each.settled_at > now - APART
        for each in deliveries.of_booking(tx, booking.id)
    )


def _plan(tx: Tx, context: Context, delivery: Delivery, booking: Booking, now: datetime) -> Decision:
    due = booking.end + context.clinic.policy.plan_delay
    if now < due:
        return Later(due, Reason.visit_not_over)
    found = standing.decide(tx, context, booking, now)
    plan = found.plan
    if not found.clear or plan is None:
        if not found.final:
            held.announce(tx, context, booking, found.reason, now)
        return Skip(found.reason) if found.final else Hold(found.reason)
    by_person = plan.released_by or plan.origin.check_in or delivery.key.resend
    if _too_late(context, booking, now) and not by_person:
        return Skip(Reason.too_late)
    message = messages.plan(tx, context, delivery, booking, plan, now)
    return Send(message, after=None if plan.sent_at else partial(_plan_sent, context, booking, plan, now))


def _plan_sent(context: Context, booking: Booking, plan: StoredPlan, now: datetime, tx: Tx) -> None:
    stored_plans.sent(tx, plan.id, now)
    drafting.keep_words(tx, context, plan)
    asking.schedule(tx, context, booking, now)
    book_again.schedule(tx, context, booking, now)
    reminding.schedule(tx, context, booking, now)
    attach.schedule(tx, context, booking, now)


def _plan_held(tx: Tx, context: Context, delivery: Delivery, booking: Booking, now: datetime) -> Decision:
    if reason := held.not_now(tx, context, booking, now):
        return Skip(reason)
    if later := _undisturbed(tx, context, booking, now):
        return later
    return Send(messages.plan_held(tx, context, delivery, booking, held.by(context, booking), now))


def _checkin(tx: Tx, context: Context, delivery: Delivery, booking: Booking, now: datetime) -> Decision:
    asked = delivery.key.number
    assert isinstance(asked, CheckInQuestion)
    reason = asking.not_now(tx, context, booking, asked.kind, now)
    if reason is Reason.no_reply and delivery.key.resend:
        reason = Reason.none
    if reason is Reason.no_reply:
        asking.nudge_staff(tx, booking, now)
    if reason:
        return Skip(reason)
    if later := _undisturbed(tx, context, booking, now):
        return later
    if no := _way_is_closed(tx, context, delivery, booking, now):
        return no
    again = _quiet(tx, context, booking).next_open(now + context.checkins.answered_within)
    message = messages.checkin(tx, context, delivery, booking, asked.kind, now)
    return Send(message, after=lambda tx: asking.went_out(tx, context, delivery, again, now))


def _way_is_closed(
    tx: Tx, context: Context, delivery: Delivery, booking: Booking, now: datetime
) -> Skip | None:
    """What was to be a text goes by mail once no text can arrive; a mail needs the client's consent."""
    if delivery.channel is Channel.sms:
        if reach.number_for_texts(tx, context, booking):
            return None
        reach.by_mail(tx, delivery, now)
        return Skip(Reason.by_mail)
    intake = intakes.of_booking(tx, booking.id)
    if intake is None or not agreed(tx, intake, "consent_email"):
        return Skip(Reason.no_consent)
    return None


def _answer(tx: Tx, context: Context, delivery: Delivery, booking: Booking, now: datetime) -> Decision:
    """Where there is an answer to read; in the quiet hours it waits."""
    if not remarks.read_by(tx, booking.client_id, now):
        return Skip(Reason.not_needed)
    if later := _undisturbed(tx, context, booking, now):
        return later
    no = _way_is_closed(tx, context, delivery, booking, now)
    return no or Send(messages.answer(tx, context, delivery, booking, now))


def _book_again(tx: Tx, context: Context, delivery: Delivery, booking: Booking, now: datetime) -> Decision:
    """At its time, which a note may have moved; never where it would be out of place."""
    due, by_hand = book_again.due_at(tx, context, booking), bool(delivery.key.resend)
    if now < due and not by_hand:
        return Later(due, Reason.paced)
    reason = book_again.not_now(tx, context, booking, now if by_hand else due, now)
    intake = intakes.of_booking(tx, booking.id)
    if not reason and (intake is None or not agreed(tx, intake, "consent_email")):
        reason = Reason.no_consent
    if reason:
        return Skip(reason)
    if later := _undisturbed(tx, context, booking, now):
        return later
    return Send(messages.book_again(tx, context, delivery, booking, now))


def _my_day(tx: Tx, context: Context, delivery: Delivery, booking: Booking, now: datetime) -> Decision:
    if reason := reminding.ended(tx, context, booking, delivery.channel, now):
        return Skip(reason)
    if later := _undisturbed(tx, context, booking, now):
        return later
    chosen = reminding.chosen_by(tx, booking)
    reason = reminding.not_today(tx, context, booking, now)
    if reason and chosen is not None:
        return Later(reminding.next_time(tx, context, booking, chosen, now), reason)
    message = messages.my_day(tx, context, delivery, booking, now)
    return Send(message, after=lambda tx: reminding.schedule(tx, context, booking, now))


def _confirm(tx: Tx, context: Context, delivery: Delivery, booking: Booking, now: datetime) -> Decision:
    comes = attendances.current(tx, booking.id)
    if comes is None or delivery.key.recipient in (comes.email_id, comes.phone_id):
        return Skip(Reason.answered)
    return Send(messages.confirm(tx, context, delivery, booking, now))


def _alert(tx: Tx, context: Context, delivery: Delivery, booking: Booking, now: datetime) -> Decision:
    urgency = alerts.urgency(delivery.key)
    escalated = urgency is Urgency.escalated
    seen = not alerts.unseen(tx, booking.id) if escalated else delivery.seen_at is not None
    if seen and not delivery.key.resend:
        return Skip(Reason.acknowledged)
    after = None
    if urgency is not None and not escalated:
        after = partial(alerts.escalate, booking_id=booking.id, channel=delivery.channel, now=now)
    if delivery.channel is Channel.sms:
        if not context.clinic.alert_sms or Channel.sms not in context.senders:
            return Skip(Reason.no_alert_number)
        return Send(messages.alert_text(context, delivery, booking), after)
    to = (context.clinic.alert_next_email if escalated else "") or context.clinic.alert_email
    if not messages.can_mail(to):
        return Skip(Reason.no_alert_address)
    return Send(messages.staff(tx, context, delivery, booking, to, now), after)


def _summary(tx: Tx, context: Context, delivery: Delivery, booking: Booking, now: datetime) -> Decision:
    """That a form can be read is worth a mail only while the client who sent it comes."""
    comes = attendances.current(tx, booking.id)
    if comes is None or delivery.key.client not in (0, comes.client_id):
        return Skip(Reason.erased if comes is None else Reason.handed_over)
    return _alert(tx, context, delivery, booking, now)


Decider = Callable[[Tx, Context, Delivery, Booking, datetime], Decision]
STAFF: dict[Purpose, Decider] = {Purpose.alert: _alert, Purpose.summary: _summary}
CLIENT: dict[Purpose, Decider] = {
    Purpose.my_day: _my_day,
    Purpose.intake: _intake,
    Purpose.intake_reminder: _reminder,
    Purpose.plan: _plan,
    Purpose.plan_held: _plan_held,
    Purpose.checkin: _checkin,
    Purpose.book_again: _book_again,
    Purpose.confirm: _confirm,
    Purpose.answer: _answer,
}
