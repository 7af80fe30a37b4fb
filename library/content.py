"""The library: everything in the content folder, read once, checked, in one language.

`load` gives it to the app and refuses content with faults; `problems` lists all faults for whoever edits it.
"""

from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from library import originals, toml
from library.checkins import read_checkins
from library.conditions import translated
from library.exercises import read_plan_content
from library.figures import read_figures
from library.flag_rules import read_rules
from library.names import read_names
from library.questionnaires import read_questionnaires
from library.reading import ContentError, Problem, Reader
from library.references import unresolved
from library.shapes import ConditionsIn, EvidenceIn, MessagesIn, RegionsIn
from library.staff_words import read_staff_words
from library.translations import Raw
from library.unread import unread
from library.uses import of_notice, of_pages, of_papers
from library.values import Library
from library.words import check_notice, checked_words, read_words
from schemas.identity import NameRules
from schemas.rules import ConditionRow, Evidence, Region

__all__ = ["Library", "load", "problems"]

State = tuple[tuple[Path, int, int, int], ...]
"""Each file of a folder with when it was changed, its size, its inode: another one, and it is read again."""


def load(folder: Path, language: str = "en") -> Library:
    """Read the content folder; raises `ContentError` with every fault that makes it unusable."""
    library, found = _read(folder, language, _state(folder))
    fatal = sorted(problem for problem in found if problem.fatal)
    if fatal or library is None:
        raise ContentError(fatal)
    return library


def problems(folder: Path) -> list[Problem]:
    """Return everything that is wrong in a content folder, in all its languages, by file and line."""
    return list(_problems(folder, _state(folder)))


def _state(folder: Path) -> State:
    found = []
    for path in sorted(folder.rglob("*")):
        with suppress(FileNotFoundError):  # an editor's, there for a moment, or a link of its own to nowhere
            at = path.stat()
            found.append((path, at.st_mtime_ns, at.st_size, at.st_ino))
    return tuple(found)


@lru_cache(2)
def _problems(folder: Path, state: State) -> list[Problem]:
    found: list[Problem] = []
    for language in ("en", *(path.parent.name for path in folder.glob("*/messages.toml"))):
        library, of_language = _read(folder, language, state)
        found += of_language
        if library and language == "en":
            found += _unread(library, folder)
    return sorted({*found, *originals.problems(folder), *_of_parts(folder)})


def _unread(library: Library, folder: Path) -> list[Problem]:
    reader = Reader(folder)
    for file, item, text in (*unread(library, folder), *_undrawn(library, folder)):
        reader.complain(file, item, text, fatal=False)
    return reader.problems


def _undrawn(library: Library, folder: Path) -> Iterator[tuple[str, str, str]]:
    """Exercises that are shown without a picture."""
    for name in library.plan_content.exercises:
        if not (folder / "figures" / f"{name}.toml").exists():
            yield f"exercises/{name}.toml", "id", f"has no picture: figures/{name}.toml is missing"


def _of_parts(folder: Path) -> Iterator[Problem]:
    """Faults in languages of which only words are translated, so that no clinic can choose them yet."""
    for file in ("doses.toml", "pages.toml", "papers.toml", "privacy.toml"):
        for path in folder.glob(f"*/{file}"):
            reader = Reader(folder, path.parent.name)
            if not (path.parent / "messages.toml").exists():
                read_words(reader, file)
                yield from (problem for problem in reader.problems if problem.fatal)


@lru_cache(4)
def _read(folder: Path, language: str, _state: State) -> tuple[Library | None, list[Problem]]:
    """What is there, and what is wrong with it; known until a file changes, since it takes half a second."""
    reader = Reader(folder, language)
    return _library(reader), reader.problems


def _library(reader: Reader) -> Library | None:
    regions = tuple(Region(**row) for row in _rows(reader, "regions.toml", RegionsIn(), "region"))
    texts: Raw = reader.load("messages.toml", MessagesIn()) or {"messages": {}, "errors": {}}
    evidence = [Evidence(**row) for row in _rows(reader, "rules/evidence.toml", EvidenceIn(), "evidence")]
    matrix = [
        ConditionRow(**row) for row in _rows(reader, "rules/conditions.toml", ConditionsIn(), "condition")
    ]
    pages = checked_words(reader, "pages.toml", of_pages())
    questionnaires = read_questionnaires(reader, regions, pages)
    rules, found, figures = read_rules(reader), read_plan_content(reader), read_figures(reader)
    papers = checked_words(reader, "papers.toml", of_papers())
    notice = checked_words(reader, "privacy.toml", of_notice())
    check_notice(reader, "privacy.toml", notice)
    checkins, names = read_checkins(reader, questionnaires), _names(reader)
    if questionnaires is None or rules is None or found is None or checkins is None or names is None:
        return None
    library = Library(
        language=reader.language,
        questionnaires=questionnaires,
        rules=rules,
        conditions=translated(reader, matrix),
        regions=regions,
        messages=texts["messages"],
        errors=texts["errors"],
        evidence={source.id: source for source in evidence},
        plan_content=found,
        figures=figures,
        pages=pages,
        papers=papers,
        notice=notice,
        checkins=checkins,
        staff_words=read_staff_words(reader, rules, found),
        names=names,
    )
    for file, item, text in unresolved(library):
        reader.complain(file, item, text)
    return library


def _names(reader: Reader) -> NameRules | None:
    file = "rules/names.toml"
    try:
        return read_names(reader.holding(file).folder)
    except toml.Unreadable as error:
        reader.problems.append(Problem(file, error.line, "file", error.reason))
    except KeyError as error:
        reader.complain(file, str(error.args[0]), "is missing")
    return None


def _rows(reader: Reader, file: str, schema: Any, key: str) -> list[Raw]:
    found = reader.load(file, schema) or {}
    rows: list[Raw] = found.get(key, [])
    seen: set[str] = set()
    for row in rows:
        if row["id"] in seen:
            reader.complain(file, row["id"], "stands twice")
        seen.add(row["id"])
    return rows
