"""Lists that are remembered: of clients, found while somebody types, with the log; and of messages."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from handlers.context import Context
from handlers.worker import work
from schemas.staff import Role
from store.tables import audit
from tests.helpers.console import BASE, account, answer, sign_in, visit

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
LIST = "/console/clients"
TYPING = {"X-Fragment": "1"}


def names(client: FlaskClient, query: str = "", **headers: str) -> set[str]:
    page = client.get(f"{LIST}{query}", base_url=BASE, headers=headers)
    assert page.status_code == 200
    return {name for name in ("Ann Vine", "Bo Ash", "Cy Dee") if name in page.text}


def searches(context: Context) -> int:
    query = sa.select(sa.func.count()).select_from(audit).where(audit.c.action == "search")
    with context.db.read() as tx:
        return int(tx.value(query))


@pytest.fixture
def three(context: Context) -> Context:
    """A visit of yesterday's that waits for a look, a silent client's, and a colleague's."""
    now = datetime.now(UTC)
    held = visit(context, "a", start=now - timedelta(hours=2), now=now - timedelta(days=2), name="Ann Vine",
                 email="ann@example.org", practitioner="Mara Field")  # fmt: skip
    answer(context, held, now - timedelta(days=1), pain_now="9", pain_avg7="8")
    visit(context, "b", start=now + timedelta(days=3), now=now - timedelta(days=9), name="Bo Ash",
          email="bo@example.org")  # fmt: skip
    work.work_once(context, now - timedelta(days=9) + timedelta(hours=1))
    visit(context, "c", start=now - timedelta(hours=3), now=now - timedelta(days=2), name="Cy Dee",
          email="cy@example.org", practitioner="Jo")  # fmt: skip
    return context


def test_each_list_has_its_clients_and_is_remembered_for_the_account(
    app: Flask, three: Context, client: FlaskClient
) -> None:
    assert names(client) == {"Ann Vine", "Cy Dee"}
    assert names(client, "?whose=mine") == {"Ann Vine"}
    assert names(client, "?whose=silent") == {"Bo Ash"}
    assert names(client, "?whose=waiting") == {"Ann Vine"}
    assert names(client) == {"Ann Vine"}, "as it was left"
    assert names(sign_in(app)) == {"Ann Vine"}, "in another browser too"
    assert names(client, "?whose=nonsense") == {"Ann Vine", "Cy Dee"}
    account(three, "jo@handsofstone.example", "Jo", (Role.front_desk,))
    desk = sign_in(app, "jo@handsofstone.example")
    assert names(desk) == {"Ann Vine", "Cy Dee"}
    assert names(desk, "?whose=waiting") == set(), "that a plan waits is for practitioners"


def test_what_is_typed_on_is_one_search_in_the_log(three: Context, client: FlaskClient) -> None:
    for typed in ("a", "an", "ann", "an", "ann v"):
        assert names(client, f"?q={typed}", **TYPING) >= {"Ann Vine"}
    assert searches(three) == 1
    assert names(client, "?q=cy", **TYPING) == {"Cy Dee"}
    assert searches(three) == 2
    assert names(client, "?q=cy") == {"Cy Dee"}
    assert searches(three) == 3, "Enter is always a search of its own"
    page = client.get(f"{LIST}?q=cy", base_url=BASE, headers=TYPING).text
    assert "<html" not in page


def test_the_outbox_opens_as_it_was_left_in_any_browser(
    app: Flask, three: Context, client: FlaskClient
) -> None:
    def open_tab(path: str, who: FlaskClient = client) -> str:
        page = who.get(f"/console/outbox{path}", base_url=BASE).text
        chosen = re.findall(r'tab=(\w+)[^"]*" aria-current="page"|<option value="(\w+)" selected', page)
        return " ".join("".join(each) for each in chosen)

    assert open_tab("") == "waiting"
    assert open_tab("?tab=all&purpose=plan") == "plan all"
    assert open_tab("?booking=1") == "all", "one visit's messages are no choice"
    assert open_tab("", sign_in(app)) == "plan all"
    assert open_tab("?tab=sent&purpose=") == "sent"
    assert open_tab("") == "sent"
    assert open_tab("?tab=bad") == "waiting"
