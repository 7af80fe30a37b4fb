"""What is undone stands as it stood: a message that somebody held goes out by no way round."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from handlers.context import Context
from handlers.worker import work
from schemas.delivery import Delivery, Purpose
from schemas.staff import Role
from store import deliveries, plans
from tests.helpers.clinic import with_policy
from tests.helpers.console import BASE, account, answer, decided_on, post, sign_in, token_in, visit
from tests.helpers.mailbox import Mailbox

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
TODAY = datetime.now(UTC)
DESK = "desk@handsofstone.example"
LOOK = {"pain_now": "9", "pain_avg7": "8"}


def seen(context: Context, **answers: str) -> int:
    """A visit of yesterday whose plan may go out, but for what the answers say."""
    start = TODAY - timedelta(days=1)
    number = visit(context, start=start, now=TODAY - timedelta(days=20))
    answer(context, number, TODAY - timedelta(days=10), **answers)
    return number


def message(context: Context, number: int) -> Delivery:
    with context.db.read() as tx:
        return next(one for one in deliveries.of_booking(tx, number) if one.purpose is Purpose.plan)


def do(client: FlaskClient, context: Context, number: int, act: str) -> str:
    """Press it in the outbox; the page that comes then."""
    page = f"/console/outbox?tab=all&booking={number}"
    answered = post(client, f"/console/outbox/{message(context, number).id}/{act}", page)
    assert answered.status_code == 303
    return client.get(answered.headers["Location"], base_url=BASE).get_data(as_text=True)


def undo(client: FlaskClient, shown: str) -> None:
    found = re.search(r'action="(/console/undo/[^"]+)"', shown)
    assert found
    assert post(client, found[1], next="/console/outbox").status_code == 303


@pytest.mark.parametrize("act", ["withdraw", "release", "send_now"])
def test_what_a_person_held_is_held_again(
    context: Context, client: FlaskClient, mailbox: Mailbox, act: str
) -> None:
    number = seen(context)
    do(client, context, number, "withdraw" if act == "send_now" else "hold")
    was = message(context, number).state
    shown = do(client, context, number, act)
    work.work_once(context, datetime.now(UTC))
    assert "plan" not in mailbox.kinds(), "what can be undone has not left"
    undo(client, shown)
    assert message(context, number).state == was
    work.work_once(context, datetime.now(UTC) + timedelta(minutes=1))
    assert "plan" not in mailbox.kinds()


def test_the_front_desk_lets_out_no_plan_by_taking_something_back(
    app: Flask, context: Context, client: FlaskClient, mailbox: Mailbox
) -> None:
    number = seen(context)
    do(client, context, number, "hold")
    account(context, DESK, "Desi Low", (Role.front_desk,))
    desk = sign_in(app, DESK)
    undo(desk, do(desk, context, number, "withdraw"))
    work.work_once(context, datetime.now(UTC) + timedelta(minutes=1))
    assert "plan" not in mailbox.kinds()


def test_nobody_undoes_what_somebody_else_did_since(
    app: Flask, context: Context, client: FlaskClient, mailbox: Mailbox
) -> None:
    number = seen(context)
    mine = re.search(r'"(/console/undo/[^"]+)"', do(client, context, number, "hold"))
    assert mine
    account(context, "jo@handsofstone.example", "Jo", (Role.practitioner,))
    other = sign_in(app, "jo@handsofstone.example")
    do(other, context, number, "withdraw")
    do(other, context, number, "send_now")
    do(other, context, number, "hold")
    assert post(client, mine[1], next="/console/outbox").status_code == 409
    work.work_once(context, datetime.now(UTC) + timedelta(minutes=1))
    assert "plan" not in mailbox.kinds()


@pytest.mark.parametrize("act", ["release", "send"])
def test_a_hold_stands_against_a_page_of_before(
    context: Context, client: FlaskClient, mailbox: Mailbox, act: str
) -> None:
    number = seen(context, **LOOK)
    work.work_once(context, TODAY)
    page = f"/console/bookings/{number}"
    before = client.get(page, base_url=BASE).get_data(as_text=True)
    assert post(client, f"{page}/plan/hold", page).status_code == 303
    stale = {"csrf": token_in(before)} | decided_on(before, f"{page}/plan/{act}")
    assert client.post(f"{page}/plan/{act}", base_url=BASE, data=stale).status_code == 409
    assert message(context, number).state == "held held_by_person"


def plan_of(context: Context, number: int) -> str:
    """Where the plan of a visit stands."""
    with context.db.read() as tx:
        found = plans.newest(tx, number)
    assert found
    return found.status


def coming(context: Context, **answers: str) -> int:
    """A visit that has begun, whose plan is due in some hours."""
    number = visit(context, start=TODAY - timedelta(minutes=10), now=TODAY - timedelta(days=20))
    answer(context, number, TODAY - timedelta(days=10), **answers)
    return number


@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize("answers", [{}, LOOK])
def test_send_now_is_undone_to_the_hour_for_which_it_was_due(
    context: Context, client: FlaskClient, mailbox: Mailbox, answers: dict[str, str], held: bool
) -> None:
    number = coming(context, **answers)
    page = f"/console/bookings/{number}"
    if held:
        assert post(client, f"{page}/plan/hold", page).status_code == 303
    was, stood = message(context, number), plan_of(context, number)
    sent = post(client, f"{page}/plan/send", page)
    undo(client, client.get(sent.headers["Location"], base_url=BASE).get_data(as_text=True))
    again = message(context, number)
    assert (again.state, again.due_at) == (was.state, was.due_at)
    assert plan_of(context, number) == stood
    work.work_once(context, datetime.now(UTC) + timedelta(minutes=1))
    assert "plan" not in mailbox.kinds()


@pytest.mark.parametrize("require_ok", [False, True])
def test_a_plan_that_a_note_let_out_for_later_is_held_back_by_undo(
    context: Context, app: Flask, mailbox: Mailbox, require_ok: bool
) -> None:
    app.extensions["aftercare"] = context = with_policy(context, require_ok=require_ok)
    client = sign_in(app)
    number = coming(context, **({} if require_ok else LOOK))
    page = f"/console/bookings/{number}"
    noted = post(client, f"{page}/note", page, response="eased", send="ok_to_send")
    shown = client.get(noted.headers["Location"], base_url=BASE).get_data(as_text=True)
    assert plan_of(context, number) == "released"
    undone = re.search(r'action="(/console/undo/release-?[^"]+)"', shown)
    assert undone
    back = post(client, undone[1], next=page)
    assert "held back" in client.get(back.headers["Location"], base_url=BASE).get_data(as_text=True)
    work.work_once(context, datetime.now(UTC) + timedelta(hours=3))
    assert "plan" not in mailbox.kinds()
    assert "By Mara Field" in client.get(page, base_url=BASE).get_data(as_text=True), "the note stays"


def test_what_a_note_lets_out_at_once_offers_no_undo(context: Context, client: FlaskClient) -> None:
    number = seen(context, **LOOK)
    work.work_once(context, TODAY)
    page = f"/console/bookings/{number}"
    noted = post(client, f"{page}/note", page, response="eased", send="ok_to_send")
    shown = client.get(noted.headers["Location"], base_url=BASE).get_data(as_text=True)
    assert "The note is kept, and the plan goes out now." in shown
    assert "/console/undo/" not in shown
