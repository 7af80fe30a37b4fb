"""Reading what a scheduler sent: strict at the core, tolerant at the side.

What makes a visit (which booking, when) is needed, and its absence is an UnknownPayload that names the field
only. Every other field is read in any sensible form, or dropped and named in the notes of the receipt.
"""

import json
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NoReturn
from zoneinfo import available_timezones

from integrations.base import UnknownPayload
from schemas.notions import mail_address
from schemas.webhook import Notice

MAX_DEPTH = 64
MAX_DIGITS = 18
MAX_TEXT = 200
MAX_EMAIL = 254
MAX_PHONE = 40
LONGEST_VISIT = timedelta(days=14)

IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,64}\Z", re.ASCII)
# ISO 8601 as programs write it: also with a blank for T or before the offset, "UTC", and a zone behind it.
_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?) ?(Z|UTC|[+-]\d\d(?::?\d\d)?)"
    r"(?:\[[A-Z0-9_+/-]{1,64}\])?\Z",
    re.ASCII | re.IGNORECASE,
)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8}){0,3}\Z", re.ASCII)
# Characters that turn the direction of the text around them, and the byte order mark.
_TURNS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_UNSEEN = re.compile("[\u00ad\u200b-\u200d\u2060]")
_BETWEEN_ADDRESSES = re.compile(r"[\s,;<>()\"]+")
_MAILTO = re.compile(r"e?-?mail(?:to)?:", re.ASCII | re.IGNORECASE)
_LINK = re.compile(r"https?://[^\s<>\"']+", re.ASCII | re.IGNORECASE)
_MAP = re.compile(
    r"https?://(?:[\w.-]+\.)?(?:maps?\.[\w.-]+|goo\.gl/maps|google\.[a-z.]+/maps|g\.page|g\.co/kgs|"
    r"bing\.com/maps|openstreetmap\.org|osm\.org|waze\.com|what3words\.com|w3w\.co|here\.com)(?:[/?#:]|\Z)",
    re.ASCII | re.IGNORECASE,
)
_ROOM = re.compile(
    r"https?://(?:[\w.-]+\.)?(?:zoom\.us|meet\.google\.com|teams\.(?:microsoft|live)\.com|webex\.com|"
    r"gotomeet(?:ing)?\.com|gotomeet\.me|whereby\.com|doxy\.me|jit\.si|daily\.co|skype\.com|facetime\.apple\.com|"
    r"cal\.com/video|around\.co|livestorm\.co|bluejeans\.com|chime\.aws)(?:[/?#:]|\Z)",
    re.ASCII | re.IGNORECASE,
)
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}(?=(?:\.0*)?\s*(?:min(?:ute)?s?\.?)?\Z)", re.ASCII | re.IGNORECASE)
_TEL = re.compile(r"\Atel:\s*", re.ASCII | re.IGNORECASE)
_NUMBER = re.compile(r"(?:tel:)?\+?[0-9 ()./-]{6,}\Z", re.ASCII | re.IGNORECASE)
_BY_CALL = re.compile(
    r"(?:(?:by|via|over the|on the) )?"
    r"(?:(?:tele)?phone|video|zoom|google meet|online|tel[eé]fono|videollamada)"
    r"(?: (?:call|visit|session|meeting|consultation))?\Z",
    re.IGNORECASE,
)
_FLAGS = {
    **dict.fromkeys(("true", "yes", "y", "on", "1"), True),
    **dict.fromkeys(("false", "no", "n", "off", "0"), False),
}
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
    parts = _MOMENT.match(value)
    if not parts:
        return None
    day, clock, offset = parts.groups()
    try:
        found = datetime.fromisoformat(f"{day}T{clock}{'Z' if offset.isalpha() else offset}")
    except ValueError:
        return None
    return found.astimezone(UTC) if 2000 <= found.year <= 2100 else None


def is_email(value: str) -> bool:
    """True for exactly one address that a mail can go to."""
    return mail_address.read(value) is not None


def addresses(value: str) -> list[str]:
    """Every e-mail address in a text such as "a@b.example, c@d.example" or "Ann <a@b.example>", in order."""
    words = _BETWEEN_ADDRESSES.split(_UNSEEN.sub("", _TURNS.sub("", value[: 4 * MAX_EMAIL])))
    bare = (_bare(word) for word in words)
    return [word for word in bare if is_email(word)]


def _bare(word: str) -> str:
    """The word without what programs put around an address: 'a@b.example', MAILTO:a@b.example?subject=x."""
    found = word.rstrip(".")
    if _MAILTO.match(found):
        found = _MAILTO.sub("", found).partition("?")[0]
    return found[1:-1] if found[:1] == found[-1:] == "'" else found


def plain(value: Any) -> str | None:
    """Text or a number, also alone in a list or in `{"value": ...}`, as text; None for anything else."""
    for _ in range(3):
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        elif isinstance(value, dict) and ("value" in value or "label" in value):
            value = value.get("value")  # a question without an answer has a label only
            if value is None:
                return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 10**MAX_DIGITS:
        value = int(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) and is_text(value) else None


