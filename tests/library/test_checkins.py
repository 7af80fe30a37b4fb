"""The rules of check-ins: what they hold, and what is said of a slip in them."""

from pathlib import Path

import pytest

from library.content import load, problems
from library.reading import Problem
from schemas.checkin import CheckInKind, Tick
from tests.helpers.clinic import NOW
from tests.helpers.content import CONTENT, change, library

FILE = "rules/checkins.toml"


def test_every_check_in_is_asked_once_and_later_ones_later() -> None:
    rules = library().checkins
    days = [rules.rule(kind).after_days for kind in CheckInKind]
    assert days == sorted(set(days)) == [1, 3, 7, 14, 28]
    assert all("fu_symptoms" in rule.questions for rule in rules.checkin)


def test_days_done_are_counted_in_the_time_since_the_last_question() -> None:
    rules = library().checkins
    assert {kind: rules.window_days(kind) for kind in CheckInKind} == dict.fromkeys(CheckInKind, 7) | {
        CheckInKind.d3: 3
    }
    assert rules.window_days(Tick(NOW.date())) == 1


@pytest.mark.parametrize(
    ("old", "new", "item", "text"),
    [
        ('ask_at = "10:00"', 'ask_at = "ten"', "ask_at", "must be a time of day such as 10:00"),
        ('"fu_symptoms", "fu_feel"', '"fu_symptoms", "fu_fell"', "h24", "asks fu_fell, which is no question"),
        ('tap = "fu_feel"', 'tap = "fu_fell"', "h24", "has fu_fell to tap, which it does not ask"),
        ('id = "d3"', 'id = "w1"', "d3", "is missing"),
        ('id = "d3"', 'id = "w1"', "w1", "stands twice"),
        ('id = "d3"', 'id = "d5"', "checkin.1.id", "Must be one of"),
        ("most_missed = 2", "mots_missed = 2", "mots_missed", "Unknown field"),
    ],
)
def test_a_slip_is_named(folder: Path, old: str, new: str, item: str, text: str) -> None:
    change(folder, FILE, old, new)
    named = [each for each in problems(folder) if each.file == FILE and each.fatal]
    assert [each for each in named if each.id == item and text in each.text], named


def test_a_folder_of_before_gets_the_rules_that_come_with_the_app(folder: Path) -> None:
    (folder / FILE).unlink()
    assert load(folder).checkins == load(CONTENT).checkins
    text = "is missing: the one that comes with Aftercare is used"
    assert Problem(FILE, 1, "file", text, fatal=False) in problems(folder)
