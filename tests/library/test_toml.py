"""Files as people save them: what a slip of the hand is called, and where."""

from pathlib import Path

import pytest

from library import toml
from library.content import problems
from settings import SettingsError
from settings.startup import sound_settings
from tests.helpers.clinic import environ

SLIPS = {
    "curly quotes": ("a = 1\nlabel = “What”\n", 2, "curly quotes"),
    "a curly quote at the end": ('label = "What”\n', 1, "curly quotes"),
    "curly quotes in a list": ('a = [\n  "one",\n  „two“,\n]\n', 3, "curly quotes"),
    "guillemets": ("a = «Qué»\n", 1, "curly quotes"),
    "no quotes": ("label = What\n", 1, "straight quotes"),
    "no end": ('label = "What\nb = 1\n', 1, "does not end"),
    "no end of many lines": ('a = 1\nlabel = """What\nb = 1\n', 3, "does not end"),
    "quotes within": ('label = "Say "hi" now"\n', 1, 'write \\" for'),
    "an apostrophe in single quotes": ("label = 'don't'\n", 1, "stands behind the value"),
    "no comma": ('a = [\n  "one"\n  "two",\n]\n', 3, "a comma is missing"),
    "no end of a list": ('a = [\n  "one",\n\nb = 2\n', 4, "a list before it needs its ]"),
    "a name twice": ("a = 1\nb = 2\na = 3\n", 3, "a second time"),
    "a table twice": ("[a]\nx = 1\n[a]\ny = 2\n", 3, "a second time"),
    "a backslash": ('a = "C:\\Uploads"\n', 1, "for a backslash"),
    "no equals sign": ('label "What"\n', 1, "to the left of ="),
    "an umlaut in a name": ('tür = "x"\n', 1, "to the left of ="),
    "no end of a table's name": ("[service\nx = 1\n", 1, "[ and ]"),
    "a stray sign": ("a = 1\n– b\n", 2, "neither a remark"),
}


@pytest.mark.parametrize("slip", SLIPS)
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["Unix", "Windows"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "marked"])
def test_a_slip_is_said_with_file_line_and_what_to_do(slip: str, end: str, mark: bytes) -> None:
    text, line, said = SLIPS[slip]
    with pytest.raises(toml.Unreadable) as caught:
        toml.parsed(mark + text.replace("\n", end).encode(), "pages.toml")
    assert str(caught.value).startswith(f"content/pages.toml:{line}: cannot be read: ")
    assert said in str(caught.value)


@pytest.mark.parametrize("coding", ["cp1252", "utf-16"])
def test_a_file_in_another_encoding_is_to_be_saved_again(coding: str) -> None:
    with pytest.raises(toml.Unreadable, match="saved as UTF-8"):
        toml.parsed('a = 1\nb = "Rücken"\n'.encode(coding), "pages.toml")


def as_notepad_saves(path: Path) -> None:
    """With a mark in front and lines that end as on Windows."""
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))


def test_content_that_was_saved_on_windows_is_as_good(folder: Path) -> None:
    before = [str(each) for each in problems(folder)]
    for path in folder.rglob("*.toml"):
        as_notepad_saves(path)
    assert [str(each) for each in problems(folder)] == before


EVERYWHERE = (
    *("clinic.toml", "crisis.toml", "mail/en.toml", "mail/es.toml", "figures/act_clam.toml"),
    *("rules/names.toml", "rules/flags.toml", "exercises/act_clam.toml", "es/pages.toml", "doses.toml"),
)


@pytest.mark.parametrize("file", EVERYWHERE)
def test_whichever_file_has_a_slip_the_start_names_it_with_its_line(both: Path, file: str) -> None:
    path = both / file
    path.write_text(path.read_text("utf-8") + "\nslip = “curly”\n", encoding="utf-8")
    line = path.read_text("utf-8").count("\n")
    with pytest.raises(SettingsError) as caught:
        sound_settings(environ("sqlite:///unused.db", 25, CONTENT=str(both)))
    named = [each for each in caught.value.problems if f"content/{file}:{line}: " in each]
    assert named, caught.value.problems
    assert "curly quotes" in named[0]
