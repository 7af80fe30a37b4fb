"""Every word of a plan is easy to read, and every name in its rules is asked somewhere."""

from collections.abc import Iterator

import pytest

from clinical.plan.doses import dose_text
from library.exercise_checks import texts_of
from library.questionnaires import FACT_NAMES, value_faults
from schemas.exercise import LEVELS
from schemas.forms.condition import Condition, without_side
from tests.helpers.content import library
from tests.helpers.reading_level import grade, longest_sentence, spanish_ease
from tests.helpers.strategies import moves

HARDEST, LONGEST, FEW_WORDS = 6, 20, 6
OF_CHOOSING = {"flag", "other_care", "session_response", "pain_while_running"}
"""Facts that `clinical.plan.case` makes for the rules."""


def texts(language: str = "en") -> Iterator[tuple[str, str]]:
    """Every text of a plan that a client may read, with its place."""
    content, figures = moves(language), library(language).figures
    rules, wording = content.choosing, content.wording
    for exercise in content.exercises.values():
        yield exercise.id, " ".join(exercise.steps)
        yield from ((exercise.id, text) for text in texts_of(exercise))
    for name, figure in figures.items():
        yield from ((name, text) for text in (figure.alt_start, figure.alt_end))
    for protocol in content.protocols.values():
        yield from ((protocol.id, text) for text in (protocol.tip, protocol.client_name))
        yield from ((protocol.id, case.because) for case in protocol.adjust)
    for words in rules.regions.values():
        yield from ((row.id, row.because.format(region=words)) for row in rules.match)
    yield from ((row.id, row.because) for row in (*rules.start_low, *rules.start_high))
    for fact, text in content.facts.items():
        yield fact, wording.reasons["swapped"].format(name="Bridge", fact=text)
        yield fact, wording.side_note.format(fact=text)
    for name, mode in wording.modes.items():
        yield from ((name, text) for text in (mode.intro.format(count=3, minutes=9, days=5), mode.scope))
    for text in (wording.pain_rule, wording.pain_rule_low, wording.stop_rule, wording.stop_when):
        yield "wording", text
    yield from wording.reasons.items()
    yield from content.feedback.barriers.items()


def test_every_text_of_a_plan_is_at_sixth_grade_or_below() -> None:
    long = [(place, text) for place, text in texts() if len(text.split()) >= FEW_WORDS]
    assert len(long) > 300
    assert [(place, text) for place, text in long if grade(text) > HARDEST] == []


def test_no_sentence_of_a_plan_is_long() -> None:
    assert [(place, text) for place, text in texts() if longest_sentence(text) > LONGEST] == []


def test_spanish_plans_are_easy_to_read() -> None:
    found = [text for _, text in texts("es")]
    assert spanish_ease(" ".join(found)) > 80
    assert [text for text in found if len(text.split()) > 12 and spanish_ease(text) < 60] == []
    assert [text for text in found if longest_sentence(text) > 26] == []


def test_every_step_starts_a_sentence_and_ends_it() -> None:
    for exercise in moves().exercises.values():
        for text in (*exercise.steps, *exercise.cues, *exercise.mistakes, exercise.why):
            assert text[0].isupper(), text
            assert text.endswith("."), text


def conditions() -> Iterator[tuple[str, Condition]]:
    rules = moves().choosing
    yield from ((row.id, row.when) for row in rules.match)
    yield from ((row.id, row.when) for row in (*rules.start_low, *rules.start_high))
    yield from ((note.id, note.when) for note in rules.dose_note)
    yield from ((case.id, case.when) for one in moves().protocols.values() for case in one.adjust)


def test_every_condition_asks_about_something_that_a_client_can_answer() -> None:
    asked = {
        question.id: question for one in library().questionnaires.values() for question in one.questions()
    }
    for row, test in ((row, test) for row, when in conditions() for test in when.tests()):
        assert test.name in {*asked, *FACT_NAMES, *OF_CHOOSING}, f"{row}: {test.name}"
        if test.name in asked and asked[test.name].choices and test.sign in ("=", "!="):
            wrong = [value for value in value_faults(asked[test.name], test) if value != "not_sure"]
            assert wrong == [], f"{row}: {test.name}"


def test_every_fact_that_blocks_a_move_can_come_from_an_answer() -> None:
    asked = {
        question.id: question for one in library().questionnaires.values() for question in one.questions()
    }
    for fact in moves().facts:
        name, _, value = fact.partition("=")
        assert name in {*asked, *FACT_NAMES}, fact
        if name in asked and asked[name].choices:
            assert value in {without_side(choice.id) for choice in asked[name].choices}, fact


def test_every_place_of_the_body_map_has_words() -> None:
    assert set(moves().choosing.regions) == {region.id for region in library().regions}


def test_every_message_of_a_step_exists() -> None:
    assert set(moves().feedback.texts) <= set(library().messages)


@pytest.mark.parametrize("level", LEVELS)
def test_every_dose_can_be_said(level: int) -> None:
    for exercise in moves().exercises.values():
        text = dose_text(exercise.dose.at(level), moves().doses)
        assert "week" in text or "every day" in text
        assert "0 " not in text.split("1")[0][:2]
