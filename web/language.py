"""The words of the pages: the client's by key from the content, the console's by their English text."""

import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from flask import Request

from schemas.clinic import Clinic
from schemas.notions.words import Words, direction, fill
from web.context import context
from web.static_files import url as static_url

NAMES = {"en": "English", "es": "Español"}
"""The languages of the console."""
Say = Callable[..., str]
CONSOLE = Path(__file__).parent / "console"


@cache
def texts(language: str) -> Mapping[str, str]:
    """What each English text of the console is in a language; empty for English."""
    path = CONSOLE / f"{language}.toml"
    return tomllib.loads(path.read_text("utf-8")) if language in NAMES and path.exists() else {}


def say_in(language: str) -> Say:
    """A function that says an English text of the console in a language, with its names filled in."""
    known = texts(language)

    def say(text: str, /, **values: object) -> str:
        return fill(known.get(text, text), values)

    return say


def pages(language: str) -> Words:
    """The words of the client's pages; every text may name the clinic and its numbers."""
    return context().library(language).pages.knowing(numbers(context().clinic))


def asked_for(request: Request) -> str:
    """The language chosen on the page (`?language=`) or asked for by the browser, if we have it."""
    clinic = context().clinic
    chosen = request.args.get("language", "")
    if chosen in clinic.languages:
        return chosen
    return request.accept_languages.best_match(list(clinic.languages)) or clinic.language


def shared(language: str) -> dict[str, Any]:
    """What every page of a client gets: words, language, direction, the clinic."""
    clinic, words = context().clinic, pages(language)
    return {
        "t": words.say,
        "forms": words.forms,
        "filled": words.fill,
        "lang": language,
        "dir": direction(language),
        "languages": [(code, pages(code).say("language.name")) for code in clinic.languages],
        "clinic": clinic,
        "static_url": static_url,
    }


def numbers(clinic: Clinic) -> dict[str, str]:
    """What every text of the content may name in braces."""
    return {
        "clinic": clinic.name,
        "clinic_phone": clinic.phone,
        "emergency_number": clinic.emergency_number,
        "crisis_number": clinic.crisis_number,
    }
