"""A questionnaire: steps (one screen each) of questions, and how its answers are laid out.

A *gate* is one question that stands for many: "Do any of these fit you?". What is chosen there opens single
questions (`Choice.opens`) or answers them (`Choice.sets`); "none of these" has to be tapped and answers every
covered question with its `clear` value. An untouched gate answers nothing, so a blank never reads as "no".
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from schemas.forms.condition import Answers, Condition, Known, values_of, without_side


class QuestionType(StrEnum):
    """How a question is asked and what its answer looks like."""

    TEXT = "text"
    LONGTEXT = "longtext"
    EMAIL = "email"
    PHONE = "phone"
    DATE = "date"
    NUMBER = "number"
    SCALE = "scale"
    CHOICE = "choice"
    MULTI = "multi"
    BODYMAP = "bodymap"
    GATE = "gate"
    CONSENT = "consent"

    @property
    def holds_many(self) -> bool:
        """Tell whether an answer is a list."""
        return self in (QuestionType.MULTI, QuestionType.BODYMAP, QuestionType.GATE)

    @property
    def is_free_text(self) -> bool:
        """Tell whether the client types words that a person reads."""
        return self in (QuestionType.TEXT, QuestionType.LONGTEXT)


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice; `alone` means that nothing else may be chosen with it ("none of these")."""

    id: str
    label: str
    opens: tuple[str, ...] = ()
    sets: tuple[tuple[str, str], ...] = ()
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """One question; conditions are None where they do not apply (`show_if`: always, `required`: never).

    `safety`: blank or "not sure" never passes; `emergency`: it can mean an emergency, so blank stops the
    visit. `known`: what makes asking needless: a field of the booking (`name`, `email`, `phone`), or
    `no_texts`: the clinic sends none, or `mail_agreed`: e-mail was agreed to before. `covers` and
    `clear`: see the module text. `choices_from`: only what was chosen there is offered. `short`: the line
    in a gate's list. `low`, `high`: words at a scale's ends. `more`: asked only of who wants to add more.
    """

    id: str
    type: QuestionType
    label: str
    hint: str = ""
    why: str = ""
    short: str = ""
    choices: tuple[Choice, ...] = ()
    choices_from: str = ""
    required: Condition | None = None
    show_if: Condition | None = None
    safety: bool = False
    emergency: bool = False
    covers: tuple[str, ...] = ()
    clear: str = ""
    known: str = ""
    minimum: int = 0
    maximum: int = 0
    low: str = ""
    high: str = ""
    max_choices: int = 0
    max_length: int = 200
    autocomplete: str = ""
    more: bool = False

    @property
    def is_plain_yes_no(self) -> bool:
        """Tell whether "yes" says it all, so that a gate can answer it without asking again."""
        return self.type is QuestionType.CHOICE and {c.id for c in self.choices} <= {"yes", "no", "not_sure"}

    def choice(self, choice_id: str) -> Choice | None:
        """Return a choice by its id."""
        return next((choice for choice in self.choices if choice.id == choice_id), None)

    @property
    def line(self) -> str:
        """The words for this question in a gate's list."""
        return self.short or self.label

    def label_of(self, value: str) -> str:
        """Return the words for a stored value; the value itself when it is no choice."""
        found = self.choice(value)
        return found.label if found else value


@dataclass(frozen=True, slots=True)
class Step:
    """One screen: a group of questions that belong together; `part` counts the parts of the form from 1."""

    id: str
    title: str
    questions: tuple[Question, ...]
    intro: str = ""
    part: int = 1


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """A whole questionnaire in one language; `version` is stored with every response."""

    id: str
    version: str
    title: str
    minutes: int
    steps: tuple[Step, ...]
    intro: str = ""
    language: str = "en"
    by_id: Mapping[str, Question] = field(init=False, repr=False, compare=False)
    gates: tuple[Question, ...] = field(init=False, repr=False, compare=False)
    gate_of: Mapping[str, Question] = field(init=False, repr=False, compare=False)
    """The gate that covers a question, by the question's id."""

    def __post_init__(self) -> None:
        """Keep questions by their ids, and gates by those they cover: each answer looks for its own."""
        questions = tuple(self.questions())
        gates = tuple(question for question in questions if question.type is QuestionType.GATE)
        object.__setattr__(self, "by_id", {question.id: question for question in questions})
        object.__setattr__(self, "gates", gates)
        object.__setattr__(self, "gate_of", {covered: gate for gate in gates for covered in gate.covers})

    def questions(self) -> Iterator[Question]:
        """Yield every question in the order of asking."""
        for step in self.steps:
            yield from step.questions

    def question(self, question_id: str) -> Question | None:
        """Return a question by its id."""
        return self.by_id.get(question_id)

    def step(self, step_id: str) -> Step | None:
        """Return a step by its id."""
        return next((step for step in self.steps if step.id == step_id), None)


def applies(question: Question, known: Known) -> bool:
    """Tell whether the question concerns this client at all, whatever its gate says."""
    return question.show_if is None or question.show_if.holds_for(known)


def opened(gate: Question, answers: Answers) -> frozenset[str]:
    """Return the ids of the questions that are asked by themselves after what was chosen at a gate."""
    chosen = values_of(answers, gate.id)
    return frozenset(name for choice in gate.choices if choice.id in chosen for name in choice.opens)


def settled_by(gate: Question, question: Question, answers: Answers) -> str:
    """Return the answer that the gate gives to a question it covers; empty when it gives none."""
    chosen = values_of(answers, gate.id)
    if not chosen or question.id in opened(gate, answers):
        return ""
    said = [dict(choice.sets).get(question.id, "") for choice in gate.choices if choice.id in chosen]
    return next((value for value in said if value), question.clear)


def is_required(question: Question, known: Known) -> bool:
    """Tell whether an answer is needed to go on; safety questions and gates always need one."""
    if question.safety or question.type is QuestionType.GATE:
        return True
    return question.required is not None and question.required.holds_for(known)


def options(question: Question, answers: Answers) -> Sequence[Choice]:
    """Return the choices to show: with `choices_from`, only those chosen there (sides left out)."""
    if not question.choices_from:
        return question.choices
    there = {without_side(value) for value in values_of(answers, question.choices_from)}
    return tuple(choice for choice in question.choices if choice.id in there)