def is_call(place: str, *, visit: bool = False) -> bool:
    """True for a telephone number and for a link to a room on the web; a link to a map is a place to go to.

    `visit` says that the booking was made for a place: then only a link to a known video service is a call.
    """
    if _NUMBER.match(place) or _BY_CALL.match(place):
        return True
    if any(_ROOM.match(link) for link in _LINK.findall(place)):
        return True
    link = _LINK.match(place)
    return bool(link and not visit and not _MAP.match(link[0]))


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
    found = _TEL.sub("", clean(value, MAX_PHONE + 5))
    return found if len(found) <= MAX_PHONE and sum(c.isdigit() for c in found) >= 5 else ""


def span(start: datetime, end: datetime) -> tuple[datetime, datetime]:
    """Start and end of a visit, once it is known that they make one."""
    if not timedelta(0) <= end - start <= LONGEST_VISIT:
        _refuse("The visit ends before it starts, or lasts longer than 14 days.")
    return start, end


@dataclass(frozen=True, slots=True)
class Part:
    """One object of a payload, read field by field. A missing field and `null` are the same.

    A field of the side that cannot be read counts as missing, and its path is kept in `dropped`, which all
    parts of one body share.
    """

    values: Mapping[str, Any]
    path: str = ""
    dropped: list[str] = field(default_factory=list, compare=False, repr=False)

    def at(self, name: str) -> str:
        """The path of a field, for error texts and notes."""
        return f"{self.path}.{name}" if self.path else name

    def wrong(self, name: str, wanted: str) -> NoReturn:
        """Raise UnknownPayload that says which field must be what."""
        _refuse(f"The field {self.at(name)} must be {wanted}.")

    def drop(self, name: str) -> None:
        """Note that a field was there and could not be read."""
        self.dropped.append(self.at(name))

    def noted(self, notices: Iterable[Notice]) -> list[Notice]:
        """The notices of this body with the paths of what was dropped; to be asked last."""
        notes = tuple(dict.fromkeys(self.dropped))
        return [replace(each, notes=notes) for each in notices]

    def has(self, name: str) -> bool:
        """True when the field is there and not null."""
        return self.values.get(name) is not None

    def _plain(self, name: str) -> str:
        value = self.values.get(name)
        found = "" if value is None else plain(value)
        if found is None:
            self.drop(name)
        return found or ""

    def text(self, name: str, limit: int = MAX_TEXT) -> str:
        """One clean line of text; a number as text, "" when missing."""
        return clean(self._plain(name), limit)

    def word(self, name: str) -> str:
        """An identifier or a code of the vendor, as text."""
        return self.text(name)

    def token(self, name: str) -> str:
        """A vendor's word for where a list goes on, whole: cut short it would name nothing."""
        return self._plain(name)

    def identifier(self, name: str) -> str:
        """An identifier of letters, digits, `_` and `-` (at most 64), "" when missing."""
        found = self._plain(name).strip()
        if found and not IDENTIFIER.match(found):
            self.drop(name)
            return ""
        return found

    def needed(self, name: str) -> str:
        """An identifier that must be there, plainly."""
        nested = isinstance(self.values.get(name), (list, dict))
        return ("" if nested else self.identifier(name)) or self.wrong(
            name, "an identifier of letters, digits, _ and -, at most 64 of them"
        )

    def number(self, name: str) -> int | None:
        """A whole number, also as text ("60", "60 min"); None when missing."""
        written = self._plain(name).strip()
        found = _WHOLE.match(written)
        if written and not found:
            self.drop(name)
        return int(found[0]) if found else None

    def flag(self, name: str) -> bool | None:
        """True or false, also as a word ("true", "no") or as 1 or 0; None when missing."""
        value = self.values.get(name)
        if isinstance(value, bool):
            return value
        written = self._plain(name).strip().casefold()
        if written and written not in _FLAGS:
            self.drop(name)
        return _FLAGS.get(written)

    def part(self, name: str) -> "Part":
        """An object in this one; an empty one when missing."""
        value = self.values.get(name)
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if value is not None and not isinstance(value, dict):
            self.drop(name)
            value = None
        return Part(value or {}, self.at(name), self.dropped)

    def parts(self, name: str) -> "list[Part]":
        """A list of objects; empty when missing."""
        value = self.values.get(name)
        listed = value if isinstance(value, list) else [] if value is None else [value]
        found = [each for each in listed if isinstance(each, dict)]
        if len(found) < len(listed):
            self.drop(name)
        return [Part(each, f"{self.at(name)}[{number}]", self.dropped) for number, each in enumerate(found)]

    def moment(self, name: str) -> datetime | None:
        """An aware time in UTC, None when missing."""
        written = self._plain(name).strip()
        found = moment(written)
        if written and found is None:
            self.drop(name)
        return found

    def needed_moment(self, name: str) -> datetime:
        """An aware time in UTC that must be there, plainly."""
        plainly = isinstance(self.values.get(name), str)
        return (self.moment(name) if plainly else None) or self.wrong(
            name, "a time with an offset, such as 2026-11-27T14:00:00Z"
        )

    def email(self, name: str) -> str:
        """The e-mail address, the first where several stand there; "" when there is none."""
        written = self._plain(name).strip()
        if not written or (is_email(written) and addresses(written) == [written]):
            return written
        self.drop(name)
        return next(iter(addresses(written)), "")

    def zone(self, name: str) -> str:
        """A known IANA zone, else ""."""
        return zone(self.text(name))

    def language(self, name: str) -> str:
        """A BCP 47 tag, else ""."""
        return language(self.text(name))

    def phone(self, name: str) -> str:
        """A telephone number as written, else ""."""
        return phone(self.text(name))
