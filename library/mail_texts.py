"""Reads the words of the mails and text messages."""

from functools import cache, reduce
from pathlib import Path
from typing import Any

from library import toml
from library.reading import SHIPPED
from library.translations import laid_over

Texts = dict[str, Any]


@cache
def read_mail_texts(content: Path, language: str) -> Texts:
    """The words of the mails in one language; where a text is not translated, the English one.

    A clinic's own files lie over those that come with the app, so that an older one lacks nothing.
    """
    layers = [_read(folder, each) for each in ("en", language) for folder in (SHIPPED, content)]
    return dict(reduce(laid_over, layers))


def own_mail_texts(content: Path, language: str) -> Texts:
    """What a clinic's own file holds, and nothing else."""
    return _read(content, language)


def _read(content: Path, language: str) -> Texts:
    file = f"mail/{language}.toml"
    return toml.read(content, file) if (content / file).exists() else {}
