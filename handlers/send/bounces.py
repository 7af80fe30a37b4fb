"""Mail that came back: the message counts as failed, and an address that does not exist is marked.

A report is believed only by the Message-ID that we sent, or the one that the mail service gave it instead,
which nobody can guess, and only about the address that this mail went to.
"""

import logging
from datetime import datetime, timedelta

from handlers.clients.contacts import address
from handlers.context import Context
from handlers.schedule import alerts, due
from integrations.base import IntegrationError
from integrations.bounces import Bounce, Place
from integrations.channels.email import TEXTS
from integrations.channels.smtp_replies import Blame, blame
from schemas.delivery import Delivery, Purpose
from schemas.notions import mail_address
from schemas.reason import Reason
from schemas.trouble import TroubleKind
from store import contacts, deliveries
from store.base import Tx
from store.running import mailboxes, troubles
from store.running.ahead import CLOCKS_DIFFER

log = logging.getLogger("aftercare.bounces")
REPORTED = timedelta(days=14)  # a mail that came back is reported within so long: most servers try for five
UNGUESSED = 20  # letters; shorter ones might be guessed


def read_mailbox(context: Context, now: datetime) -> int:
    """Read what came into the mailbox since the last look; returns how many messages came back."""
    source = context.bounces.mailbox if context.bounces else None
    if source is None:
        return 0
    name = f"{source.username}@{source.host}/{source.folder}"[:200]
    with context.db.read() as tx:
        place = Place(*mailboxes.place(tx, name))
    try:
        at, found = source.new(place, now)
    except IntegrationError as error:
        with context.db.begin() as tx:
            troubles.note(tx, TroubleKind.bounces, "", str(error), now)
        return 0
    with context.db.begin() as tx:
        troubles.end(tx, TroubleKind.bounces, "")
        taken = [take_in(tx, context, each, now) for each in found]
        mailboxes.went_on(tx, name, at.validity, at.last)
    return sum(taken)


def take_in(tx: Tx, context: Context, bounce: Bounce, now: datetime) -> bool:
    """One mail that came back; False when it is none of ours, old, or known."""
    delivery = deliveries.by_message_id(tx, bounce.message_id) or _renamed(tx, bounce, now)
    if delivery is None or not bounce.for_good or not _is_of_this_sending(delivery, bounce):
        return False
    if not _is_recipient(tx, context, delivery, bounce.recipient):
        return False
    whose = blame(550, f"{bounce.status} {bounce.text}")  # whatever it was at first, it is for good now
    unknown = whose is Blame.recipient and delivery.purpose.to_client
    reason = Reason.address_refused if unknown else Reason.failed
    if not deliveries.came_back(tx, delivery, reason, TEXTS[whose].format(_code(bounce))):
        return False
    if unknown:
        contacts.bounced(tx, delivery.key.recipient, now)
    if delivery.purpose.to_client:
        due.sync(tx, context, delivery.booking_id, now)  # the address may have been put right before
    if delivery.purpose is Purpose.alert:
        alerts.pass_on(tx, context, delivery, now)
    log.info("mail came back", extra={"delivery": delivery.id, "whose": str(whose)})
    return True


def _renamed(tx: Tx, bounce: Bounce, now: datetime) -> Delivery | None:
    """By the name that the service gave the mail: Amazon SES puts it in the place of our Message-ID.

    https://docs.aws.amazon.com/ses/latest/dg/header-fields.html
    """
    given = bounce.message_id.strip("<> ").partition("@")[0]
    return deliveries.by_vendor_id(tx, given, now - REPORTED) if len(given) >= UNGUESSED else None


def _is_of_this_sending(delivery: Delivery, bounce: Bounce) -> bool:
    """A person may have sent it once more since: a late copy of the first report says nothing of that."""
    return (
        bounce.at is None or delivery.settled_at is None or bounce.at >= delivery.settled_at - CLOCKS_DIFFER
    )


def _is_recipient(tx: Tx, context: Context, delivery: Delivery, written: str) -> bool:
    if not delivery.purpose.to_client:
        own = (context.clinic.alert_email, context.clinic.alert_next_email)
        return _known_as(written) in {address(each) for each in own if each}
    point = contacts.get(tx, delivery.key.recipient)
    return point is not None and _known_as(written) == point.value


def _known_as(written: str) -> str:
    """The address as we keep it: its domain went out in ASCII."""
    return address(mail_address.read(written) or written)


def _code(bounce: Bounce) -> str:
    """The status as RFC 3463 writes it: anything else of a report is somebody's text."""
    return ".".join(part[:3] for part in bounce.status.split(".")[:3] if part.isascii() and part.isdigit())
