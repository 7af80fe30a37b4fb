"""The console's words. English stands in the pages; `es.toml` maps each English text to Spanish."""

import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

LANGUAGES = {"en": "English", "es": "Español"}
Say = Callable[..., str]


@cache
def texts(language: str) -> Mapping[str, str]:
    """What each English text is in a language; empty for English."""
    path = Path(__file__).parent / f"{language}.toml"
    if language not in LANGUAGES or not path.exists():
        return {}
    return {key: str(value) for key, value in tomllib.loads(path.read_text("utf-8")).items()}


def say_in(language: str) -> Say:
    """A function that says an English text in a language, with its names in braces filled in."""
    known = texts(language)

    def say(text: str, **values: object) -> str:
        found = known.get(text, text)
        return found.format(**values) if values else found

    return say
