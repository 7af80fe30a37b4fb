"""Strict reading of what a scheduler sent: every problem is an UnknownPayload that names the field only."""

import json
import math
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NoReturn
from zoneinfo import available_timezones

from integrations.base import UnknownPayload

MAX_DEPTH = 64
MAX_DIGITS = 18
MAX_TEXT = 200
MAX_EMAIL = 254
MAX_PHONE = 40
LONGEST_VISIT = timedelta(days=14)

IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,64}\Z", re.ASCII)
_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)\Z", re.ASCII | re.IGNORECASE
)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8}){0,3}\Z", re.ASCII)
_EMAIL = re.compile(r"""[^\s@,;:<>()\[\]\\"]{1,64}@[^\s@,;:<>()\[\]\\"]{1,253}\Z""")
# Characters that turn the direction of the text around them, and the byte order mark.
_TURNS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_NO_ZONES = frozenset({"localtime", "Factory"})


def _refuse(text: str) -> NoReturn:
    raise UnknownPayload(text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        _refuse("The body names a field twice in one object.")
    return found


def _integer(digits: str) -> int:
    return (
        int(digits) if len(digits) <= MAX_DIGITS + 1 else _refuse("The body holds a number that is too long.")
    )


def _float(digits: str) -> float:
    number = float(digits)
    return number if math.isfinite(number) else _refuse("The body holds a number that is too large.")


def _constant(_name: str) -> NoReturn:
    _refuse("The body holds NaN or Infinity, which JSON does not know.")


def _walk(value: Any) -> Iterator[str]:
    """Every text in a decoded body, keys too; without recursion, and no deeper than MAX_DEPTH."""
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH + 1):
        below: list[Any] = []
        for each in level:
            if isinstance(each, str):
                yield each
            elif isinstance(each, dict):
                yield from each
                below.extend(each.values())
            elif isinstance(each, list):
                below.extend(each)
        if not below:
            return
        level = below
    _refuse(f"The body is nested deeper than {MAX_DEPTH} levels.")


