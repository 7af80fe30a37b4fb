"""Accounts of staff: made, closed and opened, given a new password."""

from collections.abc import Sequence
from datetime import datetime

from handlers.context import Context
from handlers.staff import hashing, passwords
from handlers.staff.passwords import Unfit
from schemas import mail_address
from schemas.staff import Role
from store import audit, staff
from store.base import Tx


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
    passwords.check(context, password, email, name)
    if not mail_address.read(email.strip()) or not name.strip() or not roles:
        raise Unfit("An account needs an e-mail address, a name and a role.")
    if staff.by_email(tx, email):
        raise Unfit("There is an account with this address already.")
    if any(each.name.casefold() == name.strip().casefold() for each in staff.every(tx)):
        raise Unfit("Somebody has this name already: add an initial, so that the log can tell them apart.")
    made = staff.add(tx, email, name.strip(), credential, roles, language, hashing.hash_here(password), now)
    audit.add(tx, by, "staff_added", f"staff:{made}", now)
    return made


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
    passwords.check(context, password, who.email, who.name)
    staff.set_password(tx, staff_id, hashing.hash_here(password))
    staff.set_totp(tx, staff_id, "")
    staff.set_codes(tx, staff_id, [])
    staff.end_sessions(tx, staff_id, now)
    audit.add(tx, by, "staff_reset", f"staff:{staff_id}", now)
