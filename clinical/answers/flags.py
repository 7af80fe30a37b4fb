"""Safety flags: what the rules find in a client's answers.

A rule fires by its first case that holds. Besides the rules: a safety question that was left blank or
answered "not sure" stops the visit where it can mean an emergency, and needs a review elsewhere; so do the
review facts. Nothing here passes a client: no flag means only that nothing was found.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from clinical.answers import typed
from clinical.answers.facts import FREE_TEXT
from schemas.forms.condition import Answers, Because, Known, values_of
from schemas.forms.questionnaire import Question, Questionnaire, applies
from schemas.rules import Flag, Rule, RuleCase, Rules, Severity

UNSURE = "UNSURE"
"""The flag for blank or "not sure" where the question can mean an emergency."""


def evaluate(
    answers: Answers,
    facts: Collection[str],
    age: int | None,
    rules: Rules,
    asked: Questionnaire | None = None,
    blanks: bool = True,
) -> tuple[Flag, ...]:
    """Return the flags that stand, worst first, each rule at most once.

    `facts` come from `facts.derive`. `asked` is the questionnaire in use: its safety questions must all be
    answered; without it only answers of "not sure" are found, and none counts as an emergency sign.
    `blanks`: False while the form is still open, when a blank means only "not yet".
    """
    known = Known(answers, frozenset(facts), age)
    found = [
        *_fired(known, (*rules.rules, rules.clash)),
        *_typed(known, rules, asked),
        *_unsettled(known, rules, asked, blanks),
    ]
    return tuple(sorted(found, key=lambda flag: (flag.severity.rank, flag.rule)))


def at_once(
    answers: Answers, facts: Collection[str], age: int | None, rules: Rules, asked: Questionnaire
) -> tuple[Flag, ...]:
    """Return the flags to act on while the form is still open: those that stop, and typed danger."""
    found = evaluate(answers, facts, age, rules, asked, blanks=False)
    return tuple(flag for flag in found if rules.acts_at_once(flag))


def of_text(words: str, rules: Rules) -> tuple[Flag, ...]:
    """Return what somebody wrote of danger outside of a form, worst first."""
    found = (
        _flag(each.danger.id, each.danger.name, each.danger.source, each.danger.case, [("text", each.words)])
        for each in typed.search(words, rules.typed)
        if not each.danger.tone  # "I cannot come today, my knee is swollen" is no form
    )
    return tuple(sorted(found, key=lambda flag: (flag.severity.rank, flag.rule)))


def worst(flags: Sequence[Flag]) -> Flag | None:
    """Return the gravest flag, or None when there is none."""
    return min(flags, key=lambda flag: (flag.severity.rank, flag.rule), default=None)


def stops(flags: Sequence[Flag]) -> bool:
    """Tell whether there may be no massage and no plan."""
    return any(flag.severity.stops for flag in flags)


def to_stored(flag: Flag) -> dict[str, Any]:
    """Return a flag as plain JSON values; `because` holds answers, so it must be stored sealed."""
    return {
        "rule": flag.rule,
        "name": flag.name,
        "severity": flag.severity.value,
        "because": [list(pair) for pair in flag.because],
        "client_text": flag.client_text,
        "clinic_action": flag.clinic_action,
        "source": flag.source,
    }


def from_stored(stored: Mapping[str, Any]) -> Flag:
    """Return the flag that `to_stored` wrote; other keys are not looked at."""
    return Flag(
        rule=stored["rule"],
        name=stored["name"],
        severity=Severity(stored["severity"]),
        because=tuple((str(name), str(value)) for name, value in stored["because"]),
        client_text=stored["client_text"],
        clinic_action=stored["clinic_action"],
        source=stored["source"],
    )


def _flag(rule: str, name: str, source: str, case: RuleCase, because: Sequence[Because]) -> Flag:
    reasons = tuple(dict.fromkeys(because))
    return Flag(rule, name, case.severity, reasons, case.client_text, case.clinic_action, source)


def _fired(known: Known, rules: Sequence[Rule]) -> Iterator[Flag]:
    for rule in rules:
        case = next((case for case in rule.cases if case.when.holds_for(known)), None)
        if case is not None:
            because = case.when.because(known.answers, known.facts, known.age)
            yield _flag(rule.id, rule.name, rule.source, case, because)


def _typed(known: Known, rules: Rules, asked: Questionnaire | None) -> Iterator[Flag]:
    """Yield what the client typed of danger, in whichever field, where no answer says it already."""
    fields = FREE_TEXT | ({q.id for q in asked.questions() if q.type.is_free_text} if asked else set())
    said: dict[str, list[Because]] = {}
    for name in sorted(fields & known.answers.keys()):
        for found in typed.search("; ".join(values_of(known.answers, name)), rules.typed):
            said.setdefault(found.danger.id, []).append((name, found.words))
    for danger in rules.typed.dangers:
        settled = danger.settled is not None and danger.settled.holds_for(known)
        if danger.id in said and not settled:
            yield _flag(danger.id, danger.name, danger.source, danger.case, said[danger.id])


def _unsettled(known: Known, rules: Rules, asked: Questionnaire | None, blanks: bool) -> Iterator[Flag]:
    answers = known.answers
    every = _open_questions(known, asked)
    open_now = [question for question in every if blanks or _said(question, answers)]
    grave: list[Because] = [(q.id, _said(q, answers)) for q in open_now if q.emergency]
    other: list[Because] = [(q.id, _said(q, answers)) for q in open_now if not q.emergency]
    if asked is None:
        other += [(name, "not_sure") for name in sorted(answers) if _unsure(name, answers)]
    review = rules.review
    given = (fact.partition("=") for fact in review.facts if fact in known.facts)
    held: list[Because] = [
        (name, value) for name, _, value in given if not _says_nothing(name, answers, rules)
    ]
    if grave:
        yield _flag(
            UNSURE, "Unsure or blank on an emergency sign", review.source, review.unsure_emergency, grave
        )
    if held or other:
        yield _flag(review.id, review.name, review.source, review.always, [*held, *other])


def _says_nothing(name: str, answers: Answers, rules: Rules) -> bool:
    """Tell whether a comment is only "no" or "none": nothing that a person has to look at."""
    said = values_of(answers, name) if name in FREE_TEXT else ()
    return bool(said) and typed.says_nothing(" ".join(said), rules.typed)


def _open_questions(known: Known, asked: Questionnaire | None) -> Iterator[Question]:
    """Yield the safety questions that concern this client and have no clear answer.

    A blank gate counts by itself only when its items have answers, which then come from an earlier visit.
    """
    concerned = [q for q in asked.questions() if q.safety and applies(q, known)] if asked else []
    single = [q for q in concerned if not q.covers and _is_open(q, known.answers)]
    named = {question.id for question in single}
    yield from single
    yield from (
        q for q in concerned if q.covers and not values_of(known.answers, q.id) and not named & set(q.covers)
    )


def _is_open(question: Question, answers: Answers) -> bool:
    given = values_of(answers, question.id)
    return not given or "not_sure" in given


def _said(question: Question, answers: Answers) -> str:
    return "not_sure" if values_of(answers, question.id) else ""


def _unsure(name: str, answers: Answers) -> bool:
    return name.startswith(("rf_", "post_")) and "not_sure" in values_of(answers, name)
