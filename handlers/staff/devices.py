"""A known device: for a month, within a working day of each sign-in with the second factor, a PIN opens it.

A PIN is one of six digits and more, so it is worth little alone: it counts on one device and for one account,
five times at most, and only for so long as the session of the last whole sign-in could have lived. Nothing
that asks for the password takes it instead.
"""

import itertools
import secrets
from datetime import datetime, timedelta

from handlers.context import Context
from handlers.staff import hashing, sessions
from handlers.staff.passwords import Unfit
from handlers.staff.sessions import ABSOLUTE, Entry
from handlers.staff.tries import Refused, in_line
from schemas.staff import Device, Staff, StaffSession, Stage
from store import audit, devices, staff
from store.base import Tx

KNOWN = timedelta(days=30)
MOST_TRIES, SHORTEST, LONGEST = 5, 6, 12
TOO_PLAIN = "Use six to twelve digits, not all the same and not in a row."
NO_FACTOR = "Sign in with your second factor first: a PIN opens again what that has opened."
FAULTS = (TOO_PLAIN, NO_FACTOR)


def make_known(context: Context, who: Staff, session: StaffSession, pin: str, now: datetime) -> str:
    """This device opens by a PIN from now on; returns the value of its cookie. Raises `Unfit`.

    The own password was asked for before.
    """
    if not who.totp:
        raise Unfit(NO_FACTOR, "pin")
    if not _is_fit(pin):
        raise Unfit(TOO_PLAIN, "pin")
    token = secrets.token_urlsafe(32)
    made = hashing.hashed(_peppered(context, who, token, pin))
    with context.db.begin() as tx:
        devices.forget_of_session(tx, session.id)
        digest = sessions.digest(context, token)
        devices.keep(tx, digest, who.id, session.id, made, session.created_at, now)
        audit.add(tx, who.name, "pin_set", f"staff:{who.id}", now)
    return token


def _is_fit(pin: str) -> bool:
    if not (pin.isascii() and pin.isdigit() and SHORTEST <= len(pin) <= LONGEST):
        return False
    steps = {(int(two) - int(one)) % 10 for one, two in itertools.pairwise(pin)}
    return len(steps) > 1 or not steps & {0, 1, 9}


def _peppered(context: Context, who: Staff, token: str, pin: str) -> str:
    """Who has the database alone can try no PIN: the key and the cookie are part of what is hashed.

    So is the account, which nobody can be put into the place of there.
    """
    return sessions.digest(context, f"pin:{who.id}:{token}:{pin}")


def opens(tx: Tx, context: Context, token: str, now: datetime) -> tuple[Device, Staff] | None:
    """The device of a cookie and its owner, where a PIN opens the console; None anywhere else."""
    found = known(tx, context, token, now)
    if found is None or found[0].tries >= MOST_TRIES:
        return None
    entered = found[0].entered_at
    return found if entered is not None and timedelta(0) <= now - entered < ABSOLUTE else None


def known(tx: Tx, context: Context, token: str, now: datetime) -> tuple[Device, Staff] | None:
    """The device of a cookie and its owner, for a month."""
    device = devices.find(tx, sessions.digest(context, token)) if token else None
    who = staff.get(tx, device.staff_id) if device else None
    if device is None or who is None or not who.active or not who.totp or now - device.created_at >= KNOWN:
        return None
    return device, who


@in_line
def unlock(context: Context, token: str, pin: str, now: datetime) -> Entry | Refused:
    """Look at a PIN. Right: a session that ends when that of the last whole sign-in would have."""
    with context.db.begin() as tx:
        found = opens(tx, context, token, now)
        if found is None or not devices.note_try(tx, found[0].id, MOST_TRIES):
            return Refused.too_many
    device, who = found
    good = hashing.matches(device.pin_hash, _peppered(context, who, token, pin))
    with context.db.begin() as tx:
        if not good:
            audit.note_refusal(tx, who.name, "pin_failed", f"staff:{who.id}", now)
            return Refused.wrong
        still = known(tx, context, token, now)
        if still is None or still[0].entered_at != device.entered_at:
            return Refused.too_many  # it was closed while the PIN was looked at
        entry = sessions.open_session(tx, context, who, Stage.full, now, began=device.entered_at)
        session = staff.session(tx, sessions.digest(context, entry.token))
        assert session is not None
        devices.opened(tx, device.id, session.id)
        audit.add(tx, who.name, "pin_login", f"staff:{who.id}", now)
        return entry


def entered(tx: Tx, context: Context, token: str, entry: Entry, now: datetime) -> None:
    """Somebody has signed in with the second factor: on a known device of theirs the PIN counts again."""
    found = known(tx, context, token, now)
    session = staff.session(tx, sessions.digest(context, entry.token))
    if found is not None and session is not None and session.staff_id == found[1].id:
        devices.enter(tx, found[0].id, session.id, now)


def of(tx: Tx, who: Staff, now: datetime) -> list[Device]:
    """The known devices of an account."""
    return devices.of_staff(tx, who.id, now - KNOWN)