def is_text(value: str) -> bool:
    """True when it can be stored: valid Unicode without NUL."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in value


def read_json(body: bytes) -> "Part":
    """The object in a body. Refuses whatever two JSON readers could understand differently."""
    try:
        found = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_float,
            parse_constant=_constant,
        )
    except UnicodeDecodeError:
        _refuse("The body is not UTF-8 text.")
    except (ValueError, RecursionError):
        _refuse("The body is not valid JSON.")
    if not isinstance(found, dict):
        _refuse("The body must be one JSON object.")
    if not all(is_text(each) for each in _walk(found)):
        _refuse("The body holds characters that are not text.")
    return Part(found)


def clean(value: str, limit: int = MAX_TEXT) -> str:
    """One line of text: without control characters and direction marks, at most `limit` characters."""
    spaced = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in value[: 4 * limit])
    return " ".join(_TURNS.sub("", spaced).split())[:limit].strip()


def moment(value: str) -> datetime | None:
    """An ISO 8601 time with an offset, in UTC; None when it is not one, or not between 2000 and 2100."""
    if not _MOMENT.match(value):
        return None
    try:
        found = datetime.fromisoformat(value.upper())
    except ValueError:
        return None
    return found.astimezone(UTC) if 2000 <= found.year <= 2100 else None


def is_email(value: str) -> bool:
    """True for exactly one address that is safe to put into a message header."""
    printable = not any(unicodedata.category(c)[0] in "CZ" for c in value)
    return len(value) <= MAX_EMAIL and printable and bool(_EMAIL.match(value))


@cache
def zones() -> frozenset[str]:
    """The IANA zone names that this machine knows."""
    return frozenset(available_timezones()) - _NO_ZONES


def zone(value: str) -> str:
    """The zone name, or "" for one that we do not know (the clinic's zone is used then)."""
    return value if value in zones() else ""


def language(value: str) -> str:
    """A BCP 47 tag, or ""."""
    return value.replace("_", "-") if _LANGUAGE.match(value) else ""


def phone(value: str) -> str:
    """A telephone number as written, or "" when it cannot be one."""
    found = clean(value, MAX_PHONE + 1)
    return found if len(found) <= MAX_PHONE and sum(c.isdigit() for c in found) >= 5 else ""


def span(start: datetime, end: datetime) -> tuple[datetime, datetime]:
    """Start and end of a visit, once it is known that they make one."""
    if not timedelta(0) <= end - start <= LONGEST_VISIT:
        _refuse("The visit ends before it starts, or lasts longer than 14 days.")
    return start, end


@dataclass(frozen=True, slots=True)
class Part:
    """One object of a payload, read field by field. A missing field and `null` are the same."""

    values: Mapping[str, Any]
    path: str = ""

    def at(self, name: str) -> str:
        """The path of a field, for error texts."""
        return f"{self.path}.{name}" if self.path else name

    def wrong(self, name: str, wanted: str) -> NoReturn:
        """Raise UnknownPayload that says which field must be what."""
        _refuse(f"The field {self.at(name)} must be {wanted}.")

    def has(self, name: str) -> bool:
        """True when the field is there and not null."""
        return self.values.get(name) is not None

    def text(self, name: str, limit: int = MAX_TEXT) -> str:
        """One clean line of text, "" when missing."""
        value = self.values.get(name)
        if value is None:
            return ""
        if not isinstance(value, str) or not is_text(value):
            self.wrong(name, "text")
        return clean(value, limit)

    def word(self, name: str) -> str:
        """Text or a whole number, as text: how vendors write identifiers and codes."""
        value = self.values.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        return self.text(name)

    def identifier(self, name: str) -> str:
        """An identifier of letters, digits, `_` and `-` (at most 64), "" when missing."""
        value = self.values.get(name)
        found = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        if found is None or found == "":
            return ""
        if not isinstance(found, str) or not IDENTIFIER.match(found):
            self.wrong(name, "an identifier of letters, digits, _ and -, at most 64 of them")
        return found

    def needed(self, name: str) -> str:
        """An identifier that must be there."""
        return self.identifier(name) or self.wrong(name, "there")

    def number(self, name: str) -> int | None:
        """A whole number, None when missing."""
        value = self.values.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            self.wrong(name, "a whole number")
        return value

    def flag(self, name: str) -> bool | None:
        """True, false, or None when missing."""
        value = self.values.get(name)
        if value is not None and not isinstance(value, bool):
            self.wrong(name, "true or false")
        return value

    def part(self, name: str) -> "Part":
        """An object in this one; an empty one when missing."""
        value = self.values.get(name)
        if value is not None and not isinstance(value, dict):
            self.wrong(name, "an object")
        return Part(value or {}, self.at(name))

    def parts(self, name: str) -> "list[Part]":
        """A list of objects; empty when missing."""
        value = self.values.get(name)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            self.wrong(name, "a list of objects")
        return [Part(each, f"{self.at(name)}[{number}]") for number, each in enumerate(value)]

    def moment(self, name: str) -> datetime | None:
        """An aware time in UTC, None when missing."""
        value = self.values.get(name)
        if value is None:
            return None
        return (moment(value) if isinstance(value, str) else None) or self.wrong(
            name, "a time with an offset, such as 2026-11-27T14:00:00Z"
        )

    def needed_moment(self, name: str) -> datetime:
        """An aware time in UTC that must be there."""
        return self.moment(name) or self.wrong(name, "there")

    def email(self, name: str) -> str:
        """One e-mail address, "" when missing or empty."""
        value = self.values.get(name)
        if value is None or value == "":
            return ""
        if not isinstance(value, str) or not is_email(value.strip(" ")):
            self.wrong(name, "one e-mail address")
        return value.strip(" ")

    def zone(self, name: str) -> str:
        """A known IANA zone, else ""."""
        return zone(self.text(name))

    def language(self, name: str) -> str:
        """A BCP 47 tag, else ""."""
        return language(self.text(name))

    def phone(self, name: str) -> str:
        """A telephone number as written, else ""."""
        return phone(self.text(name))
