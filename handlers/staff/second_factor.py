"""The second factor: six digits of an app (RFC 6238), or a recovery code that counts once."""

import hashlib
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


def enrol(context: Context, token: str, code: str, now: datetime) -> tuple[Entry, list[str]] | Refused:
    """Confirm a new second factor by its first code; returns a new session and the recovery codes, once."""
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
    return hmac.new(context.link_key, f"recovery:{staff_id}:{plain}".encode(), hashlib.sha256).hexdigest()


def _fresh_codes(tx: Tx, context: Context, staff_id: int) -> list[str]:
    """118 bits each: so much cannot be guessed at, and a keyed hash is enough (no salt, no slow hash)."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"  # pragma: allowlist secret
    codes = ["".join(secrets.choice(alphabet) for _ in range(24)) for _ in range(CODES)]
    staff.set_codes(tx, staff_id, [_code_hash(context, staff_id, code) for code in codes])
    return ["-".join(code[at : at + 4] for at in range(0, len(code), 4)) for code in codes]
