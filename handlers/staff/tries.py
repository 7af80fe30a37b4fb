"""How often somebody may guess: at a password, counted by account and by network address; at a code."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from functools import wraps
from typing import ParamSpec, TypeVar

from handlers.staff import hashing
from schemas.staff import Staff
from store import staff
from store.base import Tx

P = ParamSpec("P")
T = TypeVar("T")
WINDOW = timedelta(minutes=15)
MOST_TRIES = {"pair": 5, "account": 50, "address": 30, "code": 5, "known": 5}


class Refused(StrEnum):
    """Why nobody was let in."""

    wrong = "wrong"
    too_many = "too_many"
    busy = "busy"


def in_line(look: Callable[P, T]) -> Callable[P, T | Refused]:
    """A look at a password, in the short line for hashes; `Refused.busy` at once where that is full."""

    @wraps(look)
    def waits(*args: P.args, **named: P.kwargs) -> T | Refused:
        try:
            with hashing.place():
                return look(*args, **named)
        except hashing.Busy:
            return Refused.busy

    return waits


def keys(email: str, address: str) -> dict[str, str]:
    """What tries are counted by: this address at this account, the account, the address."""
    who = email.strip().casefold()
    parts = {"pair": f"{who}\0{address}", "account": who, "address": address}
    return {
        name: f"{name}:{hashlib.sha256(value.encode()).hexdigest()[:48]}" for name, value in parts.items()
    }


def too_many(tx: Tx, counted: dict[str, str], now: datetime) -> bool:
    return any(staff.tries(tx, key, now - WINDOW) >= MOST_TRIES[name] for name, key in counted.items())


def code_key(who: Staff) -> str:
    return f"code:{who.id}"


def guess(tx: Tx, who: Staff, now: datetime) -> Refused | None:
    if staff.tries(tx, code_key(who), now - WINDOW) >= MOST_TRIES["code"]:
        return Refused.too_many
    staff.note_try(tx, [code_key(who)], now)
    return None
