"""What a practitioner has typed into a form outlives the session: sealed, and for this account alone.

A form names the session in which it was begun by its token. So what is sent after that session has ended,
or while somebody else is signed in, is kept for whoever typed it.
"""

import hmac
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.staff import Role, Staff
from store import bookings, drafts, remarks, staff
from store.base import Tx

BEGUN_WITHIN = timedelta(hours=24)
"""How old the session of a form may be."""
KEPT = timedelta(days=14)
MOST_BYTES = 64 * 1024
NOT_WORDS = frozenset({"csrf", "decided_on", "from", "send", "do", "my_password", "my_passkey", "password"})
"""Fields that say what is to be done, or who asks: these are not kept."""
Fields = Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Draft:
    """The fields of a form, what they were decided on (`handlers.plans.basis`), and when they were typed."""

    fields: tuple[tuple[str, str], ...]
    decided_on: str
    at: datetime


def begun_by(tx: Tx, token: str, token_of: Callable[[str], str], now: datetime) -> Staff | None:
    """Whose page a form was on, by the token in it; `token_of` makes the token from a session's hash."""
    for digest, staff_id in staff.sessions_since(tx, now - BEGUN_WITHIN):
        if hmac.compare_digest(token.encode(), token_of(digest).encode()):
            who = staff.get(tx, staff_id)
            return who if who is not None and who.active and who.may(Role.practitioner) else None
    return None


def keep(tx: Tx, who: Staff, place: str, fields: Fields, now: datetime) -> bool:
    """Keep what stands in a form; False where its visit or remark is not there, or it is too much."""
    client_id = _client(tx, place)
    fields = list(fields)
    typed = [[name, value] for name, value in fields if name not in NOT_WORDS]
    words = {"typed": typed, "decided_on": dict(fields).get("decided_on", "")}
    if not typed or client_id is None or len(json.dumps(words)) > MOST_BYTES:
        return False
    drafts.keep(tx, who.id, client_id, place, words, now)
    return True


def find(tx: Tx, who: Staff, place: str) -> Draft | None:
    """What this person has typed into a form about the client whom it is about now."""
    client_id = _client(tx, place) if place in drafts.places(tx, who.id) else None
    found = drafts.find(tx, who.id, client_id, place) if client_id is not None else None
    if found is None:
        return None
    at, words = found
    return Draft(tuple((name, value) for name, value in words["typed"]), words["decided_on"], at)


def _client(tx: Tx, place: str) -> int | None:
    """Whom a form is about: `note-12` and `plan-12` are of a visit, `remark-3` of what was written."""
    kind, _, number = place.partition("-")
    if not number.isdecimal() or len(number) > 18:
        return None
    get = {"note": bookings.get, "plan": bookings.get, "remark": remarks.get}.get(kind)
    found = get(tx, int(number)) if get else None
    return found.client_id if found else None


def forget(tx: Tx, who: Staff, place: str) -> None:
    """It was sent, or thrown away."""
    drafts.forget(tx, who.id, place)


def forget_old(tx: Tx, now: datetime) -> None:
    """What nobody came back to."""
    drafts.forget_before(tx, now - KEPT)
