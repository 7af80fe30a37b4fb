"""What to ask next, and what an answer means for the others: the questionnaire as the client goes through it.

Pure functions over plain answers (`{"pain_now": "4", "goals": ["walk"]}`), so that a page, a test and a
command ask the same questions. Gates are settled here: "none of these" becomes an answer for every item.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from typing import Any

from marshmallow import ValidationError

from clinical.answers.facts import age_on, derive, main_place
from schemas.forms.condition import Answer, Answers, Known, values_of
from schemas.forms.form_answers import schema_for
from schemas.forms.questionnaire import (
    Question,
    Questionnaire,
    QuestionType,
    Step,
    applies,
    is_required,
    opened,
    options,
    settled_by,
)

NONE: Answers = MappingProxyType({})
"""No answers."""
_OF_ONE_VISIT = ("rf_", "upd_", "gate_", "fu_", "grc")


@dataclass(frozen=True, slots=True)
class Screen:
    """One screen as it is now: only questions to be asked, choices narrowed, and which need an answer."""

    step: Step
    questions: tuple[Question, ...]
    required: frozenset[str]


@dataclass(frozen=True, slots=True)
class Accepted:
    """The outcome of one submit: all answers so far, and error sentences by question id.

    With errors `answers` are the old ones, `shown` is what the client sent, to be shown again, and `read` is
    what could be read of it: not kept, but a warning sign in it counts.
    """

    answers: dict[str, Answer]
    errors: dict[str, str]
    shown: dict[str, Answer]
    read: dict[str, Answer] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _View:
    """Answers given now, and all that conditions may read: earlier ones too, and what follows from them.

    `closed`: the questions that their gate keeps from being asked by themselves.
    """

    answers: Answers
    said: Known
    gate_of: Mapping[str, Question]
    closed: frozenset[str]

    def concerns(self, question: Question) -> bool:
        return applies(question, self.said)

    def asks(self, question: Question, known: Collection[str]) -> bool:
        gate = self.gate_of.get(question.id)
        return (
            question.known not in known
            and question.id not in self.closed  # first, for it costs least
            and (gate is None or self.concerns(gate))
            and self.concerns(question)
        )


def _view(questionnaire: Questionnaire, answers: Answers, today: date, before: Answers) -> _View:
    said = {**carried(before), **answers}
    closed = frozenset(
        name for gate in questionnaire.gates for name in set(gate.covers) - opened(gate, answers)
    )
    return _View(
        answers, Known(said, derive(said, today), age_on(said, today)), questionnaire.gate_of, closed
    )


def carried(before: Answers) -> dict[str, Answer]:
    """Return those answers of earlier visits that still count at the next one.

    Safety signs are asked again at every visit, so an earlier "no" never stands for today; nor do an earlier
    update, gate or check-in.
    """
    return {name: value for name, value in before.items() if not name.startswith(_OF_ONE_VISIT)}


def screens(
    questionnaire: Questionnaire,
    answers: Answers,
    today: date,
    known: Collection[str] = (),
    before: Answers = NONE,
) -> tuple[Screen, ...]:
    """Return the screens that this client sees, given the answers so far.

    `known` names what the booking tells already (`name`, `email`, `phone`): it is not asked. `before` holds
    the answers of earlier visits: conditions may read them, but they answer nothing.
    """
    view = _view(questionnaire, answers, today, before)
    made = (_screen(step, view, known) for step in questionnaire.steps)
    return tuple(screen for screen in made if screen.questions)


def screen(
    questionnaire: Questionnaire,
    step_id: str,
    answers: Answers,
    today: date,
    known: Collection[str] = (),
    before: Answers = NONE,
) -> Screen | None:
    """Return one of these screens; None when there is no such step, or this client does not see it."""
    step = questionnaire.step(step_id)
    found = _screen(step, _view(questionnaire, answers, today, before), known) if step else None
    return found if found and found.questions else None


def _screen(step: Step, view: _View, known: Collection[str]) -> Screen:
    asked = [_narrow(question, view) for question in step.questions if view.asks(question, known)]
    needed = frozenset(q.id for q in asked if is_required(q, view.said))
    return Screen(step, tuple(asked), needed)


def _narrow(question: Question, view: _View) -> Question:
    """Leave out choices that make no sense for this client."""
    if question.choices_from:
        return replace(question, choices=tuple(options(question, view.said.answers)))
    return question


def gate_lines(
    questionnaire: Questionnaire, gate: Question, answers: Answers, today: date, before: Answers = NONE
) -> tuple[Question, ...]:
    """Return the items that a gate lists for this client, to be read before "none of these"."""
    view = _view(questionnaire, answers, today, before)
    covered = (questionnaire.question(item) for item in gate.covers)
    return tuple(question for question in covered if question and view.concerns(question))


def settle(
    questionnaire: Questionnaire, answers: Answers, today: date, before: Answers = NONE
) -> dict[str, Answer]:
    """Return the answers with gates settled and the answers to hidden questions dropped.

    Ids that the questionnaire does not have are kept. Settling twice changes nothing.
    """
    settled = dict(answers)
    for _ in range(len(questionnaire.steps)):
        last = settled
        settled = _settle_once(questionnaire, last, today, before)
        if settled == last:
            break
    return settled | main_place(settled) if questionnaire.question("main_region") else settled


def _settle_once(
    questionnaire: Questionnaire, answers: Answers, today: date, before: Answers
) -> dict[str, Answer]:
    view = _view(questionnaire, answers, today, before)
    kept: dict[str, Answer] = {
        name: value for name, value in answers.items() if name not in questionnaire.by_id
    }
    for question in questionnaire.questions():
        value = _settled(question, view)
        if value:
            kept[question.id] = value
    return kept


def _settled(question: Question, view: _View) -> Answer:
    value = _given(question, view)
    return value if value and view.concerns(question) else ""  # most have no answer: conditions cost more


def _given(question: Question, view: _View) -> Answer:
    if question.id not in view.closed:
        return view.answers.get(question.id, "")
    value = settled_by(view.gate_of[question.id], question, view.answers)
    return [value] if value and question.type.holds_many else value


def accept(
    questionnaire: Questionnaire,
    step_id: str,
    posted: Mapping[str, str | Sequence[str]],
    answers: Answers,
    today: date,
    country: str,
    texts: Mapping[str, str],
    known: Collection[str] = (),
    before: Answers = NONE,
) -> Accepted:
    """Take in what was submitted for one screen; raises KeyError when there is no such step.

    A question on the screen that was left blank loses its earlier answer; a box not ticked is "no".
    """
    step = questionnaire.step(step_id)
    if step is None:
        raise KeyError(step_id)
    shown = {q.id: posted[q.id] for q in step.questions if q.id in posted}
    asked = _screen(step, _view(questionnaire, {**answers, **shown}, today, before), known)
    try:
        loaded = schema_for(asked.questions, asked.required, today, country, texts).load(_fields(posted))
    except ValidationError as error:
        valid = error.valid_data if isinstance(error.valid_data, dict) else {}
        read = settle(questionnaire, {**answers, **valid}, today, before)
        return Accepted(dict(answers), _sentences(error), shown, read)
    kept = {name: value for name, value in answers.items() if name not in {q.id for q in asked.questions}}
    unticked = {q.id: "no" for q in asked.questions if q.type is QuestionType.CONSENT and q.id not in loaded}
    return Accepted(settle(questionnaire, {**kept, **unticked, **loaded}, today, before), {}, shown)


def _fields(posted: Mapping[str, str | Sequence[str]]) -> dict[str, Any]:
    return {name: value if isinstance(value, str) else list(value) for name, value in posted.items()}


def _sentences(error: ValidationError) -> dict[str, str]:
    found = error.messages if isinstance(error.messages, dict) else {}
    return {str(name): str(texts[0]) for name, texts in found.items() if texts}


def unanswered(
    questionnaire: Questionnaire,
    answers: Answers,
    today: date,
    known: Collection[str] = (),
    before: Answers = NONE,
) -> tuple[tuple[str, str], ...]:
    """Return (step id, question id) of everything still needed; empty means that it may be sent in."""
    return unanswered_on(screens(questionnaire, answers, today, known, before), answers)


def unanswered_on(shown: Sequence[Screen], answers: Answers) -> tuple[tuple[str, str], ...]:
    """Return the same of screens that are known already."""
    return tuple(
        (screen.step.id, question.id)
        for screen in shown
        for question in screen.questions
        if question.id in screen.required and not _good(question, answers)
    )


def _good(question: Question, answers: Answers) -> bool:
    given = values_of(answers, question.id)
    if question.type is QuestionType.CONSENT:
        return given == ("yes",)
    return bool(given)


def shown_value(question: Question, answers: Answers) -> tuple[str, ...]:
    """Return an answer in words, for the check-your-answers page and the practitioner."""
    return tuple(question.label_of(value) for value in values_of(answers, question.id))
