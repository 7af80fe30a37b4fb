"""Staff logging in: passwords, second factors, sessions that end by themselves, a limit on guessing."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from handlers import hashing, passwords
from handlers.context import Context
from schemas import mail_address
from schemas.staff import Role, Staff, StaffSession, Stage
from store import audit, staff
from store.base import Tx

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
HALFWAY = timedelta(minutes=10)  # how long a login may wait for its code
WINDOW = timedelta(minutes=15)
MOST_TRIES = {"pair": 5, "account": 50, "address": 30, "code": 5}
CODES = 10
_hasher = PasswordHasher()
# A hash that no password opens: an unknown address costs as much time as a wrong password.
DECOY = "$argon2id$v=19$m=65536,t=3,p=4$ynFDfaFrc9di1NcNDSxHLg$AdoLFPZG7UfyP+CweztO7mfEHvTIc+yECTZOXb156QM"


class Refused(StrEnum):
    """Why nobody was let in."""

    wrong = "wrong"
    too_many = "too_many"
    busy = "busy"


@dataclass(frozen=True, slots=True)
class Entry:
    """A session that was just opened: its cookie's value and how far it goes."""

    token: str
    stage: Stage


class Unfit(ValueError):
    """A password or an account that cannot be taken; the text says why."""


def add(
    tx: Tx,
    context: Context,
    email: str,
    name: str,
    roles: Sequence[Role],
    password: str,
    now: datetime,
    *,
    credential: str = "",
    language: str = "en",
    by: str = "command line",
) -> int:
    """A new account; returns its id. Raises `Unfit`."""
    _check_password(context, password, email, name)
    if not mail_address.read(email.strip()) or not name.strip() or not roles:
        raise Unfit("An account needs an e-mail address, a name and a role.")
    if staff.by_email(tx, email):
        raise Unfit("There is an account with this address already.")
    if any(each.name.casefold() == name.strip().casefold() for each in staff.every(tx)):
        raise Unfit("Somebody has this name already: add an initial, so that the log can tell them apart.")
    made = staff.add(tx, email, name.strip(), credential, roles, language, _hasher.hash(password), now)
    audit.add(tx, by, "staff_added", f"staff:{made}", now)
    return made


def _check_password(context: Context, password: str, email: str, name: str) -> None:
    fault = passwords.fault(password, name, email, context.clinic.name)
    if fault:
        raise Unfit(fault)


def log_in(
    context: Context, email: str, password: str, address: str, now: datetime, *, require_totp: bool
) -> Entry | Refused:
    """Look at a password. Right: a new session, whole or waiting for the second factor."""
    try:
        with hashing.place():
            return _log_in(context, email, password, address, now, require_totp=require_totp)
    except hashing.Busy:
        return Refused.busy


def _log_in(
    context: Context, email: str, password: str, address: str, now: datetime, *, require_totp: bool
) -> Entry | Refused:
    keys = _keys(email, address)
    with context.db.begin() as tx:
        if _too_many(tx, keys, now):
            return Refused.too_many
        staff.note_try(tx, list(keys.values()), now)
        found = staff.by_email(tx, email)
    known = found.password_hash if found and found.active else DECOY
    good = _matches(known, password)
    fresh = hashing.run(partial(_hasher.hash, password)) if good and _hasher.check_needs_rehash(known) else ""
    with context.db.begin() as tx:
        if found is None or not found.active or not good:
            audit.add(tx, "unknown", "login_failed", f"staff:{found.id if found else 0}", now)
            return Refused.wrong
        staff.forgive(tx, [keys["pair"]])
        if fresh:
            staff.set_password(tx, found.id, fresh)
        staff.tidy(tx, now - timedelta(days=30))
        return _enter(tx, found, now, require_totp=require_totp)


def _enter(tx: Tx, who: Staff, now: datetime, *, require_totp: bool) -> Entry:
    if who.totp:
        return _open(tx, who, Stage.code, now)
    if require_totp:
        return _open(tx, who, Stage.enrol, now, pyotp.random_base32())
    return _let_in(tx, who, now)


def _let_in(tx: Tx, who: Staff, now: datetime) -> Entry:
    audit.add(tx, who.name, "login", f"staff:{who.id}", now)
    return _open(tx, who, Stage.full, now)


def _open(tx: Tx, who: Staff, stage: Stage, now: datetime, totp: str = "") -> Entry:
    token = secrets.token_urlsafe(32)
    staff.open_session(tx, _digest(token), who.id, stage, now, totp)
    return Entry(token, stage)


def _matches(password_hash: str, password: str) -> bool:
    try:
        return hashing.run(partial(_hasher.verify, password_hash, password))
    except (Argon2Error, InvalidHashError):
        return False


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def _keys(email: str, address: str) -> dict[str, str]:
    """What tries are counted by: this address at this account, the account, the address."""
    who = email.strip().casefold()
    parts = {"pair": f"{who}\0{address}", "account": who, "address": address}
    return {name: f"{name}:{_digest(value)[:48]}" for name, value in parts.items()}


def _too_many(tx: Tx, keys: dict[str, str], now: datetime) -> bool:
    return any(staff.tries(tx, key, now - WINDOW) >= MOST_TRIES[name] for name, key in keys.items())


def current(tx: Tx, token: str, now: datetime) -> tuple[Staff, StaffSession] | None:
    """Who a cookie belongs to; None when it is unknown, ended, too old, or idle for too long."""
    found = staff.session(tx, _digest(token)) if token else None
    if found is None:
        return None
    limit = ABSOLUTE if found.stage is Stage.full else HALFWAY
    if now - found.created_at > limit or now - found.seen_at > IDLE:
        return None
    who = staff.get(tx, found.staff_id)
    return (who, found) if who is not None and who.active else None


