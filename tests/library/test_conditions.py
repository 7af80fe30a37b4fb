"""What a health condition means is said in the language of whoever treats, each row whole in one."""

from pathlib import Path

from library.content import load, problems
from tests.helpers.content import change, library

FILE = "es/rules/conditions.toml"


def test_every_condition_is_said_in_spanish_and_holds_for_the_same() -> None:
    for english, spanish in zip(library().conditions, library("es").conditions, strict=True):
        assert spanish.language == "es"
        assert spanish.massage != english.massage
        assert spanish.exercise != english.exercise
        assert (spanish.id, spanish.when) == (english.id, english.when)


def test_a_row_that_lacks_a_text_stays_english_whole_and_is_named(both: Path) -> None:
    change(both, FILE, 'massage = "Sin trabajo profundo en las piernas"\n', "")
    found = [(one.file, one.id, one.text, one.fatal) for one in problems(both) if one.file == FILE]
    assert (FILE, "condition.clot_past.massage", "is not translated", False) in found
    rows = {row.id: row for row in load(both, "es").conditions}
    assert rows["clot_past"] in library().conditions
    assert rows["thinner"] in library("es").conditions


def test_a_translation_of_no_condition_is_named(both: Path) -> None:
    change(both, FILE, "[condition.thinner]", "[condition.thicker]")
    found = {(one.id, one.text, one.fatal) for one in problems(both) if one.file == FILE}
    assert ("condition.thicker.name", "translates a text that does not exist", True) in found
    assert ("condition.thinner.name", "is not translated", False) in found


def test_content_of_ones_own_without_the_file_reads_english(both: Path) -> None:
    (both / FILE).unlink()
    assert load(both, "es").conditions == library().conditions
