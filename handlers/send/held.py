"""A plan that waits for a person: the client reads once by when somebody looks, where the clinic says so."""

from datetime import datetime

from handlers.context import Context
from handlers.plans import standing
from handlers.schedule import news, recipients
from schemas.booking import Booking
from schemas.delivery import Due, Purpose
from schemas.reason import Reason
from schemas.staff import StaffNews
from store import deliveries
from store.base import Tx

FOR_A_LOOK = (Reason.needs_review, Reason.needs_ok, Reason.changed_by_hand, Reason.on_hold)
"""What a practitioner lifts by looking; a stop is told of by the page and by a call."""
UNSEEN = (Reason.needs_review, Reason.needs_ok)
"""What nobody has looked at yet: what a person has changed or keeps back is known to them."""
NO_MAIL = (Reason.red_flag, Reason.no_email_consent)


def announce(tx: Tx, context: Context, booking: Booking, reason: Reason, now: datetime) -> None:
    """Schedule the words to the client and to who treats them; once for a visit, however often it is held."""
    if reason in UNSEEN:
        news.tell(tx, booking, StaffNews.look, now, once=True)
    if reason in FOR_A_LOOK and now < by(context, booking):
        deliveries.schedule(tx, Due(recipients.to_client(tx, booking, Purpose.plan_held, 0), now), now)


def by(context: Context, booking: Booking) -> datetime:
    """When somebody has looked at the latest; the end of the visit where the clinic names no time."""
    return booking.end + context.clinic.policy.look_within


def waits(tx: Tx, context: Context, booking: Booking, now: datetime) -> bool:
    """True while a plan waits for a person who looks, whether or not the clinic says by when."""
    reasons = {hold.reason for hold in standing.look(tx, context, booking, now)}
    return bool(reasons & {*FOR_A_LOOK}) and not reasons & {*NO_MAIL}


def said_by(tx: Tx, context: Context, booking: Booking, now: datetime) -> datetime | None:
    """By when the client may be told that somebody looks; None where nothing waits, or no time is named."""
    waits = context.clinic.policy.look_within and not_now(tx, context, booking, now) is Reason.none
    return by(context, booking) if waits else None


def not_now(tx: Tx, context: Context, booking: Booking, now: datetime) -> Reason:
    """Why it is not sent; `none` when it is."""
    if not waits(tx, context, booking, now):
        return Reason.not_needed
    return Reason.too_late if now >= by(context, booking) else Reason.none
