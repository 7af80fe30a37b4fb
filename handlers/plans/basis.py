"""What an act on a visit or its messages was decided on: it is done only while that is still so."""

import hashlib
from collections.abc import Iterable, Sequence

from schemas.delivery import Purpose
from schemas.remark import Remark
from store import decided, deliveries
from store.base import Tx


class NotNow(ValueError):
    """This cannot be done to it as it stands; the text says why."""


CHANGED = "This has changed in the meantime, so nothing was done. Look at it as it is now, then press again."


def basis_of(tx: Tx, booking_id: int) -> str:
    """A short digest of what a person decides on: plan, flags that stand, plan messages, who comes."""
    return bases(tx, [booking_id])[booking_id]


def bases(tx: Tx, booking_ids: Sequence[int]) -> dict[int, str]:
    """The same for many visits at once."""
    found = decided.facts(tx, booking_ids)
    return {each: digest(found.get(each, ())) for each in booking_ids}


def basis_of_message(message_id: int, status: str, visit: str) -> str:
    """The same for one message; `visit` is the visit's own for the message with a plan, else ""."""
    return digest((str(message_id), status, visit))


def message_now(tx: Tx, message_id: int) -> str:
    """What `basis_of_message` says of a message as it is; "" for none."""
    found = deliveries.get(tx, message_id)
    if found is None:
        return ""
    visit = basis_of(tx, found.booking_id) if found.purpose is Purpose.plan else ""
    return basis_of_message(found.id, found.status, visit)


def basis_of_remark(one: Remark | None) -> str:
    """The same for what a client wrote: its words, and how it stands with the answer; "" for none."""
    return digest((one.words, str(one.settled_at), one.answer)) if one else ""


def still(was: str, is_now: str) -> None:
    """Raise `NotNow` when what was decided on has changed, or was not given."""
    if was != is_now:
        raise NotNow(CHANGED)


def digest(known: Iterable[str]) -> str:
    """Short, and another for anything else that is known."""
    return hashlib.sha256("|".join(known).encode()).hexdigest()[:16]
