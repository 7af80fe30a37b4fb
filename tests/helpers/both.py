"""What `make test` leaves to `make test-all` (`--everything`): further samples of what another test promises.

The statements are the same on both kinds of database; what can differ is how a database takes them: types,
texts and orders, locks, transactions that were broken off. That is tried where statements are written
(`store`), where they meet at once or after a fault, where access is decided, and once with each act on a
booking, a message or an account. What a form asks and a plan holds is tried there by the random lives.

Where a test starts processes or takes long, it runs on one kind: on the one that has more to say about it.
A case marked `FURTHER` promises what the other cases of its test promise; so do those between the first and
the last of a long list, where each costs a database of its own: three are tried, first, middle and last.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import pytest

FURTHER = pytest.mark.further
EVERY_CASE = (
    *(
        f"tests/store/test_{name}.py"
        for name in ("audit", "base", "first_schema", "ingest", "outbox", "waits")
    ),
    "tests/test_deploy.py",
    "tests/test_privacy.py",
    "tests/test_settings.py",
)
LAST_CASE = (  # of each test; cases are written from the plain to the odd
    "tests/handlers/bookings",
    "tests/handlers/clients",
    "tests/handlers/schedule",
    "tests/handlers/send",
    "tests/handlers/staff",
    "tests/handlers/test_links.py",
    "tests/handlers/worker",
    "tests/integrations",
    "tests/store",
    "tests/test_register.py",
    "tests/web/console/test_access.py",
    "tests/web/test_every_route.py",
    "tests/web/test_hostile_text.py",
    "tests/web/test_restored.py",
    "tests/web/test_rounds.py",
    "tests/web/test_webhooks.py",
)

COSTLY = frozenset({"database_url", "folder", "both"})
"""The fixtures with which each case makes a database, or reads all content again."""

EACH_COUNTS = (
    "tests/handlers/plans/test_gate.py",
    "tests/library/test_content.py",
    "tests/web/console/test_access.py",
    "tests/web/test_every_route.py",
)
"""Of these every case says something of its own: a question of safety, a mistake, a role."""

ON_POSTGRESQL = (
    "tests/crash/test_faults.py::test_a_killed_worker",
    "tests/lives/test_lives.py::test_nothing_of_one_person_reaches_another_whatever_happens[postgresql-a",
    "tests/lives/test_lives.py::test_nothing_of_one_person_reaches_another_whatever_happens[postgresql-c",
)
"""On PostgreSQL alone: two workers at once, half of the schedulers."""

ON_SQLITE = (
    "tests/handlers/send/test_blame.py::test_a_quota_of_ours",
    "tests/web/test_hostile_text.py::test_the_callers_address",
)
"""On SQLite alone, of the files above: it takes long, and what is decided is decided in memory."""

WIDE_TOO = ("test_a_practitioners_morning",)
"""Tests in a browser that run at a desk too, the others on a phone alone; what is about widths sets them."""


def some(cases: Iterable[Any], every: int) -> list[Any]:
    """The first of so many cases as it is, the others as `FURTHER`: a sample that is the same each time."""
    return [
        case if number % every == 0 else pytest.param(*_values(case), marks=FURTHER)
        for number, case in enumerate(cases)
    ]


def _values(case: Any) -> Sequence[Any]:
    return case if isinstance(case, tuple) else (case,)


def left_to_everything(items: Sequence[pytest.Item]) -> set[pytest.Item]:
    """The tests that say nothing that another one does not say."""
    further = {item for item in items if item.get_closest_marker(FURTHER.name)}
    known = {item.nodeid: item for item in items if item not in further}
    again = [item for item in known.values() if _twin(item) != item.nodeid and _twin(item) in known]
    instead = {item for item in again if item.nodeid.startswith(ON_POSTGRESQL)}
    last = {
        _test(item): item
        for item in again
        if item.nodeid.startswith(LAST_CASE) and not item.nodeid.startswith(ON_SQLITE)
    }
    kept = {item for item in again if item.nodeid.startswith(EVERY_CASE) or _is_about_width(item)}
    twins = set(again) - kept - instead - set(last.values())
    left = twins | further | {known[_twin(item)] for item in instead}
    return left | _between(item for item in items if item not in left)


def _between(items: Iterable[pytest.Item]) -> set[pytest.Item]:
    """Of each test with many costly cases, all but the first, the middle and the last."""
    cases: dict[str, list[pytest.Item]] = {}
    for item in items:
        is_costly = COSTLY & set(getattr(item, "fixturenames", ()))
        if is_costly and not item.nodeid.startswith(EVERY_CASE + EACH_COUNTS):
            cases.setdefault(_test(item), []).append(item)
    return {item for each in cases.values() for item in set(each) - {each[0], each[len(each) // 2], each[-1]}}


def _twin(item: pytest.Item) -> str:
    """The same test on SQLite, or on a phone."""
    return item.nodeid.replace("postgresql", "sqlite").replace("[desk]", "[phone]")


def _is_about_width(item: pytest.Item) -> bool:
    return item.name.endswith("[desk]") and item.name.startswith(WIDE_TOO)


def _test(item: pytest.Item) -> str:
    """The test of which this is a case."""
    return item.nodeid.partition("[")[0]
