"""A message that was refused for good waits for a person, who is told what to do, until it is settled."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from handlers.bookings import observe
from handlers.context import Context
from handlers.worker import work
from schemas.booking import BookingState, BookingStatus, Person
from schemas.delivery import Delivery, DeliveryStatus, Purpose
from schemas.staff import Role
from store import deliveries
from store.tables import bookings
from tests.helpers.console import USUAL, account, answer, post, sign_in, visit
from tests.helpers.mailbox import Mailbox
from tests.web.console.test_waits import badge, text

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
TODAY = datetime.now(UTC)
START = TODAY - timedelta(hours=2)
WAITS = "/console/waits"
GONE = "550 5.1.1 user unknown"
IN_IT = "554 5.6.0 this message cannot be taken"
REFUSALS = pytest.mark.parametrize("reply", [GONE, IN_IT], ids=["no such address", "for what is in it"])


def ask(context: Context, mailbox: Mailbox, reply: str) -> int:
    """A request for a form that was refused."""
    mailbox.refuse_to = {"zoe@example.org": reply}
    number = visit(context, "u1", start=TODAY + timedelta(days=3), now=TODAY - timedelta(minutes=30))
    work.work_once(context, TODAY)
    return number


def plan(context: Context, mailbox: Mailbox, reply: str) -> int:
    """A plan that was refused."""
    number = visit(context, "u1", start=START, now=TODAY - timedelta(days=3))
    answer(context, number, TODAY - timedelta(days=1))
    mailbox.refuse_to = {"zoe@example.org": reply} if reply else {}
    work.work_once(context, TODAY)
    return number


def correct(context: Context, client: FlaskClient, mailbox: Mailbox, reply: str) -> int:
    """A plan that arrived, and a correction of it that was refused."""
    number = plan(context, mailbox, "")
    page = f"/console/bookings/{number}"
    assert post(client, f"{page}/plan/change", page, add="calm_belly_breath").status_code == 303
    mailbox.refuse_to = {"zoe@example.org": reply}
    work.work_once(context, datetime.now(UTC) + timedelta(minutes=2))
    return number


def made(kind: str, context: Context, client: FlaskClient, mailbox: Mailbox, reply: str) -> int:
    if kind == "correction":
        return correct(context, client, mailbox, reply)
    return (ask if kind == "request" else plan)(context, mailbox, reply)


KINDS = pytest.mark.parametrize("kind", ["request", "plan", "correction"])


def say_address(context: Context, email: str, start: datetime, **state: BookingStatus) -> None:
    """The scheduler says the booking again, with another address."""
    now = datetime.now(UTC) + timedelta(minutes=3)
    status = state.get("status", BookingStatus.confirmed)
    who = Person("Zoë Łuć", email, phone="+1 555 010 4242")
    said = BookingState("u1", status, start, start + timedelta(hours=1), who, **USUAL)  # type: ignore[arg-type]
    with context.db.begin() as tx:
        observe.observe(tx, context, "main", observe.notice_of(said, now), now, read=True)


def dead(context: Context, number: int) -> list[Delivery]:
    with context.db.read() as tx:
        return [one for one in deliveries.of_booking(tx, number) if one.status is DeliveryStatus.dead]


def failed(context: Context, number: int) -> list[Purpose]:
    return [one.purpose for one in dead(context, number)]


@KINDS
@REFUSALS
def test_who_can_mend_it_is_told_what_to_do(
    context: Context, client: FlaskClient, app: Flask, mailbox: Mailbox, kind: str, reply: str
) -> None:
    made(kind, context, client, mailbox, reply)
    account(context, "desk@handsofstone.example", "Desk", (Role.front_desk,))
    for who in (client, sign_in(app, "desk@handsofstone.example")):
        page = text(who, WAITS)
        assert badge(page) == 1
        assert page.count("Zoë Łuć</bdi></a>") == 1
        assert {"Intake link", "Plan"} & set(re.findall(r"<li><b>([\w ]+)</b>: ", page))
        assert ("Call, and ask for another address." in page) is (reply == GONE)
        assert 'href="tel:+15550104242"' in page
        assert "Not reached" in text(who, f"{WAITS}?whose=all")


@KINDS
@REFUSALS
@pytest.mark.parametrize("way", ["address", "let go", "again", "cancelled"])
def test_it_goes_away_when_it_is_settled(
    context: Context, client: FlaskClient, mailbox: Mailbox, kind: str, reply: str, way: str
) -> None:
    number = made(kind, context, client, mailbox, reply)
    start = START if kind != "request" else TODAY + timedelta(days=3)
    mails = len(mailbox.mails)
    if way == "address":
        say_address(context, "zoe.new@example.org", start)
    elif way == "cancelled":
        say_address(context, "zoe@example.org", start, status=BookingStatus.cancelled)
    else:
        mailbox.refuse_to = {}
        act = "withdraw" if way == "let go" else "send_now"
        for each in dead(context, number):
            post(client, f"/console/outbox/{each.id}/{act}", f"/console/outbox?booking={number}")
    work.work_once(context, datetime.now(UTC) + timedelta(minutes=5))
    assert badge(text(client, WAITS)) == 0
    assert failed(context, number) == [] or way == "cancelled"
    assert len(mailbox.mails) - mails == (way in ("address", "again"))


def test_a_plan_that_came_back_goes_to_the_new_address_also_days_later(
    context: Context, client: FlaskClient, mailbox: Mailbox
) -> None:
    number = visit(context, "u1", start=TODAY - timedelta(days=6), now=TODAY - timedelta(days=9))
    answer(context, number, TODAY - timedelta(days=8))
    mailbox.refuse_to = {"zoe@example.org": GONE}
    work.work_once(context, TODAY - timedelta(days=5, hours=22))
    assert failed(context, number) == [Purpose.plan]
    for _twice in range(2):
        say_address(context, "zoe.new@example.org", TODAY - timedelta(days=6))
        work.work_once(context, datetime.now(UTC) + timedelta(minutes=5))
    assert [
        to for to, mail in zip(mailbox.recipients, mailbox.mails, strict=True) if mail in mailbox.of("plan")
    ] == [["zoe.new@example.org"]]
    assert badge(text(client, WAITS)) == 0


@pytest.mark.parametrize("way", ["form came", "visit over"])
def test_a_form_that_came_or_is_too_late_is_not_asked_for(
    context: Context, client: FlaskClient, mailbox: Mailbox, way: str
) -> None:
    number = ask(context, mailbox, IN_IT)
    assert badge(text(client, WAITS)) == 1
    if way == "form came":
        answer(context, number, TODAY)
    else:
        with context.db.begin() as tx:
            tx.change(bookings, number, start_at=START, end_at=START + timedelta(hours=1))
    assert badge(text(client, WAITS)) == 0
