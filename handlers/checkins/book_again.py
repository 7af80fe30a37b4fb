"""One mail at the end of a course (B25): book again, when the time has come and no visit is to come."""

from datetime import datetime, timedelta

from handlers.bookings import next_visit
from handlers.context import Context
from handlers.plans.history import asked, missed_in_a_row
from handlers.schedule import recipients
from handlers.schedule.quiet import quiet_hours
from schemas.booking import Booking
from schemas.delivery import Due, Purpose
from schemas.plan import PlanStatus
from schemas.reason import Reason
from store import clients, deliveries, intakes, notes
from store import plans as stored_plans
from store.base import Tx

FIRST_LOOK = timedelta(weeks=1)  # a note is written by then, and nobody comes again earlier
LATE = timedelta(days=14)  # after that a wish to come again is no longer in time


def weeks(tx: Tx, context: Context, booking: Booking) -> int:
    """After how many weeks to come again: as the practitioner says, else the protocol, else the rules."""
    note, plan = notes.newest(tx, booking.id), stored_plans.newest(tx, booking.id)
    protocols = context.plan_content(context.clinic.language).protocols
    protocol = protocols.get(plan.protocol) if plan else None
    said = (note.next_visit_weeks if note else 0) or (protocol.next_visit_weeks if protocol else 0)
    return said or context.checkins.next_visit_weeks


def due_at(tx: Tx, context: Context, booking: Booking) -> datetime:
    """When the mail is due: in the client's morning of that day, not in quiet hours."""
    client = clients.get(tx, booking.client_id)
    zone = context.zone(client.zone or booking.zone)
    day = booking.end.astimezone(zone).date() + timedelta(weeks=weeks(tx, context, booking))
    at = datetime.combine(day, context.checkins.asked_at, zone).astimezone(booking.end.tzinfo)
    return quiet_hours(context, booking, client.zone).next_open(at)


def schedule(tx: Tx, context: Context, booking: Booking, now: datetime) -> None:
    """Look at it after a week, once a plan has gone out and where the clinic says where to book.

    The day itself is worked out then: a note may be written after the plan has gone out.
    """
    at = min(due_at(tx, context, booking), booking.end + FIRST_LOOK)
    if context.clinic.books_at(booking.service, booking.service_name) and at > now:
        deliveries.schedule(tx, Due(recipients.to_client(tx, booking, Purpose.book_again, 0), at), now)


def not_now(tx: Tx, context: Context, booking: Booking, due: datetime, now: datetime) -> Reason:
    """Why it is not sent; `none` when it is."""
    family = clients.family(tx, booking.client_id)
    plan = stored_plans.newest(tx, booking.id)
    if not context.clinic.books_at(booking.service, booking.service_name):
        return Reason.not_needed
    if next_visit.is_booked(tx, booking, booking.end):
        return Reason.next_visit
    if plan is None or plan.status is not PlanStatus.sent:
        return Reason.no_plan
    if intakes.standing(tx, family):
        return Reason.red_flag
    if missed_in_a_row(asked(tx, booking.client_id), context.checkins, now) >= context.checkins.most_missed:
        return Reason.no_reply
    return Reason.too_late if now > due + LATE else Reason.none
