"""The words of the pages. English stands in the pages; an `es.toml` for each kind has it in Spanish."""

import tomllib
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

from flask import Request

from schemas.clinic import Clinic
from web.context import context
from web.static_files import url as static_url

NAMES = {"en": "English", "es": "Español"}
Say = Callable[..., str]


CLIENT = Path(__file__).parent
CONSOLE = CLIENT / "console"
"""Where the words of the client's pages and of the console are."""


@cache
def texts(language: str, folder: Path = CLIENT) -> Mapping[str, str]:
    """What each English text is in a language; empty for English."""
    path = folder / f"{language}.toml"
    return tomllib.loads(path.read_text("utf-8")) if language in NAMES and path.exists() else {}


def say_in(language: str, folder: Path = CLIENT) -> Say:
    """A function that says an English text in a language, with its names in braces filled in."""
    known = texts(language, folder)

    def say(text: str, **values: object) -> str:
        found = known.get(text, text)
        for name, value in values.items():
            found = found.replace("{" + name + "}", str(value))
        return found

    return say


def asked_for(request: Request) -> str:
    """The language that the browser asks for, if we have it."""
    clinic = context().clinic
    return request.accept_languages.best_match(list(clinic.languages)) or clinic.language


def shared(language: str) -> dict[str, Any]:
    """What every page of a client gets: words, language, direction, the clinic."""
    clinic = context().clinic
    return {
        "t": say_in(language),
        "lang": language,
        "dir": "rtl" if language in ("ar", "fa", "he", "ur") else "ltr",
        "languages": [(code, NAMES[code]) for code in clinic.languages if code in NAMES],
        "clinic": clinic,
        "static_url": static_url,
        "filled": partial(fill, clinic),
    }


def numbers(clinic: Clinic) -> dict[str, str]:
    """The numbers that texts of the content name in braces."""
    return {
        "emergency_number": clinic.emergency_number,
        "crisis_number": clinic.crisis_number,
        "clinic_phone": clinic.phone,
    }


def fill(clinic: Clinic, text: str) -> str:
    """A text of the content with the clinic's numbers in it."""
    for name, value in numbers(clinic).items():
        text = text.replace("{" + name + "}", value)
    return text
