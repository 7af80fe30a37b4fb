"""Every word of the client's pages exists in every language, and reads easily."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.helpers.reading_level import grade
from web import errors, language
from web.client import checkin

WEB = Path(language.__file__).parent
SAID = re.compile(r"""\b(?:t|say)\(\s*(?:'([^']+)'|"([^"]+)")""")
TEMPLATES = sorted((WEB / "templates" / "client").glob("*.html"))
MODULES = sorted((WEB / "client").glob("*.py"))


def _spoken() -> set[str]:
    found = {
        first or second
        for path in (*TEMPLATES, *MODULES)
        for first, second in SAID.findall(path.read_text("utf-8"))
    }
    pairs = [text for pair in (*errors.TEXTS.values(), errors.OTHER) for text in pair]
    return found | set(pairs) | set(checkin.PLAIN.values())


def test_every_text_of_a_page_is_there_in_spanish() -> None:
    spanish = tomllib.loads((WEB / "es.toml").read_text("utf-8"))
    assert sorted(_spoken() - set(spanish)) == []
    assert sorted(set(spanish) - _spoken()) == []


def test_a_translation_names_the_same_values() -> None:
    spanish = tomllib.loads((WEB / "es.toml").read_text("utf-8"))
    names = re.compile(r"\{(\w+)\}")
    differing = [
        text for text, said in spanish.items() if set(names.findall(text)) != set(names.findall(said))
    ]
    assert differing == []


@pytest.mark.parametrize("text", sorted(text for text in _spoken() if len(text.split()) > 6))
def test_a_text_can_be_read_in_sixth_grade(text: str) -> None:
    assert grade(re.sub(r"\{\w+\}", "9", text)) <= 6
