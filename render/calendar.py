"""Calendar files (RFC 5545): what a client takes into a calendar of their own, with an alarm."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from render.language.readable import plain
from schemas.my_days import MyDays

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
WEEKS = 12
LONGEST_LINE = 75  # bytes


@dataclass(frozen=True, slots=True)
class Event:
    """One entry: aware times. `uid` stays when it is moved, so that the entry before is replaced."""

    uid: str
    start: datetime
    end: datetime
    summary: str
    place: str = ""


def published(events: Sequence[Event], now: datetime) -> str:
    """Return a calendar to take in, with nobody to answer; a later one wins by its SEQUENCE.

    Times are in UTC: each calendar shows them in the zone where its owner is, across clock changes too.
    """
    return _calendar(line for event in events for line in _event(event, now))


def _calendar(lines: Iterable[str]) -> str:
    head = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Aftercare//EN", "METHOD:PUBLISH")
    whole = (*head, *lines, "END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in whole for part in _folded(line))


def _event(event: Event, now: datetime) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{event.uid}"
    yield _sequence(now)
    yield f"DTSTAMP:{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    yield f"DTSTART:{event.start.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    yield f"DTEND:{max(event.start, event.end).astimezone(UTC):%Y%m%dT%H%M%SZ}"
    yield f"SUMMARY:{_text(plain(event.summary))}"
    if event.place:
        yield f"LOCATION:{_text(plain(event.place))}"
    yield "END:VEVENT"


def weekly(
    chosen: MyDays, uid: str, title: str, url: str, minutes: int, first: datetime, now: datetime
) -> str:
    """Return an event on each chosen day for twelve weeks, from `first` on, with an alarm at its time.

    The time has no zone: it is meant on whichever clock is around the client then. `first` is local. `uid`
    stays when other days are chosen, so that the rhythm before is replaced.
    """
    days = ",".join(DAYS[day] for day in chosen.days)
    lines = [
        "BEGIN:VEVENT",
        f"UID:{uid}",
        _sequence(now),
        f"DTSTAMP:{now.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        f"DTSTART:{first:%Y%m%dT%H%M%S}",
        f"DURATION:PT{max(minutes, 5)}M",
        f"RRULE:FREQ=WEEKLY;BYDAY={days};COUNT={WEEKS * len(chosen.days)}",
        f"SUMMARY:{_text(title)}",
        f"DESCRIPTION:{_text(url)}",
        f"URL:{url}",
        *("BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{_text(title)}", "TRIGGER:PT0M", "END:VALARM"),
        "END:VEVENT",
    ]
    return _calendar(lines)


def _sequence(now: datetime) -> str:
    """Each later file is a later version of the entry."""
    return f"SEQUENCE:{int(now.timestamp()) // 60}"


def _text(text: str) -> str:
    """A text as a value: what has a meaning in a calendar file is escaped, a new line is a space."""
    kept = text if text.isprintable() else "".join(char if char.isprintable() else " " for char in text)
    clean = " ".join(kept.split())
    return re.sub(r"([\\;,])", r"\\\1", clean)


def _folded(line: str) -> Iterator[str]:
    """A line in pieces of at most 75 bytes, none of which cuts a character."""
    piece = ""
    if len(line.encode()) <= LONGEST_LINE:
        yield line
        return
    for char in line:
        if len((piece + char).encode()) > LONGEST_LINE:
            yield piece
            piece = " "
        piece += char
    yield piece
