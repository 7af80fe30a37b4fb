"""Whom a form is for: asked by first name before anything that was said earlier counts (docs/people.md)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from clinical import identity
from clinical.answers.facts import BORN
from handlers import links
from handlers.answers import SHORT_UPDATE, effective, previous
from handlers.clients import contacts, people
from handlers.context import Context
from handlers.links import AFTER_VISIT, LinkPurpose
from handlers.schedule import due, forms
from render.language import readable
from schemas.booking import Booking
from schemas.intake import Intake
from schemas.person import Attendance, Doubt
from store import attendances, audit, bookings, clients
from store.base import Tx

MOST_TRIES = 3  # dates of birth that are not the one given before; then the full form is asked
WRONG = "birthday_wrong"
CHECK_WRONG = "check_birthday_wrong"
SECOND_TAP = timedelta(minutes=10)  # within which the same name sent again is the same wish


@dataclass(frozen=True, slots=True)
class Ask:
    """What has to be said first. `closed`: until then nothing of the form is shown, and nothing taken."""

    birthday: bool
    closed: bool


def ask(tx: Tx, booking: Booking, intake: Intake) -> Ask | None:
    """What has to be said before the form goes on; None where it is certain whom it is for."""
    comes = attendances.current(tx, booking.id)
    if comes is None or intake.done:
        return None
    short, said = intake.questionnaire == SHORT_UPDATE, confirmed(tx, intake)
    if comes.unsure is Doubt.none and (said or not short):
        return None
    counts = short and (_birthday_counts(tx, booking, comes) or _of_a_child(tx, intake))
    return Ask(birthday=counts, closed=short and not said)


def confirmed(tx: Tx, intake: Intake) -> bool:
    """True once the client has said "this is for me", for a visit that the form serves."""
    return any(each.confirmed_at for each in attendances.sharing(tx, intake.id))


def _birthday_counts(tx: Tx, booking: Booking, comes: Attendance) -> bool:
    unnamed = not clients.get(tx, booking.client_id).name.strip()
    doubtful = comes.unsure is not Doubt.none
    return unnamed or doubtful or contacts.shared(tx, (comes.email_id, comes.phone_id))


def _of_a_child(tx: Tx, intake: Intake) -> bool:
    """True where a parent signed the form before: who booked a child by the own name may come this time."""
    earlier = previous(tx, intake)
    return bool(earlier and effective(tx, earlier).get("guardian_name"))


def name(tx: Tx, context: Context, booking: Booking) -> str:
    """The first name by which is asked; "" where none is known that can be shown."""
    known = clients.get(tx, booking.client_id).name
    return readable.greeting_name(identity.first_name(known, context.names))


def given_up(tx: Tx, booking_id: int) -> bool:
    """True when too many dates of birth were wrong: the short update is offered no more."""
    comes = attendances.current(tx, booking_id)
    if comes is None:
        return False
    return audit.times(tx, subject(comes), WRONG) >= MOST_TRIES


def subject(comes: Attendance) -> str:
    return f"attendance:{comes.id}"


def confirm(tx: Tx, context: Context, booking: Booking, intake: Intake, born: str, now: datetime) -> bool:
    """The client says "this is for me", with the date of birth (ISO) where it is asked; False: it is not."""
    asked, comes = ask(tx, booking, intake), attendances.current(tx, booking.id)
    if asked is None or comes is None:
        return True
    if asked.birthday and born != _born(tx, intake):
        if born:
            audit.add(tx, "client", WRONG, subject(comes), now)
        return False
    if asked.birthday and comes.said and comes.said.name.strip():
        people.remember(tx, context, comes.client_id, comes.said.name, same=True)
    attendances.confirm(tx, comes.id, now)
    audit.add(tx, "client", "confirmed", f"booking:{booking.id}", now)
    return True


def _born(tx: Tx, intake: Intake) -> str | None:
    """The date of birth in the form on which the short update stands; None fits nothing that is typed."""
    earlier = previous(tx, intake)
    return str(effective(tx, earlier).get(BORN) or "") or None if earlier else None


def may_show(tx: Tx, intake: Intake) -> bool:
    """True where the answers so far are shown for the date of birth among them, and it was not guessed at."""
    wrong = audit.times(tx, f"intake:{intake.id}", CHECK_WRONG)
    return bool(intake.answers.get(BORN)) and wrong < MOST_TRIES


def shows(tx: Tx, intake: Intake, born: str, now: datetime) -> bool:
    """True for the date of birth (ISO) among the answers; any other counts as a try."""
    if not may_show(tx, intake):
        return False
    right = born == str(intake.answers[BORN])
    if born and not right:
        audit.add(tx, "client", CHECK_WRONG, f"intake:{intake.id}", now)
    return right


def saved_first(tx: Tx, booking: Booking, intake: Intake, now: datetime) -> None:
    """Going on below "This form is for Zoe" says so; a doubt is asked about by itself."""
    comes = attendances.current(tx, booking.id)
    if comes is not None and comes.unsure is Doubt.none and not confirmed(tx, intake):
        attendances.confirm(tx, comes.id, now)


def hand_on(
    tx: Tx, context: Context, booking: Booking, called: str, contact: int | None, now: datetime
) -> str:
    """The form is for somebody else, of this name: the URL of a form of their own.

    `contact` is the place to which the link was sent that was opened, None for one handed over in person.
    """
    people.for_somebody_else(tx, context, booking.id, called, now)
    theirs = bookings.get(tx, booking.id)
    assert theirs is not None
    service = context.clinic.service(theirs.service, theirs.service_name)
    forms.serve(tx, context, theirs, service, now)
    due.sync(tx, context, booking.id, now)
    return _link(tx, context, theirs, contact, now)


def handed_on(
    tx: Tx, context: Context, booking_id: int, called: str, contact: int | None, now: datetime
) -> str:
    """The same URL for a second tap: within minutes, with the same name; "" otherwise."""
    booking, comes = bookings.get(tx, booking_id), attendances.current(tx, booking_id)
    if booking is None or comes is None or now - comes.since > SECOND_TAP:
        return ""
    same = clients.get(tx, comes.client_id).name == called
    return _link(tx, context, booking, contact, now) if same else ""


def _link(tx: Tx, context: Context, booking: Booking, contact: int | None, now: datetime) -> str:
    until = max(booking.end, now) + AFTER_VISIT
    return links.issue(tx, context, LinkPurpose.intake, booking.id, now, until, contact or 0)
