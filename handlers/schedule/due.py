"""What is due for a booking and when, and bringing the rows in line with it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from handlers.context import Context
from handlers.schedule import attach, forms, new_address, recipients
from handlers.schedule.new_address import after_plan, follows_address, theirs
from handlers.schedule.quiet import Quiet, quiet_hours, wall_before
from schemas.booking import Booking, BookingStatus
from schemas.clinic import Policy, Service
from schemas.delivery import ASKING, TRIED, Delivery, DeliveryKey, DeliveryStatus, Due, Purpose
from schemas.intake import Intake
from schemas.person import Attendance
from schemas.reason import OF_THE_BOOKING, Reason
from store import attendances, bookings, clients, deliveries, intakes
from store.base import Tx

LATER = 100  # the requests of a visit's second form are numbered from here
LEAST_GAP = timedelta(hours=12)  # between the first request and a reminder


def expected(
    booking: Booking, service: Service, policy: Policy, quiet: Quiet, zone: ZoneInfo, now: datetime
) -> list[tuple[Purpose, int, datetime]]:
    """Every message that follows from the booking alone: purpose, number, time. None for what is off."""
    if booking.status is not BookingStatus.confirmed or booking.earlier:
        return []
    if booking.end + policy.too_late < now:
        return []
    asked = _intake(booking, policy, quiet, zone) if service.questionnaire else []
    return asked + (_plan(booking, policy) if service.plan and service.questionnaire else [])


Expected = tuple[Purpose, int, datetime]


def _intake(booking: Booking, policy: Policy, quiet: Quiet, zone: ZoneInfo) -> list[Expected]:
    """The request before the visit, and its reminders. A visit that is over asks nothing."""
    first = booking.first_seen_at + policy.settle
    if first >= booking.end:
        return []
    dues: list[Expected] = [(Purpose.intake, 0, first)]
    last = first
    for number, before in enumerate(policy.reminders, start=1):
        at = quiet.last_open(wall_before(booking.start, before, zone))
        if at - last >= LEAST_GAP and at < booking.start:
            dues.append((Purpose.intake_reminder, number, at))
            last = at
    return dues


def _plan(booking: Booking, policy: Policy) -> list[Expected]:
    return [(Purpose.plan, 0, booking.end + policy.plan_delay)]


def sync(tx: Tx, context: Context, booking_id: int, now: datetime) -> None:
    """Bring the messages of a booking in line with it, and of the visits for which it makes a difference."""
    booking = bookings.get(tx, booking_id)
    assert booking is not None
    comes = attendances.current(tx, booking.id)
    beside = _beside(tx, comes, comes.intake_id) if comes and comes.intake_id else []
    for each in {visit.id: visit for visit in (booking, *beside)}.values():
        _form(tx, context, each, now)
    visits = [*_of_the_day(tx, context, booking), *beside, *_left_behind(tx, booking), booking]
    for each in {visit.id: visit for visit in visits}.values():
        _sync_one(tx, context, each, now)


def _beside(tx: Tx, comes: Attendance, form_id: int) -> list[Booking]:
    """The visits that share its form, or may share it again while it was not sent."""
    form = intakes.get(tx, form_id)
    apart = forms.split_off(tx, comes) if form and not form.done else []
    return [*forms.sharing(tx, form_id), *apart]


def _left_behind(tx: Tx, booking: Booking) -> list[Booking]:
    """Visits that share its form or its day, or did until it was handed over, merged or moved."""
    came = attendances.of_booking(tx, booking.id)
    sharing = [
        visit for form in {each.intake_id for each in came} if form for visit in forms.sharing(tx, form)
    ]
    family = [one for each in {one.client_id for one in came} for one in clients.family(tx, each)]
    waived = deliveries.withdrawn(tx, family, Reason.later_visit)
    on = [bookings.get(tx, each.booking_id) for each in waived]
    return sharing + [each for each in on if each is not None]


def _form(tx: Tx, context: Context, booking: Booking, now: datetime) -> None:
    """A form serves the visit; offered only where something is due."""
    if _expected(context, booking, now):
        forms.serve(tx, context, booking, _service(context, booking), now)


def _service(context: Context, booking: Booking) -> Service:
    return context.clinic.service(booking.service, booking.service_name)


def _expected(context: Context, booking: Booking, now: datetime) -> list[Expected]:
    quiet, zone = quiet_hours(context, booking, ""), context.zone(booking.zone)
    return expected(booking, _service(context, booking), context.clinic.policy, quiet, zone, now)


def _sync_one(tx: Tx, context: Context, booking: Booking, now: datetime) -> None:
    form = intakes.of_booking(tx, booking.id)
    later = _later(form, booking)
    dues = [
        Due(recipients.to_client(tx, booking, purpose, number + (later if purpose in ASKING else 0)), at)
        for purpose, number, at in _expected(context, booking, now)
        if _is_for(tx, context, booking, purpose, now)
    ]
    if dues:
        attach.schedule(tx, context, booking, now)
    sent = _sent(tx, booking, form)
    dues = new_address.without_plan(tx, booking, dues)
    dues = [due for due in dues if sent.get(due.key.slot, due.key) == due.key]
    new_address.keep_decided(tx, booking, now)
    _schedule(tx, dues, now)
    new_address.follow(tx, booking, now)
    new_address.once_more(tx, context, booking, now)
    _come_back(tx, booking, now)
    _withdraw(tx, context, booking, {due.key for due in dues}, now)


def _later(form: Intake | None, booking: Booking) -> int:
    """What is added to the number of a request and its reminders where the visit has a further form."""
    return LATER * form.number if form and form.booking_id == booking.id else 0


def _is_for(tx: Tx, context: Context, booking: Booking, purpose: Purpose, now: datetime) -> bool:
    """True where this visit is the one that the message is for: one request a form, one plan a day."""
    if purpose is Purpose.plan:
        return plan_follows(tx, context, booking)
    comes = attendances.current(tx, booking.id)
    visits = forms.sharing(tx, comes.intake_id) if comes and comes.intake_id else []
    lead = forms.leading(visits, now)
    return lead is None or lead.id == booking.id


def plan_follows(tx: Tx, context: Context, booking: Booking) -> bool:
    """True for the last visit of a client's day, and for each where the service has a plan of its own."""
    if _service(context, booking).own_plan:
        return True
    return all(
        (each.end, each.id) <= (booking.end, booking.id)
        for each in _of_the_day(tx, context, booking)
        if _service(context, each).plan and not _service(context, each).own_plan
    )


