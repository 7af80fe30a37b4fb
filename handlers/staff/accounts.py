"""Accounts of staff: made, closed and opened, given a new password."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from handlers.context import Context
from handlers.staff import hashing, passwords
from handlers.staff.passwords import Unfit
from schemas.notions import mail_address
from schemas.staff import AccountNews, Role, Staff
from store import audit, passkeys, staff
from store.base import Tx

INVITE_GOOD_FOR = timedelta(days=3)
NOT_OURS = (
    "Somebody has changed this account in the database, so it lets nobody in. "
    "Whoever looks after the machine finds out who, and then runs: flask --app app staff reset."
)

MANAGERS = "aftercare-managers"
NO_MANAGER = "You are no manager any more: another manager has just changed your account."


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
    made_for_them: bool = False,
) -> int:
    """A new account; returns its id. A password `made_for_them` opens only its change. Raises `Unfit`."""
    passwords.check(context, password, email, name)
    _check(tx, email, name, roles)
    hashed, until = hashing.hash_here(password), _until(now, made_for_them)
    made = staff.add(tx, email, name.strip(), credential, roles, language, hashed, now, until)
    audit.add(tx, by, "staff_added", f"staff:{made}", now)
    return made


def _until(now: datetime, made_for_them: bool) -> datetime | None:
    return now + INVITE_GOOD_FOR if made_for_them else None


def invite(
    tx: Tx,
    email: str,
    name: str,
    roles: Sequence[Role],
    now: datetime,
    *,
    credential: str = "",
    language: str = "en",
    by: Staff,
) -> int:
    """A new account without a password: the mail with its link says where to choose one. Raises `Unfit`."""
    _check(tx, email, name, roles)
    made = staff.add(tx, email, name.strip(), credential.strip(), roles, language, "", now)
    audit.add(tx, by.name, "staff_invited", f"staff:{made}", now)
    staff.mail(tx, made, AccountNews.invite, now)
    return made


def invite_again(tx: Tx, staff_id: int, by: Staff, now: datetime) -> None:
    """One more mail with a link; the link before ends. Nothing where a password was chosen by now."""
    who = staff.get(tx, staff_id)
    if who is not None and who.invited and who.active:
        audit.add(tx, by.name, "staff_invited", f"staff:{staff_id}", now)
        staff.mail(tx, staff_id, AccountNews.invite, now)


def _check(tx: Tx, email: str, name: str, roles: Sequence[Role]) -> None:
    if not mail_address.read(email.strip()) or not name.strip() or not roles:
        raise Unfit(
            "An account needs an e-mail address, a name and a role.", "email" if name.strip() else "name"
        )
    if staff.by_email(tx, email):
        raise Unfit("There is an account with this address already.", "email")
    _only_one(tx, name)


def _only_one(tx: Tx, name: str, but: int = 0) -> None:
    same = (each for each in staff.every(tx) if each.name.casefold() == name.strip().casefold())
    if any(each.id != but for each in same):
        raise Unfit(
            "Somebody has this name already: add an initial, so that the log can tell them apart.", "name"
        )


def edit(
    tx: Tx,
    staff_id: int,
    *,
    name: str,
    credential: str,
    roles: Sequence[Role],
    language: str,
    by: Staff,
    now: datetime,
) -> None:
    """Another name, credential, role or language. Raises `Unfit`; a manager does not lock themselves out."""
    _require_manager(tx, by, "role")
    _require_sound(tx, staff_id, "name")
    if not name.strip():
        raise Unfit("An account needs a name.", "name")
    _only_one(tx, name, but=staff_id)
    if not roles:
        raise Unfit("An account needs a role.", "role")
    if staff_id == by.id and Role.manager not in roles:
        raise Unfit("Another manager must take this role from you.", "role")
    staff.change(
        tx, staff_id, name=name.strip(), credential=credential.strip(), roles=roles, language=language
    )
    audit.add(tx, by.name, "staff_changed", f"staff:{staff_id}", now, " ".join(sorted(roles)))
    staff.mail(tx, staff_id, AccountNews.account, now)


def _require_manager(tx: Tx, by: Staff, field: str) -> None:
    """Of two managers who end each other's part at once the second is none by now. Raises `Unfit`."""
    tx.lock(MANAGERS)
    who = staff.get(tx, by.id)
    if who is None or not who.active or not who.may(Role.manager):
        raise Unfit(NO_MANAGER, field)


def _require_sound(tx: Tx, staff_id: int, field: str) -> None:
    """Nobody gives their name to what somebody else has made of an account. Raises `Unfit`."""
    who = staff.get(tx, staff_id)
    if who is not None and not who.sound:
        raise Unfit(NOT_OURS, field)


def set_active(tx: Tx, staff_id: int, by: Staff | str, now: datetime, *, active: bool) -> None:
    """Let somebody in again, or out: their sessions end at once. Raises `Unfit`.

    `by`: a manager, or whoever is at the machine.
    """
    if isinstance(by, Staff):
        _require_manager(tx, by, "activate_password" if active else "deactivate_password")
        by = by.name
    if active:
        _require_sound(tx, staff_id, "activate_password")
    staff.set_active(tx, staff_id, now, active=active)
    if not active:
        staff.end_sessions(tx, staff_id, now)
    staff.mail(tx, staff_id, AccountNews.let_in if active else AccountNews.deactivated, now)
    audit.add(tx, by, "staff_let_in" if active else "staff_deactivated", f"staff:{staff_id}", now)


def reset(
    tx: Tx,
    context: Context,
    staff_id: int,
    password: str,
    by: str,
    now: datetime,
    *,
    made_for_them: bool = False,
    keep_factor: bool = False,
    recognised: str = "",
) -> None:
    """A new password, and no second factor or passkey for somebody who lost that too. Raises `Unfit`.

    `recognised`: how it is known that it is they who ask; it stands in the log.
    """
    who = staff.get(tx, staff_id)
    if who is None:
        raise Unfit("There is no such account.")
    passwords.check(context, password, who.email, who.name)
    staff.set_password(tx, staff_id, hashing.hash_here(password), _until(now, made_for_them))
    if not keep_factor:
        staff.set_totp(tx, staff_id, "")
        staff.set_codes(tx, staff_id, [])
        passkeys.forget_all(tx, staff_id)
    staff.accept(tx, staff_id)
    staff.end_sessions(tx, staff_id, now)
    staff.mail(tx, staff_id, AccountNews.reset, now)
    kept = "password alone" if keep_factor else "password and second factor"
    audit.add(tx, by, "staff_reset", f"staff:{staff_id}", now, ": ".join(filter(None, (kept, recognised))))
