"""Reads content files: TOML, their translations, and where in a file an id stands.

A problem never stops the reading: all of them are collected, so that whoever edits content sees them at once.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from marshmallow import Schema, ValidationError

from library import toml
from library.translations import Raw, TextPath, client_texts, laid_over, leaves
from schemas.forms.loading import load_as

T = TypeVar("T")
NOBODY = "is read by nothing"
NOT_TRANSLATED = "is not translated"
NOTHING_TO_TRANSLATE = "translates a text that does not exist"
SHIPPED_INSTEAD = "is missing: the one that comes with Aftercare is used"
SHIPPED = Path(__file__).parent.parent / "content"
_HEAD = re.compile(r"\[([^\[\]]+)\]")
_ENTRY = re.compile(r"\"?([\w-]+)\"?\s*=")


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

    def complain_where_said(self, file: str, item: str, text: str) -> None:
        """Note a problem with an item in the translation when it names the item, else in the file itself."""
        overlay = self.overlay(file)
        said = self.language != "en" and line_of(self.folder / overlay, item) > 1
        self.complain(overlay if said else file, item, text)

    def holding(self, file: str) -> "Reader":
        """This reader, or that of the content that comes with the app where the folder lacks a file.

        A clinic's own content may be older than the app.
        """
        if self.folder == SHIPPED or (self.folder / file).exists():
            return self
        self.complain(file, "file", SHIPPED_INSTEAD, fatal=False)
        return Reader(SHIPPED, self.language)

    def toml(self, file: str) -> Raw | None:
        """Return a file's tables, or None (and a problem) when it is missing or cannot be read."""
        try:
            return toml.read(self.folder, file)
        except FileNotFoundError:
            self.problems.append(Problem(file, 1, "file", "is missing"))
        except toml.Unreadable as error:
            self.problems.append(Problem(file, error.line, "file", error.reason))
        return None

    def load(self, file: str, schema: Schema) -> Raw | None:
        """Return a file checked by `schema`, its single texts in the reader's language."""
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

    def laid(self, file: str, texts: tuple[str, ...] = ()) -> Raw | None:
        """Return a file with its translation laid over it; `texts` are the keys that one must hold."""
        raw = self.toml(file)
        if raw is None or self.language == "en":
            return raw
        words = self.translation(file)
        for key in texts:
            if words is not None and raw.get(key) and key not in words:
                self.problems.append(Problem(self.overlay(file), 1, key, NOT_TRANSLATED, fatal=False))
        merged: Raw = laid_over(raw, words or {})
        return merged

    def folder_of(self, kind: str, texts: tuple[str, ...] = ()) -> Iterator[tuple[str, Raw]]:
        """Yield (file, tables) of a folder's files, each laid over; a file is named as the id in it."""
        for path in sorted((self.folder / kind).glob("[!.]*.toml")):
            file = f"{kind}/{path.name}"
            raw = self.laid(file, texts)
            if raw is None:
                continue
            if raw.get("id") != path.stem:
                self.complain(file, "id", f"must be {path.stem!r}, the name of the file")
            yield file, raw

    def part(self, wanted: type[T], file: str, values: Mapping[str, Any] | None) -> T | None:
        """Return values of a file as a dataclass, or None when they are not right, or not there."""
        if values is None:
            return None
        try:
            return load_as(wanted, values)
        except ValidationError as error:
            for place, text in _flat(error.messages):
                self.complain_where_said(file, ".".join(str(key) for key in place), text)
            return None

    def overlay(self, file: str) -> str:
        """Where the translation of a file stands."""
        return f"{self.language}/{file}"

    def translation(self, file: str) -> Raw | None:
        """Return the translation of a file, or None when there is none to use.

        `reviewed` is how a file once said that a clinician had read it: signatures are kept by hash now.
        """
        overlay = self.overlay(file)
        if not (self.folder / overlay).exists():
            self.problems.append(Problem(overlay, 1, "file", NOT_TRANSLATED, fatal=False))
            return None
        words = self.toml(overlay)
        if words is not None:
            words.pop("reviewed", None)
        return words

    def given(self, file: str) -> dict[TextPath, str] | None:
        """Return what the translation of a file says, by where it stands; None where there is none."""
        words = self.translation(file) if self.language != "en" else None
        return None if words is None else dict(leaves(words))

    def whole(
        self, file: str, given: dict[TextPath, str], keys: Sequence[str], under: TextPath = ()
    ) -> dict[str, str]:
        """Take the texts of one thing out of `given`; none where one is missing: no two languages mix."""
        texts = {key: given.pop((*under, key), "") for key in keys}
        for key in (key for key, text in texts.items() if not text):
            self.complain(self.overlay(file), ".".join((*under, key)), NOT_TRANSLATED, fatal=False)
        return texts if all(texts.values()) else {}

    def left_over(self, file: str, given: Mapping[TextPath, str]) -> None:
        """Name what a translation says of nothing."""
        for path in given:
            self.complain(self.overlay(file), ".".join(path), NOTHING_TO_TRANSLATE)

    def _translate(self, file: str, raw: Raw) -> None:
        texts = list(client_texts(raw))
        words = self.translation(file) if texts else None
        if words is None:
            return
        overlay, given = self.overlay(file), dict(leaves(words))
        for path, table, key in texts:
            text = given.pop(path, "")
            if text:
                table[key] = text
            elif table[key]:
                self.complain(overlay, ".".join(path), NOT_TRANSLATED, fatal=False)
        self.left_over(file, given)


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
            raw = raw[key]  # type: ignore[index] # a place that is not there ends the walk
        except (KeyError, IndexError, TypeError):
            break
        if isinstance(raw, dict) and isinstance(raw.get("id"), str):
            name = raw["id"]
    return name


def _last_word(place: tuple[str | int, ...]) -> str:
    words = [part for part in place if isinstance(part, str)]
    return f"{words[-1]}: " if words else ""


def line_of(path: Path, item: str) -> int:
    """Return the line (from 1) on which an id is defined, or first named; 1 when it is not found."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        return 1
    if exact := _entry_line(lines, item):
        return exact
    table, _, key = item.rpartition(".")
    defined = (f'id = "{item}"', f"[{item}]", f"[{table}]" if table else f"{key} =", f'"{item}"')
    for pattern in (*(re.escape(text) for text in defined), rf"(?<!\w){re.escape(key)}(?!\w)"):
        for number, line in enumerate(lines, 1):
            if re.search(pattern, line):
                return number
    return 1


def _entry_line(lines: Sequence[str], item: str) -> int:
    """The line of `table.key = ...`, found by the heads of tables; 0 when there is none."""
    table = ""
    for number, line in enumerate(lines, 1):
        if head := _HEAD.match(line):
            table = head[1]
        elif (entry := _ENTRY.match(line)) and f"{table}.{entry[1]}" == item:
            return number
    return 0