def _of_the_day(tx: Tx, context: Context, booking: Booking) -> list[Booking]:
    """The client's confirmed visits on the day of this one."""
    zone = context.zone(booking.zone)
    day = booking.start.astimezone(zone).date()
    family = clients.family(tx, booking.client_id)
    near = bookings.between(tx, family, booking.start - timedelta(days=1), booking.start + timedelta(days=1))
    on = [each for each in near if each.status is BookingStatus.confirmed and not each.earlier]
    return [each for each in on if each.start.astimezone(zone).date() == day]


def _sent(tx: Tx, booking: Booking, form: Intake | None) -> dict[Any, DeliveryKey]:
    """What was tried already, to whom: also for another visit, where the form is the same."""
    found, later = {}, _later(form, booking)
    for each in deliveries.requests(tx, form.id) if form else []:
        if not each.key.resend:
            found[replace(each.key, number=int(str(each.key.number)) % LATER + later).slot] = each.key
    for each in deliveries.of_booking(tx, booking.id):
        if each.status in TRIED and not each.key.resend:
            found[each.key.slot] = each.key
    return found


def _schedule(tx: Tx, dues: list[Due], now: datetime) -> None:
    """A message that was skipped or held for a reason of its own stays so, unless its time moved."""
    known = deliveries.by_keys(tx, [due.key for due in dues])
    deliveries.add(tx, [due for due in dues if due.key not in known], now)
    for due in dues:
        if due.key in known and _moves(known[due.key], due):
            deliveries.schedule(tx, due, now)


def _moves(known: Delivery, due: Due) -> bool:
    settled = known.status in (DeliveryStatus.skipped, DeliveryStatus.held)
    return not settled or known.due_at < due.due_at or known.reason in OF_THE_BOOKING


def _come_back(tx: Tx, booking: Booking, now: datetime) -> None:
    """That a form can be read is due after all, once the client who sent it comes again."""
    for each in deliveries.of_booking(tx, booking.id):
        left_out = each.status is DeliveryStatus.skipped and each.reason is Reason.handed_over
        if each.purpose is Purpose.summary and left_out and theirs(each, booking):
            deliveries.reschedule(tx, each.id, now)


def _withdraw(
    tx: Tx, context: Context, booking: Booking, wanted: Iterable[DeliveryKey], now: datetime
) -> None:
    """While the booking is on, what follows the plan (check-ins, later versions) is left to its own rules.

    What waits for somebody who comes no more, or for an address that was corrected away, never goes out.
    """
    on = booking.status is BookingStatus.confirmed and not booking.earlier
    for each in deliveries.of_booking(tx, booking.id):
        if each.key in wanted or not _follows_booking(each.purpose):
            continue
        if not theirs(each, booking):
            if each.status is DeliveryStatus.dead and follows_address(each.purpose):
                deliveries.let_go(tx, each, Reason.handed_over, now)
            deliveries.end(tx, [each.id], DeliveryStatus.withdrawn, Reason.handed_over, now)
        elif not on or not after_plan(each):
            later = on and each.purpose is Purpose.plan and not plan_follows(tx, context, booking)
            reason = Reason.later_visit if later else reason_for(booking, now)
            deliveries.end(tx, [each.id], DeliveryStatus.withdrawn, reason, now)
        elif follows_address(each.purpose) and each.key.recipient != recipients.recipient(
            tx, booking.id, each.channel
        ):
            deliveries.end(tx, [each.id], DeliveryStatus.withdrawn, Reason.address_changed, now)


def _follows_booking(purpose: Purpose) -> bool:
    return purpose.to_client or purpose is Purpose.attach


def reason_for(booking: Booking, now: datetime) -> Reason:
    """Why nothing is due, as a word for the outbox."""
    if booking.status is BookingStatus.confirmed:
        return Reason.too_late if booking.end < now else Reason.not_needed
    return Reason(booking.status)
