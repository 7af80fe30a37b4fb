"""What a client may see of a plan now, and its paper."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from clinical.plan.case import policy_for
from clinical.plan.wording import word
from handlers.context import Context
from handlers.plans import pictures, reviews
from render.paper import pdf
from schemas.booking import Booking, BookingStatus
from schemas.delivery import DeliveryStatus, Purpose
from schemas.plan import PlanStatus, StoredPlan
from schemas.rules import Severity
from schemas.worded_plan import WordedPlan
from store import bookings, clients, deliveries, intakes, plans
from store.base import Tx

MAY_GO = (PlanStatus.draft, PlanStatus.released)
MAY_NOT_GO = (PlanStatus.held, PlanStatus.none)


@dataclass(frozen=True, slots=True)
class Current:
    """What a client may see now: the plan, or that it is paused."""

    plan: StoredPlan | None
    paused: bool = False


def current(tx: Tx, booking_id: int) -> Current:
    """The last version that was sent, unless a newer one stopped or holds the plan."""
    booking = bookings.get(tx, booking_id)
    if booking is None or booking.status is not BookingStatus.confirmed:
        return Current(None)
    later = _superseded_by(tx, booking)
    if later is not None:
        return current(tx, later)
    # Looked at first: on PostgreSQL the note that it was sent may come between the two looks.
    going = _on_its_way(tx, booking.id)
    family = clients.family(tx, booking.client_id)
    versions = [each for each in plans.of_client(tx, family) if each.booking_id == booking.id]
    sent = [each for each in versions if each.sent_at or (each.status in MAY_GO and going)]
    stopped = any(Severity(row.severity).stops for row in intakes.standing(tx, family))
    halted = bool(versions) and versions[-1].status in MAY_NOT_GO and not versions[-1].sent_at
    if not sent or stopped or halted:
        return Current(None, paused=bool(sent))
    return Current(sent[-1])


def visit_of(tx: Tx, booking: Booking) -> Booking:
    """The visit by whose plan the client goes now: this one, or a later one once its plan has gone out."""
    later = _superseded_by(tx, booking)
    return (bookings.get(tx, later) if later is not None else None) or booking


def _superseded_by(tx: Tx, booking: Booking) -> int | None:
    """The visit whose plan the client got after this one's: an old link leads to what counts now."""
    sent = [each for each in plans.of_client(tx, clients.family(tx, booking.client_id)) if each.sent_at]
    mine = [each for each in sent if each.booking_id == booking.id]
    newest = max(sent, key=lambda each: (each.sent_at, each.id), default=None)
    if newest is None or not mine or newest.booking_id == booking.id:
        return None
    other = bookings.get(tx, newest.booking_id)
    return other.id if other and other.id != booking.id and other.status is BookingStatus.confirmed else None


def _on_its_way(tx: Tx, booking_id: int) -> bool:
    """A client may be faster than our note that the mail was taken: what is on its way may be seen."""
    return any(
        each.purpose is Purpose.plan and each.status in (DeliveryStatus.sending, DeliveryStatus.unknown)
        for each in deliveries.of_booking(tx, booking_id)
    )


def worded(context: Context, stored: StoredPlan, language: str = "") -> WordedPlan:
    """A version in words: in `language`, or in the client's own."""
    plan = stored.plan
    return word(plan, context.plan_content(language or plan.language), policy_for(context.clinic))


def to_client(tx: Tx, context: Context, stored: StoredPlan, now: datetime, language: str = "") -> WordedPlan:
    """A version as a client gets it: `worded`, with a line where the clinic says what nobody has signed."""
    said = worded(context, stored, language)
    label = reviews.label(tx, context, stored.plan, said.language, now)
    return replace(said, scope_text=f"{label} {said.scope_text}") if label else said


def day_of(context: Context, booking: Booking, stored: StoredPlan) -> date:
    """The day from which a version counts, in the visit's zone: it is often drafted days before the visit."""
    return max(stored.created_at, booking.end).astimezone(context.zone(booking.zone)).date()


def day_of_visit(context: Context, booking: Booking) -> date:
    """The day of a visit on its own clock: no day before it is one of its plan's."""
    return booking.end.astimezone(context.zone(booking.zone)).date()


def printed(
    tx: Tx,
    context: Context,
    booking: Booking,
    stored: StoredPlan,
    plan: WordedPlan,
    url: str,
    large: bool = False,
    *,
    photos: bool = True,
) -> bytes:
    """A version as a PDF of one or two pages, or in large print; `url`: what the code opens, "" for none.

    `photos`: those of own exercises stand in it.
    """
    figures = pictures.of_plan(context, plan) | (pictures.photos_of(tx, stored) if photos else {})
    return pdf.plan_pdf(
        plan,
        context.clinic,
        clients.get(tx, booking.client_id).name,
        figures,
        date=day_of(context, booking, stored),
        words=context.library(plan.language).papers,
        url=url,
        large=large,
    ).data
