"""Reads when a plan is asked about, and what, from `content/rules/checkins.toml`."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import time

from library.reading import Reader
from schemas.checkin import CheckInKind, CheckInRules
from schemas.forms.questionnaire import Questionnaire

FILE = "rules/checkins.toml"
ASKED_FROM = ("checkin", "returning", "first_visit")
"""The questionnaires whose questions a check-in may ask; of two with one id the first."""


def read_checkins(reader: Reader, questionnaires: Mapping[str, Questionnaire] | None) -> CheckInRules | None:
    """The rules of check-ins, or None when they cannot be used; problems go to the reader.

    Without questionnaires, what they ask is not looked at.
    """
    reader = reader.holding(FILE)
    rules = reader.part(CheckInRules, FILE, reader.toml(FILE))
    if rules is not None and questionnaires is not None:
        for item, text in _faults(rules, questionnaires):
            reader.complain(FILE, item, text)
    return rules


def _faults(rules: CheckInRules, questionnaires: Mapping[str, Questionnaire]) -> Iterator[tuple[str, str]]:
    try:
        time.fromisoformat(rules.ask_at)
    except ValueError:
        yield "ask_at", "must be a time of day such as 10:00"
    known = {q.id for name in ASKED_FROM if name in questionnaires for q in questionnaires[name].questions()}
    for rule in rules.checkin:
        yield from (
            (rule.id, f"asks {name}, which is no question") for name in rule.questions if name not in known
        )
    yield from (
        (rule.id, f"has {rule.tap} to tap, which it does not ask")
        for rule in rules.checkin
        if rule.tap and rule.tap not in rule.questions
    )
    counts = Counter(rule.id for rule in rules.checkin)
    for kind in CheckInKind:
        if counts[kind] != 1:
            yield kind, "stands twice" if counts[kind] else "is missing"
