"""Personal links: made from a key, kept as a hash, so that the same link can be sent again."""

import base64
import hashlib
import hmac
import re
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from handlers.context import Context
from store import links
from store.base import Tx

TOKEN = re.compile(r"[A-Za-z0-9_-]{32}\Z", re.ASCII)


class LinkPurpose(StrEnum):
    """What a link opens.

    The subject of `intake`, `plan` and `note` is a booking, of `checkin` a check-in, of `stop` a client.
    """

    intake = "intake"
    plan = "plan"
    note = "note"
    checkin = "checkin"
    stop = "stop"


PATHS = {
    LinkPurpose.intake: "/i/",
    LinkPurpose.plan: "/p/",
    LinkPurpose.note: "/n/",
    LinkPurpose.checkin: "/c/",
    LinkPurpose.stop: "/u/",
}
LIVES = {
    LinkPurpose.plan: timedelta(days=180),
    LinkPurpose.note: timedelta(days=14),
    LinkPurpose.checkin: timedelta(days=60),
    LinkPurpose.stop: timedelta(days=3650),
}


def token(tx: Tx, context: Context, purpose: LinkPurpose, subject: int) -> str:
    """The 192-bit token of a link: 32 characters, safe in a URL. After a link was ended it is another one."""
    ended = links.ended(tx, purpose, subject)
    text = f"{purpose}:{subject}:{ended}" if ended else f"{purpose}:{subject}"
    digest = hmac.new(context.link_key, text.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:24]).decode()


def _hash(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def issue(
    tx: Tx, context: Context, purpose: LinkPurpose, subject: int, now: datetime, until: datetime | None = None
) -> str:
    """The full URL of a personal link, good until `until` (or as long as its kind lives)."""
    value = token(tx, context, purpose, subject)
    links.ensure(tx, _hash(value), purpose, subject, now, until or now + LIVES[purpose])
    return context.clinic.public_url + PATHS[purpose] + value


def open_link(tx: Tx, purpose: LinkPurpose, value: str, now: datetime) -> int | None:
    """The subject of a live link; None for one that is malformed, unknown, expired or revoked."""
    if not TOKEN.fullmatch(value):
        return None
    row: Any = links.find(tx, _hash(value), purpose, now)
    return int(row.subject) if row else None
