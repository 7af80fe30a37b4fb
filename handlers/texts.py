"""A text that came in: it waits for a person, danger in it alerts at once, and nothing is answered."""

from collections.abc import Sequence
from datetime import datetime

from clinical.answers import flags
from handlers.clients import contacts
from handlers.context import Context
from handlers.schedule import alerts
from schemas.booking import BookingStatus
from schemas.message import Received
from schemas.person import ContactKind
from schemas.rules import Flag
from store import bookings, clients, intakes, texts
from store import contacts as stored_contacts
from store.base import Tx

LONGEST = 2000  # letters
NUMBER = 64  # letters of a sender that is no number


def receive(tx: Tx, context: Context, vendor_id: str, number: str, words: str, now: datetime) -> None:
    """Keep a text, once however often the service delivers it, and alert the clinic to danger in it."""
    place = contacts.phone_of(tx, context, number, now)
    place = place or stored_contacts.ensure(tx, ContactKind.sms, _sender(number), now)
    words = words[:LONGEST]
    text_id = texts.add(tx, vendor_id, place, words, now)
    if text_id is None:
        return
    found = _dangers(context, words)
    people = senders(tx, place)
    for client_id in people:
        _act(tx, text_id, client_id, found, now, shared=len(people) > 1)


def _sender(number: str) -> str:
    return "".join(filter(str.isprintable, number)).strip()[:NUMBER]


def _dangers(context: Context, words: str) -> tuple[Flag, ...]:
    return flags.of_text(words, context.library(context.clinic.language).rules)


def speaks_of_danger(context: Context, text: Received) -> bool:
    """True where a person should read it before the others."""
    return bool(_dangers(context, text.words))


def senders(tx: Tx, contact_id: int) -> list[int]:
    """Who may have written from a number: the clients who are reached there, those who were joined once."""
    return list(dict.fromkeys(clients.root(tx, each) for each in texts.senders(tx, contact_id)))


def _act(
    tx: Tx,
    text_id: int,
    client_id: int,
    found: Sequence[Flag],
    now: datetime,
    *,
    shared: bool,
) -> None:
    """Hold and alert for the visit that is next, or was last."""
    visit = _visit(tx, client_id, now)
    if visit is None or not found:
        return
    booking_id, whose = visit
    for flag in found:
        kept = flags.to_stored(flag) | ({"because": []} if shared else {})  # it may be another's words
        if not intakes.raise_flag(tx, booking_id, whose, flag.rule, flag.severity, kept, now):
            intakes.stand_again(tx, booking_id, whose, flag.rule, now)
    alerts.at_once(tx, booking_id, f"text-{text_id}", now)


def _visit(tx: Tx, client_id: int, now: datetime) -> tuple[int, int] | None:
    """The visit about which staff are alerted, and under which number the person comes to it."""
    family = clients.family(tx, client_id)
    every = [each for one in family for each in bookings.of_client(tx, one)]
    coming = [each for each in every if each.status == BookingStatus.confirmed and each.end_at > now]
    found = min(coming, key=lambda each: each.start_at, default=None)
    found = found or max(every, key=lambda each: each.start_at, default=None)
    return (found.id, found.client_id) if found else None
