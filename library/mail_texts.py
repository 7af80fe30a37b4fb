"""Reads the words of the mails."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any


@cache
def read_mail_texts(content: Path, language: str) -> dict[str, Any]:
    """The words of the mails in one language."""
    return tomllib.loads((content / "mail" / f"{language}.toml").read_text("utf-8"))
