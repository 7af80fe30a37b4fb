"""What staff read in their own language, English sentence by sentence: of flags, exercises and protocols."""

import re
from collections.abc import Iterable, Iterator

from library.reading import NOT_TRANSLATED, Reader
from schemas.choosing import PlanContent
from schemas.rules import Rules

FLAGS = "rules/flags.toml"
PLANS = "staff.toml"
BY_ID = re.compile(r"docs/\S+|[EK0-9;, ]+")


def read_staff_words(reader: Reader, rules: Rules, content: PlanContent) -> dict[str, str]:
    """Return what is said for each English sentence, nothing for English; what is missing is named."""
    return _said(reader, FLAGS, _of_flags(rules)) | _said(reader, PLANS, of_plans(content))


def _said(reader: Reader, file: str, texts: Iterable[str]) -> dict[str, str]:
    overlay = reader.overlay(file)
    if reader.language == "en" or not (reader.folder / overlay).exists():
        return {}
    said = (reader.toml(overlay) or {}).get("staff", {})
    for text in dict.fromkeys(texts):
        if not isinstance(said.get(text), str):
            reader.complain(overlay, text, NOT_TRANSLATED, fatal=False)
    return {text: words for text, words in said.items() if isinstance(words, str)}


def of_plans(content: PlanContent) -> Iterator[str]:
    """What staff alone read of exercises and protocols."""
    for move in content.exercises.values():
        yield from (move.position, move.muscles)
    for one in content.protocols.values():
        texts = (one.massage, one.progress, one.regress, one.strength_of_evidence, one.unsafe, one.note)
        weeks = (stage.weeks for stage in one.stage)
        yield from (text for text in (*texts, *weeks) if any(letter.isalpha() for letter in text))


def _of_flags(rules: Rules) -> Iterator[str]:
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
