"""Plans that were stored as finished words open, are shown, and can be changed."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from clinical.plan import gate
from clinical.plan.case import Policy
from clinical.plan.edit import Edit, edit
from clinical.plan.wording import remember, word
from schemas.choosing import Mode
from schemas.plan import Readiness, dump, load
from schemas.reason import Reason
from schemas.worded_plan import WordedPlan
from tests.helpers.strategies import HEALTHY, case_of, moves

FOLDER = Path(__file__).parent / "stored_plans"
LANGUAGES = ("en", "es")
CLINICAL = ("cautious", "runner")  # those that were made in the clinical scope of practice


@cache
def rows(language: str) -> dict[str, dict[str, Any]]:
    """What the table of plans held, by name."""
    found: dict[str, dict[str, Any]] = json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return found


EVERY = [(language, name) for language in LANGUAGES for name in rows(language)]


def shown(language: str, name: str, reader: str = "") -> WordedPlan:
    """A stored plan in the words of a reader's language."""
    policy = Policy(mode=Mode.CLINICAL if name in CLINICAL else Mode.SELF_CARE, clinic_phone="555-0100")
    return word(load(rows(language)[name]), moves(reader or language), policy)


@pytest.mark.parametrize(("language", "name"), EVERY)
def test_a_stored_plan_reads_as_it_was_sent(language: str, name: str) -> None:
    row, said = rows(language)[name], shown(language, name)
    same = (
        "title",
        "intro",
        "pain_rule",
        "stop_rule",
        "scope_text",
        "tip",
        "change_text",
        "practitioner_note",
    )
    assert {key: getattr(said, key) for key in same} == {key: row[key] for key in same}
    assert said.protocol_name == row["protocol_name_for_client"]
    words = ("name", "phase_label", "steps", "cues", "mistakes", "stop_when", "why", "caution", "helps")
    for item, kept in zip(said.items, row["items"], strict=True):
        old = {key: tuple(kept[key]) if isinstance(kept[key], list) else kept[key] for key in words}
        assert {key: getattr(item, key) for key in words} == old


@pytest.mark.parametrize(("language", "name"), EVERY)
def test_it_says_what_was_left_out_and_why(language: str, name: str) -> None:
    reasons = rows(language)[name]["reasons"]
    old = [one["client_text"] for one in reasons if one["exercise_id"] and one["effect"] != "in"]
    assert shown(language, name).left_out == tuple(dict.fromkeys(filter(None, old)))


@pytest.mark.parametrize(("language", "name"), EVERY)
def test_it_reads_in_the_other_language_without_a_word_of_its_own(language: str, name: str) -> None:
    other = "es" if language == "en" else "en"
    said, twin = shown(language, name, other), shown(other, name)
    assert [(item.name, item.steps, item.dose_text) for item in said.items] == [
        (item.name, item.steps, item.dose_text) for item in twin.items
    ]
    assert {item.because for item in said.items} <= {"", *(item.because for item in twin.items)}
    assert {*said.left_out} <= {*twin.left_out}
    assert (said.title, said.tip) == (twin.title, twin.tip)
    assert twin.intro.startswith(said.intro)


@pytest.mark.parametrize("name", rows("en"))
def test_it_is_the_same_decision_in_whichever_language_it_was_stored(name: str) -> None:
    assert load(rows("en")[name]) == load(rows("es")[name])


def test_most_sentences_can_be_said_in_another_language() -> None:
    keys = [item.because.key for name in rows("en") for item in load(rows("en")[name]).items]
    assert sum(key != "old" for key in keys) >= 0.8 * len(keys)


@pytest.mark.parametrize(("language", "name"), EVERY)
def test_it_is_stored_in_the_form_of_now_once_it_is_kept_again(language: str, name: str) -> None:
    plan = load(rows(language)[name])
    again = load(json.loads(json.dumps(dump(remember(plan, moves(language), Policy())))))
    assert again == plan
    assert word(again, moves(language), Policy()) == word(plan, moves(language), Policy())


@pytest.mark.parametrize(("language", "name"), [(a, b) for a, b in EVERY if rows(a)[b]["items"]])
def test_it_can_be_changed(language: str, name: str) -> None:
    plan = load(rows(language)[name])
    gone = plan.items[0].exercise_id
    change = Edit("sam", "LMT", remove=(gone,), add=("calm_long_exhale",), reason="Seen today.")
    made = edit(plan, change, case_of(HEALTHY), moves(language), Policy())
    names = [item.exercise_id for item in made.items]
    assert gone not in names
    assert "calm_long_exhale" in names
    kept = {item.exercise_id: item for item in plan.items}
    same = [(item, kept[item.exercise_id]) for item in made.items if item.exercise_id in kept]
    assert all(item.because == old.because for item, old in same)


HELD = {
    "stopped": {Reason.red_flag},
    "reviewed": {Reason.needs_review},
    "made_easier": {Reason.needs_review},
    "plain": set(),
}


@pytest.mark.parametrize("name", HELD)
def test_what_held_it_then_is_read_in_the_words_of_now(name: str) -> None:
    plan = load(rows("en")[name])
    assert {hold.reason for hold in gate.holds(gate.facts_in(plan))} == HELD[name]
    assert plan.status is Readiness(rows("en")[name]["status"])
