"""The content as it is shipped, read once, and a way to spoil a copy."""

from functools import cache
from pathlib import Path

from library.content import Library, load
from library.reading import Reader
from library.words import read_words
from schemas.notions.words import Words

CONTENT = Path(__file__).resolve().parents[2] / "content"


@cache
def library(language: str = "en") -> Library:
    """Return the real content, read once."""
    return load(CONTENT, language)


@cache
def papers(language: str = "en") -> Words:
    """The real words of printed pages, also in a language in which nothing else is translated."""
    return read_words(Reader(CONTENT, language), "papers.toml")


@cache
def doses(language: str = "en") -> Words:
    """The real words of doses; English where a language has none yet."""
    return read_words(Reader(CONTENT, language), "doses.toml")


def change(folder: Path, file: str, old: str, new: str) -> None:
    """Replace a text that stands in a file, once."""
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
