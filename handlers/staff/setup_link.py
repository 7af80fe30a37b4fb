"""The one address at which a new clinic is set up: a token, kept as its hash, that ends with its work."""

import hmac
import secrets
from datetime import datetime, timedelta

from handlers.context import Context
from store import audit, kept, staff
from store.base import Tx

GOOD_FOR = timedelta(hours=24)
OPEN, CLOSED = "open", "closed"
STATE, TOKEN = "AFTERCARE_SETUP", "setup_token"


def open_up(tx: Tx, context: Context, now: datetime) -> str:
    """A new token; the one before ends. "" when there is an account and setup is done."""
    if staff.every(tx) and not is_open(tx):
        return ""
    token = secrets.token_urlsafe(24)
    until = (now + GOOD_FOR).isoformat()
    kept.put(tx, {STATE: OPEN, TOKEN: f"{_digest(context, token)} {until}"}, now)
    audit.add(tx, "command line", "setup_opened", "setup", now)
    return token


def of_address(url: str) -> dict[str, str]:
    """What goes with the address of the service: TLS is a proxy's; without it, Aftercare is tried out."""
    if url.startswith("https://"):
        return {"AFTERCARE_ENV": "production", "PROXIES": "1"}
    return {"AFTERCARE_ENV": "development"}


def is_open(tx: Tx) -> bool:
    """True while the clinic is being set up."""
    return kept.word(tx, STATE) == OPEN


def is_good(tx: Tx, context: Context, token: str, now: datetime) -> bool:
    """True for the token that was given last, while it is good and setup is not done."""
    digest, _, until = kept.word(tx, TOKEN).partition(" ")
    same = hmac.compare_digest(digest.encode(), _digest(context, token).encode())
    return same and is_open(tx) and now < datetime.fromisoformat(until)


def close(tx: Tx, by: str, now: datetime) -> None:
    """Setup is done: the address leads nowhere from now on."""
    kept.put(tx, {STATE: CLOSED, TOKEN: ""}, now)
    audit.add(tx, by, "setup_closed", "setup", now)


def _digest(context: Context, token: str) -> str:
    return context.mac(f"setup:{token}").hex()
