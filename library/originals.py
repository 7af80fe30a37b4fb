"""Which translations are older than what they translate, by a digest of the original's texts at that time.

`<language>/originals.toml` keeps one for each file. What it does not name is not known, and nothing is said.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from library import toml
from library.reading import Problem
from library.signable import LANGUAGE
from library.translations import Raw, TextPath, client_texts, leaves
from schemas.notions.words import Translatable

FILE = "originals.toml"
REVIEWED = ("reviewed",)
"""The mark of review of an older translation, which is no text."""
OLDER = (
    "was made from other texts of {original} than those of now: compare the two, then run: "
    "flask --app app review translated {file}"
)
FORMS = frozenset({"zero", "one", "two", "few", "many", "other"})
HEAD = "# What the English of each file was when it was translated. Written by: flask review translated\n"


def problems(folder: Path) -> list[Problem]:
    """A remark for each translation whose original has changed since."""
    return [
        Problem(file, 1, "file", Translatable(OLDER, original=original, file=file), fatal=False)
        for file, original in older(folder)
    ]


def is_behind(problem: Problem) -> bool:
    """Whether this is what `problems` says."""
    return isinstance(problem.text, Translatable) and problem.text.text == OLDER


def older(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield each translation whose original has changed since, and that original."""
    for language in _languages(folder):
        known = _known(folder, language)
        for file, original in _pairs(folder, language):
            with suppress(toml.Unreadable):  # that is said of the file elsewhere
                if file in known and known[file] != _digest(folder, file, original):
                    yield file, original


def translated(folder: Path, files: Sequence[str]) -> None:
    """Note that these translations say what their originals say now. Raises LookupError for another file."""
    for file in files:
        language = next((one for one in _languages(folder) if file in dict(_pairs(folder, one))), "")
        if not language:
            raise LookupError(f"{file} translates no file.")
        original = dict(_pairs(folder, language))[file]
        known = _known(folder, language) | {file: _digest(folder, file, original)}
        lines = (f'"{name}" = "{known[name]}"\n' for name in sorted(known))
        (folder / language / FILE).write_text(HEAD + "".join(lines), encoding="utf-8")


def _languages(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_dir() and LANGUAGE.fullmatch(path.name))


def _known(folder: Path, language: str) -> dict[str, str]:
    there = (folder / language / FILE).exists()
    return (
        {name: str(digest) for name, digest in toml.read(folder, f"{language}/{FILE}").items()}
        if there
        else {}
    )


def _pairs(folder: Path, language: str) -> Iterator[tuple[str, str]]:
    """Each translation and the file that it translates, by their names below the folder."""
    for path in sorted((folder / language).rglob("[!.]*.toml")):
        original = path.relative_to(folder / language).as_posix()
        if (folder / original).exists():
            yield f"{language}/{original}", original
    mail = f"mail/{language}.toml"
    if (folder / mail).exists() and (folder / "mail/en.toml").exists():
        yield mail, "mail/en.toml"


def _digest(folder: Path, file: str, original: str) -> str:
    """Of the English of every text that the translation has: what else stands in the file plays no part."""
    english = toml.read(folder, original)
    asked = {path: str(table[key]) for path, table, key in client_texts(english)}  # within groups, too
    paths = sorted(path for path, _ in leaves(toml.read(folder, file)) if path != REVIEWED)
    texts = [(path, asked.get(path) or _at(english, path)) for path in paths]
    return sha256(json.dumps(texts, ensure_ascii=False).encode()).hexdigest()[:16]


def _at(raw: Raw, path: TextPath) -> str:
    """The text at a path, on which an item of a list is named by its id; "" for none.

    For a form of a plural that English has not, all forms that it has.
    """
    found: object = raw
    for key in path:
        if isinstance(found, list):
            found = next((one for one in found if isinstance(one, dict) and one.get("id") == key), None)
        elif isinstance(found, dict) and (key in found or not FORMS.issuperset(found)):
            found = found.get(key)
    return "" if found is None else json.dumps(found, ensure_ascii=False, default=str)
