"""Files of words: what is missing, read by nobody, not translated or badly counted is named with its line."""

import shutil
from pathlib import Path

import pytest

from library.content import load, problems
from library.reading import ContentError, Problem, Reader
from library.uses import Use
from library.words import check_words, read_words
from tests.helpers.content import CONTENT, change

ENGLISH, SPANISH = "pages.toml", "es/pages.toml"


def found(folder: Path, item: str) -> Problem:
    """The one problem with an item of the English file."""
    (problem,) = {each for each in problems(folder) if (each.file, each.id) == (ENGLISH, item)}
    return problem


def line(folder: Path, file: str, start: str) -> int:
    """The line of a file that begins so."""
    lines = (folder / file).read_text("utf-8").splitlines()
    return next(number for number, text in enumerate(lines, 1) if text.startswith(start))


def test_a_key_that_a_page_reads_and_nobody_has_stops_the_start(both: Path) -> None:
    change(both, ENGLISH, 'print = "Print (PDF)"\n', "")
    problem = found(both, "plan.print")
    assert problem.fatal
    assert "is missing: web/templates/client/plan.html:" in problem.text
    with pytest.raises(ContentError):
        load(both)


def test_a_text_that_nothing_reads_is_named(both: Path) -> None:
    change(both, ENGLISH, "[front]\n", '[front]\nwelcome = "Welcome"\n')
    problem = found(both, "front.welcome")
    assert (problem.text, problem.line) == ("is read by nothing", line(both, ENGLISH, "welcome = "))
    assert not problem.fatal


def test_a_name_that_nobody_fills_in_is_named(both: Path) -> None:
    change(both, ENGLISH, "See you on {when}.", "See you on {day}.")
    change(both, SPANISH, "{when}", "{day}")
    problem = found(both, "done.see_you")
    assert (problem.text, problem.fatal) == ("names {day}, which nobody fills in", True)
    assert problem.line == line(both, ENGLISH, "see_you")


@pytest.mark.parametrize(
    ("old", "new", "item", "fatal"),
    [
        ('[section.why]\ntitle = "Why we keep it"\n', "[section.why]\n", "section.why.text", True),
        ('title = "Why we keep it"', 'title = { other = "Why" }', "section.why.title", True),
        ("[section.why]", '[section.law]\ntitle = "The law"\ntext = "It is."\n[section.why]', "", False),
    ],
)
def test_a_notice_that_the_clinic_edited_stops_the_start_where_its_page_would_break(
    both: Path, old: str, new: str, item: str, fatal: bool
) -> None:
    change(both, "privacy.toml", old, new)
    named = [each.id for each in problems(both) if each.fatal and each.file == "privacy.toml"]
    assert any(each.startswith(item) for each in named) if fatal else not named


def test_a_section_that_the_clinic_took_out_is_gone_in_every_language(both: Path) -> None:
    text = (both / "privacy.toml").read_text("utf-8")
    start, end = text.index("[section.why]"), text.index("[section.sees]")
    (both / "privacy.toml").write_text(text[:start] + text[end:], "utf-8")
    assert not [each for each in problems(both) if each.fatal]
    for language in ("en", "es"):
        assert "section.why.text" not in load(both, language).notice.texts


@pytest.mark.parametrize(
    ("old", "new", "item", "text", "fatal"),
    [
        ('print = "Imprimir (PDF)"\n', "", "plan.print", "is not translated", False),
        ("[plan]\n", '[plan]\nprnt = "x"\n', "plan.prnt", "translates a text that does not exist", True),
        ("{when}", "{cuando}", "done.see_you", "must name {cuando}", True),
        ('one = "1 lugar elegido", ', "", "map.chosen", "lacks the form 'one'", True),
        ('skip = "Ir a la página"', "skip = 3", "page.skip", "must be a text", True),
    ],
)
def test_a_slip_of_a_translation_is_named(
    both: Path, old: str, new: str, item: str, text: str, fatal: bool
) -> None:
    change(both, SPANISH, old, new)
    named = [each for each in problems(both) if each.id == item and text in each.text]
    assert [(each.file, each.fatal) for each in named] == [(SPANISH, fatal)]


def test_what_is_not_translated_is_said_in_english(both: Path) -> None:
    change(both, SPANISH, 'print = "Imprimir (PDF)"\n', "")
    assert load(both, "es").pages.say("plan.print") == "Print (PDF)"


def test_a_folder_of_before_gets_the_words_that_come_with_the_app(folder: Path) -> None:
    (folder / ENGLISH).unlink()
    assert load(folder).pages == load(CONTENT).pages
    problem = next(each for each in problems(folder) if each.file == ENGLISH)
    assert "is missing" in problem.text
    assert not problem.fatal


def test_a_language_of_more_forms_must_have_them(tmp_path: Path) -> None:
    shutil.copy(CONTENT / ENGLISH, tmp_path)
    (tmp_path / "pl").mkdir()
    (tmp_path / "pl/pages.toml").write_text('[map]\nchosen = { one = "1 miejsce", other = "{n} miejsca" }\n')
    reader = Reader(tmp_path, "pl")
    read_words(reader, ENGLISH)
    lacking = {each.text for each in reader.problems if each.id == "map.chosen"}
    assert lacking == {"lacks the form 'few'", "lacks the form 'many'"}


def test_a_key_that_is_put_together_reads_all_that_fit(tmp_path: Path) -> None:
    (tmp_path / "w.toml").write_text('[error.a]\ntitle = "A {x}"\n[error.b]\ntitle = "B"\ntext = "C"\n')
    reader = Reader(tmp_path)
    uses = (Use("m.py", 3, "error.*.title", frozenset({"x"})), Use("m.py", 4, "other.*"))
    check_words(reader, "w.toml", read_words(reader, "w.toml"), uses)
    assert {(each.id, each.text) for each in reader.problems} == {
        ("other.*", "is missing: m.py:4 reads it"),
        ("error.b.text", "is read by nothing"),
    }


def test_a_language_of_which_only_words_are_translated_is_looked_at_too(both: Path) -> None:
    change(both, "ar/papers.toml", "two =", "twain =")
    named = [each for each in problems(both) if each.file == "ar/papers.toml"]
    assert {each.id for each in named} >= {"plan.goal.twain"}
