"""What the screens of the intake show. Answers are shown only to the browser in which they were typed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from flask import Response

from clinical.answers import asking, facts, flags
from clinical.answers.asking import Screen
from handlers.answers import SHORT_UPDATE
from handlers.intake import form
from handlers.intake.form import CHECK, WHO, Asked
from handlers.intake.who import Ask
from render.body import bodymap
from render.body.bodymap import BodyView
from render.language import readable
from schemas.forms.condition import Answer
from schemas.forms.condition_tree import Either, Every, Known, Node, Not, Test
from schemas.forms.questionnaire import Choice, Question, QuestionType
from schemas.intake import IntakeStatus
from schemas.rules import Flag, Severity
from web import language as words
from web.client import birth, browser
from web.client.common import page
from web.context import context, utc_now
from web.language import Say


@dataclass(frozen=True, slots=True)
class Given:
    """One step on the check page: (question, answer) in words; "" for a question whose answer says it all."""

    screen: Screen
    lines: tuple[tuple[str, str], ...]


def screen(
    asked: Asked,
    token: str,
    step: str,
    when: str,
    name: str,
    errors: Mapping[str, str] | None = None,
    shown: Mapping[str, Answer] | None = None,
    found: Sequence[Flag] = (),
) -> Response:
    """One screen with its questions; `errors`: what must be answered again.

    A warning sign among answers that can not all be taken is answered all the same (B8).
    """
    language = asked.library.language
    values = _place(asked, step) | {"errors": errors or {}}
    values |= _questions(asked, step, when, shown or {}) | _warning(asked, found)
    values["name"] = name if step == asked.screens[0].step.id else ""
    return page("screen", language, token, **values)


def _place(asked: Asked, step: str) -> dict[str, Any]:
    return {
        "step": step,
        "back": asked.before_step(step),
        "place": asked.part(step),
        "count": asked.parts,
    }


def check(asked: Asked, token: str, may_show: bool, again: bool) -> Response:
    """The check page; `may_show`: what is hidden is shown for the date of birth, `again`: not this."""
    values = _place(asked, CHECK) | _check(asked)
    born = birth.question(asked.library) if may_show and values["hidden"] else None
    return page("check", asked.library.language, token, **values, born=born, again=again)


def ask(asked: Asked, said_first: Ask, token: str, name: str, *, again: bool = False) -> Response:
    """Whom is it for? Nothing that was said before is shown; `again`: what was sent did not fit."""
    return page(
        "who",
        asked.library.language,
        token,
        name=name,
        again=again,
        born=birth.question(asked.library) if said_first.birthday else None,
        all_of_it=_may_ask_everything(asked),
        step=WHO,
    )


def _may_ask_everything(asked: Asked) -> bool:
    return asked.intake.status is IntakeStatus.open and asked.intake.questionnaire == SHORT_UPDATE


def _check(asked: Asked) -> dict[str, Any]:
    """The answers in words, of the steps that this browser may see."""
    seen = browser.seen(asked.intake.id)
    given = [each for each in asked.screens if each.step.id in seen]
    return {
        "hidden": len(given) < len(asked.screens),
        "first": asked.screens[0].step.id,
        "groups": [_given(each, asked) for each in given],
    }


def _questions(asked: Asked, step: str, when: str, shown: Mapping[str, Answer]) -> dict[str, Any]:
    """One screen's questions, with the answers that this browser may see over them."""
    current, seen = asked.screen(step, shown), browser.seen(asked.intake.id)
    assert current is not None
    fresh = asked.intake.status is IntakeStatus.open
    first = step == asked.screens[0].step.id
    later = _later(current, asked)
    return {
        "screen": current,
        "value": partial(_values, {**(asked.answers if step in seen else {}), **shown}),
        "lines": partial(_lines, asked),
        "rows": _rows(current),
        "goes_on": all(question.id in current.required or question.more for question in current.questions),
        "kept": not fresh and step not in seen and _answered(current, asked),
        "welcome_back": not fresh and not seen and step == asked.resume_at(),
        "intro": _intro(asked) if fresh and first else "",
        "when": when,
        "all_of_it": _may_ask_everything(asked),
        "later": later,
        "needed": current.required | {question.id for question, _ in later if is_needed(question)},
        **map_tools(words.pages(asked.library.language).say),
    }


def _intro(asked: Asked) -> str:
    form = asked.questionnaire
    return words.pages(asked.library.language).fill(form.intro, minutes=form.minutes)


def _later(current: Screen, asked: Asked) -> list[tuple[Question, str]]:
    """Questions of this step that an answer on this screen may bring up, each with its condition as JSON.

    Without a script the server asks them once the answer is there.
    """
    here = frozenset(question.id for question in current.questions)
    everything = {**asked.before, **asked.answers}
    known = Known(everything, facts.derive(everything, asked.today), facts.age_on(everything, asked.today))
    waits = [q for q in current.step.questions if q.id not in here and q.show_if and q.show_if.names() & here]
    return [(q, json.dumps(tree(q.show_if.root, here, known))) for q in waits if q.show_if]


def is_needed(question: Question) -> bool:
    """Tell whether a question needs an answer once it is brought up."""
    return question.safety or question.type is QuestionType.GATE or question.required is not None


