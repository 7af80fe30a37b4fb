"""Sessions of staff: opened at sign-in, over by themselves after a while, ended on the server."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from handlers.context import Context
from schemas.staff import Staff, StaffSession, Stage
from store import audit, staff
from store.base import Tx

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
HALFWAY = timedelta(minutes=10)  # how long a login may wait for its code


@dataclass(frozen=True, slots=True)
class Entry:
    """A session that was just opened: its cookie's value and how far it goes."""

    token: str
    stage: Stage


def let_in(tx: Tx, context: Context, who: Staff, now: datetime) -> Entry:
    """A session for who has given all that is asked: whole, or for a password of their own first."""
    audit.add(tx, who.name, "login", f"staff:{who.id}", now)
    return open_session(tx, context, who, Stage.renew if who.password_until else Stage.full, now)


def open_session(
    tx: Tx,
    context: Context,
    who: Staff,
    stage: Stage,
    now: datetime,
    totp: str = "",
    began: datetime | None = None,
) -> Entry:
    token = f"{who.id}.{stage}.{int((began or now).timestamp())}.{secrets.token_urlsafe(32)}"
    staff.open_session(tx, digest(context, token), who.id, stage, now, totp, began)
    return Entry(token, stage)


def current(tx: Tx, context: Context, token: str, now: datetime) -> tuple[Staff, StaffSession] | None:
    """Who a cookie belongs to; None when it is unknown, ended, too old, or idle for too long."""
    found = staff.session(tx, digest(context, token)) if token else None
    if found is None or not _is_as_opened(token, found) or not is_alive(found, now):
        return None
    who = staff.get(tx, found.staff_id)
    return (who, found) if who is not None and who.active else None


def _is_as_opened(token: str, session: StaffSession) -> bool:
    """False where somebody has given this session to another account, or more time, in the database.

    The token says whose it is; who changes that has another hash.
    """
    opened_as, _, began = token.rpartition(".")[0].rpartition(".")
    same = opened_as == f"{session.staff_id}.{session.stage}"
    return same and session.created_at.timestamp() < int(began) + 1


def is_alive(session: StaffSession, now: datetime) -> bool:
    """True for a session that is neither too old nor idle for too long."""
    limit = ABSOLUTE if session.stage is Stage.full else HALFWAY
    return now - session.created_at <= limit and now - session.seen_at <= IDLE


def log_out(tx: Tx, session: StaffSession, who: Staff, now: datetime) -> None:
    """End this session at once, on the server."""
    staff.end_session(tx, session.id, now)
    audit.add(tx, who.name, "logout", f"staff:{who.id}", now)


def digest(context: Context, token: str) -> str:
    """Another key opens no session that began before it."""
    return context.mac(f"session:{token}").hex()
