"""Reads the words of the mails."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from library.translations import laid_over


@cache
def read_mail_texts(content: Path, language: str) -> dict[str, Any]:
    """The words of the mails in one language; where a text is not translated, the English one."""
    english = _read(content, "en")
    return english if language == "en" else dict(laid_over(english, _read(content, language)))


def _read(content: Path, language: str) -> dict[str, Any]:
    path = content / "mail" / f"{language}.toml"
    if language != "en" and not path.exists():
        return {}
    return tomllib.loads(path.read_text("utf-8"))
