"""However many visits there were, a page of the console takes as much work of SQLite as before."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from bench.console import addresses
from bench.copies import Loader, Pattern, of_life
from bench.filling import Filler
from bench.lives import Clinic, Life
from handlers.context import Context
from store import connections, receipts
from store.tables import bookings, clients
from tests.helpers.console import BASE
from tests.helpers.steps import Steps

EACH = 50  # instructions of SQLite's machine
FEW, MANY = 60, 240  # copies: more than any list shows at once
MORE_STATEMENTS = 5  # of lists that were empty; one for each row would be a hundred
LONG_AGO = timedelta(days=-250)
WHOLE_PERIOD = ("/console/board", "/console/content/report")
"""Begins of pages that count a period, of which more visits are more to count."""
FURTHER_BACK = {"/console/outbox", "/console/walk-in", "/console/clients?whose=mine"}
"""Pages that look at more of the newest rows than there are at first."""
AS_BEFORE = {"/console/clients"}
"""Shows the list that was looked at last: each list stands here by itself."""


def look(client: FlaskClient, steps: Steps, paths: list[str]) -> dict[str, tuple[int, int]]:
    """Instructions and statements of each page, each at least: now and then one also notes who is here."""
    return {path: _least(*(_once(client, steps, path) for _ in range(2))) for path in paths}


def _least(*looks: tuple[int, int]) -> tuple[int, int]:
    return min(done for done, _ in looks), min(statements for _, statements in looks)


def _once(client: FlaskClient, steps: Steps, path: str) -> tuple[int, int]:
    steps.done = steps.statements = 0
    assert client.get(path, base_url=BASE).status_code in (200, 404, 409), path
    return steps.done, steps.statements


def led(context: Context, now: datetime) -> list[Pattern]:
    """Who did everything, who never answered, and who comes now."""
    old = now - timedelta(days=40)
    lives = [Life(1, old, 2, writes=True), Life(2, old, 2, fills=False, replies=False, cancels=(1,))]
    lives += [Life(3, now - timedelta(days=4), 2)]
    with context.db.begin() as tx:
        for name in context.schedulers:
            connections.ensure(tx, name, "calcom", now - timedelta(days=9000))
    Clinic(context).lead(lives, now)
    with context.db.read() as tx:
        return [of_life(tx, each, Loader(sqlite=True)) for each in lives]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_page_takes_more_work_after_more_years(app: Flask, context: Context, client: FlaskClient) -> None:
    now = datetime.now(UTC)
    patterns, steps = led(context, now), Steps(context, EACH)
    with context.db.read() as tx:
        here = tx.value(sa.select(clients.c.id).where(clients.c.email == patterns[2].life.email))
        visit = tx.value(sa.select(sa.func.min(bookings.c.id)).where(bookings.c.client_id == here))
        receipt = receipts.recent(tx, limit=1)[0].public_id
    values = dict.fromkeys(("client_id", "regular"), here) | {
        "other_id": 1,
        "staff_id": 1,
        "file": "clinic.toml",
    }
    values |= dict.fromkeys(("booking_id", "regular_visit", "flagged"), visit)
    values |= {"public_id": receipt, "day": now.date()}
    paths = [path for path in addresses(app, values) if not path.startswith(WHOLE_PERIOD)]
    paths = [path for path in paths if path not in FURTHER_BACK | AS_BEFORE]
    filler = Filler(context)
    filler.fill(patterns, [(number % 2, LONG_AGO, timedelta(minutes=number)) for number in range(FEW)])
    few = look(client, steps, paths)
    filler.fill(patterns, [(number % 2, LONG_AGO, timedelta(minutes=number)) for number in range(MANY)])
    many = look(client, steps, paths)
    slower = [path for path in paths if many[path][0] > 1.3 * few[path][0] + 2000]
    more = [path for path in paths if many[path][1] > few[path][1] + MORE_STATEMENTS]
    assert {path: (few[path], many[path]) for path in (*slower, *more)} == {}
