"""Which tests run on both kinds of database, and which on SQLite alone; with `--everything` all on both.

The statements are the same on both; what can differ is how a database takes them: types, texts and orders,
locks, transactions that were broken off. That is tried where statements are written (`store`), where they
meet at once or after a fault, where access is decided, and once with each act on a booking, a person, a
message or an account. What a form asks and a plan holds is tried on PostgreSQL by the random lives.
"""

from collections.abc import Iterable

import pytest

EVERY_CASE = (
    "tests/crash",
    "tests/lives",
    "tests/store",
    "tests/test_deploy.py",
    "tests/test_privacy.py",
    "tests/test_settings.py",
)
LAST_CASE = (  # of each test; cases are written from the plain to the odd
    "tests/handlers/bookings",
    "tests/handlers/clients",
    "tests/handlers/people",
    "tests/handlers/schedule",
    "tests/handlers/send",
    "tests/handlers/staff",
    "tests/handlers/test_links.py",
    "tests/handlers/worker",
    "tests/integrations",
    "tests/test_register.py",
    "tests/web/console/test_access.py",
    "tests/web/test_every_route.py",
    "tests/web/test_hostile_text.py",
    "tests/web/test_restored.py",
    "tests/web/test_rounds.py",
    "tests/web/test_webhooks.py",
)

WIDE_TOO = (
    "test_a_first_visit",
    "test_a_practitioners_morning",
    "test_no_page_scrolls",
    "test_the_other_pages",
)
"""Tests in a browser that are about how a page is laid out: at a desk too, the others on a phone alone."""


def said_twice(items: Iterable[pytest.Item]) -> set[pytest.Item]:
    """The tests on PostgreSQL, and at a desk, that say nothing of it that another one does not say."""
    known = {item.nodeid for item in items}
    again = [item for item in items if _twin(item) != item.nodeid and _twin(item) in known]
    last = {_test(item): item for item in again if item.nodeid.startswith(LAST_CASE)}
    kept = {item for item in again if item.nodeid.startswith(EVERY_CASE) or _is_about_width(item)}
    return set(again) - kept - set(last.values())


def _twin(item: pytest.Item) -> str:
    """The same test on SQLite, or on a phone."""
    return item.nodeid.replace("postgresql", "sqlite").replace("[desk]", "[phone]")


def _is_about_width(item: pytest.Item) -> bool:
    return item.name.endswith("[desk]") and item.name.startswith(WIDE_TOO)


def _test(item: pytest.Item) -> str:
    """The test of which this is a case."""
    return item.nodeid.partition("[")[0]
