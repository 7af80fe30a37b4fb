"""Passkeys: keys that a device keeps for its owner and opens by finger, face or a code of its own (WebAuthn).

One is two factors: the device, and what opens it there. It counts for this address alone, so that a copy of
the sign-in page gets nothing. https://www.w3.org/TR/webauthn-2/
"""

import base64
import hmac
import ipaddress
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from urllib.parse import urlsplit

from handlers.context import Context
from handlers.staff import tries
from handlers.staff.passwords import Unfit
from handlers.staff.sessions import Entry, let_in
from handlers.staff.tries import Refused
from schemas.staff import AccountNews, Passkey, Staff
from store import audit, passkeys, staff
from store.base import Tx

FRESH = timedelta(minutes=5)
MOST, LONGEST_NAME, LONGEST_ID = 10, 60, 1400
NOT_TAKEN = "Your device gave no passkey that counts here. Try again."
TOO_MANY = "You have ten passkeys. Take one away first."
KNOWN = "This passkey is there already."
FAULTS = (NOT_TAKEN, TOO_MANY, KNOWN)
"""Every sentence that a person may read here, in English."""
MAC, MADE, NONCE = 32, 8, 16  # bytes


@dataclass(frozen=True, slots=True)
class Site:
    """Where passkeys count: the host that they are bound to, and the address of the pages."""

    host: str
    origin: str


def site(context: Context) -> Site | None:
    """None where none can be made: at an address of digits, or without TLS but on this machine."""
    parts = urlsplit(context.clinic.public_url)
    host = parts.hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        safe = parts.scheme == "https" or host == "localhost"
        return Site(host, f"{parts.scheme}://{parts.netloc}") if host and safe else None
    return None


def new_options(context: Context, who: Staff, subject: str, now: datetime) -> str:
    """What the browser needs to make a passkey, as JSON; `subject` is the browser's session."""
    from handlers.staff import ceremony

    here = site(context)
    assert here is not None
    with context.db.read() as tx:
        mine = passkeys.of_staff(tx, who.id)
    return ceremony.to_make(here, context.clinic.name, who, mine, _challenge(context, subject, now))


def options(context: Context, subject: str, now: datetime) -> str:
    """What the browser needs to ask for any passkey of this address, as JSON."""
    from handlers.staff import ceremony

    here = site(context)
    assert here is not None
    return ceremony.to_sign(here, _challenge(context, subject, now))


def _challenge(context: Context, subject: str, now: datetime) -> bytes:
    """Random, of this moment and for one browser: nothing is kept for who only looks at the page."""
    made = int(now.timestamp() * 1000).to_bytes(MADE) + secrets.token_bytes(NONCE)
    return made + _mac(context, subject, made)


def _mac(context: Context, subject: str, made: bytes) -> bytes:
    return context.mac(f"passkey:{subject}:".encode() + made)


def _made_at(context: Context, subject: str, challenge: bytes, now: datetime) -> datetime | None:
    """When we made this challenge for this browser; None for one that is not ours, or too old."""
    made, mac = challenge[:-MAC], challenge[-MAC:]
    if len(made) != MADE + NONCE or not hmac.compare_digest(mac, _mac(context, subject, made)):
        return None
    at = datetime.fromtimestamp(int.from_bytes(made[:MADE]) / 1000, UTC)
    return at if timedelta(0) <= now - at < FRESH else None


def enrol(context: Context, who: Staff, subject: str, given: str, name: str, now: datetime) -> None:
    """Keep a new passkey; its owner's password or another passkey was asked for before. Raises `Unfit`."""
    from handlers.staff import ceremony

    here, is_ours = site(context), partial(_made_at, context, subject, now=now)
    try:
        made = ceremony.made(here, given, is_ours) if here else None
    except ceremony.BROKEN as error:
        raise Unfit(NOT_TAKEN, "passkey") from error
    if made is None or len(made.credential_id) * 4 > LONGEST_ID * 3:
        raise Unfit(NOT_TAKEN, "passkey")
    identity = _identity(made.credential_id)
    with context.db.begin() as tx:
        tx.lock("passkeys")  # of everybody: two accounts may bring the same one at once
        if len(passkeys.of_staff(tx, who.id)) >= MOST:
            raise Unfit(TOO_MANY, "passkey")
        if passkeys.find(tx, identity):
            raise Unfit(KNOWN, "passkey")
        named = " ".join(name.split())[:LONGEST_NAME]
        passkeys.add(tx, who.id, named, identity, made.credential_public_key, made.sign_count, now)
        audit.add(tx, who.name, "passkey_set", f"staff:{who.id}", now)
        staff.mail(tx, who.id, AccountNews.passkey, now)


def forget(tx: Tx, who: Staff, passkey_id: int, now: datetime) -> None:
    """Take one of the own passkeys away."""
    if passkeys.forget(tx, who.id, passkey_id):
        audit.add(tx, who.name, "passkey_gone", f"staff:{who.id}", now)
        staff.mail(tx, who.id, AccountNews.passkey_gone, now)


def sign_in(context: Context, subject: str, given: str, address: str, now: datetime) -> Entry | Refused:
    """Look at what a device has signed. Right: a new, whole session; a password is not asked for."""
    key = tries.keys("", address)["address"]
    with context.db.begin() as tx:
        if tries.too_many(tx, {"address": key}, now):
            return Refused.too_many
        found = _signed(tx, context, subject, given, now)
        who = staff.get(tx, found.staff_id) if found else None
        if who is None or not who.active:
            staff.note_try(tx, [key], now)
            audit.note_refusal(tx, "unknown", "login_failed", f"staff:{who.id if who else 0}", now, "passkey")
            return Refused.wrong
        audit.add(tx, who.name, "passkey_used", f"staff:{who.id}", now)
        return let_in(tx, context, who, now)


def is_me(context: Context, who: Staff, subject: str, given: str, now: datetime) -> Refused | None:
    """Look at a passkey of who is signed in, before something grave; None where it is right."""
    with context.db.begin() as tx:
        found = _signed(tx, context, subject, given, now)
        if found is not None and found.staff_id == who.id:
            return None
        audit.add(tx, who.name, "passkey_wrong", f"staff:{who.id}", now)
        return Refused.wrong


def _signed(tx: Tx, context: Context, subject: str, given: str, now: datetime) -> Passkey | None:
    """The passkey that has signed a challenge of ours for this browser; each challenge counts once."""
    from handlers.staff import ceremony

    here = site(context)
    try:
        credential, challenge = ceremony.parsed(given)
        made_at = _made_at(context, subject, challenge, now)
        identity = _identity(credential.raw_id)
        found = passkeys.find(tx, identity) if len(identity) <= LONGEST_ID else None
        if here is None or made_at is None or found is None:
            return None
        verified = ceremony.verified(here, credential, challenge, found)
    except ceremony.BROKEN:
        return None
    return found if passkeys.use(tx, found.id, verified.new_sign_count, made_at, now) else None


def _identity(raw: bytes) -> str:
    """How a passkey is named: base64 for addresses, without what fills it up."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
