"""Printed pages: the client's plan, tagged for screen readers, as typst sets it."""

import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from render.body import bodymap
from render.language.readable import begins_alike, full_date, plain, weekdays
from render.paper import qr
from render.paper.press import FAMILIES, press, template
from render.paper.raster import size_of
from schemas.clinic import Clinic
from schemas.figure import Picture
from schemas.notions.words import Words, direction
from schemas.summary import Summary, Weight
from schemas.worded_plan import WordedItem, WordedPlan

PAPERS = {"letter": "us-letter", "a4": "a4"}
LOOKS = (
    {"size": 11, "share": 88, "tall": 56, "weeks": 4},
    {"size": 10.3, "share": 82, "tall": 44, "weeks": 4},
    {"size": 9.6, "share": 75, "tall": 35, "weeks": 4},
    {"size": 9, "share": 70, "tall": 30, "weeks": 4},
)
"""Text points, pictures in mm (width, greatest height), weeks to tick: always four, roomiest first."""


@dataclass(frozen=True, slots=True)
class Pdf:
    """A finished document. `tagged` says whether it passed the PDF/UA-1 rules while it was made."""

    data: bytes
    tagged: bool


def plan_pdf(
    plan: WordedPlan,
    clinic: Clinic,
    client_name: str,
    figures: Mapping[str, Picture],
    *,
    date: date,
    words: Words,
    url: str = "",
    large: bool = False,
) -> Pdf:
    """The plan on one page, or on two full ones; the same input gives the same bytes.

    `figures` are start and finish side by side, by exercise id; `words` are those of papers in the plan's
    language; `url` opens the plan page. `large` print is of 14 points and more, on as many pages as that
    takes. No text can stop it: what cannot be tagged is printed without tags.
    """
    data = _plan_data(plan, clinic, client_name, figures, date, words) | {
        "url": url,
        "rtl": direction(words.language) == "rtl",
        "paper": PAPERS[clinic.paper],
        "large": large,
    }
    files = {f"{key}.svg": figures[key].svg.encode() for key in _drawn(plan, figures)}
    if url:
        files["qr.svg"] = qr.svg(url).encode()
    return typeset(template("plan.typ"), data, files, date)


def typeset(source: bytes, data: Mapping[str, Any], files: Mapping[str, bytes], when: date) -> Pdf:
    """Tagged if it can be: as it is, then without pictographs, then without the standard."""
    from typst import TypstError  # seven megabytes, which whoever prints nothing does without

    clean = cleaned(data)
    for tried in (clean, cleaned(clean, symbols=False)):
        try:
            return Pdf(press(source, tried, files, standard="ua-1", when=when), tagged=True)
        except TypstError:
            continue
    return Pdf(press(source, clean, files, when=when), tagged=False)


def cleaned(value: Any, *, symbols: bool = True) -> Any:
    """Every text in plain JSON values without control characters, and without pictographs on request."""
    if isinstance(value, str):
        line = plain(value, 4000)
        return line if symbols else plain("".join(c for c in line if not _pictograph(c)), 4000)
    if isinstance(value, Mapping):
        return {key: cleaned(item, symbols=symbols) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [cleaned(item, symbols=symbols) for item in value]
    return value


def _pictograph(char: str) -> bool:
    return char in "\u200c\u200d\ufe0e\ufe0f" or unicodedata.category(char) in {"So", "Sk"}


def _drawn(plan: WordedPlan, figures: Mapping[str, Picture]) -> list[str]:
    return [item.exercise_id for item in plan.items if item.exercise_id in figures]


def _plan_data(
    plan: WordedPlan,
    clinic: Clinic,
    client_name: str,
    figures: Mapping[str, Picture],
    when: date,
    words: Words,
) -> dict[str, Any]:
    stop_label = words.say("plan.stop_when")
    return {
        "fonts": list(FAMILIES),
        "looks": list(LOOKS),
        "words": words.table("plan"),
        "language": words.language,
        "clinic": plain(clinic.name, 80),
        "phone": plain(clinic.phone, 40),
        "title": plan.title,
        "name": plain(client_name, 80),
        "date": full_date(when, words.language),
        "version": plan.version,
        "intro": f"{plan.intro} {plan.because}".strip(),
        "massage": plan.massage,
        "note": plan.practitioner_note,
        "changed": plan.change_text,
        "guide": _without_label(plan.pain_rule, words.say("plan.guide")),
        "help": plan.stop_rule,
        "scope": plan.scope_text,
        "tip": plan.tip,
        "goal": words.say("plan.goal", n=plan.days_per_week),
        "weekdays": list(weekdays(words.language)),
        "items": [
            _item(item, figures.get(item.exercise_id), stop_label) | {"why": plan.why(item)}
            for item in plan.items
        ],
    }


def _item(item: WordedItem, figure: Picture | None, stop_label: str) -> dict[str, Any]:
    across, down = size_of(figure.svg) if figure else (1, 1)
    return {
        "name": item.name,
        "dose": item.dose_text,
        "how": " ".join(part for part in (item.side_text, item.tempo_text) if part),
        "steps": list(item.steps),
        "text": item.text,
        "caution": item.caution,
        "stop_when": item.stop_when,
        "stop_label": "" if begins_alike(item.stop_when, stop_label) else stop_label,
        "picture": f"{item.exercise_id}.svg" if figure else None,
        "alt": figure.alt if figure else "",
        "pair": figure is not None and not item.media,
        "ratio": down / across,
        "clip": figure is None and item.media.startswith("video/"),
    }


def _without_label(text: str, label: str) -> str:
    """The text without its first words where they repeat the heading above it."""
    return text.removeprefix(f"{label}.").lstrip()


def summary_pdf(summary: Summary, clinic: Clinic, *, date: date, words: Words) -> Pdf:
    """The practitioner's page before a visit, with the body map filled in; longer only if it must be."""
    place = summary.place or words.say("summary.none")
    alt = {
        view: words.say("summary.map_alt", view=words.say(f"summary.view.{view}"), place=place)
        for view in ("front", "back")
    }
    data = asdict(summary) | {
        "fonts": list(FAMILIES),
        "words": words.table("summary"),
        "weights": {weight: words.say(f"summary.weight.{weight}") for weight in Weight},
        "language": words.language,
        "paper": PAPERS[clinic.paper],
        "clinic": plain(clinic.name, 80),
        "client": plain(summary.client_name, 80),
        "age": "" if summary.age is None else words.say("summary.years", n=summary.age),
        "answered": summary.answered and words.say("summary.answered", when=summary.answered),
        "alt": alt,
    }
    return typeset(template("summary.typ"), data, _maps(summary), date)


def table_pdf(words: Mapping[str, Any], clinic: Clinic, *, date: date) -> Pdf:
    """`title`, `facts` (pairs), `heads` and `rows` of six cells, `note` and `language` on paper."""
    data = {**words, "fonts": list(FAMILIES), "clinic": clinic.name, "paper": PAPERS[clinic.paper]}
    return typeset(template("table.typ"), data, {}, date)


def _maps(summary: Summary) -> dict[str, bytes]:
    chosen, main = summary.regions, summary.main_region
    return {
        f"{view}.svg": bodymap.svg(view, chosen, interactive=False, main=main).encode()
        for view in bodymap.BodyView
    }
