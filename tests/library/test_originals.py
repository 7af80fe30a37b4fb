"""A translation whose original has got other texts is named until somebody says that it fits."""

import re
import shutil
from pathlib import Path

import pytest

from library import content, originals
from library.reading import SHIPPED

PAIRS = [
    ("es/privacy.toml", "privacy.toml"),
    ("es/messages.toml", "messages.toml"),
    ("mail/es.toml", "mail/en.toml"),
]
PAIRS += [("es/protocols/knee_oa.toml", "protocols/knee_oa.toml"), ("es/pages.toml", "pages.toml")]
PAIRS += [
    ("es/questionnaires/returning.toml", "questionnaires/returning.toml"),
    ("ar/papers.toml", "papers.toml"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A clinic's own content."""
    return Path(shutil.copytree(SHIPPED, tmp_path / "content"))


def behind(folder: Path) -> list[str]:
    return [each.file for each in content.problems(folder) if originals.is_behind(each)]


def test_what_comes_with_the_app_is_translated_as_it_stands() -> None:
    assert list(originals.older(SHIPPED)) == []
    named = {
        name
        for path in SHIPPED.glob("*/originals.toml")
        for name in re.findall(r'"(\S+)" = ', path.read_text())
    }
    translations = {
        path.relative_to(SHIPPED).as_posix()
        for language in ("es", "ar")
        for path in (SHIPPED / language).rglob("*.toml")
        if path.name not in ("glossary.toml", "originals.toml", "staff.toml")
    }
    assert named == translations | {"mail/es.toml"}


@pytest.mark.parametrize(("translation", "original"), PAIRS, ids=[pair[0] for pair in PAIRS])
def test_a_changed_original_leaves_its_translation_behind_until_somebody_says_that_it_fits(
    folder: Path, translation: str, original: str
) -> None:
    text = (folder / original).read_text("utf-8")
    (folder / original).write_text("# A remark of ours.\n" + text, "utf-8")
    assert behind(folder) == [], "a remark is no text"
    changed = re.sub(
        r'(?m)^((?:label|client_name|text|title|subject|[\w.]*urgent\w*|[\w.]+) = "[^"{]*)e',
        r"\1ee",
        text,
        count=9,
    )
    (folder / original).write_text(changed, "utf-8")
    assert translation in behind(folder)
    originals.translated(folder, [translation])
    assert translation not in behind(folder)
    (folder / original).write_text(text, "utf-8")
    assert behind(folder) == [translation]


def test_what_was_never_noted_or_cannot_be_read_is_not_called_old(folder: Path) -> None:
    (folder / "es/originals.toml").unlink()
    (folder / "privacy.toml").write_text("[section", "utf-8")
    assert behind(folder) == []
    with pytest.raises(LookupError, match=r"es/glossary.toml translates no file"):
        originals.translated(folder, ["es/glossary.toml"])