def confirm(context: Context, token: str, code: str, now: datetime) -> Entry | Refused:
    """Look at the second factor (six digits, or a recovery code). Right: a new, whole session."""
    with context.db.begin() as tx:
        known = current(tx, token, now)
        if known is None or known[1].stage is not Stage.code:
            return Refused.wrong
        who, session = known
        refused = _guess(tx, who, now)
        if refused:
            return refused
        if not (_spend_step(tx, who, who.totp, code, now) or _spend_code(tx, context, who, code, now)):
            audit.add(tx, who.name, "code_failed", f"staff:{who.id}", now)
            return Refused.wrong
        staff.forgive(tx, [_code_key(who)])
        staff.end_session(tx, session.id, now)
        return _let_in(tx, who, now)


def _code_key(who: Staff) -> str:
    return f"code:{who.id}"


def _guess(tx: Tx, who: Staff, now: datetime) -> Refused | None:
    if staff.tries(tx, _code_key(who), now - WINDOW) >= MOST_TRIES["code"]:
        return Refused.too_many
    staff.note_try(tx, [_code_key(who)], now)
    return None


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
    return True


def _code_hash(context: Context, staff_id: int, code: str) -> str:
    plain = code.strip().replace("-", "").replace(" ", "").casefold()
    return hmac.new(context.link_key, f"recovery:{staff_id}:{plain}".encode(), hashlib.sha256).hexdigest()


def begin_totp(context: Context, token: str, now: datetime) -> None:
    """Somebody who is in wants a (new) second factor: keep a secret until it is confirmed."""
    with context.db.begin() as tx:
        known = current(tx, token, now)
        if known is not None and known[1].stage is Stage.full and not known[1].totp:
            staff.offer_totp(tx, known[1].id, pyotp.random_base32())


def totp_uri(who: Staff, secret: str, clinic: str) -> str:
    """What the QR code of the enrolment says."""
    return pyotp.TOTP(secret).provisioning_uri(name=who.email, issuer_name=clinic)


def enrol(context: Context, token: str, code: str, now: datetime) -> tuple[Entry, list[str]] | Refused:
    """Confirm a new second factor by its first code; returns a new session and the recovery codes, once."""
    with context.db.begin() as tx:
        known = current(tx, token, now)
        if known is None or not known[1].totp:
            return Refused.wrong
        who, session = known
        refused = _guess(tx, who, now)
        if refused:
            return refused
        secret = session.totp
        if not _spend_step(tx, who, secret, code, now):
            return Refused.wrong
        staff.forgive(tx, [_code_key(who)])
        staff.set_totp(tx, who.id, secret)
        _spend_step(tx, who, secret, code, now)  # a new secret begins with no step used
        audit.add(tx, who.name, "second_factor_set", f"staff:{who.id}", now)
        staff.end_sessions(tx, who.id, now)
        return _let_in(tx, who, now), _fresh_codes(tx, context, who.id)


def _fresh_codes(tx: Tx, context: Context, staff_id: int) -> list[str]:
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    codes = ["".join(secrets.choice(alphabet) for _ in range(12)) for _ in range(CODES)]
    staff.set_codes(tx, staff_id, [_code_hash(context, staff_id, code) for code in codes])
    return [f"{code[:4]}-{code[4:8]}-{code[8:]}" for code in codes]


def change_password(context: Context, who: Staff, old: str, new: str, now: datetime) -> Entry | Refused:
    """Another password; every session ends and a new one begins. Raises `Unfit`."""
    try:
        with hashing.place():
            return _change_password(context, who, old, new, now)
    except hashing.Busy:
        return Refused.busy


def _change_password(context: Context, who: Staff, old: str, new: str, now: datetime) -> Entry | Refused:
    with context.db.begin() as tx:
        refused = _guess(tx, who, now)
    if refused:
        return refused
    if not _matches(who.password_hash, old):
        return Refused.wrong
    _check_password(context, new, who.email, who.name)
    made = hashing.run(partial(_hasher.hash, new))
    with context.db.begin() as tx:
        staff.forgive(tx, [_code_key(who)])
        staff.set_password(tx, who.id, made)
        staff.end_sessions(tx, who.id, now)
        audit.add(tx, who.name, "password_changed", f"staff:{who.id}", now)
        return _open(tx, who, Stage.full, now)


def log_out(tx: Tx, session: StaffSession, who: Staff, now: datetime) -> None:
    """End this session at once, on the server."""
    staff.end_session(tx, session.id, now)
    audit.add(tx, who.name, "logout", f"staff:{who.id}", now)


def set_active(tx: Tx, staff_id: int, by: str, now: datetime, *, active: bool) -> None:
    """Let somebody in again, or out: their sessions end at once."""
    staff.set_active(tx, staff_id, now, active=active)
    if not active:
        staff.end_sessions(tx, staff_id, now)
    audit.add(tx, by, "staff_let_in" if active else "staff_deactivated", f"staff:{staff_id}", now)


def reset(tx: Tx, context: Context, staff_id: int, password: str, by: str, now: datetime) -> None:
    """A new password and no second factor, for somebody who lost both. Raises `Unfit`."""
    who = staff.get(tx, staff_id)
    if who is None:
        raise Unfit("There is no such account.")
    _check_password(context, password, who.email, who.name)
    staff.set_password(tx, staff_id, _hasher.hash(password))
    staff.set_totp(tx, staff_id, "")
    staff.set_codes(tx, staff_id, [])
    staff.end_sessions(tx, staff_id, now)
    audit.add(tx, by, "staff_reset", f"staff:{staff_id}", now)
