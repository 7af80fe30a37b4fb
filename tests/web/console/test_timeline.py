"""The client's page tells everything on one timeline, each thing with its day and source."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from handlers.context import Context
from handlers.worker import work
from schemas.staff import Role
from store import bookings, checkins, intakes, plans
from tests.helpers.console import BASE, PASSWORD, account, answer, post, sign_in, visit
from web.console import clients as clients_page

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
TODAY = datetime.now(UTC)


@pytest.fixture
def number(context: Context, client: FlaskClient) -> int:
    """A visit with a form, a flag that was cleared, a note, a plan that went out."""
    made = visit(context, start=TODAY - timedelta(hours=3), now=TODAY - timedelta(days=3))
    answer(context, made, TODAY - timedelta(days=1), pain_now="9", pain_avg7="8")
    page = f"/console/bookings/{made}"
    with context.db.read() as tx:
        flag = intakes.flags_of(tx, made)[0]["id"]
    post(client, f"{page}/flags/{flag}", page, basis="Measured today: 128 over 80", my_password=PASSWORD)
    post(client, f"{page}/note", page, response="eased", send="hold", client_note="Keep warm")
    post(client, f"{page}/plan/release", page)
    work.work_once(context, datetime.now(UTC) + timedelta(minutes=1))
    return made


def line_of(context: Context, browser: FlaskClient, number: int) -> str:
    with context.db.read() as tx:
        found = bookings.get(tx, number)
    assert found is not None
    page = browser.get(f"/console/clients/{found.client_id}", base_url=BASE).text
    return page.partition('id="timeline"')[2].partition("</section>")[0]


def test_the_timeline_holds_everything_with_its_source(
    context: Context, client: FlaskClient, number: int
) -> None:
    shown = line_of(context, client, number)
    for words in ("Visit", "Form", "Flag", "Flag cleared", "Session note", "Plan", "Message"):
        assert f">{words}<" in shown, words
    for source in ("from the client", "from the answers", "Mara Field, LMT", "Mara Field", "Keep warm"):
        assert source in shown
    assert shown.index(">Message<") < shown.index(">Form<")


def test_who_reads_no_answers_sees_visits_and_messages_alone(
    context: Context, client: FlaskClient, number: int, app: Flask
) -> None:
    account(context, "desk@handsofstone.example", "Desk", (Role.front_desk,))
    shown = line_of(context, sign_in(app, "desk@handsofstone.example"), number)
    assert ">Visit<" in shown
    for words in ("Form", "Flag", "Session note", "Keep warm", "/console/bookings/"):
        assert words not in shown


def test_the_clients_page_shows_how_each_move_went_to_practitioners_alone(
    context: Context, client: FlaskClient, number: int, app: Flask
) -> None:
    with context.db.begin() as tx:
        sent = plans.newest(tx, number)
        assert sent is not None
        first, second = (item.exercise_id for item in sent.plan.items[:2])
        names = [context.plan_content("en").exercises[each].name for each in (first, second)]
        for back, said in enumerate([{"effort": "right", "pain": "2"}, {"effort": "right"}, {"pain": "5"}]):
            moves = {first: said, second: {"skipped": "hurts"}}
            day = TODAY.date() - timedelta(days=back)
            checkins.tick(tx, number, sent.id, day, {"moves": moves}, TODAY - timedelta(days=back))
        found = bookings.get(tx, number)
    assert found is not None
    path = f"/console/clients/{found.client_id}"
    page = client.get(path, base_url=BASE).text
    rows = dict(re.findall(r'scope="row">(.*?)</th>(.*?)</tr>', page.partition("Move by move")[2]))
    counts = {name: re.findall(r"<td[^>]*>(.*?)</td>", rows[name])[:5] for name in names}
    assert counts == {names[0]: ["0", "2", "0", "0", "5"], names[1]: ["0", "0", "0", "3", "–"]}
    account(context, "desk@handsofstone.example", "Desk", (Role.front_desk,))
    desk = sign_in(app, "desk@handsofstone.example")
    assert "Move by move" not in desk.get(path, base_url=BASE).text


def test_what_went_to_who_was_to_come_before_stands_on_their_timeline_alone(
    context: Context, client: FlaskClient
) -> None:
    start = TODAY + timedelta(days=4)
    number = visit(context, start=start, now=TODAY - timedelta(days=3), name="Hana Vorher", email="h@e.org")
    with context.db.read() as tx:
        before = bookings.get(tx, number)
    work.work_once(context, TODAY - timedelta(days=3) + timedelta(minutes=30))
    visit(context, start=start, now=TODAY - timedelta(days=1), name="Nadja Nachher", email="n@e.org")
    assert before is not None
    page = client.get(f"/console/clients/{before.client_id}", base_url=BASE).text
    theirs = page.partition('id="timeline"')[2].partition("</section>")[0]
    assert theirs.count(">Message<") == 1
    assert "handed over" in theirs
    shown = line_of(context, client, number)
    assert ">Visit<" in shown
    assert ">Message<" not in shown
    assert "handed over" not in shown


def test_of_many_visits_the_newest_are_shown_and_everything_on_request(
    context: Context, client: FlaskClient, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients_page, "NEWEST_VISITS", 2)
    for days in (10, 20):
        visit(context, f"later{days}", start=TODAY + timedelta(days=days))
    with context.db.read() as tx:
        found = bookings.get(tx, number)
    assert found is not None
    page = f"/console/clients/{found.client_id}"
    newest, everything = (client.get(f"{page}{query}", base_url=BASE).text for query in ("", "?all=1"))
    assert "the newest 2 of 3 visits." in newest
    assert f'href="{page}?all=1"' in newest
    assert "Keep warm" not in newest
    assert "Keep warm" in everything
    assert "the newest" not in everything
    assert newest.count(">Visit<") == 2
