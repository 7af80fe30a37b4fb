"""One Spanish word for one thing: every Spanish text keeps to content/es/glossary.toml."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from library.translations import Raw, client_texts, laid_over, leaves

CONTENT = Path("content")
SPANISH = CONTENT / "es"
CONSOLE = Path("web/console/es.toml")
GLOSSARY = tomllib.loads((SPANISH / "glossary.toml").read_text(encoding="utf-8"))
Pair = tuple[str, str, str]


def both(place: str, english: Any, spanish: Any) -> Iterator[Pair]:
    """Every text with its translation; what has none is the same in both and is left out."""
    if isinstance(english, dict) and isinstance(spanish, dict):
        for key in english.keys() & spanish.keys():
            yield from both(f"{place} {key}", english[key], spanish[key])
    elif isinstance(english, list) and isinstance(spanish, list):
        for one, other in zip(english, spanish, strict=False):
            yield from both(place, one, other)
    elif isinstance(english, str) and isinstance(spanish, str) and english != spanish:
        yield place, english, spanish


def read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def asked(place: str, english: Raw, spanish: Raw) -> Iterator[Pair]:
    """The texts of a questionnaire, whose Spanish stands by the ids of its questions."""
    told = dict(leaves(spanish))
    for path, table, key in client_texts(english):
        if path in told and told[path] != table[key]:
            yield f"{place} {' '.join(path)}", table[key], told[path]


def pairs() -> list[Pair]:
    found: list[Pair] = []
    for path in sorted(SPANISH.rglob("*.toml")):
        own = path.relative_to(SPANISH)
        if own.parts[0] == "questionnaires":
            found += asked(str(own), read(CONTENT / own), read(path))
        elif own.as_posix() in ("rules/flags.toml", "staff.toml"):
            found += [(str(own), english, spanish) for english, spanish in read(path)["staff"].items()]
        elif (CONTENT / own).exists():
            base = read(CONTENT / own)
            found += both(str(own), base, laid_over(base, read(path)))
    found += both("mail", read(CONTENT / "mail/en.toml"), read(CONTENT / "mail/es.toml"))
    return found + [("console", english, spanish) for english, spanish in read(CONSOLE).items()]


PAIRS = pairs()


def says(text: str, word: str) -> bool:
    return re.search(rf"\b{re.escape(word)}\b", text, re.IGNORECASE) is not None


def test_there_are_texts_to_look_at() -> None:
    assert len(PAIRS) > 1500


@pytest.mark.parametrize("word", GLOSSARY["never"])
def test_no_text_says_a_word_of_one_country_or_a_wrong_one(word: str) -> None:
    found = [(place, spanish) for place, _, spanish in PAIRS if "banned" not in place]
    assert [one for one in found if says(one[1], word)] == [], f"say {GLOSSARY['never'][word]!r}"


@pytest.mark.parametrize("word", GLOSSARY["terms"])
def test_one_thing_has_one_name(word: str) -> None:
    names = GLOSSARY["terms"][word]
    told = [(place, spanish) for place, english, spanish in PAIRS if says(english, word)]
    assert told, f"no English text says {word!r} any more"
    assert [one for one in told if not any(name in one[1].lower() for name in names)] == []
