"""Where a client is reached: an address or a number, what its owner does not want, and what is none."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr
from functools import lru_cache

from handlers.context import Context
from schemas.booking import Person
from schemas.clinic import Clinic
from schemas.delivery import Channel, Purpose
from schemas.notions.phone import e164, has_extension
from schemas.person import ContactKind, ContactPoint, MessageKind
from store import attendances, audit, clients, contacts, deliveries
from store import erase as erasing
from store.base import Tx

KINDS = dict.fromkeys(
    (Purpose.checkin, Purpose.my_day, Purpose.book_again), MessageKind.checkins
)  # every other message to a client is care
EVERY_KIND = tuple(MessageKind)
BY_STAFF = "staff"
"""How an owner said it who called: staff wrote it down, and may take it back when they call again."""
# What people and schedulers write where there is no address.
PLACEHOLDER_DOMAINS = frozenset(
    {"sms.cal.com", "none.com", "noemail.com", "no-email.com", "nomail.com", "na.com", "none"}
)
PLACEHOLDER_NAMES = frozenset(
    {
        "noemail",
        "no-email",
        "no.email",
        "nomail",
        "none",
        "na",
        "noreply",
        "no-reply",
        "donotreply",
        "unknown",
        "sinemail",
        "sincorreo",
    }
)


def kind_of(purpose: Purpose) -> MessageKind:
    """What kind of message a purpose is, for who does not want all of them."""
    return KINDS.get(purpose, MessageKind.care)


def address(written: str) -> str:
    """The normalised value of an e-mail address: two spellings of one address are equal."""
    return written.strip().casefold()


def is_placeholder(written: str, clinic: Clinic) -> bool:
    """True for what stands in the place of an address: nobody's, or the clinic's own."""
    name, _, domain = address(written).rpartition("@")
    own = _addresses((clinic.email, clinic.reply_to, clinic.alert_email, clinic.alert_next_email))
    return domain in PLACEHOLDER_DOMAINS or name in PLACEHOLDER_NAMES or address(written) in own


@lru_cache(maxsize=8)
def _addresses(named: tuple[str, ...]) -> frozenset[str]:
    """The addresses alone of what may have a name before each."""
    return frozenset(address(parseaddr(each)[1]) for each in named)


def is_read_by_nobody(written: str) -> bool:
    """True for an address whose name says that nobody reads what is sent there, such as `no-reply@`."""
    name = address(parseaddr(written)[1]).rpartition("@")[0]
    return name.replace("-", "").replace("_", "").replace(".", "") in ("noreply", "donotreply")


def email_of(tx: Tx, context: Context, written: str, now: datetime) -> int | None:
    """The contact point of an address; None where there is none, or a placeholder."""
    if not written.strip() or is_placeholder(written, context.clinic):
        return None
    return _point(tx, context, ContactKind.email, address(written), now)


def phone_of(tx: Tx, context: Context, written: str, now: datetime) -> int | None:
    """The contact point of a number; None where it cannot be dialled, or a switchboard would answer."""
    country = context.clinic.country
    found = None if not written.strip() or has_extension(written, country) else e164(written, country)
    return _point(tx, context, ContactKind.sms, found, now) if found else None


def _point(tx: Tx, context: Context, kind: ContactKind, value: str, now: datetime) -> int:
    """The contact point of a value; one that comes back after a restore wants as little as before."""
    found, new = contacts.put(tx, kind, value, now)
    if new:
        stop_known(tx, context, ContactPoint(found, kind, value, None), now)
    return found


def stop_known(tx: Tx, context: Context, point: ContactPoint, now: datetime) -> bool:
    """Send nothing there that a journal said is not wanted; False where nothing changes."""
    hashes = {each: _stopped_hashes(context, point, each) for each in MessageKind}
    known = erasing.remembered(tx, [one for each in hashes.values() for one in each])
    kinds = [each for each in MessageKind if not known.isdisjoint(hashes[each])]
    return bool(kinds) and contacts.stop(tx, point.id, kinds, "before", now)


def _stopped_hashes(context: Context, point: ContactPoint, kind: MessageKind) -> list[str]:
    return [stopped_hash(context, point.kind, point.value, kind, key) for key in context.keys]


def stopped_hash(
    context: Context, kind: ContactKind, value: str, stopped: MessageKind, key: bytes = b""
) -> str:
    """A keyed hash of what the owner of an address or number does not want; names nobody."""
    return context.mac(f"stopped:{kind}\0{value}\0{stopped}", key).hex()


def reached_at(tx: Tx, context: Context, person: Person, now: datetime) -> dict[str, int | None]:
    """The contact points of a person, as an attendance keeps them."""
    return {
        "email_id": email_of(tx, context, person.email, now),
        "phone_id": phone_of(tx, context, person.phone, now),
    }


def stop(tx: Tx, context: Context, channel: Channel, written: str, way: str, now: datetime) -> bool:
    """The owner of an address or number wants nothing there any more, whoever the client is."""
    found = _found(tx, context, channel, written, now)
    return found is not None and contacts.stop(tx, found, EVERY_KIND, way, now)


def start(tx: Tx, context: Context, channel: Channel, written: str, now: datetime) -> bool:
    """The owner of an address or number wants messages there again."""
    point = contacts.get(tx, _found(tx, context, channel, written, now))
    return point is not None and allow(tx, context, point, EVERY_KIND, now)


def _found(tx: Tx, context: Context, channel: Channel, written: str, now: datetime) -> int | None:
    look_up = phone_of if channel is Channel.sms else email_of
    return look_up(tx, context, written, now)


def allow(tx: Tx, context: Context, point: ContactPoint, kinds: Sequence[MessageKind], now: datetime) -> bool:
    """Messages of these kinds may go there again; False when they might already.

    An e-mail that was left out for that reason lately goes out now; a text went as a mail instead.
    """
    if not contacts.start(tx, point.id, kinds):
        return False
    if point.kind is ContactKind.email:
        for each in deliveries.left_out(tx, point.id, now - context.clinic.policy.too_late):
            if kind_of(each.purpose) in kinds:
                deliveries.reschedule(tx, each.id, now)
    return True


def note_stop(tx: Tx, place: ContactPoint, by: str, now: datetime) -> None:
    """The owner told somebody at the clinic that they want nothing there any more."""
    if contacts.stop(tx, place.id, EVERY_KIND, BY_STAFF, now):
        audit.add(tx, by, f"noted_stop_{place.kind}", f"contact:{place.id}", now)


def note_start(tx: Tx, context: Context, place: ContactPoint, by: str, now: datetime) -> None:
    """They want messages there again: what staff wrote down ends, what the owner did alone stays."""
    kinds = contacts.stopped_by(tx, place.id, BY_STAFF)
    if kinds and allow(tx, context, place, kinds, now):
        audit.add(tx, by, f"noted_start_{place.kind}", f"contact:{place.id}", now)


def normalise(tx: Tx, context: Context, now: datetime) -> dict[int, int]:
    """Complete the national numbers of an older database, now that the clinic's country is known.

    Returns the contact points that are others by now, each with that one.
    """
    moved = dict[int, int]()
    for point in contacts.of_kind(tx, ContactKind.sms):
        found = e164(point.value, context.clinic.country)
        if found and found != point.value:
            moved[point.id] = contacts.rename(tx, point.id, found, now)
    return {was: by_now for was, by_now in moved.items() if was != by_now}


def shared(tx: Tx, places: Iterable[int | None]) -> bool:
    """True where several people are, or were, reached at these contact points."""
    at = {client for place in places if place for client in attendances.clients_at(tx, place)}
    return len({clients.root(tx, client) for client in at}) > 1


def wants(point: ContactPoint | None, purpose: Purpose) -> bool:
    """True while nobody said that this is not wanted there."""
    return point is not None and kind_of(purpose) not in point.stopped


@dataclass(frozen=True, slots=True)
class Reached:
    """Where a client is reached, as the console shows it; None where there is nothing."""

    email: ContactPoint | None
    phone: ContactPoint | None

    @property
    def no_email(self) -> bool:
        """True where the owner of the address wants less than everything."""
        return self.email is not None and bool(self.email.stopped)

    @property
    def no_texts(self) -> bool:
        """True where the owner of the number wants less than everything."""
        return self.phone is not None and bool(self.phone.stopped)

    @property
    def places(self) -> list[ContactPoint]:
        """Those that there are."""
        return [place for place in (self.email, self.phone) if place is not None]


def known(tx: Tx, context: Context, email: str, phone: str) -> Reached:
    """The contact points of an address and a number; looking makes none."""
    number = e164(phone, context.clinic.country) if phone else None
    return Reached(
        contacts.find(tx, ContactKind.email, address(email)) if email else None,
        contacts.find(tx, ContactKind.sms, number) if number else None,
    )
