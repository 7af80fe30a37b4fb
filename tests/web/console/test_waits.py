"""Waits for you: one list across all days, with its number on every page."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from handlers.context import Context
from handlers.worker import work
from schemas.booking import Person
from schemas.client_request import RequestKind
from schemas.staff import Role
from store import client_requests, clients, plans
from tests.helpers.answers import answer_screens
from tests.helpers.console import BASE, account, answer, decided_on, post, sign_in, token_in, visit
from tests.helpers.mailbox import Mailbox
from web.console import waits as waits_page

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
TODAY = datetime.now(UTC)
WAITS = "/console/waits"


def came(context: Context, uid: str, name: str, days: float, **answers: str) -> int:
    """A visit that many days from now, whose form needs a look, or says what is given."""
    start = TODAY + timedelta(days=days)
    number = visit(
        context, uid, name=name, email=f"{uid}@example.org", start=start, now=TODAY - timedelta(days=20)
    )
    with_look = {"pain_now": "9", "pain_avg7": "8"} | answers
    answer(context, number, TODAY - timedelta(days=10), **with_look)
    return number


def text(client: FlaskClient, url: str) -> str:
    return client.get(url, base_url=BASE).get_data(as_text=True)


def badge(page: str) -> int:
    found = re.search(r'class="badge">(\d+)<', page)
    return int(found[1]) if found else 0


def test_held_plans_of_all_days_are_drawn_with_why_and_counted_on_every_page(
    context: Context, client: FlaskClient
) -> None:
    came(context, "u1", "Ann Bee", -1)
    came(context, "u2", "Bob Cee", 5)
    came(context, "u3", "Cid Dee", -1, pain_now="4", pain_avg7="3")
    work.work_once(context, TODAY)
    page = text(client, WAITS)
    assert "Ann Bee" in page
    assert "Bob Cee" in page
    assert "Cid Dee" not in page
    assert "An answer needs a look." in page
    assert page.count('class="figs"') >= 4
    for url in (WAITS, "/console/", "/console/clients", "/console/board"):
        assert badge(text(client, url)) == 2


@pytest.mark.parametrize("sent", [True, False], ids=["sent", "half filled"])
def test_what_stops_a_plan_waits_first_for_whose_visit_it_is_however_far_ahead(
    context: Context, client: FlaskClient, app: Flask, sent: bool
) -> None:
    came(context, "u1", "Ann Bee", 2)
    start = TODAY + timedelta(weeks=6)
    number = visit(
        context, "u2", name="Bob Cee", email="u2@example.org", start=start, now=TODAY - timedelta(days=20)
    )
    if sent:
        answer(context, number, TODAY, rf_saddle="yes")
    else:
        with context.db.begin() as tx:
            answer_screens(tx, context, number, TODAY, rf_saddle="yes")
    page = text(client, WAITS)
    assert page.index("Bob Cee") < page.index("Ann Bee")
    assert "An answer is a warning sign." in page
    assert badge(page) == 2
    account(context, "bo@handsofstone.example", "Bo Quinn", (Role.practitioner,))
    visit(context, "u3", name="Cid Dee", email="u3@example.org", start=start, practitioner="Bo Quinn")
    assert "Bob Cee" not in text(sign_in(app, "bo@handsofstone.example"), WAITS)


def test_a_stop_where_no_plan_goes_waits_for_whose_visit_it_is_until_it_is_seen(
    context: Context, client: FlaskClient, app: Flask
) -> None:
    came(context, "u1", "Ann Bee", 2)
    start, early = TODAY + timedelta(weeks=6), TODAY - timedelta(days=20)
    no_plan = {"service": "relaxation-60", "service_name": "Relaxation massage"}
    for uid, name, said in (("u2", "Bob Cee", "yes"), ("u3", "Cid Dee", "no")):
        number = visit(context, uid, name=name, email=f"{uid}@example.org", start=start, now=early, **no_plan)
        answer(context, number, TODAY, rf_saddle=said)
    account(context, "bo@handsofstone.example", "Bo Quinn", (Role.practitioner,))
    visit(context, "u4", name="Eli Fay", email="u4@example.org", start=start, practitioner="Bo Quinn")
    page = text(client, WAITS)
    assert page.index("Bob Cee") < page.index("Ann Bee")
    assert "Cid Dee" not in page
    assert badge(page) == 2
    assert "Bob Cee" not in text(sign_in(app, "bo@handsofstone.example"), WAITS)
    seen = re.search(r'action="(/console/bookings/\d+/seen)"', page)
    assert seen
    assert post(client, seen[1], WAITS, **{"from": "waits"}).headers["Location"].startswith(WAITS)
    page = text(client, WAITS)
    assert "Bob Cee" not in page
    assert badge(page) == 1


def test_what_was_let_out_or_will_not_be_made_does_not_wait(context: Context, client: FlaskClient) -> None:
    number = came(context, "u1", "Ann Bee", 2)
    came(context, "u2", "Bob Cee", 3, consent_exercise="no")
    with context.db.read() as tx:
        held = plans.newest(tx, number)
    assert held is not None
    remove = held.plan.items[0].exercise_id
    url = f"/console/bookings/{number}"
    assert post(client, f"{url}/plan/change", f"{url}/plan/change", remove=remove).status_code == 303
    assert badge(text(client, WAITS)) == 1
    assert post(client, f"{url}/plan/release", url).status_code == 303
    assert badge(text(client, WAITS)) == 0, "an earlier version was held, the one that counts is not"


@pytest.mark.parametrize("act", ["release", "hold"])
def test_a_plan_is_let_out_or_held_in_the_list_and_the_next_one_comes(
    context: Context, client: FlaskClient, act: str
) -> None:
    number = came(context, "u1", "Ann Bee", -1)
    came(context, "u2", "Bob Cee", 5)
    work.work_once(context, TODAY)
    answered = post(client, f"/console/bookings/{number}/plan/{act}", WAITS, **{"from": "waits"})
    assert answered.headers["Location"].startswith(WAITS)
    page = text(client, WAITS)
    assert "Ann Bee" not in page
    assert badge(page) == 1
    with context.db.read() as tx:
        kept = plans.newest(tx, number)
    assert kept is not None
    assert (kept.status == "released") is (act == "release")


@pytest.mark.parametrize("do", ["up:", "add:", ""], ids=["moved", "added", "at once"])
def test_a_plan_that_was_changed_from_the_list_and_released_leads_on_to_the_next(
    context: Context, client: FlaskClient, do: str
) -> None:
    numbers = [came(context, f"u{day}", f"Ann Bee {day}", day) for day in (1, 2, 3)]
    places = re.findall(r'<section class="panel look" id="(w\d+)"', text(client, WAITS))
    url = f"/console/bookings/{numbers[1]}/plan/change"
    editor = text(client, f"{url}?from=waits")
    assert f'href="{url}?from=waits"' in text(client, WAITS)
    with context.db.read() as tx:
        held = plans.newest(tx, numbers[1])
    assert held is not None
    lines = [item.exercise_id for item in held.plan.items]
    if do:
        hidden = {"csrf": token_in(editor), "from": "waits"} | decided_on(editor, url)
        editor = client.post(url, base_url=BASE, data=hidden | {"line": lines, "do": do + lines[0]}).text
    came_from = re.search(r'name="from" value="(\w+)"', editor)
    assert came_from
    hidden = {"csrf": token_in(editor), "from": came_from[1]} | decided_on(editor, url)
    released = client.post(url, base_url=BASE, data=hidden | {"line": lines, "do": "release"})
    assert released.status_code == 303
    assert re.fullmatch(rf"{WAITS}\?done=release-\d+#{places[2]}", released.headers["Location"])
    assert places[1] not in text(client, WAITS)


@pytest.mark.parametrize("begun", ["waits", ""], ids=["in the list", "on the visit"])
def test_a_change_that_is_kept_leads_back_to_where_it_was_begun_and_says_that_nothing_is_sent(
    context: Context, client: FlaskClient, mailbox: Mailbox, begun: str
) -> None:
    numbers = [came(context, f"u{day}", f"Ann Bee {day}", -day) for day in (1, 2)]
    work.work_once(context, TODAY)
    places = re.findall(r'<section class="panel look" id="(w\d+)"', text(client, WAITS))
    url = f"/console/bookings/{numbers[0]}/plan/change"
    editor = text(client, f"{url}?from={begun}")
    lines = re.findall(r'name="line" value="(\w+)"', editor)
    hidden = {"csrf": token_in(editor), "from": begun} | decided_on(editor, url)
    kept = client.post(url, base_url=BASE, data=hidden | {"line": lines, f"text-{lines[0]}": "Slowly."})
    there = (
        f"{WAITS}?done=changed#{places[1]}" if begun else f"/console/bookings/{numbers[0]}?done=changed#plan"
    )
    assert kept.headers["Location"] == there
    page = text(client, there)
    assert "The change is kept. Nothing is sent until you release the plan." in page
    assert "“<bdi>Slowly.</bdi>”" in page
    assert badge(page) == 2
    work.work_once(context, datetime.now(UTC))
    assert mailbox.of("plan") == []


def test_an_act_in_the_list_on_what_has_changed_shows_the_list_as_it_is_now(
    context: Context, client: FlaskClient
) -> None:
    number = came(context, "u1", "Ann Bee", -1)
    stale = {"from": "waits", "decided_on": "x"}
    answered = post(client, f"/console/bookings/{number}/plan/release", WAITS, **stale)
    assert answered.status_code == 409
    assert "so nothing was done" in answered.text
    assert "Release" in answered.text


@pytest.mark.parametrize("act", ["release", "hold"])
def test_what_a_colleague_settled_first_is_named_though_it_left_the_list(
    app: Flask, context: Context, client: FlaskClient, act: str
) -> None:
    number = came(context, "u1", "Ann Bee", -1)
    account(context, "jo@handsofstone.example", "Jo Hale", (Role.practitioner,))
    jo, url = sign_in(app, "jo@handsofstone.example"), f"/console/bookings/{number}/plan/{act}"
    shown = text(jo, WAITS)
    assert post(client, url, WAITS, **{"from": "waits"}).status_code == 303
    stale = {"csrf": token_in(shown), "from": "waits"} | decided_on(shown, url)
    late = jo.post(url, base_url=BASE, data=stale)
    assert late.status_code == 409
    assert "Nothing waits for you" in late.text
    assert f'href="/console/bookings/{number}#plan"' in late.text
    assert ("Released by Mara Field." in late.text) is (act == "release")


def test_mine_comes_first_and_all_is_remembered(context: Context, client: FlaskClient, app: Flask) -> None:
    came(context, "u1", "Ann Bee", -1)
    assert "Ann Bee" in text(client, WAITS)
    account(context, "jo@handsofstone.example", "Jo", (Role.practitioner,))
    jo = sign_in(app, "jo@handsofstone.example")
    assert "Ann Bee" in text(jo, WAITS), "who has no visits of their own sees all"
    visit(context, "u9", name="Zed", email="zed@example.org", start=TODAY, practitioner="Jo")
    app.extensions.pop("console_treats")
    assert "Ann Bee" not in text(jo, WAITS)
    assert "Ann Bee" in text(jo, f"{WAITS}?whose=all")
    assert "Ann Bee" in text(jo, WAITS)
    assert badge(text(jo, "/console/")) == 1


def test_who_reads_no_answers_sees_no_plan(context: Context, app: Flask) -> None:
    came(context, "u1", "Ann Bee", -1)
    account(context, "desk@handsofstone.example", "Desk", (Role.front_desk,))
    page = text(sign_in(app, "desk@handsofstone.example"), WAITS)
    assert "Ann Bee" not in page
    assert "Nothing waits for you." in page


def undo_in(page: str) -> str:
    found = re.search(r'action="(/console/undo/[^"]+)"', page)
    assert found, page[:300]
    return found[1]


@pytest.mark.parametrize("act", ["release", "hold", "send"])
def test_what_was_done_is_said_and_undone_while_nothing_has_left(
    context: Context, client: FlaskClient, mailbox: Mailbox, act: str
) -> None:
    number = came(context, "u1", "Ann Bee", -1)
    work.work_once(context, TODAY)
    page = f"/console/bookings/{number}"
    done = post(client, f"{page}/plan/{act}", page).headers["Location"]
    shown = text(client, done)
    work.work_once(context, datetime.now(UTC))
    assert "plan" not in mailbox.kinds()
    answered = post(client, undo_in(shown), page, next=page)
    assert answered.headers["Location"] == f"{page}?done=undone"
    assert post(client, undo_in(shown), page, next=page).status_code == 409
    work.work_once(context, datetime.now(UTC) + timedelta(minutes=1))
    assert "plan" not in mailbox.kinds()


def test_after_twenty_seconds_it_is_too_late(context: Context, client: FlaskClient, mailbox: Mailbox) -> None:
    number = came(context, "u1", "Ann Bee", -1)
    work.work_once(context, TODAY)
    page = f"/console/bookings/{number}"
    shown = text(client, post(client, f"{page}/plan/release", page).headers["Location"])
    work.work_once(context, datetime.now(UTC) + timedelta(seconds=21))
    assert mailbox.kinds().count("plan") == 1
    assert post(client, undo_in(shown), page).status_code == 409


PLACE = re.compile(r'<section class="panel[^"]*" id="([a-z]\d+)"')


def asked_for(context: Context, how_many: int) -> None:
    """Clients who asked for a copy."""
    with context.db.begin() as tx:
        for number in range(how_many):
            who = clients.make(tx, Person(f"Ann {number}", f"ann{number}@example.org"), "US", TODAY)
            client_requests.add(tx, who, RequestKind.copy, TODAY)


@pytest.mark.parametrize(("asked", "pages"), [(10, 1), (11, 2), (25, 3)])
def test_every_thing_stands_on_one_page_of_a_long_list_and_is_found_from_any(
    context: Context, client: FlaskClient, asked: int, pages: int
) -> None:
    for day in (1, 2):
        came(context, f"u{day}", f"Bea {day}", day)
    asked_for(context, asked)
    shown = [PLACE.findall(text(client, f"{WAITS}?page={number}")) for number in range(1, pages + 1)]
    every = [place for page in shown for place in page]
    assert len(every) == len(set(every)) == asked + 2 == badge(text(client, WAITS))
    assert max(map(len, shown)) == min(waits_page.PAGE, asked + 2)
    assert [place[0] for place in every] == ["w", "w", *"q" * asked]
    for number in (0, pages, pages + 1, 2**70, -3, "x"):
        assert PLACE.findall(text(client, f"{WAITS}?page={number}")) in (shown[0], shown[-1])
    last = text(client, f"{WAITS}?page={pages}")
    assert (f"{waits_page.PAGE * (pages - 1) + 1} to {asked + 2} of {asked + 2}" in last) == (pages > 1)
    for words, place in (("Plans", "w"), ("Asked for", "q")):
        there = re.search(rf'href="([^"]*)#({place}\d+)">{words} <b>', last)
        assert there
        assert there[2] in PLACE.findall(text(client, unescape(there[1])) if there[1] else last)


def test_what_is_done_on_a_later_page_leads_to_the_next_thing(context: Context, client: FlaskClient) -> None:
    asked_for(context, 27)
    second = text(client, f"{WAITS}?page=2")
    places = PLACE.findall(second)
    done = {}
    for place in (places[3], places[-1]):
        url = f"/console/requests/{place[1:]}/done"
        done[place] = post(client, url, f"{WAITS}?page=2").headers["Location"]
    assert done[places[3]] == f"{WAITS}?done=request&page=2#{places[4]}"
    after_last = done[places[-1]].partition("#")
    assert after_last[2] in PLACE.findall(text(client, after_last[0]))
    assert int(after_last[2][1:]) == int(places[-1][1:]) + 1
