"""The library: everything in the content folder, read once, checked, in one language.

`load` gives it to the app and refuses content with faults; `problems` lists all faults for whoever edits it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from library.checkins import read_checkins
from library.exercises import read_plan_content
from library.flag_rules import read_rules
from library.names import read_names
from library.questionnaires import FACT_NAMES, read_questionnaires, value_faults
from library.reading import ContentError, Problem, Reader
from library.shapes import ConditionsIn, EvidenceIn, MessagesIn, RegionsIn
from library.translations import Raw
from library.uses import of_pages, of_papers
from library.words import checked_words, read_words
from schemas.checkin import CheckInRules
from schemas.choosing import PlanContent
from schemas.condition import Condition
from schemas.identity import NameRules
from schemas.questionnaire import Question, Questionnaire
from schemas.rules import ConditionRow, Evidence, Region, Rules
from schemas.words import Words, fill


@dataclass(frozen=True, slots=True)
class Library:
    """The content in one language; `errors` are for mistakes in a form, the rest are words."""

    language: str
    questionnaires: Mapping[str, Questionnaire]
    rules: Rules
    conditions: tuple[ConditionRow, ...]
    regions: tuple[Region, ...]
    messages: Mapping[str, str]
    errors: Mapping[str, str]
    evidence: Mapping[str, Evidence]
    plan_content: PlanContent
    pages: Words
    papers: Words
    checkins: CheckInRules
    names: NameRules

    def message(self, key: str, **values: object) -> str:
        """Return a client text with its names in braces filled in; a name not given stays as it is."""
        return fill(self.messages[key], values)


def load(folder: Path, language: str = "en") -> Library:
    """Read the content folder; raises `ContentError` with every fault that makes it unusable."""
    reader = Reader(folder, language)
    library = _read(reader)
    fatal = sorted(problem for problem in reader.problems if problem.fatal)
    if fatal or library is None:
        raise ContentError(fatal)
    return library


def problems(folder: Path) -> list[Problem]:
    """Return everything that is wrong in a content folder, in all its languages, by file and line."""
    found: list[Problem] = []
    for language in ("en", *(path.parent.name for path in folder.glob("*/messages.toml"))):
        reader = Reader(folder, language)
        _read(reader)
        found += reader.problems
    return sorted({*found, *_of_parts(folder)})


def _of_parts(folder: Path) -> Iterator[Problem]:
    """Faults in languages of which only words are translated, so that no clinic can choose them yet."""
    for file in ("doses.toml", "pages.toml", "papers.toml"):
        for path in folder.glob(f"*/{file}"):
            reader = Reader(folder, path.parent.name)
            if not (path.parent / "messages.toml").exists():
                read_words(reader, file)
                yield from (problem for problem in reader.problems if problem.fatal)


def _read(reader: Reader) -> Library | None:
    regions = tuple(Region(**row) for row in _rows(reader, "regions.toml", RegionsIn(), "region"))
    texts: Raw = reader.load("messages.toml", MessagesIn()) or {"messages": {}, "errors": {}}
    evidence = [Evidence(**row) for row in _rows(reader, "rules/evidence.toml", EvidenceIn(), "evidence")]
    matrix = _rows(reader, "rules/conditions.toml", ConditionsIn(), "condition")
    questionnaires = read_questionnaires(reader, regions)
    rules, found = read_rules(reader), read_plan_content(reader)
    pages = checked_words(reader, "pages.toml", of_pages())
    papers = checked_words(reader, "papers.toml", of_papers())
    checkins = read_checkins(reader, questionnaires)
    if rules is None or found is None or checkins is None:
        return None
    library = Library(
        language=reader.language,
        questionnaires=questionnaires,
        rules=rules,
        conditions=tuple(ConditionRow(**row) for row in matrix),
        regions=regions,
        messages=texts["messages"],
        errors=texts["errors"],
        evidence={source.id: source for source in evidence},
        plan_content=found,
        pages=pages,
        papers=papers,
        checkins=checkins,
        names=read_names(reader.folder),
    )
    for file, item, text in _unresolved(library):
        reader.complain(file, item, text)
    return library


def _rows(reader: Reader, file: str, schema: Any, key: str) -> list[Raw]:
    found = reader.load(file, schema) or {}
    rows: list[Raw] = found.get(key, [])
    seen: set[str] = set()
    for row in rows:
        if row["id"] in seen:
            reader.complain(file, row["id"], "stands twice")
        seen.add(row["id"])
    return rows


def _unresolved(library: Library) -> Iterator[tuple[str, str, str]]:
    """Yield (file, id, what is wrong) for names that lead nowhere between files."""
    asked = {q.id: q for one in library.questionnaires.values() for q in one.questions()}
    for row in library.conditions:
        for text in _condition_faults(row.when, asked):
            yield "rules/conditions.toml", row.id, text
    for rule in (*library.rules.rules, library.rules.clash):
        for case in rule.cases:
            for text in _condition_faults(case.when, asked):
                yield "rules/flags.toml", rule.id, text
            if case.client_text not in library.messages:
                yield "rules/flags.toml", rule.id, f"client_text {case.client_text} is no message"
    for key in library.plan_content.feedback.texts:
        if key not in library.messages:
            yield "rules/feedback.toml", key, "is no message"
    for fact in library.rules.review.facts:
        if fact.partition("=")[0] not in {*asked, *FACT_NAMES}:
            yield "rules/flags.toml", fact, "is a fact about nothing that is asked"


def _condition_faults(condition: Condition, asked: Mapping[str, Question]) -> Iterator[str]:
    for test in condition.tests():
        question = asked.get(test.name)
        if question is None and test.name not in FACT_NAMES:
            yield f"depends on {test.name}, which no questionnaire asks"
        elif question and question.choices and test.sign in ("=", "!="):
            for value in value_faults(question, test):
                yield f"depends on {test.name} = {value}, which is no choice"
