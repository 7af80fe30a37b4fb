"""Every word of the client's pages stands in the content, is read, and is there in every language."""

import re
from pathlib import Path

import pytest

import web
from library.content import problems
from library.reading import Reader
from library.uses import of_pages
from library.words import CLINIC, read_words
from schemas.notions.words import placeholders
from tests.helpers.content import CONTENT, library
from web import errors

CLIENT = Path(web.__file__).parent / "templates" / "client"
FILES = ("doses.toml", "pages.toml", "papers.toml")


def test_no_page_reads_a_text_that_nobody_has_and_no_text_is_read_by_nobody() -> None:
    keys = {use.key for use in of_pages()}
    assert len(keys) > 80
    assert [each for each in problems(CONTENT) if each.file in FILES] == []
    for file in FILES:
        reader = Reader(CONTENT, "es")
        read_words(reader, file)
        assert reader.problems == []


def test_no_page_holds_words_of_its_own() -> None:
    word = re.compile(r"[A-Za-z]{3,}")
    for path in CLIENT.glob("*.html"):
        text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", path.read_text("utf-8"), flags=re.S)
        shown = re.sub(r"<[^>]*>|aria-[a-z]+=\S+|data-[a-z-]+", " ", text)
        assert word.findall(shown) == [], path.name


def test_every_status_has_its_title_and_text() -> None:
    for name in (*errors.TABLES.values(), errors.OTHER):
        assert {f"error.{name}.title", f"error.{name}.text"} <= set(library().pages.texts)


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_use_fills_in_what_its_text_names(language: str) -> None:
    pages = library(language).pages
    for use in of_pages():
        for key in (key for key in pages.texts if key == use.key):
            assert placeholders(pages.texts[key]) <= {*use.names, *CLINIC}, key


def test_a_script_gets_every_form_of_a_text_that_counts() -> None:
    assert library("es").pages.forms("map.chosen").keys() == {"one", "other"}