def tree(node: Node, here: frozenset[str], known: Known) -> object:
    """A condition for the page's script: tests of other screens are settled, those of this one stay open."""
    match node:
        case Every(parts):
            return ["and", *(tree(part, here, known) for part in parts)]
        case Either(parts):
            return ["or", *(tree(part, here, known) for part in parts)]
        case Not(part):
            return ["not", tree(part, here, known)]
        case Test(name, sign, values):
            return [sign, name, *values] if name in here else bool(node.hits(known))


def map_tools(say: Say) -> dict[str, Any]:
    """What a template needs to draw a body map over its list."""
    return {
        "drawing": partial(_drawing, (say("map.left"), say("map.right"))),
        "on_view": _on_view,
    }


def _drawing(sides: tuple[str, str], view: str, chosen: Sequence[str]) -> str:
    return bodymap.svg(BodyView(view), chosen, interactive=True, sides=sides)


def _on_view(question: Question, view: str) -> list[Choice]:
    there = {region.id for region in bodymap.regions(BodyView(view))}
    return [choice for choice in question.choices if choice.id in there]


def _values(answers: Mapping[str, Answer], question: Question) -> list[str]:
    given = answers.get(question.id, "")
    return [given] if isinstance(given, str) and given else list(given)


def _lines(asked: Asked, gate: Question) -> tuple[Question, ...]:
    return asking.gate_lines(asked.questionnaire, gate, asked.answers, asked.today, asked.before)


def _rows(current: Screen) -> bool:
    """True for a screen of yes / no / not sure lines, which are shown as compact rows."""
    plain = [question for question in current.questions if question.is_plain_yes_no]
    return len(plain) > 1 and len(plain) == len(current.questions)


def _answered(current: Screen, asked: Asked) -> bool:
    return any(question.id in asked.answers for question in current.questions)


def _given(current: Screen, asked: Asked) -> Given:
    say = words.pages(asked.library.language).say
    given = ((question, _answer_text(question, asked, say)) for question in current.questions)
    return Given(current, tuple((_label(question), text) for question, text in given if text))


SAYS_ITSELF = (QuestionType.CHOICE, QuestionType.MULTI, QuestionType.BODYMAP, QuestionType.GATE)


def _label(question: Question) -> str:
    """The question beside its answer on the check page; a choice in words needs none but its `short`."""
    plain = question.type in SAYS_ITSELF and not question.is_plain_yes_no
    return question.short if plain else question.line


def _answer_text(question: Question, asked: Asked, say: Say) -> str:
    """An answer in words."""
    if question.type is QuestionType.CONSENT:
        return say("page.yes") if asked.answers.get(question.id) == "yes" else say("page.no")
    given = str(asked.answers.get(question.id, ""))
    if question.type is QuestionType.DATE and given:
        return readable.full_date(date.fromisoformat(given), asked.library.language)
    return "; ".join(asking.shown_value(question, asked.answers))


# ---------------------------------------------------------------- warnings and thanks


def _texts(asked: Asked, found: Sequence[Flag]) -> list[str]:
    numbers = words.numbers(context().clinic)
    return list(dict.fromkeys(asked.library.message(flag.client_text, **numbers) for flag in found))


def _emergency(found: Sequence[Flag]) -> bool:
    return any(flag.severity is Severity.STOP_EMERGENCY for flag in found)


def _warning(asked: Asked, found: Sequence[Flag]) -> dict[str, Any]:
    """What the alarm at the top of a page says."""
    return {
        "texts": _texts(asked, found),
        "emergency": _emergency(found),
        "stops": flags.stops(found),
        "crisis": any(asked.library.rules.is_crisis(flag.rule) for flag in found),
    }


def alarm(asked: Asked, token: str, step: str, found: Sequence[Flag], go_to: str) -> Response:
    """What an answer means, at once, before anything else is asked (B8)."""
    return page(
        "stop",
        asked.library.language,
        token,
        step=f"{step}?saved",
        go_to=go_to,
        meant=form.may_be_slips(asked, found),
        **_warning(asked, found),
    )


def done(
    asked: Asked, token: str, when: str, found: Sequence[Flag], sent: Mapping[str, Sequence[str]], by: str
) -> Response:
    """Thanks, what happens next, and what to do about a mistake: never an answer.

    `sent`: channels whose stop was taken back (`again`), and those of an address to confirm (`typed`).
    `by`: the day by which somebody looks, "" for none.
    """
    rules = asked.library.rules
    grave = [flag for flag in found if rules.is_shown_at_once(flag)]
    review = [flag for flag in found if flag.severity is Severity.REVIEW and flag not in grave]
    given = [flag for flag in review if flag.rule != rules.review.id] or review  # the others say it too
    return page(
        "done",
        asked.library.language,
        token,
        **_warning(asked, grave),
        advice=[] if flags.stops(grave) else _texts(asked, given),
        no_plan=bool(found) and asked.answers.get("consent_exercise") == "no",
        when=when if asked.booking.start > utc_now() else "",
        again=sent.get("again", ()),
        typed=sent.get("typed", ()),
        by="" if flags.stops(grave) else by,
        step="",
    )
