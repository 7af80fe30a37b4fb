"""Link and status onto the scheduler's booking, never an answer (B12)."""

from datetime import datetime

from handlers.context import Context
from handlers.schedule import recipients
from integrations.base import Note
from schemas.booking import Booking, BookingStatus
from schemas.delivery import Channel, Due, NoteStatus, Purpose
from store import connections, deliveries, intakes, plans
from store.base import Tx

WORDS = {
    NoteStatus.intake_missing: "Intake: not done yet",
    NoteStatus.intake_done: "Intake: done",
    NoteStatus.plan_sent: "Intake: done. Plan: sent",
}


def schedule(tx: Tx, context: Context, booking: Booking, now: datetime) -> None:
    """Schedule one write for the status of now; a status that was written is never written again.

    Bookings from before it was switched on are left alone, so that nobody is mailed about many at once.
    """
    scheduler = context.schedulers.get(booking.connection)
    if scheduler is None or booking.status is not BookingStatus.confirmed or booking.earlier:
        return
    if not scheduler.readable or not scheduler.chosen_way:
        return
    if not _came_after(tx, booking):
        return
    status = status_of(tx, booking.id)
    if scheduler.chosen_way in scheduler.ways_once and status is not NoteStatus.intake_missing:
        return
    key = recipients.about(booking, Purpose.attach, status, Channel.note)
    deliveries.schedule(tx, Due(key, now), now)


def _came_after(tx: Tx, booking: Booking) -> bool:
    """True for a booking that came after this way was switched on, or that was written to before."""
    row = connections.get(tx, booking.connection)
    if row is None or row.attach_since is None or booking.first_seen_at >= row.attach_since:
        return True
    return any(each.purpose is Purpose.attach for each in deliveries.of_booking(tx, booking.id))


def status_of(tx: Tx, booking_id: int) -> NoteStatus:
    """How far the booking is: intake missing, intake done, plan sent."""
    plan = plans.newest(tx, booking_id)
    if plan is not None and plan.sent_at:
        return NoteStatus.plan_sent
    intake = intakes.of_booking(tx, booking_id)
    done = intake is not None and intake.done
    return NoteStatus.intake_done if done else NoteStatus.intake_missing


def note(tx: Tx, context: Context, booking: Booking) -> Note:
    """What is written: the booking's page in the console (behind a sign-in) and the status."""
    url = f"{context.clinic.public_url}/console/bookings/{booking.id}"
    return Note(link=url, status=WORDS[status_of(tx, booking.id)])
