"""Signing in with a password, and changing it."""

from datetime import datetime, timedelta

import pyotp

from handlers.context import Context
from handlers.staff import accounts, hashing, known, passwords, tries
from handlers.staff.sessions import Entry, current, let_in, open_session
from handlers.staff.tries import Refused, in_line
from schemas.staff import AccountNews, Role, Staff, Stage
from store import audit, staff
from store.base import Tx


@in_line
def log_in(
    context: Context,
    email: str,
    password: str,
    address: str,
    now: datetime,
    *,
    require_totp: bool,
    browser: str = "",
) -> Entry | Refused:
    """Look at a password. Right: a new session, whole or waiting for the second factor.

    `browser`: what a known browser keeps, or a mailed link holds; its tries count apart.
    """
    with context.db.begin() as tx:
        found = staff.by_email(tx, email)
        apart = known.counted_apart(context, found, browser, now) if found else ""
        keys = {"known": apart} if apart else tries.keys(email, address)
        if tries.too_many(tx, keys, now):
            if found and may_try(found, now) and "account" in keys:
                _say_if_locked(tx, found, keys["account"], now)
            return Refused.too_many
        staff.note_try(tx, list(keys.values()), now)
    kept = (found.password_hash if found and may_try(found, now) else "") or hashing.DECOY
    good = hashing.matches(kept, password)
    fresh = hashing.hashed(password) if good and hashing.is_old(kept) else ""
    with context.db.begin() as tx:
        if found is None or not may_try(found, now) or not good:
            audit.note_refusal(tx, "unknown", "login_failed", f"staff:{found.id if found else 0}", now)
            return Refused.wrong
        staff.forgive(tx, [key for name, key in keys.items() if name in ("pair", "known")])
        staff.take_back(tx, [key for name, key in keys.items() if name in ("account", "address")], now)
        if fresh:
            staff.set_password(tx, found.id, fresh, found.password_until)
        staff.tidy(tx, now - timedelta(days=30))
        return enter(tx, context, found, now, require_totp=require_totp)


def _say_if_locked(tx: Tx, who: Staff, key: str, now: datetime) -> None:
    """Its owner hears when all browsers together have used up the tries, which takes several networks."""
    if tries.too_many(tx, {"account": key}, now):
        known.mail_a_way(tx, who, now)


def may_try(who: Staff, now: datetime) -> bool:
    """True while the password of an account is good for anything."""
    return who.active and (who.password_until is None or now < who.password_until)


def first_account(
    context: Context, email: str, name: str, credential: str, password: str, language: str, now: datetime
) -> Entry | None:
    """The account of whoever sets the clinic up, halfway in: a second factor comes next. Raises `Unfit`.

    None when there is an account already: the first one stays the first.
    """
    with context.db.begin() as tx:
        tx.lock("first-account")
        if staff.every(tx):
            return None
        both = (Role.practitioner, Role.manager)
        about = (email, name, both, password, now)
        made = accounts.add(tx, context, *about, credential=credential, language=language, by="setup")
        who = staff.get(tx, made)
        assert who is not None
        return enter(tx, context, who, now, require_totp=True)


def enter(tx: Tx, context: Context, who: Staff, now: datetime, *, require_totp: bool) -> Entry:
    """A session for who has given the password: whole, or waiting for the second factor."""
    if who.totp:
        return open_session(tx, context, who, Stage.code, now)
    if require_totp:
        return open_session(tx, context, who, Stage.enrol, now, pyotp.random_base32())
    return let_in(tx, context, who, now)


def is_me(context: Context, who: Staff, password: str, now: datetime) -> Refused | None:
    """Look at the password of who is signed in, before something grave; None where it is right."""
    with context.db.begin() as tx:
        refused = tries.guess(tx, who, now)
    if refused:
        return refused
    try:
        with hashing.place():
            good = hashing.matches(who.password_hash, password)
    except hashing.Busy:
        return Refused.busy
    if not good:
        return _wrong(context, who, now)
    with context.db.begin() as tx:
        staff.forgive(tx, [tries.code_key(who)])
    return None


def _wrong(context: Context, who: Staff, now: datetime) -> Refused:
    with context.db.begin() as tx:
        audit.add(tx, who.name, "password_wrong", f"staff:{who.id}", now)
    return Refused.wrong


@in_line
def change_password(context: Context, who: Staff, old: str, new: str, now: datetime) -> Entry | Refused:
    """Another password; every session ends and a new one begins. Raises `Unfit`."""
    with context.db.begin() as tx:
        refused = tries.guess(tx, who, now)
    if refused:
        return refused
    if not hashing.matches(who.password_hash, old):
        return _wrong(context, who, now)
    passwords.check(context, new, who.email, who.name)
    made = hashing.hashed(new)
    with context.db.begin() as tx:
        staff.forgive(tx, [tries.code_key(who)])
    return _renewed(context, who, made, now)


@in_line
def renew_password(context: Context, token: str, new: str, now: datetime) -> Entry | Refused:
    """A password of their own in the place of the one that was made for them. Raises `Unfit`."""
    with context.db.read() as tx:
        mine = current(tx, context, token, now)
    if mine is None or mine[1].stage is not Stage.renew:
        return Refused.wrong
    who = mine[0]
    passwords.check(context, new, who.email, who.name)
    if hashing.matches(who.password_hash, new):
        raise passwords.Unfit(passwords.MADE)
    return _renewed(context, who, hashing.hashed(new), now)


def _renewed(context: Context, who: Staff, made: str, now: datetime) -> Entry:
    """Every session ends and a new one begins."""
    with context.db.begin() as tx:
        staff.set_password(tx, who.id, made)
        staff.end_sessions(tx, who.id, now)
        audit.add(tx, who.name, "password_changed", f"staff:{who.id}", now)
        staff.mail(tx, who.id, AccountNews.password, now)
        return open_session(tx, context, who, Stage.full, now)
