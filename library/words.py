"""Reads files of words (`pages.toml`, `papers.toml`, `doses.toml`) and checks them against the code."""

from collections.abc import Iterator, Mapping
from typing import Any

from library.reading import NOBODY, NOT_TRANSLATED, NOTHING_TO_TRANSLATE, Reader
from library.uses import Use
from schemas.notions.words import Text, Words, placeholders, plural_form

CLINIC = frozenset({"clinic", "clinic_phone", "emergency_number", "crisis_number"})
"""Names that every text may hold: they come from the clinic's settings."""
_FORMS = frozenset({"zero", "one", "two", "few", "many", "other"})
_COUNTS = range(201)  # enough to meet every form that a whole number takes


def read_words(reader: Reader, file: str) -> Words:
    """The words of a file in the reader's language; where a text is not translated, the English one.

    A content folder without the file gets the words that come with the app.
    """
    reader = reader.holding(file)
    english = _texts(reader, file, reader.toml(file) or {})
    if reader.language == "en":
        return Words("en", english)
    own = _texts(reader, reader.overlay(file), reader.translation(file) or {})
    for key, text in _faults(english, own, reader.language):
        reader.complain(reader.overlay(file), key, text, fatal=not _is_remark(key, text))
    return Words(reader.language, {**english, **{key: own[key] for key in own if key in english}})


def checked_words(reader: Reader, file: str, uses: tuple[Use, ...]) -> Words:
    """The words of a file, with a complaint for everything in which it and the code do not meet."""
    words = read_words(reader, file)
    check_words(reader, file, words, uses)
    return words


def check_words(reader: Reader, file: str, words: Words, uses: tuple[Use, ...]) -> None:
    """Complain of keys that are read and that nobody has, texts that nobody reads, names nobody fills in."""
    for use in uses:
        keys = [key for key in words.texts if use.reads(key)]
        if not keys:
            reader.complain(file, use.key, f"is missing: {use.file}:{use.line} reads it")
        for key in keys:
            for name in sorted(placeholders(words.texts[key]) - use.names - CLINIC):
                reader.complain(file, key, f"names {{{name}}}, which nobody fills in")
    for key in words.texts:
        if not any(use.reads(key) for use in uses):
            reader.complain(file, key, NOBODY, fatal=False)


def check_notice(reader: Reader, file: str, words: Words) -> None:
    """Complain of a section without its title, or with what is no single text: the page could not be made."""
    for key, text in words.texts.items():
        under, _, last = key.rpartition(".")
        if last == "text" and f"{under}.title" not in words.texts:
            reader.complain(file, key, "has no title beside it")
        if under.startswith("section.") and not isinstance(text, str):
            reader.complain(file, key, "must be a text")


def _is_remark(key: str, text: str) -> bool:
    """A section that was taken out of the notice is gone in every language: its translation may stay."""
    return text == NOT_TRANSLATED or (text == NOTHING_TO_TRANSLATE and key.startswith("section."))


def _texts(reader: Reader, file: str, raw: Mapping[str, Any], under: str = "") -> dict[str, Text]:
    found: dict[str, Text] = {}
    for name, value in raw.items():
        key = f"{under}{name}"
        if isinstance(value, str) or _is_plural(value):
            found[key] = value
        elif isinstance(value, Mapping):
            found |= _texts(reader, file, value, f"{key}.")
        else:
            reader.complain(file, key, "must be a text")
    return found


def _is_plural(value: Any) -> bool:
    return isinstance(value, Mapping) and "other" in value and _FORMS.issuperset(value)


def _faults(english: Mapping[str, Text], own: Mapping[str, Text], language: str) -> Iterator[tuple[str, str]]:
    """Yield (key, what is wrong) with a translation."""
    for key in english:
        if key not in own:
            yield key, NOT_TRANSLATED
    for key, text in own.items():
        if key not in english:
            yield key, NOTHING_TO_TRANSLATE
            continue
        for name in sorted(placeholders(text) ^ placeholders(english[key])):
            yield key, f"must name {{{name}}} as the English text does, and no other"
        if not isinstance(text, str):
            yield from ((key, f"lacks the form {form!r}") for form in _lacking(text, language))


def _lacking(text: Mapping[str, str], language: str) -> list[str]:
    return sorted({plural_form(language, count) for count in _COUNTS} - set(text))
