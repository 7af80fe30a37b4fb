"""Reads exercises, protocols, tags and rules from the content folder: what plans are made of."""

from collections.abc import Callable
from typing import TypeVar

from library import signable
from library.exercise_checks import unresolved
from library.reading import Reader
from library.translations import Raw
from library.uses import of_doses
from library.words import checked_words
from schemas.choosing import ChoosingRules, FeedbackRules, PlanContent, Wording
from schemas.exercise import Exercise, Protocol, TagRule, with_tag_facts

T = TypeVar("T")
TEXTS = {
    "exercises": ("name", "why", "steps", "cues", "mistakes", "stop_when"),
    "protocols": ("name", "client_name", "tip"),
}
"""What a translation of each file must hold."""


def read_plan_content(reader: Reader) -> PlanContent | None:
    """Return the content of plans, or None when it cannot be used; problems go to the reader."""
    own = Reader(reader.folder, reader.language)
    moves = _read(own)
    whole = moves is not None and not any(problem.fatal for problem in own.problems)
    if moves is not None and whole:
        for file, name, text in unresolved(moves):
            own.complain_where_said(file, name, text)
    reader.problems += own.problems
    return moves if whole else None


def _read(reader: Reader) -> PlanContent | None:
    language, tags = reader.language, _tags(reader)
    exercises = _all(reader, Exercise, "exercises", lambda raw: with_tag_facts(raw, tags))
    protocols = _all(reader, Protocol, "protocols", lambda raw: raw)
    facts = reader.laid("rules/facts.toml")
    choosing = _one(reader, ChoosingRules, "rules/choosing.toml")
    feedback = _one(reader, FeedbackRules, "rules/feedback.toml")
    wording = _one(reader, Wording, "wording.toml")
    doses = checked_words(reader, "doses.toml", of_doses())
    if facts is None or choosing is None or feedback is None or wording is None:
        return None
    hashes = signable.hashes(reader.folder)
    return PlanContent(
        language, exercises, protocols, tags, facts, choosing, feedback, wording, doses, hashes
    )


def _one(reader: Reader, wanted: type[T], file: str) -> T | None:
    return reader.part(wanted, file, reader.laid(file))


def _tags(reader: Reader) -> dict[str, TagRule]:
    file = "rules/tags.toml"
    made = {name: reader.part(TagRule, file, raw) for name, raw in (reader.toml(file) or {}).items()}
    return {name: rule for name, rule in made.items() if rule is not None}


def _all(reader: Reader, wanted: type[T], kind: str, prepare: Callable[[Raw], Raw]) -> dict[str, T]:
    made = {}
    for file, raw in reader.folder_of(kind, TEXTS[kind]):
        part = reader.part(wanted, file, prepare(raw))
        if part is not None:
            made[str(raw["id"])] = part
    return made
