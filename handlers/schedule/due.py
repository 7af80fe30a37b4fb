"""What is owed for a booking, as a pure function of its state, and bringing the rows in line with it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from handlers.context import Context
from handlers.schedule import attach
from schemas.booking import Booking, BookingStatus
from schemas.clinic import Policy, Service
from schemas.delivery import Channel, Delivery, DeliveryKey, DeliveryStatus, Due, Purpose
from schemas.reason import OF_THE_BOOKING, Reason
from store import bookings, deliveries, intakes
from store.base import Tx

LEAST_GAP = timedelta(hours=12)  # between the first request and a reminder
TRIED = (DeliveryStatus.sending, DeliveryStatus.sent, DeliveryStatus.unknown)


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours in which nobody is disturbed, in wall time of `zone`."""

    start: time
    end: time
    zone: ZoneInfo

    def now(self, at: datetime) -> bool:
        """True inside the quiet hours."""
        clock = at.astimezone(self.zone).time()
        if self.start <= self.end:
            return self.start <= clock < self.end
        return not self.end <= clock < self.start

    def next_open(self, at: datetime) -> datetime:
        """The first moment from `at` on that is not quiet."""
        local = at.astimezone(self.zone)
        if not self.now(at):
            return at
        day = local.date() if local.time() < self.end else local.date() + timedelta(days=1)
        return datetime.combine(day, self.end, self.zone).astimezone(at.tzinfo)

    def last_open(self, at: datetime) -> datetime:
        """`at`, or when that is quiet the nearest time of the same day that is not."""
        local = at.astimezone(self.zone)
        if not self.now(at):
            return at
        if local.time() < self.end:
            return self.next_open(at)  # after midnight: the morning of the same day
        evening = datetime.combine(local.date(), self.start, self.zone) - timedelta(minutes=30)
        return evening.astimezone(at.tzinfo)


def wall_before(start: datetime, before: timedelta, zone: ZoneInfo) -> datetime:
    """So long before on the clock on the wall: 24 h before 15:00 is 15:00, across a clock change too."""
    local = start.astimezone(zone).replace(tzinfo=None) - before
    return local.replace(tzinfo=zone).astimezone(start.tzinfo)


def quiet_hours(context: Context, booking: Booking, client_zone: str) -> Quiet:
    """The quiet hours that hold for a booking's client."""
    policy = context.clinic.policy
    remote = booking.remote or policy.quiet_zone == "client"
    zone = client_zone if remote and client_zone else booking.zone
    return Quiet(policy.quiet_from, policy.quiet_until, context.zone(zone))


def owed(
    booking: Booking, service: Service, policy: Policy, quiet: Quiet, zone: ZoneInfo, now: datetime
) -> list[Due]:
    """Every message that follows from the booking alone. Nothing for what is off, over or too old."""
    if booking.status is not BookingStatus.confirmed or booking.earlier:
        return []
    if booking.end + policy.too_late < now:
        return []
    asked = _intake(booking, policy, quiet, zone) if service.questionnaire else []
    return asked + (_plan(booking, policy) if service.plan and service.questionnaire else [])


def _due(booking: Booking, purpose: Purpose, number: int, at: datetime) -> Due:
    return Due(DeliveryKey(booking.id, purpose, number, Channel.email), at)


def _intake(booking: Booking, policy: Policy, quiet: Quiet, zone: ZoneInfo) -> list[Due]:
    first = booking.first_seen_at + policy.settle
    if first >= booking.end + policy.too_late:
        return []
    dues = [_due(booking, Purpose.intake, 0, first)]
    last = first
    for number, before in enumerate(policy.reminders, start=1):
        at = quiet.last_open(wall_before(booking.start, before, zone))
        if at - last >= LEAST_GAP and at < booking.start:
            dues.append(_due(booking, Purpose.intake_reminder, number, at))
            last = at
    return dues


def _plan(booking: Booking, policy: Policy) -> list[Due]:
    return [_due(booking, Purpose.plan, 0, booking.end + policy.plan_delay)]


def sync(tx: Tx, context: Context, booking_id: int, now: datetime) -> None:
    """Schedule what is owed, move what moved, withdraw what is owed no more."""
    booking = bookings.get(tx, booking_id)
    assert booking is not None
    service = context.clinic.service(booking.service, booking.service_name)
    zone = context.zone(booking.zone)
    quiet = quiet_hours(context, booking, "")
    dues = owed(booking, service, context.clinic.policy, quiet, zone, now)
    if dues:
        _offer_intake(tx, context, booking, service, now)
        attach.owe(tx, context, booking, now)
    tried = {
        each.key.slot: each.key
        for each in deliveries.of_booking(tx, booking_id)
        if each.status in TRIED and not each.key.resend
    }
    dues = [due for due in dues if tried.get(due.key.slot, due.key) == due.key]
    for due in dues:
        _owe(tx, due, now)
    _withdraw(tx, booking, {due.key for due in dues}, now)


def _owe(tx: Tx, due: Due, now: datetime) -> None:
    """A message that was skipped or held for a reason of its own stays so, unless its time moved."""
    known = deliveries.by_key(tx, due.key)
    settled = known is not None and known.status in (DeliveryStatus.skipped, DeliveryStatus.held)
    if known is None or not settled or known.due_at < due.due_at or known.reason in OF_THE_BOOKING:
        deliveries.owe(tx, due, now)


def _offer_intake(tx: Tx, context: Context, booking: Booking, service: Service, now: datetime) -> None:
    language = context.clinic.spoken(booking.language)
    questionnaire = context.library(language).questionnaires[service.questionnaire]
    told = language if booking.language else ""  # else the browser says it, when the form is opened
    intakes.ensure(tx, booking.id, booking.client_id, questionnaire.id, str(questionnaire.version), told, now)


def _withdraw(tx: Tx, booking: Booking, wanted: Iterable[DeliveryKey], now: datetime) -> None:
    """While the booking is on, what follows the plan (check-ins, later versions) is left to its own rules."""
    on = booking.status is BookingStatus.confirmed and not booking.earlier
    gone = [
        each.id
        for each in deliveries.of_booking(tx, booking.id)
        if each.key not in wanted and _follows_booking(each.purpose) and not (on and _after_plan(each))
    ]
    deliveries.end(tx, gone, DeliveryStatus.withdrawn, reason_for(booking, now), now)


def _follows_booking(purpose: Purpose) -> bool:
    return purpose.to_client or purpose is Purpose.attach


def _after_plan(delivery: Delivery) -> bool:
    later = delivery.key.resend > 0 or (delivery.purpose is Purpose.plan and delivery.key.number != 0)
    return later or delivery.purpose in (Purpose.checkin, Purpose.attach)


def reason_for(booking: Booking, now: datetime) -> Reason:
    """Why nothing is owed, as a word for the outbox."""
    if booking.status is BookingStatus.confirmed:
        return Reason.too_late if booking.end < now else Reason.not_needed
    return Reason(booking.status)
