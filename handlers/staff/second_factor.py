"""The second factor: six digits of an app (RFC 6238), or a recovery code that counts once."""

import hmac
import secrets
from datetime import datetime

import pyotp

from handlers.context import Context
from handlers.staff import tries
from handlers.staff.sessions import Entry, current, let_in
from handlers.staff.tries import Refused
from schemas.staff import AccountNews, Staff, Stage
from store import audit, staff
from store.base import Tx

CODES = 10
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # pragma: allowlist secret


def confirm(context: Context, token: str, code: str, now: datetime) -> Entry | Refused:
    """Look at the second factor (six digits, or a recovery code). Right: a new, whole session."""
    with context.db.begin() as tx:
        known = current(tx, context, token, now)
        if known is None or known[1].stage is not Stage.code:
            return Refused.wrong
        who, session = known
        refused = tries.guess(tx, who, now)
        if refused:
            return refused
        if not (_spend_step(tx, who, who.totp, code, now) or _spend_code(tx, context, who, code, now)):
            audit.add(tx, who.name, "code_failed", f"staff:{who.id}", now)
            return Refused.wrong
        staff.forgive(tx, [tries.code_key(who)])
        staff.end_session(tx, session.id, now)
        return let_in(tx, context, who, now)


def begin_totp(context: Context, token: str, now: datetime) -> None:
    """Somebody who is in wants a (new) second factor: keep a secret until it is confirmed."""
    with context.db.begin() as tx:
        known = current(tx, context, token, now)
        if known is not None and known[1].stage is Stage.full and not known[1].totp:
            staff.offer_totp(tx, known[1].id, pyotp.random_base32())


def totp_uri(who: Staff, secret: str, clinic: str) -> str:
    """What the QR code of the enrolment says."""
    return pyotp.TOTP(secret).provisioning_uri(name=who.email, issuer_name=clinic)


def enrol(context: Context, token: str, code: str, now: datetime) -> tuple[Entry, str] | Refused:
    """Confirm a new second factor by its first code; returns a new session, and what `codes_of` makes the
    recovery codes from.
    """
    with context.db.begin() as tx:
        known = current(tx, context, token, now)
        if known is None or not known[1].totp:
            return Refused.wrong
        who, session = known
        refused = tries.guess(tx, who, now)
        if refused:
            return refused
        secret = session.totp
        if not _spend_step(tx, who, secret, code, now):
            return Refused.wrong
        staff.forgive(tx, [tries.code_key(who)])
        staff.set_totp(tx, who.id, secret)
        _spend_step(tx, who, secret, code, now)  # a new secret begins with no step used
        audit.add(tx, who.name, "second_factor_set", f"staff:{who.id}", now)
        staff.mail(tx, who.id, AccountNews.second_factor, now)
        staff.end_sessions(tx, who.id, now)
        return let_in(tx, context, who, now), _fresh_codes(tx, context, who.id)


def _spend_step(tx: Tx, who: Staff, secret: str, code: str, now: datetime) -> bool:
    """A code counts once, and half a minute to either side of its time (RFC 6238)."""
    totp, given = pyotp.TOTP(secret), code.replace(" ", "")
    for offset in (-1, 0, 1):
        if hmac.compare_digest(totp.at(now, counter_offset=offset).encode(), given.encode()):
            return staff.use_step(tx, who.id, totp.timecode(now) + offset)
    return False


def _spend_code(tx: Tx, context: Context, who: Staff, code: str, now: datetime) -> bool:
    if not staff.use_code(tx, who.id, _code_hash(context, who.id, code), now):
        return False
    audit.add(tx, who.name, "recovery_code_used", f"staff:{who.id}", now)
    staff.mail(tx, who.id, AccountNews.recovery_code, now)
    return True


def _code_hash(context: Context, staff_id: int, code: str) -> str:
    plain = code.strip().replace("-", "").replace(" ", "").casefold()
    return context.mac(f"recovery:{staff_id}:{plain}").hex()


def _fresh_codes(tx: Tx, context: Context, staff_id: int) -> str:
    """New recovery codes in place of all before; only their hashes are kept, not the seed."""
    seed = secrets.token_urlsafe(32)
    codes = _codes(context, staff_id, seed)
    staff.set_codes(tx, staff_id, [_code_hash(context, staff_id, code) for code in codes])
    return seed


def codes_of(tx: Tx, context: Context, staff_id: int, seed: str) -> list[str]:
    """The recovery codes of a seed, to be shown again; [] where these are not the codes that count."""
    codes = _codes(context, staff_id, seed) if seed else []
    known = staff.code_hashes(tx, staff_id)
    return codes if known and {_code_hash(context, staff_id, each) for each in codes} == known else []


def _codes(context: Context, staff_id: int, seed: str) -> list[str]:
    """118 bits each: so much cannot be guessed at, and a keyed hash is enough (no salt, no slow hash)."""
    return [_written(context.mac(f"codes:{staff_id}:{seed}:{number}")) for number in range(CODES)]


def _written(mac: bytes) -> str:
    """24 signs that nobody mistakes for one another, in groups of four."""
    left, signs = int.from_bytes(mac), ""
    for _ in range(24):
        left, sign = divmod(left, len(ALPHABET))
        signs += ALPHABET[sign]
    return "-".join(signs[at : at + 4] for at in range(0, len(signs), 4))
