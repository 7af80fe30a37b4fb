"""Dates, times and lists in the client's words: English and Spanish, and dates in Arabic."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

LIKE_A_LINK = re.compile(r"[/@:<>\\]|\w\.\w{2}")
DOT_OF_A_HOST = re.compile(r"(?<=\w)\.(?=[^\W\d_]{2})")


@dataclass(frozen=True, slots=True)
class Words:
    """How one language writes days, times and lists."""

    weekdays: tuple[str, ...]
    months: tuple[str, ...]
    weekday_short: tuple[str, ...]
    month_short: tuple[str, ...]
    day: str
    full_date: str
    short_date: str
    moment: str
    at_one: str
    noon: str
    midnight: str
    city: str
    first: str
    second: str
    am: str
    pm: str


WORDS = {
    "en": Words(
        weekdays=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
        months=(
            *("January", "February", "March", "April", "May", "June"),
            *("July", "August", "September", "October", "November", "December"),
        ),
        weekday_short=("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
        month_short=("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
        day="{weekday}, {month} {day}",
        full_date="{month} {day}, {year}",
        short_date="{month} {day}",
        moment="{day} at {clock} ({zone}{fold})",
        at_one="{day} at {clock} ({zone}{fold})",
        noon="12 noon",
        midnight="12 midnight",
        city="{city} time",
        first=", before the clocks go back",
        second=", after the clocks go back",
        am="AM",
        pm="PM",
    ),
    "es": Words(
        weekdays=("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
        months=(
            *("enero", "febrero", "marzo", "abril", "mayo", "junio"),
            *("julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"),
        ),
        weekday_short=("lun", "mar", "mié", "jue", "vie", "sáb", "dom"),
        month_short=("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"),
        day="{weekday} {day} de {month}",
        full_date="{day} de {month} de {year}",
        short_date="{day} {month}",
        moment="{day} a las {clock} ({zone}{fold})",
        at_one="{day} a la {clock} ({zone}{fold})",
        noon="12 del mediodía",
        midnight="12 de la noche",
        city="hora de {city}",
        first=", antes del cambio de hora",
        second=", después del cambio de hora",
        am="a. m.",
        pm="p. m.",
    ),
    "ar": Words(
        weekdays=("الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت", "الأحد"),
        months=(
            *("يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو"),
            *("يوليو", "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر"),
        ),
        weekday_short=("الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت", "الأحد"),
        month_short=(
            *("يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو"),
            *("يوليو", "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر"),
        ),
        day="{weekday} {day} {month}",
        full_date="{day} {month} {year}",
        short_date="{day} {month}",
        moment="{day} {clock} ({zone}{fold})",
        at_one="{day} {clock} ({zone}{fold})",
        noon="12 ظهرًا",
        midnight="12 منتصف الليل",
        city="بتوقيت {city}",
        first=" 1",
        second=" 2",
        am="ص",
        pm="م",
    ),
}


SPANISH_CITIES = {
    "Athens": "Atenas",
    "Berlin": "Berlín",
    "Brussels": "Bruselas",
    "Havana": "La Habana",
    "Lisbon": "Lisboa",
    "London": "Londres",
    "Los Angeles": "Los Ángeles",
    "Mexico City": "Ciudad de México",
    "New York": "Nueva York",
    "Panama": "Panamá",
    "Paris": "París",
    "Rome": "Roma",
    "Zurich": "Zúrich",
}
"""Cities whose names differ in Spanish, as far as clinics and their clients are likely to sit there."""


ZONES = {
    "America/New_York": ("Eastern time", "hora del Este"),
    "America/Chicago": ("Central time", "hora del Centro"),
    "America/Denver": ("Mountain time", "hora de la Montaña"),
    "America/Phoenix": ("Arizona time", "hora de Arizona"),
    "America/Los_Angeles": ("Pacific time", "hora del Pacífico"),
    "America/Anchorage": ("Alaska time", "hora de Alaska"),
    "Pacific/Honolulu": ("Hawaii time", "hora de Hawái"),
    "America/Puerto_Rico": ("Puerto Rico time", "hora de Puerto Rico"),
}
"""Zones that people call by a name, not by their largest city: in English and Spanish."""


def words_of(language: str) -> Words:
    """The words of a BCP 47 tag (`es-MX` is Spanish); English where there are none."""
    return WORDS.get(language.partition("-")[0].casefold(), WORDS["en"])


def full_date(when: date, language: str = "en") -> str:
    """`November 27, 2026`."""
    words = words_of(language)
    return words.full_date.format(month=words.months[when.month - 1], day=when.day, year=when.year)


def short_date(when: date, language: str = "en") -> str:
    """`Nov 27`, for charts and tables."""
    words = words_of(language)
    return words.short_date.format(month=words.month_short[when.month - 1], day=when.day)


def weekday_and_day(when: date, language: str = "en") -> str:
    """`Friday, November 27`."""
    words = words_of(language)
    return words.day.format(
        weekday=words.weekdays[when.weekday()], month=words.months[when.month - 1], day=when.day
    )


def clock(when: datetime, language: str = "en") -> str:
    """The time of day as `when` shows it: `3:00 PM`."""
    words = words_of(language)
    half = words.am if when.hour < 12 else words.pm
    return f"{when.hour % 12 or 12}:{when.minute:02} {half}"


def moment(when: datetime, zone: ZoneInfo, language: str = "en") -> str:
    """`Friday, November 27 at 3:00 PM (Eastern time)` for an aware `when`.

    At twelve it says which: "PM" misleads there. In the hour that a clock change repeats, it says which of
    the two is meant, with the offset from UTC.
    """
    local = when.astimezone(zone)
    words = words_of(language)
    pattern = words.at_one if local.hour % 12 == 1 else words.moment
    return pattern.format(
        day=weekday_and_day(local, language),
        clock=_spoken_clock(local, words) or clock(local, language),
        zone=zone_name(local, zone, language),
        fold=_fold(local, words),
    )


def _spoken_clock(local: datetime, words: Words) -> str:
    return {(0, 0): words.midnight, (12, 0): words.noon}.get((local.hour, local.minute), "")


def zone_name(when: datetime, zone: ZoneInfo, language: str = "en") -> str:
    """`Eastern time`, `Berlin time`; the offset from UTC where the zone is not named after a place."""
    area, _, place = zone.key.rpartition("/")
    if area in {"", "Etc"}:
        return offset(when.astimezone(zone))
    words = words_of(language)
    if zone.key in ZONES and words is not WORDS["ar"]:
        return ZONES[zone.key][words is WORDS["es"]]
    city = place.replace("_", " ")
    if words is WORDS["es"]:
        city = SPANISH_CITIES.get(city, city)
    return words.city.format(city=city)


def offset(local: datetime) -> str:
    """`UTC-5`, `UTC+5:45`, or `UTC` itself."""
    shift = local.utcoffset()
    minutes = round(shift.total_seconds() / 60) if shift else 0
    if minutes == 0:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}" + (f":{rest:02}" if rest else "")


def _fold(local: datetime, words: Words) -> str:
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
    kept = "".join(char if _printable(char) else " " for char in text)
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
    """A name that is safe to greet with; empty where it could be read as an address or a link."""
    line = plain(name, 60)
    return "" if LIKE_A_LINK.search(line) else line


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
