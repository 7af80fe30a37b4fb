"""Mine goes by the practitioner's name as the scheduler writes it: pages say so, and which names it has."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from handlers.context import Context
from schemas.staff import Role
from store import client_words
from tests.helpers.console import BASE, account, post, sign_in, visit
from tests.helpers.steps import Steps

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
TODAY = datetime.now(UTC)
JO = "jo@handsofstone.example"
OTHER_NAME = "No visit of these weeks is with Jo"


def text(client: FlaskClient, path: str) -> str:
    return client.get(path, base_url=BASE).text


@pytest.mark.parametrize("roles", [(Role.practitioner,), (Role.practitioner, Role.manager)])
def test_a_practitioner_whom_the_scheduler_calls_otherwise_is_told_what_to_do(
    app: Flask, context: Context, client: FlaskClient, roles: tuple[Role, ...]
) -> None:
    for uid, name in (("u1", "Mara Field"), ("u2", "Joanna 拉 Hale <PT>")):
        visit(context, uid, email=f"{uid}@example.org", start=TODAY, practitioner=name)
    number = account(context, JO, "Jo", roles)
    jo = sign_in(app, JO)
    assert "Visits with Mara Field at the scheduler are yours" in text(client, "/console/account")
    mine = text(jo, "/console/account")
    assert OTHER_NAME in mine
    assert "Joanna 拉 Hale &lt;PT&gt;" in mine
    assert (f'href="/console/staff/{number}/edit"' in mine) == (Role.manager in roles)
    assert "ask a manager" in mine or Role.manager in roles
    assert "No visit is with Jo." in text(jo, "/console/clients?whose=mine")
    edit = f"/console/staff/{number}/edit"
    assert OTHER_NAME in text(client, edit)
    assert '<option value="Joanna 拉 Hale &lt;PT&gt;">' in text(client, edit)
    form = {"name": "Joanna 拉 Hale <PT>", "role": " ".join(sorted(roles)), "language": "en"}
    assert post(client, f"/console/staff/{number}/save", edit, **form).status_code == 303
    assert OTHER_NAME not in text(client, edit)
    assert "Zoë Łuć" in text(jo, "/console/clients?whose=mine")


def test_who_is_invited_may_be_given_a_name_that_nobody_has_yet(
    context: Context, client: FlaskClient
) -> None:
    for uid, name in (("u1", "Mara Field"), ("u2", "Bo Quinn")):
        visit(context, uid, email=f"{uid}@example.org", start=TODAY, practitioner=name)
    page = text(client, "/console/staff")
    assert '<option value="Bo Quinn">' in page
    assert '<option value="Mara Field">' not in page


def test_without_a_visit_nobody_is_told_of_a_wrong_name(context: Context, client: FlaskClient) -> None:
    assert "No visit of these weeks" not in text(client, "/console/account")
    assert "<datalist" not in text(client, "/console/staff")


def test_mine_of_somebody_without_visits_walks_through_nobody_elses(context: Context) -> None:
    taken, steps = [], Steps(context, 1)
    for many in (5, 20):
        for number in range(many):
            start = TODAY - timedelta(days=2, minutes=number)
            uid = f"u{many}-{number}"
            visit(context, uid, email=f"{uid}@example.org", start=start, now=TODAY - timedelta(days=3))
        steps.done = 0
        with context.db.read() as tx:
            assert client_words.recent(tx, TODAY, "Nobody") == []
        taken.append(steps.done)
    assert taken[1] <= taken[0] + 30, taken
