"""Personal links: made from a key, kept as a hash, so that the same link can be sent again."""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from handlers.context import Context
from schemas.person import Attendance
from store import attendances, bookings, checkins, clients, links
from store.base import Tx

TOKEN = re.compile(r"[A-Za-z0-9_-]{32}\Z", re.ASCII)


class LinkPurpose(StrEnum):
    """What a link opens.

    The subject of `intake`, `plan`, `note` and `confirm` is a booking, of `checkin` a check-in; `stop` is
    about the contact point that the link was sent to. `door` is the tablet at the desk, opened by an account.
    """

    intake = "intake"
    plan = "plan"
    note = "note"
    checkin = "checkin"
    stop = "stop"
    confirm = "confirm"
    door = "door"


OF_CLIENT = (LinkPurpose.intake, LinkPurpose.plan, LinkPurpose.checkin, LinkPurpose.confirm)
OF_VISIT = (LinkPurpose.intake, LinkPurpose.plan, LinkPurpose.note)  # the subject is a booking
AFTER_VISIT = timedelta(days=1)  # how long the link to a form lives on after the visit
PATHS = {
    LinkPurpose.intake: "/i/",
    LinkPurpose.plan: "/p/",
    LinkPurpose.note: "/n/",
    LinkPurpose.checkin: "/c/",
    LinkPurpose.stop: "/u/",
    LinkPurpose.confirm: "/a/",
    LinkPurpose.door: "/d/",
}
LIVES = {
    LinkPurpose.plan: timedelta(days=180),
    LinkPurpose.note: timedelta(days=14),
    LinkPurpose.checkin: timedelta(days=60),
    LinkPurpose.stop: timedelta(days=3650),
    LinkPurpose.confirm: timedelta(days=14),
    LinkPurpose.door: timedelta(hours=12),
}


class Fate(StrEnum):
    """What became of a link."""

    open = "open"
    ended = "ended"  # by a person, or by time
    not_theirs = "not_theirs"  # the visit is another person's, or the address was corrected away


@dataclass(frozen=True, slots=True)
class Link:
    """What a known link opens, whose it is, whether it still does, and from when until when it did."""

    subject: int
    client_id: int | None
    contact_id: int | None
    fate: Fate
    since: datetime
    until: datetime


def token(
    tx: Tx, context: Context, purpose: LinkPurpose, subject: int, client: int = 0, contact: int = 0
) -> str:
    """The 192-bit token of a link: 32 characters, safe in a URL. After a link was ended it is another one."""
    return _token(context, _about(purpose, subject, client, contact), links.ended(tx, purpose, subject))


def _token(context: Context, about: str, ended: int) -> str:
    return base64.urlsafe_b64encode(context.mac(f"{about}:{ended}")[:24]).decode()


def _about(purpose: str, subject: int, client: int, contact: int) -> str:
    return f"{purpose}:{subject}:{client}.{contact}"


def _is_ours(tx: Tx, context: Context, row: Any, contact: int) -> bool:
    """True while the row says what the link was made for: who writes into the database leads it nowhere else.

    The token of some links was made of something else: `opens` keeps what they open. One that ends mails is
    always heard.
    """
    if row.purpose == LinkPurpose.stop or row.revoked_at:
        return True
    if row.opens:
        return hmac.compare_digest(row.opens, _opens(context, row, row.token_hash, contact))
    about, ended = _about_row(row, contact), range(links.ended(tx, row.purpose, row.subject) + 1)
    made = (_hash(context, _token(context, about, number)) for number in ended)
    return any(hmac.compare_digest(row.token_hash, each) for each in made)


def _about_row(row: Any, contact: int) -> str:
    return _about(row.purpose, row.subject, row.client_id or 0, contact)


def _opens(context: Context, row: Any, token_hash: str, contact: int) -> str:
    return context.mac(f"opens:{token_hash}:{_about_row(row, contact)}").hex()


def _hash(context: Context, value: str) -> str:
    return _keyed(context, hashlib.sha256(value.encode()).hexdigest())


def _keyed(context: Context, plain: str) -> str:
    """Another key opens no link that was made before it."""
    return context.mac(f"link:{plain}").hex()


def key_old(tx: Tx, context: Context) -> None:
    """Put the key into the hashes of an older database, so that its links stay open until it changes.

    Such a token was made without client and address, and for a check-in that was sent again by a number that
    is gone by now: what it opens is kept beside it.
    """
    for row in links.unkeyed(tx):
        keyed = _keyed(context, row.token_hash)
        links.rehash(tx, row.id, keyed, _opens(context, row, keyed, row.contact_id or 0))


