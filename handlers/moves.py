"""Reads exercises, protocols, tags and rules from the content folder, and checks them all at once."""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from marshmallow import ValidationError

from handlers.moves_check import unresolved
from schemas.choosing import ChoosingRules, FeedbackRules, Moves, Wording
from schemas.exercise import Exercise, Protocol, TagRule, with_tag_facts
from schemas.structure import load_as

T = TypeVar("T")
Problem = tuple[str, int, str, str]
"""File (relative to the content folder), line (from 1), id, and what is wrong."""

CLIENT_TEXTS = {
    "exercises": ("name", "why", "steps", "cues", "mistakes", "stop_when"),
    "protocols": ("client_name", "tip"),
}
"""What a translation of each file must hold."""


class ContentError(ValueError):
    """Content that cannot be used; `problems` lists everything at once."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(f"{file}:{line}: {name}: {text}" for file, line, name, text in problems))
        self.problems = problems


def load_moves(folder: Path, language: str = "en") -> Moves:
    """Return the content in one language; raises `ContentError`. Missing translations stay English."""
    reader = _Reader(folder, language)
    moves = _read(reader)
    if moves is None or reader.problems:
        raise ContentError(reader.problems)
    return moves


def moves_problems(folder: Path) -> list[Problem]:
    """Return everything that is wrong with the content, in every language that has an overlay.

    A text that starts with "not translated" or "not yet reviewed" is a note: the content can be used.
    """
    found: list[Problem] = []
    for language in ["en", *sorted(path.name for path in folder.iterdir() if (path / "exercises").is_dir())]:
        reader = _Reader(folder, language)
        _read(reader)
        found.extend((*reader.problems, *reader.notes))
    return found


class _Reader:
    """One pass over the folder: reads files, lays translations over them, gathers problems."""

    def __init__(self, folder: Path, language: str) -> None:
        self.folder = folder
        self.language = language
        self.problems: list[Problem] = []
        self.notes: list[Problem] = []

    def values(self, file: str) -> dict[str, Any]:
        base = self.raw(file)
        return base if self.language == "en" else self.translated(file, base)

    def translated(self, file: str, base: dict[str, Any]) -> dict[str, Any]:
        over = f"{self.language}/{file}"
        if not (self.folder / over).exists():
            self.notes.append((over, 1, "", "not translated"))
            return base
        words = self.raw(over)
        if words.pop("reviewed", False) is not True:
            self.notes.append((over, 1, "reviewed", "not yet reviewed by a clinician"))
        for key in CLIENT_TEXTS.get(file.partition("/")[0], ()):
            if base.get(key) and key not in words:
                self.notes.append((over, 1, key, f"not translated: {key}"))
        merged: dict[str, Any] = laid_over(base, words)
        return merged

    def raw(self, file: str) -> dict[str, Any]:
        try:
            return tomllib.loads((self.folder / file).read_text(encoding="utf-8"))
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            self.problems.append((file, _line_in_message(error), "", f"cannot be read: {error}"))
            return {}

    def part(self, wanted: type[T], file: str, values: Mapping[str, Any]) -> T | None:
        try:
            return load_as(wanted, values)
        except ValidationError as error:
            for key, text in _flat(error.messages):
                self.add(file, key, text)
            return None

    def add(self, file: str, name: str, text: str) -> None:
        over = f"{self.language}/{file}"
        if self.language != "en" and line_of(self.folder / over, name) > 1:
            file = over
        self.problems.append((file, line_of(self.folder / file, name), name, text))

    def each(self, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
        for path in sorted((self.folder / kind).glob("*.toml")):
            file = f"{kind}/{path.name}"
            values = self.values(file)
            if values and values.get("id") != path.stem:
                self.add(file, "id", f"must be {path.stem!r}, the name of the file")
            yield file, values


def laid_over(base: Any, over: Any) -> Any:
    """Return `base` with the texts of `over`; a list of tables takes a table keyed by their ids."""
    if isinstance(base, dict) and isinstance(over, dict):
        return {**base, **{key: laid_over(base.get(key), value) for key, value in over.items()}}
    if isinstance(base, list) and isinstance(over, dict):
        return [laid_over(item, over.get(item["id"], {})) for item in base]
    return over


def line_of(path: Path, name: str) -> int:
    """Return the line (from 1) of a file on which a key or id stands; 1 when it cannot be found."""
    word = re.compile(rf"(?<![\w]){re.escape(name.split('.')[-1])}(?![\w])")
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return next((number for number, line in enumerate(text.splitlines(), 1) if name and word.search(line)), 1)


def _read(reader: _Reader) -> Moves | None:
    language, tags = reader.language, _tags(reader)
    exercises = _all(reader, Exercise, "exercises", lambda values: _exercise_values(values, tags, language))
    protocols = _all(reader, Protocol, "protocols", lambda values: values)
    facts = reader.values("rules/facts.toml")
    choosing = reader.part(ChoosingRules, "rules/choosing.toml", reader.values("rules/choosing.toml"))
    feedback = reader.part(FeedbackRules, "rules/feedback.toml", reader.values("rules/feedback.toml"))
    wording = reader.part(Wording, "wording.toml", reader.values("wording.toml"))
    if choosing is None or feedback is None or wording is None or reader.problems:
        return None
    moves = Moves(language, exercises, protocols, tags, facts, choosing, feedback, wording)
    for file, name, text in unresolved(moves):
        reader.add(file, name, text)
    return moves


def _tags(reader: _Reader) -> dict[str, TagRule]:
    file = "rules/tags.toml"
    made = {name: reader.part(TagRule, file, values) for name, values in reader.raw(file).items()}
    return {name: rule for name, rule in made.items() if rule is not None}


def _all(
    reader: _Reader, wanted: type[T], kind: str, prepare: Callable[[dict[str, Any]], dict[str, Any]]
) -> dict[str, T]:
    made = {}
    for file, values in reader.each(kind):
        part = reader.part(wanted, file, prepare(values))
        if part is not None:
            made[str(values["id"])] = part
    return made


def _exercise_values(values: dict[str, Any], tags: dict[str, TagRule], language: str) -> dict[str, Any]:
    doses = {level: {**dose, "language": language} for level, dose in values.get("dose", {}).items()}
    return {**with_tag_facts(values, tags), "dose": doses}


def _flat(messages: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(messages, dict):
        for key, inner in messages.items():
            yield from _flat(inner, f"{path}.{key}".strip("."))
    else:
        yield path, " ".join(str(one) for one in messages)


def _line_in_message(error: Exception) -> int:
    found = re.search(r"line (\d+)", str(error))
    return int(found[1]) if found else 1
