"""Which passwords are too easily guessed (zxcvbn, offline: https://github.com/dropbox/zxcvbn)."""

import re
from typing import Any

from handlers.context import Context
from handlers.staff import breached

SHORTEST, LONGEST = 12, 200
LOOKED_AT = 72  # characters: the time that a look takes grows with their square
STRONG = 3  # of 4: safe where a hash is guessed at slowly, as ours is

TOO_SHORT = "Use at least 12 letters, signs or digits."
TOO_LONG = "Use no more than 200 letters, signs or digits."
PERSONAL = "Leave out your name, your address, the clinic's name and words of your trade."
KNOWN = "Too many people use this one or one like it. Put together four unrelated words."
ORDERED = "Rows of keys, repeats and dates are quickly guessed. Put together four unrelated words."
PLAIN = "This is quickly guessed. Put together four unrelated words."
BREACHED = "This one was stolen from somebody before. Put together four unrelated words."
MADE = "Choose another one than the password that was made for you."
FAULTS = (TOO_SHORT, TOO_LONG, PERSONAL, KNOWN, ORDERED, PLAIN, BREACHED, MADE)
"""Every sentence that a person may read here, in English."""
TRADE = (
    *("aftercare", "massage", "therapy", "therapist", "physio", "physiotherapy", "bodywork", "clinic"),
    *("practice", "wellness", "exercise", "masaje", "terapia", "terapeuta", "fisioterapia", "clinica"),
    *("consulta", "ejercicio", "praxis", "therapie", "physiotherapie", "krankengymnastik"),
)
"""What whoever guesses at a clinic tries first."""


class Unfit(ValueError):
    """A password or an account that cannot be taken; the text says why, `field` what it is about."""

    def __init__(self, text: str, field: str = "") -> None:
        super().__init__(text)
        self.field = field


def check(context: Context, password: str, email: str, name: str) -> None:
    """Raise `Unfit` for a password that is quickly guessed by who knows its owner."""
    clinic = context.clinic
    found = fault(password, name, email, clinic.name, clinic.email, clinic.public_url, *TRADE)
    if not found and context.breached is not None and breached.holds(context.breached, password):
        found = BREACHED
    if found:
        raise Unfit(found)


def fault(password: str, *known: str) -> str:
    """What is wrong with a password, and what to do; "" for a good one.

    `known` is what anybody knows of its owner: name, address, clinic, trade.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        return TOO_SHORT if len(password) < SHORTEST else TOO_LONG
    from zxcvbn import zxcvbn  # its lists take twelve megabytes, which a worker does without

    words = sorted(_words(known), key=len, reverse=True)
    look = zxcvbn(password[:LOOKED_AT], words)
    if look["score"] < STRONG:
        return _why(look)
    bare = "".join(re.findall(r"[^\s._@-]+", password[:LOOKED_AT]))  # a sign between two names adds nothing
    rest = re.sub("|".join(map(re.escape, words)) or r"\Z", "", bare, flags=re.IGNORECASE)
    return PERSONAL if rest != bare and zxcvbn(rest or ".")["score"] < STRONG else ""


def _words(known: tuple[str, ...]) -> set[str]:
    """The words that anybody would try, as they are and without what stands between them."""
    parts = {part for text in known for part in re.findall(r"[^\W_]+", text.casefold()) if len(part) > 2}
    return parts | {"".join(re.findall(r"[^\W_]+", text.casefold())) for text in known if text}


def _why(look: dict[str, Any]) -> str:
    """The fault of the longest part that was recognised."""
    part = max(look["sequence"], key=lambda each: len(each["token"]))
    if part["pattern"] != "dictionary":
        return PLAIN if part["pattern"] == "bruteforce" else ORDERED
    return PERSONAL if part["dictionary_name"] == "user_inputs" else KNOWN
