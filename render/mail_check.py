"""Checks the texts of mails that a clinic may edit: all faults at once, before anything is sent."""

from collections.abc import Iterator, Mapping
from typing import Any

from render.mail import VARIANTS, MailKind
from schemas.choosing import Difference
from schemas.notions.words import PLACEHOLDER
from schemas.staff import AccountNews, StaffNews
from schemas.trouble import TroubleKind

FILLED = frozenset(
    {
        *("count", "since", "urgent", "until"),
        *(*AccountNews, *StaffNews),
        *TroubleKind,
        *("day", "name", "when", "place", "practitioner", "minutes", "reference", "emergency_number"),
        *("clinic", "phone", "connection", "hours", "trouble", "unread", "command", "since", "urgent"),
        *("until", "account"),
        *AccountNews,
    }
)
"""What a sentence may name."""

OWN: Mapping[str, type] = {
    "subject": str,
    "preview": str,
    "heading": str,
    "lines": list,
    "button": str,
    "after": list,
}
SHARED = {
    "common": (
        *("greeting", "greeting_plain", "copy_link", "personal", "go"),
        *("questions", "questions_plain", "automatic", "stop", "privacy"),
    ),
    "contents": ("why", "stop_when", "stop_rule", "attachment"),
    "facts": ("when", "place", "practitioner", "reference"),
    "calendar": ("summary", "file"),
    "taps": (
        *("fu_feel", "fu_feel_fine", "fu_feel_bit_sore", "fu_feel_very_sore", "fu_days_done"),
        *("fu_difficulty", "fu_difficulty_1", "fu_difficulty_2", "fu_difficulty_3"),
        *("fu_difficulty_4", "fu_difficulty_5"),
    ),
    "later": tuple(Difference),
    "sms": ("checkin", "confirm", "my_day", "alert", "trouble"),
}
OF_TEXTS = frozenset({"clinic", "url", "reference"})
"""What a text message may name."""
NOBODY = "is read by nothing"
LACKING = "is missing: the text that comes with Aftercare is used, or the English one"


def problems(texts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Each fault as (key, what is wrong): a missing text, one of another kind, a name nobody fills in.

    A table or text that nothing reads is a fault too, and the mildest: `NOBODY`.
    """
    found = [fault for name in (*MailKind, *VARIANTS) for fault in _own(name, texts.get(name))]
    for table, keys in SHARED.items():
        found.extend(_shared(table, keys, texts.get(table)))
    found += [(name, NOBODY) for name in texts if name not in {*MailKind, *VARIANTS, *SHARED}]
    return found


def lacking(own: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Each text that a file could hold and does not, as (key, `LACKING`); a whole table once."""
    tables = {name: tuple(OWN) for name in (*MailKind, *VARIANTS)} | SHARED
    found = [name for name in tables if name not in own]
    found += [
        f"{name}.{key}" for name in tables if name in own for key in tables[name] if key not in own[name]
    ]
    return [(key, LACKING) for key in found]


def _own(kind: str, table: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(table, Mapping):
        yield kind, "is missing"
        return
    for key, wanted in OWN.items():
        yield from _one(f"{kind}.{key}", table.get(key), wanted)
    yield from ((f"{kind}.{key}", NOBODY) for key in table if key not in OWN)


def _shared(name: str, keys: tuple[str, ...], table: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(table, Mapping):
        yield name, "is missing"
        return
    for key in keys:
        yield from _one(f"{name}.{key}", table.get(key), str, OF_TEXTS if name == "sms" else FILLED)
    yield from ((f"{name}.{key}", NOBODY) for key in table if key not in keys)


def _one(key: str, value: Any, wanted: type, known: frozenset[str] = FILLED) -> Iterator[tuple[str, str]]:
    lines = value if isinstance(value, list) else [value]
    if not isinstance(value, wanted) or not all(isinstance(line, str) for line in lines):
        yield key, f"must be {'a list of texts' if wanted is list else 'a text'}"
        return
    for line in lines:
        for word in PLACEHOLDER.findall(line):
            if word not in known:
                yield key, f"names {{{word}}}, which nobody fills in"
