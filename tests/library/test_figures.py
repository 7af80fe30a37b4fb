"""What figures show is said in each language; a slip in a figure or its translation is named."""

from dataclasses import replace
from pathlib import Path

import pytest

from library.content import load, problems
from tests.helpers.content import change, library

CLAM = "figures/act_clam.toml"


def test_every_figure_is_described_in_spanish_and_drawn_the_same() -> None:
    english, spanish = library().figures, library("es").figures
    assert spanish.keys() == english.keys() == library().plan_content.exercises.keys()
    for name, figure in english.items():
        other = spanish[name]
        assert other.language == "es"
        for text, said in ((figure.alt_start, other.alt_start), (figure.alt_end, other.alt_end)):
            assert said != text
            assert said.endswith(".")
        assert replace(other, alt_start=figure.alt_start, alt_end=figure.alt_end, language="en") == figure


def test_every_description_says_its_own_figure() -> None:
    said = [(one.alt_start, one.alt_end) for one in library("es").figures.values()]
    assert len(set(said)) == len(said)


@pytest.mark.parametrize(
    ("line", "item", "text", "fatal"),
    [
        ("", "alt_end", "is not translated", False),
        ('alt_end = "La rodilla sube."', "alt_start", "is not translated", False),
        ('alt_start = ""\nalt_end = "La rodilla sube."', "alt_start", "is not translated", False),
        ('alt_start = "Así."', "alt_end", "is not translated", False),
        (
            'alt_start = "Así."\nalt_end = "Así."\ncrop = [0, 0, 9, 9]',
            "crop",
            "translates a text that does not exist",
            True,
        ),
    ],
)
def test_a_translation_that_lacks_a_text_or_has_more_is_named(
    both: Path, line: str, item: str, text: str, fatal: bool
) -> None:
    (both / "es" / CLAM).write_text(line, encoding="utf-8")
    found = [(one.id, one.text, one.fatal) for one in problems(both) if one.file == f"es/{CLAM}"]
    assert (item, text, fatal) in found
    if not fatal:
        figure = load(both, "es").figures["act_clam"]
        assert figure == library().figures["act_clam"], "the two descriptions are of one language"


def test_a_figure_without_a_translation_stays_english_and_is_named(both: Path) -> None:
    (both / "es" / CLAM).unlink()
    found = [(one.file, one.text, one.fatal) for one in problems(both)]
    assert (f"es/{CLAM}", "is not translated", False) in found
    assert load(both, "es").figures["act_clam"].language == "en"
    assert load(both, "es").figures["act_bridge"].language == "es"


def test_a_changed_description_leaves_its_translation_behind_and_a_changed_pose_does_not(both: Path) -> None:
    def behind() -> list[str]:
        return [one.file for one in problems(both) if "was made from other texts" in str(one.text)]

    change(both, CLAM, "[start]", "[start]\nbelly = 0.5")
    assert behind() == []
    change(both, CLAM, "A person lies", "Somebody lies")
    assert behind() == [f"es/{CLAM}"]


@pytest.mark.parametrize("slip", ["tail = 3", "crop = [1]"])
def test_a_slip_in_a_figure_is_named_with_its_file(folder: Path, slip: str) -> None:
    path = folder / CLAM
    path.write_text(f"{slip}\n{path.read_text('utf-8')}", encoding="utf-8")
    found = [one for one in problems(folder) if one.file == CLAM]
    assert [(one.id, one.fatal) for one in found] == [("act_clam", True)]
    assert slip.split()[0] in found[0].text
