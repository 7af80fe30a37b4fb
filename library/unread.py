"""What of the content nothing reads: texts that nobody sees, questions that change nothing for anybody.

Conditions and facts read answers, and so does code that names a question. None of it stops the start.
"""

from collections.abc import Iterator
from pathlib import Path

from library.reading import NOBODY
from library.references import Finding, warning_texts
from library.uses import constants
from library.values import Library
from schemas.forms.condition import Condition
from schemas.forms.form_answers import ERRORS
from schemas.forms.questionnaire import Question, QuestionType
from schemas.notions.words import Translatable

NOT_ASKED = "is asked by no check-in"
NO_CHOICE = "is no choice of {question}"
SHOWN = ("med_",)
"""How the ids of answers begin that the practitioner's page lists whatever they are."""
OF_ITSELF = (QuestionType.GATE, QuestionType.CONSENT)
"""A gate is read through its lines; a consent is kept and shown as one."""


def unread(library: Library, folder: Path) -> Iterator[Finding]:
    """Yield everything in the English content that nothing reads."""
    yield from _messages(library)
    yield from _questions(library, folder)
    yield from _of_plans(library)


def _messages(library: Library) -> Iterator[Finding]:
    read = {key for _, key in warning_texts(library)} | set(library.plan_content.feedback.texts)
    yield from (("messages.toml", f"messages.{key}", NOBODY) for key in library.messages if key not in read)
    yield from (("messages.toml", f"errors.{key}", NOBODY) for key in library.errors if key not in ERRORS)


def _questions(library: Library, folder: Path) -> Iterator[Finding]:
    conditions = {name for condition in _conditions(library) for name in condition.names()}
    facts = {*library.rules.review.facts, *library.plan_content.facts}
    read = conditions | {fact.partition("=")[0] for fact in facts} | constants()
    read |= {name for rule in library.checkins.checkin for name in rule.questions}
    for question in {q.id: q for one in library.questionnaires.values() for q in one.questions()}.values():
        if not _reads_itself(question) and question.id not in read:
            yield _defined(question.id, library, folder), question.id, NOBODY
    asked = {name for rule in library.checkins.checkin for name in rule.questions}
    checkin = library.questionnaires.get("checkin")
    for question in checkin.questions() if checkin else ():
        if question.id not in asked:
            yield "questionnaires/checkin.toml", question.id, NOT_ASKED


def _reads_itself(question: Question) -> bool:
    """A safety question without a clear answer is a flag whatever it asks."""
    return question.safety or question.type in OF_ITSELF or question.id.startswith(SHOWN)


def _defined(name: str, library: Library, folder: Path) -> str:
    """The file that defines a question; others only use it."""
    files = [f"questionnaires/{each}.toml" for each in library.questionnaires]
    own = [file for file in files if f'id = "{name}"' in (folder / file).read_text("utf-8")]
    return own[0] if own else files[0]


def _conditions(library: Library) -> Iterator[Condition]:
    content = library.plan_content
    for one in library.questionnaires.values():
        for question in one.questions():
            yield from (each for each in (question.show_if, question.required) if each)
    yield from (case.when for rule in (*library.rules.rules, library.rules.clash) for case in rule.cases)
    yield from (row.when for row in library.conditions)
    rules = content.choosing
    yield from (row.when for row in rules.match)
    yield from (row.when for row in (*rules.start_low, *rules.start_high))
    yield from (note.when for note in rules.dose_note)
    yield from (adjust.when for protocol in content.protocols.values() for adjust in protocol.adjust)


def _of_plans(library: Library) -> Iterator[Finding]:
    content, named = library.plan_content, constants()
    blocking = {fact for each in content.exercises.values() for fact in each.avoid | each.caution}
    yield from (("rules/facts.toml", fact, NOBODY) for fact in content.facts if fact not in blocking)
    for table, keys in (("reasons", content.wording.reasons), ("changes", content.wording.changes)):
        yield from (("wording.toml", f"{table}.{key}", NOBODY) for key in keys if key not in named)
    chosen = {row.protocol for row in content.choosing.match} | named
    yield from ((f"protocols/{name}.toml", "id", NOBODY) for name in content.protocols if name not in chosen)
    asked = {q.id: q for one in library.questionnaires.values() for q in one.questions()}
    for question, file, keys in (
        ("equipment", "rules/choosing.toml", content.choosing.equipment),
        ("upd_barrier", "rules/feedback.toml", content.feedback.barriers),
    ):
        choices = {choice.id for choice in asked[question].choices} if question in asked else set()
        yield from (
            (file, key, Translatable(NO_CHOICE, question=question)) for key in keys if key not in choices
        )
    places = {region.id for region in library.regions}
    yield from (
        ("rules/choosing.toml", place, NOBODY) for place in content.choosing.regions if place not in places
    )
