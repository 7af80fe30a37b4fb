"""Reads TOML as people save it; a slip of the hand is said in a sentence, with file and line."""

import re
import tomllib
from pathlib import Path
from typing import Any

CURLY = "“”„‟«»"
CURLED = 'curly quotes stand where straight ones (") belong'
NOT_UTF_8 = 'the file is not saved as UTF-8: save it again, with "UTF-8" as its encoding'
# What tomllib says, and what to do about it; the first that fits is said.
SLIPS = (
    (r"Illegal character|Unterminated string", 'a text does not end: put " behind its last word'),
    (r"Unclosed array", "a comma is missing behind what stands before, or a ] behind the list"),
    (r"Unclosed inline table", "a comma is missing behind what stands before, or a } at the end"),
    (r"twice|Cannot overwrite", "this name stands there a second time: take one of the two away"),
    (r"Expected '='", "to the left of = belongs one name of letters, digits, _ and -"),
    (r"Unescaped|hex value|Unicode", r"in a text, write \\ for a backslash"),
    (r"Expected newline", r"something stands behind the value; inside a text, write \" for a quotation mark"),
    (r"Expected '\]'|table declaration", "the name of a table stands in [ and ]"),
    (r"Invalid value", 'a text must stand in straight quotes ("), or a list before it needs its ]'),
    (r"Invalid statement", "this line is neither a remark (#), nor a [table], nor name = value"),
)


class Unreadable(ValueError):
    """A file that is no TOML; `line` (from 1) and `reason` say where and why."""

    def __init__(self, file: str, line: int, reason: str) -> None:
        super().__init__(f"content/{file}:{line}: {reason}")
        self.line = line
        self.reason = reason


def read(folder: Path, file: str) -> dict[str, Any]:
    """The tables of a content file; raises Unreadable, and OSError where it is not there."""
    return parsed((folder / file).read_bytes(), file)


def parsed(data: bytes, file: str) -> dict[str, Any]:
    """The tables of a file's bytes, with without the mark that Windows puts in front; raises Unreadable."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise Unreadable(file, line, f"cannot be read: {NOT_UTF_8}") from error
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        lines = text.splitlines() or [""]
        line = _line_in(str(error)) or len(lines)
        reason = f"cannot be read: {_advice(str(error), lines[min(line, len(lines)) - 1])} ({error})"
        raise Unreadable(file, line, reason) from error


def _line_in(message: str) -> int:
    found = re.search(r"line (\d+)", message)
    return int(found[1]) if found else 0


def _advice(message: str, line: str) -> str:
    if any(mark in line for mark in CURLY) and re.search(r"Invalid value|Illegal character", message):
        return CURLED
    return next((advice for slip, advice in SLIPS if re.search(slip, message)), "this is no TOML")
