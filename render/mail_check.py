"""Checks the texts of mails that a clinic may edit: all faults at once, before anything is sent."""

from collections.abc import Iterator, Mapping
from typing import Any

from render.mail import BEGUN, PLACEHOLDER, MailKind

FILLED = frozenset(
    {
        *("name", "when", "place", "practitioner", "minutes", "reference", "emergency_number"),
        *("clinic", "phone", "connection", "hours", "trouble"),
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
        *("greeting", "greeting_plain", "copy_link", "personal"),
        *("questions", "questions_plain", "automatic", "stop"),
    ),
    "contents": ("why", "stop_when", "stop_rule", "attachment"),
    "facts": ("when", "place", "practitioner", "reference"),
}


def problems(texts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Each fault as (key, what is wrong): a missing text, one of another kind, a name nobody fills in."""
    found = [fault for name in (*MailKind, BEGUN) for fault in _own(name, texts.get(name))]
    for table, keys in SHARED.items():
        found.extend(_shared(table, keys, texts.get(table)))
    return found


def _own(kind: str, table: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(table, Mapping):
        yield kind, "is missing"
        return
    for key, wanted in OWN.items():
        yield from _one(f"{kind}.{key}", table.get(key), wanted)
    yield from ((f"{kind}.{key}", "is not known") for key in table if key not in OWN)


def _shared(name: str, keys: tuple[str, ...], table: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(table, Mapping):
        yield name, "is missing"
        return
    for key in keys:
        yield from _one(f"{name}.{key}", table.get(key), str)


def _one(key: str, value: Any, wanted: type) -> Iterator[tuple[str, str]]:
    lines = value if isinstance(value, list) else [value]
    if not isinstance(value, wanted) or not all(isinstance(line, str) for line in lines):
        yield key, f"must be {'a list of texts' if wanted is list else 'a text'}"
        return
    for line in lines:
        for word in PLACEHOLDER.findall(line):
            if word not in FILLED:
                yield key, f"names {{{word}}}, which nobody fills in"
