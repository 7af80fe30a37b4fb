"""Checks between the files of the content: every key, id and name in braces must lead somewhere."""

from collections.abc import Iterable, Iterator, Mapping

from library.questionnaires import FACT_NAMES, value_faults
from library.values import Library
from library.words import CLINIC
from schemas.checkin import DAYS
from schemas.forms.condition import Condition
from schemas.forms.form_answers import ERRORS
from schemas.forms.questionnaire import Question
from schemas.notions.words import PLACEHOLDER

Finding = tuple[str, str, str]
"""File, id or key, and what is wrong."""
EMERGENCY = frozenset({"emergency_number"})
OF_REASONS = {"no_equipment": frozenset({"thing"}), "avoid_area": frozenset({"region"})}
OF_MASSAGE = frozenset({"regions", "ease", "load"})
OF_CHECK_IN = frozenset({"practitioner"})
REASON = frozenset({"name", "fact", "region"})
"""What a sentence of `wording.toml` under [reasons] may name, unless `OF_REASONS` says otherwise."""


def unresolved(library: Library) -> Iterator[Finding]:
    """Yield everything that leads nowhere."""
    asked = {q.id: q for one in library.questionnaires.values() for q in one.questions()}
    for row in library.conditions:
        for text in _condition_faults(row.when, asked):
            yield "rules/conditions.toml", row.id, text
    for rule in (*library.rules.rules, library.rules.clash):
        for case in rule.cases:
            for text in _condition_faults(case.when, asked):
                yield "rules/flags.toml", rule.id, text
    for danger in library.rules.typed.dangers:
        for text in _condition_faults(danger.settled, asked) if danger.settled else ():
            yield "rules/typed.toml", danger.id, text
    for fact in library.rules.review.facts:
        if fact.partition("=")[0] not in {*asked, *FACT_NAMES}:
            yield "rules/flags.toml", fact, "is a fact about nothing that is asked"
    yield from _keys(library)
    yield from _names(library)


def warning_texts(library: Library) -> Iterator[tuple[str, str]]:
    """Yield (rule, message) for every message that a safety rule names."""
    for rule in (*library.rules.rules, library.rules.clash):
        yield from ((rule.id, case.client_text) for case in rule.cases)
    yield from ((danger.id, danger.case.client_text) for danger in library.rules.typed.dangers)
    review = library.rules.review
    yield from (("review", case.client_text) for case in (review.always, review.unsure_emergency))


def _keys(library: Library) -> Iterator[Finding]:
    for rule, key in warning_texts(library):
        if key not in library.messages:
            yield "rules/flags.toml", rule, f"client_text {key} is no message"
    for key in library.plan_content.feedback.texts:
        if key not in library.messages:
            yield "rules/feedback.toml", key, "is no message"
    for key in ERRORS:
        if key not in library.errors:
            yield "messages.toml", f"errors.{key}", "is missing"


def _names(library: Library) -> Iterator[Finding]:
    """Yield every name in braces that nobody fills in: a client would read the braces, or nothing at all."""
    for file, key, text, known in _texts(library):
        for name in PLACEHOLDER.findall(text):
            if name not in known:
                yield file, key, f"names {{{name}}}, which nobody fills in"


def _texts(library: Library) -> Iterator[tuple[str, str, str, Iterable[str]]]:
    """Yield (file, key, text, the names that it may hold)."""
    feedback = library.plan_content.feedback
    steps = {*feedback.texts} - {feedback.paused}
    for key, text in library.messages.items():
        yield "messages.toml", f"messages.{key}", text, {*CLINIC, *(DAYS if key in steps else ())}
    for key, text in library.errors.items():
        yield "messages.toml", f"errors.{key}", text, ERRORS.get(key, ())
    for name, one in library.questionnaires.items():
        file = f"questionnaires/{name}.toml"
        yield file, "intro", one.intro, {*CLINIC, "minutes"}
        for step in one.steps:
            yield file, step.id, step.intro, CLINIC
            for question in step.questions:
                words = (question.label, question.hint, question.why, *(c.label for c in question.choices))
                yield from (
                    (file, question.id, text, OF_CHECK_IN if name == "checkin" else ()) for text in words
                )
    yield from _plan_texts(library)


def _plan_texts(library: Library) -> Iterator[tuple[str, str, str, Iterable[str]]]:
    content, words = library.plan_content, library.plan_content.wording
    for exercise in content.exercises.values():
        yield f"exercises/{exercise.id}.toml", "stop_when", exercise.stop_when, EMERGENCY
    rules = content.choosing
    becauses = [(row.id, row.because) for row in rules.match]
    becauses += [(row.id, row.because) for row in (*rules.start_low, *rules.start_high)]
    yield from (("rules/choosing.toml", name, text, REASON) for name, text in becauses)
    for key, text in words.reasons.items():
        yield "wording.toml", f"reasons.{key}", text, OF_REASONS.get(key, REASON)
    for key, text in words.changes.items():
        yield "wording.toml", f"changes.{key}", text, ("names",)
    for key, mode in words.modes.items():
        yield "wording.toml", f"modes.{key}.intro", mode.intro, ("count", "minutes", "days")
    for key, text in (("stop_rule", words.stop_rule), ("stop_when", words.stop_when)):
        yield "wording.toml", key, text, EMERGENCY
    for key in ("worked", "general"):
        yield "wording.toml", f"massage.{key}", getattr(words.massage, key), OF_MASSAGE
    yield "wording.toml", "side_note", words.side_note, ("fact",)


def _condition_faults(condition: Condition, asked: Mapping[str, Question]) -> Iterator[str]:
    for test in condition.tests():
        question = asked.get(test.name)
        if question is None and test.name not in FACT_NAMES:
            yield f"depends on {test.name}, which no questionnaire asks"
        elif question and question.choices and test.sign in ("=", "!="):
            for value in value_faults(question, test):
                yield f"depends on {test.name} = {value}, which is no choice"
