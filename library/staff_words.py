"""What staff read of flags, name, act and source, in their own language: English sentence by sentence."""

import re
from collections.abc import Iterator

from library.reading import NOT_TRANSLATED, Reader
from schemas.rules import Rules

FILE = "rules/flags.toml"
BY_ID = re.compile(r"docs/\S+|[EK0-9;, ]+")


def read_staff_words(reader: Reader, rules: Rules) -> dict[str, str]:
    """Return what is said for each English sentence, nothing for English; what is missing is named."""
    overlay = reader.overlay(FILE)
    if reader.language == "en" or not (reader.folder / overlay).exists():
        return {}
    said = (reader.toml(overlay) or {}).get("staff", {})
    for text in dict.fromkeys(_texts(rules)):
        if not isinstance(said.get(text), str):
            reader.complain(overlay, text, NOT_TRANSLATED, fatal=False)
    return {text: words for text, words in said.items() if isinstance(words, str)}


def _texts(rules: Rules) -> Iterator[str]:
    """What staff read of every flag."""
    for rule in (*rules.rules, rules.clash):
        yield from (rule.name, *(case.clinic_action for case in rule.cases), *_in_words(rule.source))
    review = rules.review
    yield from (review.name, review.always.clinic_action, review.unsure_emergency.clinic_action)
    for danger in rules.typed.dangers:
        yield from (danger.name, danger.case.clinic_action, *_in_words(danger.source))


def _in_words(source: str) -> tuple[str, ...]:
    """A source that has words to translate: no mere ids, and no heading of the documents."""
    return () if BY_ID.fullmatch(source) else (source,)
