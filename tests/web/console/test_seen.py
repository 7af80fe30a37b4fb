"""No request but the press of a button changes anything: whoever prefetches a page has read nothing."""

import re
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from handlers.context import Context
from handlers.worker import work
from store.tables import metadata
from tests.helpers.console import BASE, answer, visit

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
OF_LOOKING = {"audit", "audit_head", "audit_keys", "staff_sessions", "links"}
"""What a look writes: who looked, that somebody is there, and the code for the door."""


IN_PATH = {"day": "2026-11-20", "name": "first_visit", "public_id": "r_1"}


def address(rule: str) -> str:
    """The path of a route, for the first of whatever it is about."""
    return re.sub(r"<(?:.*?:)?(\w+)>", lambda found: IN_PATH.get(found[1], "1"), rule)


def everything(context: Context) -> dict[str, list[str]]:
    """Every row of every other table."""
    tables = [table for table in metadata.sorted_tables if table.name not in OF_LOOKING]
    with context.db.read() as tx:
        return {table.name: sorted(map(repr, tx.all(sa.select(table)))) for table in tables}


@pytest.mark.parametrize(
    ("method", "headers"), [("GET", {}), ("HEAD", {}), ("OPTIONS", {}), ("GET", {"Sec-Purpose": "prefetch"})]
)
def test_no_look_at_any_page_of_the_console_changes_anything(
    app: Flask, context: Context, client: FlaskClient, method: str, headers: dict[str, str]
) -> None:
    number = visit(context)
    answer(context, number, rf_saddle="yes")
    work.work_once(context, datetime.now(UTC))
    before = everything(context)
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/console")]
    pages = {address(rule.rule) for rule in rules if "GET" in (rule.methods or ())}
    assert f"/console/bookings/{number}" in pages
    assert len(pages) > 25
    for path in sorted(pages):
        assert client.open(path, method=method, headers=headers, base_url=BASE).status_code < 500, path
        changed = {table for table, rows in everything(context).items() if rows != before[table]}
        assert not changed, path
