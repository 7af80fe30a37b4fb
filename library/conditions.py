"""The condition matrix in the reader's language: whoever treats reads each row whole in one."""

from collections.abc import Sequence
from dataclasses import replace

from library.reading import Reader
from schemas.rules import ConditionRow

FILE = "rules/conditions.toml"
TEXTS = ("name", "massage", "exercise")


def translated(reader: Reader, rows: Sequence[ConditionRow]) -> tuple[ConditionRow, ...]:
    """Return the rows; one of which a text is missing stays English. Problems go to the reader."""
    given = reader.given(FILE)
    if given is None:
        return tuple(rows)
    said = [(row, reader.whole(FILE, given, TEXTS, ("condition", row.id))) for row in rows]
    reader.left_over(FILE, given)
    return tuple(_in_words(row, texts, reader.language) for row, texts in said)


def _in_words(row: ConditionRow, texts: dict[str, str], language: str) -> ConditionRow:
    if not texts:
        return row
    name, massage, exercise = (texts[key] for key in TEXTS)
    return replace(row, name=name, massage=massage, exercise=exercise, language=language)
