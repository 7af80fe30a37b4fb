"""A flag that was cleared by mistake stands again, by who cleared it, within seconds."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from handlers.context import Context
from handlers.worker import work
from schemas.staff import Role
from store import intakes, plans
from store.tables import flags
from store.tables import plans as plan_rows
from tests.helpers.console import (
    BASE,
    PASSWORD,
    account,
    answer,
    decided_on,
    post,
    sign_in,
    token_in,
    visit,
)

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
ANNA = "anna@handsofstone.example"


@pytest.fixture
def page(context: Context, client: FlaskClient) -> str:
    """The page of a visit whose stop flag Mara has just cleared."""
    number = visit(context)
    answer(context, number, rf_saddle="yes")
    work.work_once(context, datetime.now(UTC))
    url = f"/console/bookings/{number}"
    cleared = post(client, f"{url}/flags/1", url, basis="Seen at the hospital today", my_password=PASSWORD)
    assert cleared.location == f"{url}?done=clear_flag-1#flags"
    return url


def undone(client: FlaskClient, page: str) -> int:
    return post(client, "/console/undo/clear_flag/1", f"{page}?done=clear_flag-1", next=page).status_code


def standing(context: Context) -> bool:
    with context.db.read() as tx:
        return 1 in {one["id"] for one in intakes.flags_of(tx, 1) if not one["cleared_at"]}


def test_it_stands_again_and_the_plan_waits_for_it(context: Context, client: FlaskClient, page: str) -> None:
    shown = client.get(f"{page}?done=clear_flag-1", base_url=BASE).text
    assert "The flag is cleared." in shown
    assert "Undo" in shown
    assert undone(client, page) == 303
    assert standing(context)
    assert "Stop: emergency" in client.get(page, base_url=BASE).text
    assert undone(client, page) == 409
    assert (
        post(client, f"{page}/flags/1", page, basis="Seen at the hospital", my_password=PASSWORD).status_code
        == 303
    )
    assert not standing(context)


def test_nobody_else_and_not_later(app: Flask, context: Context, client: FlaskClient, page: str) -> None:
    account(context, ANNA, "Anna Reed", (Role.practitioner,))
    assert undone(sign_in(app, ANNA), page) == 409
    with context.db.begin() as tx:
        tx.run(sa.update(flags).values(cleared_at=datetime.now(UTC) - timedelta(seconds=26)))
    assert undone(client, page) == 409
    assert not standing(context)


def test_not_once_a_plan_is_out(context: Context, client: FlaskClient, page: str) -> None:
    with context.db.begin() as tx:
        plan = plans.newest(tx, 1)
        assert plan is not None
        tx.run(sa.update(plan_rows).values(status="sent", sent_at=datetime.now(UTC)))
    assert undone(client, page) == 409
    assert not standing(context)


@pytest.mark.parametrize("cleared", [True, False], ids=["cleared meanwhile", "another flag came"])
def test_what_a_colleague_typed_meanwhile_is_not_lost(
    app: Flask, context: Context, client: FlaskClient, cleared: bool
) -> None:
    number = visit(context)
    answer(context, number, rf_saddle="yes")
    url = f"/console/bookings/{number}"
    account(context, ANNA, "Anna Reed", (Role.practitioner,))
    anna = sign_in(app, ANNA)
    shown = anna.get(url, base_url=BASE).text
    if cleared:
        post(client, f"{url}/flags/1", url, basis="Seen at the hospital today", my_password=PASSWORD)
    else:
        with context.db.begin() as tx:
            words = dict.fromkeys(("name", "client_text", "clinic_action", "source"), "")
            more = words | {"rule": "RF90", "severity": "stop_urgent", "because": []}
            intakes.raise_flag(tx, number, 1, "RF90", "stop_urgent", more, datetime.now(UTC))
    hers = {"csrf": token_in(shown), "basis": "Her doctor called me", "my_password": PASSWORD}
    late = anna.post(f"{url}/flags/1", base_url=BASE, data=hers | decided_on(shown, f"{url}/flags/1"))
    assert late.status_code == 409
    assert late.text.count("Her doctor called me") == 1
