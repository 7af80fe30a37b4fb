"""A browser in which somebody has signed in: strangers who try passwords elsewhere do not lock it out.

What such a browser keeps opens nothing: its tries are only counted apart from those of everybody else.
Where the owner has no such browser, a mail brings a link that makes one, while their account is locked.
"""

import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta

from handlers.context import Context
from schemas.staff import AccountNews, Staff
from store import staff
from store.base import Tx

BROWSER, WAY = "browser", "way"
BETWEEN, MOST, LONGEST = "|", 5, 1000
GOOD_FOR = {BROWSER: timedelta(days=90), WAY: timedelta(days=1)}


def token(context: Context, kind: str, who: Staff, now: datetime) -> str:
    """What a browser keeps, or a mailed link holds; another password ends both."""
    said = f"{who.id}.{int(now.timestamp())}.{secrets.token_urlsafe(12)}"
    return f"{said}.{_mac(context, kind, who, said)}"


def is_good(context: Context, kind: str, who: Staff, given: str, now: datetime) -> bool:
    """True for a token that was made for this account and has not ended."""
    said, _, mac = given.rpartition(".")
    if not hmac.compare_digest(mac.encode(), _mac(context, kind, who, said).encode()):
        return False
    made = datetime.fromtimestamp(int(said.split(".")[1]), UTC)
    return now - made < GOOD_FOR[kind]


def whose(tx: Tx, context: Context, way: str, now: datetime) -> Staff | None:
    """Whom a mailed link lets try again; None once it has ended."""
    number = way.partition(".")[0]
    who = staff.get(tx, int(number)) if number.isascii() and number.isdigit() and len(number) < 19 else None
    return who if who is not None and who.active and is_good(context, WAY, who, way, now) else None


def counted_apart(context: Context, who: Staff, given: str, now: datetime) -> str:
    """What the tries of a known browser, or by a mailed link, are counted by; "" for everybody else."""
    for each in given.split(BETWEEN)[:MOST]:
        if any(is_good(context, kind, who, each, now) for kind in GOOD_FOR):
            return f"known:{hashlib.sha256(each.encode()).hexdigest()[:48]}"
    return ""


def kept(context: Context, who: Staff, before: str, now: datetime) -> str:
    """What a browser keeps once somebody is in: theirs, and those of others who share it."""
    others = [each for each in before.split(BETWEEN) if each and not each.startswith(f"{who.id}.")]
    return BETWEEN.join([token(context, BROWSER, who, now), *others[: MOST - 1]])


def mail_a_way(tx: Tx, who: Staff, now: datetime) -> None:
    """The owner of a locked account hears of it, once a day, with a link that lets them try."""
    if not staff.was_mailed(tx, who.id, AccountNews.locked, now - GOOD_FOR[WAY]):
        staff.mail(tx, who.id, AccountNews.locked, now)


def _mac(context: Context, kind: str, who: Staff, said: str) -> str:
    return context.mac(f"{kind}:{who.id}:{who.password_hash}:{said}").hex()
