"""An invitation: a link that is good once and for three days, at which the first password is chosen."""

import secrets
from datetime import datetime

from handlers.context import Context
from handlers.staff import accounts, hashing, passwords, sign_in
from handlers.staff.sessions import Entry
from handlers.staff.tries import Refused
from schemas.staff import Staff
from store import audit, staff
from store.base import Tx


def new_link(tx: Tx, context: Context, staff_id: int, now: datetime) -> str:
    """The path of a new link; the one before ends. It is kept as its hash alone."""
    token = secrets.token_urlsafe(24)
    staff.invite(tx, staff_id, _digest(context, token), now + accounts.INVITE_GOOD_FOR)
    return f"/console/invited/{token}"


def whose(tx: Tx, context: Context, token: str, now: datetime) -> Staff | None:
    """Who was invited by this link; None once it was used, or is over."""
    return staff.invited(tx, _digest(context, token), now)


def choose_password(
    context: Context, token: str, password: str, now: datetime, *, require_totp: bool
) -> Entry | Refused:
    """The first password: it opens a session, before which a second factor may have to be set up.

    Raises `Unfit`. `Refused.wrong` where the link is good no more.
    """
    with context.db.read() as tx:
        who = whose(tx, context, token, now)
    if who is None:
        return Refused.wrong
    passwords.check(context, password, who.email, who.name)
    try:
        with hashing.place():
            made = hashing.hashed(password)
    except hashing.Busy:
        return Refused.busy
    with context.db.begin() as tx:
        if not staff.spend_invite(tx, who.id, _digest(context, token), made):
            return Refused.wrong
        audit.add(tx, who.name, "invite_used", f"staff:{who.id}", now)
        return sign_in.enter(tx, context, who, now, require_totp=require_totp)


def _digest(context: Context, token: str) -> str:
    return context.mac(f"invite:{token}").hex()
