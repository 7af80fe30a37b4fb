"""Which form serves a visit: visits of one client that are close together share one."""

from datetime import datetime

from handlers.context import Context
from schemas.booking import Booking, BookingStatus
from schemas.clinic import Service
from schemas.intake import Intake, IntakeStatus
from schemas.person import Attendance, Doubt
from store import attendances, bookings, clients, intakes
from store.base import Tx


def serve(tx: Tx, context: Context, booking: Booking, service: Service, now: datetime) -> int:
    """The id of the form that serves a visit; offered where none of the client's does."""
    comes = attendances.current(tx, booking.id)
    assert comes is not None
    form = intakes.get(tx, comes.intake_id) if comes.intake_id else None
    known = form if form is not None and form.client_id == comes.client_id else None
    left = known is not None and _left(tx, known, booking, service, now)
    if known is not None and not left:
        return _closer(tx, context, booking, service, comes, known)
    found = _near(tx, context, booking, service, comes, known)
    made = found.id if found else _offered(tx, context, booking, service, now, later=left)
    attendances.served_by(tx, comes, made, instead=left)
    return made


def _left(tx: Tx, form: Intake, booking: Booking, service: Service, now: datetime) -> bool:
    """True for a visit that is too far from the others with whom it shares a form: it asks by itself.

    A form that was sent stays with those that are left, also where its own visit went far behind them. One
    that was not sent stays with its own visit, to which its link leads.
    """
    visits = sharing(tx, form.id)
    if len(visits) < 2 or booking.start <= now:
        return False
    if form.done:
        return booking.start - _centre(form, visits, service).start > service.form_window
    own = next((each for each in visits if each.id == form.booking_id and each.end > now), None)
    stays = own or leading(visits, now) or booking
    return abs(booking.start - stays.start) > service.form_window


def _centre(form: Intake, visits: list[Booking], service: Service) -> Booking:
    """The visit around which the others share a form: its own one, unless that went far behind the first."""
    own = next((each for each in visits if each.id == form.booking_id), visits[0])
    return own if own.start - visits[0].start <= service.form_window else visits[0]


def _closer(
    tx: Tx, context: Context, booking: Booking, service: Service, comes: Attendance, known: Intake
) -> int:
    """The form that a visit has; an earlier or a sent one of visits close to it, while its own is untouched.

    A visit that was moved away and back asks nothing twice.
    """
    if known.status is not IntakeStatus.open or not known.number:
        return known.id
    other = _near(tx, context, booking, service, comes, known)
    if other is None or not (other.done or other.id < known.id):
        return known.id
    attendances.served_by(tx, comes, other.id)
    return other.id


def _near(
    tx: Tx, context: Context, booking: Booking, service: Service, comes: Attendance, but: Intake | None
) -> Intake | None:
    """The form of this client for the closest visits, or one that was begun and lost its visit."""
    family, found = clients.family(tx, comes.client_id), []
    for form in reversed(intakes.of_clients(tx, family)):
        visits = [each for each in sharing(tx, form.id) if each.id != booking.id]
        anchor = _centre(form, visits, service) if visits else bookings.get(tx, form.booking_id)
        if form.client_id != comes.client_id or anchor is None or form == but:
            continue
        if not _same_kind(context, anchor, service) or not _as_certain(tx, anchor, comes):
            continue
        if _close(form, anchor, booking, service) and _theirs(tx, form, anchor, booking):
            found.append((abs(booking.start - anchor.start), form))
    return min(found, key=lambda each: each[0])[1] if found else None


def _as_certain(tx: Tx, anchor: Booking, comes: Attendance) -> bool:
    """True where it is as certain who comes to both visits, or both are booked under one name.

    What may be another person's visit never lives on the answers given for this one's, nor the other way.
    """
    other = attendances.current(tx, anchor.id)
    if other is None or other.id == comes.id or other.unsure == comes.unsure == Doubt.none:
        return True
    return bool(other.said and comes.said and other.said.name == comes.said.name)


def _same_kind(context: Context, anchor: Booking, service: Service) -> bool:
    """True when both services ask the same questions."""
    return context.clinic.service(anchor.service, anchor.service_name).questionnaire == service.questionnaire


def _close(form: Intake, anchor: Booking, booking: Booking, service: Service) -> bool:
    """True within the service's window; a form that was not sent keeps for whatever visit comes instead."""
    on = anchor.status is BookingStatus.confirmed
    if on:
        return abs(booking.start - anchor.start) <= service.form_window
    if not form.done:
        return True
    return form.submitted_at is not None and booking.start - form.submitted_at <= service.form_window


def _theirs(tx: Tx, form: Intake, anchor: Booking, booking: Booking) -> bool:
    """True unless the form's own visit was handed over, or is this one under another person."""
    if anchor.id == booking.id:
        return True
    comes = attendances.current(tx, anchor.id)
    return comes is not None and comes.client_id == form.client_id


def _offered(
    tx: Tx, context: Context, booking: Booking, service: Service, now: datetime, *, later: bool
) -> int:
    language = context.clinic.spoken(booking.language)
    asked = context.library(language).questionnaires[service.questionnaire]
    spoken = language if booking.language else ""  # else the browser says it, when the form is opened
    whose = (booking.id, booking.client_id)
    return intakes.offer(tx, *whose, asked.id, str(asked.version), spoken, now, later=later)


def sharing(tx: Tx, form: int) -> list[Booking]:
    """The visits that a form serves and that are on, in order of time."""
    found = [bookings.get(tx, each.booking_id) for each in attendances.sharing(tx, form)]
    on = [each for each in found if each and each.status is BookingStatus.confirmed and not each.earlier]
    return sorted(on, key=lambda each: (each.start, each.id))


def split_off(tx: Tx, comes: Attendance) -> list[Booking]:
    """The visits of a client that ask by themselves since one was moved, where nobody has begun to answer."""
    return [visit for form in intakes.split_off(tx, comes.client_id) for visit in sharing(tx, form)]


def leading(visits: list[Booking], now: datetime) -> Booking | None:
    """The visit for which a form is asked: the next one, or the last where none is still to come."""
    return next((each for each in visits if each.end > now), visits[-1] if visits else None)
