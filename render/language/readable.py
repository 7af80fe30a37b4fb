"""Dates, times and names in the reader's words: CLDR's (Babel), and what people say where that differs."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError, dates
from babel.core import get_global

SIGN_OF_A_MESSAGE = re.compile(r"[!?;=+*#%&$€£¥₿\"“”„«»{}\[\]|~^_]|\d|\.{2}|…")
MOST_WORDS_OF_A_NAME, MOST_SMALL_WORDS = 8, 4
SHORTEST_OF_A_MESSAGE = 4  # letters: names in every script have shorter small words
SMALL_WORDS_OF_NAMES = frozenset(
    re.findall(
        r"\w+",
        "al af av bin bint da das de dei del della den der des di do dos du e el i la las le los och og "
        "st te ten ter und van von y zu zum zur",
    )
)
WORDS_OF_A_MESSAGE = frozenset(  # none that is anybody's name
    re.findall(
        r"\w+",
        "account appointment bitcoin claim click confirm congratulations http https invoice link login money "
        "offer password payment please prize refund reply reward subscribe unsubscribe urgent verify warning "
        "winner won www your clic contraseña cuenta dinero enlace factura ganado gratis llame oferta premio "
        "urgente usted verifique bitte dringend gewinn gewonnen ihr klicken kostenlos passwort rechnung "
        "überweisung cliquez gagné gratuit payer votre vous",
    )
)
LIKE_A_LINK = re.compile(r"[/@:<>\\]|\w[.。]\w{2}|\bxn--", re.IGNORECASE)
DOT_OF_A_HOST = re.compile(r"(?<=\w)\.(?=[^\W\d_]{2})")


@dataclass(frozen=True, slots=True)
class Spoken:
    """What people say where CLDR's words are a form's: patterns of days and clocks are CLDR's own language.

    `zones` are those that people call by a name, not by their largest city.
    """

    day: str
    clock: str
    moment: str
    at_one: str
    noon: str
    midnight: str
    city: str
    first: str
    second: str
    zones: Mapping[str, str] = field(default_factory=dict)


SPOKEN = {
    "en": Spoken(
        day="EEEE, MMMM d",
        clock="h:mm a",
        moment="{day} at {clock} ({zone}{fold})",
        at_one="{day} at {clock} ({zone}{fold})",
        noon="12 noon",
        midnight="12 midnight",
        city="{city} time",
        first=", before the clocks go back",
        second=", after the clocks go back",
        zones={
            "America/New_York": "Eastern time",
            "America/Chicago": "Central time",
            "America/Denver": "Mountain time",
            "America/Phoenix": "Arizona time",
            "America/Los_Angeles": "Pacific time",
            "America/Anchorage": "Alaska time",
            "Pacific/Honolulu": "Hawaii time",
            "America/Puerto_Rico": "Puerto Rico time",
        },
    ),
    "es": Spoken(
        day="EEEE d 'de' MMMM",
        clock="h:mm a",
        moment="{day} a las {clock} ({zone}{fold})",
        at_one="{day} a la {clock} ({zone}{fold})",
        noon="12 del mediodía",
        midnight="12 de la noche",
        city="hora de {city}",
        first=", antes del cambio de hora",
        second=", después del cambio de hora",
        zones={
            "America/New_York": "hora del Este",
            "America/Chicago": "hora del Centro",
            "America/Denver": "hora de la Montaña",
            "America/Phoenix": "hora de Arizona",
            "America/Los_Angeles": "hora del Pacífico",
            "America/Anchorage": "hora de Alaska",
            "Pacific/Honolulu": "hora de Hawái",
            "America/Puerto_Rico": "hora de Puerto Rico",
        },
    ),
    "ar": Spoken(
        day="EEEE، d MMMM",
        clock="h:mm a",
        moment="{day}، الساعة {clock} ({zone}{fold})",
        at_one="{day}، الساعة {clock} ({zone}{fold})",
        noon="12 ظهرًا",
        midnight="12 منتصف الليل",
        city="بتوقيت {city}",
        first="، قبل تأخير الساعة",
        second="، بعد تأخير الساعة",
    ),
}
DAY_AND_MONTH = ("MMMMEd", "MMMEd")  # patterns that each language of CLDR has, one or both
WIDER = {"E": "EEEE", "EEE": "EEEE", "MMM": "MMMM", "LLL": "LLLL"}


@cache
def locale_of(language: str) -> Locale:
    """The locale of a BCP 47 tag; English where there is none."""
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en")


@cache
def _spoken(language: str) -> Spoken:
    """What we know of a language, else what CLDR does."""
    locale = locale_of(language)
    return SPOKEN.get(locale.language) or Spoken(
        day=_day_pattern(locale),
        clock=locale.time_formats["short"].pattern,
        moment="{day}, {clock} ({zone}{fold})",
        at_one="{day}, {clock} ({zone}{fold})",
        noon="",
        midnight="",
        city=locale.zone_formats["region"].replace("%s", "{city}"),
        first=" 1",
        second=" 2",
    )


def _day_pattern(locale: Locale) -> str:
    """Weekday, day and month in full, in the order of the language."""
    known = locale.datetime_skeletons
    pattern = next(known[each].pattern for each in DAY_AND_MONTH if each in known)
    return re.sub(r"E+|M+|L+", lambda letters: WIDER.get(letters[0], letters[0]), pattern)


@lru_cache(4096)
def _shown(pattern: str, when: date | time, language: str) -> str:
    """By CLDR, with plain spaces: those that keep a clock together are not in every font."""
    locale = locale_of(language)
    if isinstance(when, date):
        said = dates.format_date(when, pattern, locale=locale)
    else:
        said = dates.format_time(when, pattern, locale=locale)
    return re.sub("[\u00a0\u202f]", " ", said)


def weekdays(language: str) -> tuple[str, ...]:
    """Short names from Monday on, for the head of a table."""
    names = locale_of(language).days["stand-alone"]["abbreviated"]
    return tuple(names[day] for day in range(7))


def full_date(when: date, language: str = "en") -> str:
    """`November 27, 2026`."""
    return _shown("long", when, language)


def short_date(when: date, language: str = "en") -> str:
    """`Nov 27`, for charts and tables."""
    return _shown(locale_of(language).datetime_skeletons["MMMd"].pattern, when, language)


def weekday_and_day(when: date, language: str = "en") -> str:
    """`Friday, November 27`."""
    return _shown(_spoken(language).day, when, language)


def clock(when: datetime, language: str = "en") -> str:
    """The time of day as `when` shows it: `3:00 PM`."""
    return _shown(_spoken(language).clock, when.time(), language)


def moment(when: datetime, zone: ZoneInfo, language: str = "en") -> str:
    """`Friday, November 27 at 3:00 PM (Eastern time)` for an aware `when`.

    At twelve it says which: "PM" misleads there. In the hour that a clock change repeats, it says which of
    the two is meant, with the offset from UTC.
    """
    local, words = when.astimezone(zone), _spoken(language)
    pattern = words.at_one if local.hour % 12 == 1 else words.moment
    return pattern.format(
        day=weekday_and_day(local, language),
        clock=_twelve(local, words) or clock(local, language),
        zone=zone_name(local, zone, language),
        fold=_fold(local, words),
    )


def _twelve(local: datetime, words: Spoken) -> str:
    return {(0, 0): words.midnight, (12, 0): words.noon}.get((local.hour, local.minute), "")


def zone_name(when: datetime, zone: ZoneInfo, language: str = "en") -> str:
    """`Eastern time`, `Berlin time`; the offset from UTC where the zone is not named after a place."""
    if zone.key.rpartition("/")[0] in {"", "Etc"}:
        return offset(when.astimezone(zone))
    words, key = _spoken(language), get_global("zone_aliases").get(zone.key, zone.key)
    return words.zones.get(key) or words.city.format(city=_city(key, language))


def _city(key: str, language: str) -> str:
    """The city that a zone is named after, in the language where that has a name for it."""
    known = locale_of(language).time_zones.get(key, {})
    return str(known.get("city") or key.rpartition("/")[2].replace("_", " "))


def offset(local: datetime) -> str:
    """`UTC-5`, `UTC+5:45`, or `UTC` itself."""
    shift = local.utcoffset()
    minutes = round(shift.total_seconds() / 60) if shift else 0
    if minutes == 0:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}" + (f":{rest:02}" if rest else "")


def _fold(local: datetime, words: Spoken) -> str:
    if not repeated(local):
        return ""
    return f", {offset(local)}{words.second if local.fold else words.first}"


def repeated(local: datetime) -> bool:
    """True when the wall clock shows this time twice on that day."""
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


def plain(text: str, limit: int = 200) -> str:
    """One line without control, format or unassigned characters, cut at `limit` with an ellipsis.

    Joiners stay: Arabic, Persian and Indic names need them.
    """
    kept = text if text.isprintable() else "".join(char if _printable(char) else " " for char in text)
    line = " ".join(kept.split())
    return line if len(line) <= limit else f"{line[: limit - 1].rstrip()}…"


def _printable(char: str) -> bool:
    return char in "\u200c\u200d" or unicodedata.category(char) not in {
        "Cc",
        "Cf",
        "Cs",
        "Co",
        "Cn",
        "Zl",
        "Zp",
    }


def greeting_name(name: str) -> str:
    """A name that is safe to greet with; empty where it could be read as an address, a link or a message.

    Whoever books types it, and may send it to a stranger. A greeting without a name harms nobody, so that
    all counts as a message that has signs or digits of one, its words, or more small words than names have.
    """
    line = plain(name, 61)
    seen = unicodedata.normalize("NFKC", line)  # a full-width dot is one to whoever makes links
    words = seen.split()
    small = [word for word in words if word.islower() and word not in SMALL_WORDS_OF_NAMES]
    long = [word for word in small if len(word) >= SHORTEST_OF_A_MESSAGE]
    message = (
        len(line) > 60
        or LIKE_A_LINK.search(seen)
        or SIGN_OF_A_MESSAGE.search(seen)
        or any(unicodedata.category(char) == "So" for char in seen)
        or len(words) > MOST_WORDS_OF_A_NAME
        or (len(words) > MOST_SMALL_WORDS and len(small) > 1)
        or (len(words) > 2 and len(long) > 1)
        or any(word.casefold().strip(".,") in WORDS_OF_A_MESSAGE for word in words)
    )
    return "" if message else line


def unlinked(text: str) -> str:
    """The text with its addresses broken, so that no mail program makes links of them."""
    return DOT_OF_A_HOST.sub(". ", text.replace("://", ": "))


def begins_alike(text: str, label: str) -> bool:
    """True when a text begins with the label's first word, so that the label would only repeat it."""
    return text.split(" ")[0].casefold() == label.split(" ")[0].casefold()


def days_from(first: date, count: int) -> list[date]:
    """`count` days in a row."""
    return [first + timedelta(days=offset) for offset in range(count)]


def utc(when: datetime) -> str:
    """An ISO time with Z, for machine-readable attributes."""
    return when.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
