"""Reads content files: TOML, their Spanish overlays, and where in a file an id stands.

A problem never stops the reading: all of them are collected, so that whoever edits content sees them at once.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from marshmallow import Schema, ValidationError

Raw = dict[str, Any]
Path_ = tuple[str, ...]

TEXT_KEYS = frozenset({"title", "intro", "label", "hint", "why", "short", "low", "high"})
"""Keys whose values a client reads."""
TEXT_TABLES = frozenset({"choices", "choice_sets", "messages", "errors"})
"""Tables in which every value is read by a client."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something wrong in a content file; without `fatal` the app starts all the same."""

    file: str
    line: int
    id: str
    text: str
    fatal: bool = True

    def __str__(self) -> str:
        """Return it as one line: file, line, id, what is wrong."""
        return f"{self.file}:{self.line}: {self.id}: {self.text}"


class ContentError(ValueError):
    """Content that cannot be used; `problems` lists everything that is wrong."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


@dataclass(slots=True)
class Reader:
    """Reads the files of one content folder in one language and collects the problems."""

    folder: Path
    language: str = "en"
    problems: list[Problem] = field(default_factory=list)

    def complain(self, file: str, item: str, text: str, fatal: bool = True) -> None:
        """Note a problem with an item of a file; the line is looked up."""
        self.problems.append(Problem(file, line_of(self.folder / file, item), item, text, fatal))

    def toml(self, file: str) -> Raw | None:
        """Return a file's tables, or None (and a problem) when it is missing or cannot be read."""
        try:
            return tomllib.loads((self.folder / file).read_text(encoding="utf-8"))
        except FileNotFoundError:
            self.problems.append(Problem(file, 1, "file", "is missing"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            self.problems.append(Problem(file, _line_in(str(error)), "file", f"cannot be read: {error}"))
        return None

    def load(self, file: str, schema: Schema) -> Raw | None:
        """Return a file checked by `schema`, its texts in the reader's language."""
        raw = self.toml(file)
        if raw is None:
            return None
        if self.language != "en":
            self._translate(file, raw)
        try:
            checked: Raw = schema.load(raw)
        except ValidationError as error:
            for place, text in _flat(error.messages):
                self.complain(file, _name_of(raw, place), f"{_last_word(place)}{text}")
            return None
        return checked

    def _translate(self, file: str, raw: Raw) -> None:
        overlay_file = f"{self.language}/{file}"
        texts = list(client_texts(raw))
        if not texts:
            return
        if not (self.folder / overlay_file).exists():
            self.problems.append(Problem(overlay_file, 1, "file", "is not translated", fatal=False))
            return
        overlay = self.toml(overlay_file) or {}
        if overlay.get("reviewed") is not True:
            self.problems.append(
                Problem(overlay_file, 1, "reviewed", "not yet reviewed by a clinician", fatal=False)
            )
        given = dict(_leaves({k: v for k, v in overlay.items() if k != "reviewed"}))
        for path, table, key in texts:
            text = given.pop(path, "")
            if text:
                table[key] = text
            elif table[key]:
                self.complain(overlay_file, ".".join(path), "is not translated", fatal=False)
        for path in given:
            self.complain(overlay_file, ".".join(path), "translates a text that does not exist")


def client_texts(raw: Raw, under: Path_ = ()) -> Iterator[tuple[Path_, Raw, str]]:
    """Yield (path, table, key) of each text for clients: `("question", "pain_now", "label")`."""
    for key, value in raw.items():
        if isinstance(value, str) and key in TEXT_KEYS:
            yield (*under, key), raw, key
        elif key in TEXT_TABLES and isinstance(value, dict):
            yield from _table_texts(value, (*under, key))
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, dict):
                    yield from client_texts(item, (key, str(item.get("id", ""))))


def _table_texts(table: Raw, under: Path_) -> Iterator[tuple[Path_, Raw, str]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _table_texts(value, (*under, key))
        elif isinstance(value, str):
            yield (*under, key), table, key


def _leaves(raw: Mapping[str, Any], under: Path_ = ()) -> Iterator[tuple[Path_, str]]:
    for key, value in raw.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*under, key))
        else:
            yield (*under, key), str(value)


def _flat(messages: object, place: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(messages, dict):
        for key, inner in messages.items():
            yield from _flat(inner, (*place, key))
    elif isinstance(messages, list):
        for text in messages:
            yield place, str(text)


def _name_of(raw: object, place: tuple[str | int, ...]) -> str:
    """Return the id of the innermost item on the way to `place`, or the place's first key."""
    name = str(place[0]) if place else "file"
    for key in place:
        try:
            raw = raw[key]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            break
        if isinstance(raw, dict) and isinstance(raw.get("id"), str):
            name = raw["id"]
    return name


def _last_word(place: tuple[str | int, ...]) -> str:
    words = [part for part in place if isinstance(part, str)]
    return f"{words[-1]}: " if words else ""


def _line_in(message: str) -> int:
    after = message.rpartition("line ")[2].split(",")[0].strip(") ")
    return int(after) if after.isdigit() else 1


def line_of(path: Path, item: str) -> int:
    """Return the line (from 1) on which an id is defined, or first named; 1 when it is not found."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return 1
    table, _, key = item.rpartition(".")
    wanted = (f'id = "{item}"', f"[{item}]", f"[{table}]" if table else f"{key} =", f'"{item}"', item)
    for pattern in wanted:
        for number, line in enumerate(lines, 1):
            if pattern in line:
                return number
    return 1