def follow(tx: Tx, context: Context, moved: Mapping[int, int]) -> None:
    """Keep open what was sent to numbers that are other contact points by now, each by the former one."""
    for former, contact in moved.items():
        for row in links.sent_to(tx, contact):
            if row.keyed and not row.revoked_at and _is_ours(tx, context, row, former):
                links.rehash(tx, row.id, row.token_hash, _opens(context, row, row.token_hash, contact))


def issue(
    tx: Tx,
    context: Context,
    purpose: LinkPurpose,
    subject: int,
    now: datetime,
    until: datetime | None = None,
    contact: int | None = None,
    client: int = 0,
) -> str:
    """The full URL of a personal link, good until `until` (or as long as its kind lives).

    It is bound to the client whom it is about and to the contact point that it is sent to: `contact`, or the
    client's e-mail address; 0 for a link that is handed over in person. `client` where no visit says it.
    """
    comes = _comes(tx, purpose, subject)
    client = comes.client_id if comes else client
    sent_to = (comes.email_id if comes else 0) if contact is None else contact
    value = token(tx, context, purpose, subject, client, sent_to or 0)
    row = {"client_id": client or None, "contact_id": sent_to or None}
    links.ensure(tx, _hash(context, value), purpose, subject, now, until or now + LIVES[purpose], **row)
    return context.clinic.public_url + PATHS[purpose] + value


def _comes(tx: Tx, purpose: LinkPurpose, subject: int) -> Attendance | None:
    """Who comes to the visit that a link is about."""
    if purpose in (LinkPurpose.stop, LinkPurpose.door):
        return None
    if purpose is LinkPurpose.checkin:
        asked = checkins.get(tx, subject)
        subject = asked.booking_id if asked else 0
    booking = bookings.get(tx, subject)
    return attendances.current(tx, booking.id) if booking else None


def look(tx: Tx, context: Context, purpose: LinkPurpose, value: str, now: datetime) -> Link | None:
    """A link as it stands now; None for one that is malformed, or that was never made."""
    row: Any = links.find(tx, _hash(context, value), purpose) if TOKEN.fullmatch(value) else None
    if row is None or not _is_ours(tx, context, row, row.contact_id or 0):
        return None
    until = row.revoked_at or row.expires_at
    whose = (row.client_id, row.contact_id)
    return Link(_subject(tx, purpose, row), *whose, _fate(tx, purpose, row, now), row.created_at, until)


def _subject(tx: Tx, purpose: LinkPurpose, row: Any) -> int:
    """What it opens now: a visit that turned out to be another one leads there."""
    booking = bookings.get(tx, row.subject) if purpose in OF_VISIT else None
    return booking.id if booking else int(row.subject)


def _fate(tx: Tx, purpose: LinkPurpose, row: Any, now: datetime) -> Fate:
    if row.revoked_at:
        return Fate.ended
    comes = _comes(tx, purpose, row.subject)
    if comes is not None and purpose in OF_CLIENT and not _theirs(tx, purpose, row, comes):
        return Fate.not_theirs
    return Fate.open if now < _end(tx, purpose, row, comes) else Fate.ended


def _theirs(tx: Tx, purpose: LinkPurpose, row: Any, comes: Attendance) -> bool:
    """True while the same client comes, and is reached (or is to be) where the link was sent."""
    same = row.client_id is None or comes.client_id in clients.family(tx, row.client_id)
    to_be = purpose is LinkPurpose.confirm
    return same and (to_be or row.contact_id in (None, comes.email_id, comes.phone_id))


def _end(tx: Tx, purpose: LinkPurpose, row: Any, comes: Attendance | None) -> datetime:
    """A form stays open until a day after the last of its visits, whenever that is by now."""
    end: datetime = row.expires_at
    if purpose is not LinkPurpose.intake or comes is None:
        return end
    visits = [bookings.get(tx, each) for each in bookings.together(tx, comes.booking_id)]
    return max([end, *(each.end + AFTER_VISIT for each in visits if each)])


def open_link(tx: Tx, context: Context, purpose: LinkPurpose, value: str, now: datetime) -> int | None:
    """The subject of a live link; None for one that opens nothing any more."""
    found = look(tx, context, purpose, value, now)
    return found.subject if found and found.fate is Fate.open else None
