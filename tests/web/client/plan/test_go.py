"""Do it now: the moves of a plan one after the other, and the day that they tick."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from handlers.context import Context
from handlers.links import LinkPurpose
from handlers.plans import drafting
from schemas.booking import Booking
from schemas.checkin import Tick
from schemas.plan import PlanStatus, StoredPlan
from store import checkins, plans, tables
from store.tables import bookings
from tests.helpers.content import library
from tests.helpers.phone import BASE, Fields, Phone, phone, soon
from web.client.go import SKIPPED, _effort


def sent(context: Context, booking: Booking) -> StoredPlan:
    """The plan that went out."""
    with context.db.read() as tx:
        found = plans.newest(tx, booking.id)
    assert found is not None
    return found


def ticks(context: Context, booking: Booking) -> dict[Any, dict[str, Any]]:
    """What was ticked, by day."""
    with context.db.read() as tx:
        made = checkins.of_booking(tx, booking.id)
    return {each.kind.day: each.reply for each in made if isinstance(each.kind, Tick)}


def test_the_plan_leads_to_its_moves_one_after_the_other(
    app: Flask, context: Context, booking: Booking, hers: Phone
) -> None:
    assert f'href="{hers.link}/go?language=en">Do it now</a>' in hers.get().text
    page, items = hers.get("/go").text, sent(context, booking).plan.items
    assert re.findall(r'<section id="move-([0-9]+)"', page) == [str(n + 1) for n in range(len(items))]
    for number in range(2, len(items) + 1):
        assert page.count(f'href="#move-{number}">Next</a>') == 2  # after the move, and after its skip
    assert page.count('href="#done">Next</a>') == 2
    for number in range(1, len(items) + 1):
        assert f'href="#skip-{number}">Skip</a>' in page
        for kind in ("moving", "still"):
            assert app.test_client().get(f"{hers.link}/{kind}/{number}.svg", base_url=BASE).status_code == 200


def test_looking_changes_nothing_and_the_form_ticks_the_day_once(
    context: Context, booking: Booking, hers: Phone
) -> None:
    items = sent(context, booking).plan.items
    page = hers.get("/go").text
    hers.get("/go?language=es")
    assert ticks(context, booking) == {}
    said = {f"effort-{item.exercise_id}": "right" for item in items}
    said |= {f"pain-{items[0].exercise_id}": "4", f"skip-{items[1].exercise_id}": "no_time"}
    key = Fields(page).key
    for _tap in range(2):
        assert hers.post("/go", said, key=key).status_code == 303
    (kept,) = ticks(context, booking).values()
    assert kept["effort"] == "right"
    assert kept["pain"] == "4"
    assert kept["moves"][items[1].exercise_id] == {"skipped": "no_time"}
    assert hers.get().text.count(": done") == 1


def test_it_takes_a_person_and_the_right_key(context: Context, booking: Booking, hers: Phone) -> None:
    assert hers.post("/go", {}, key="").status_code == 403
    assert ticks(context, booking) == {}


def test_severe_pain_in_one_move_pauses_the_plan_like_a_tick(
    context: Context, booking: Booking, hers: Phone
) -> None:
    first = sent(context, booking).plan.items[0].exercise_id
    answered = hers.send("/go", {f"pain-{first}": "8"})
    assert 'role="alert"' in answered.text
    assert "Your plan is paused" in hers.get("/go").text


def test_a_day_on_which_all_was_skipped_is_not_ticked(
    context: Context, booking: Booking, hers: Phone
) -> None:
    items = sent(context, booking).plan.items
    answered = hers.post("/go", {f"skip-{item.exercise_id}": "hurts" for item in items})
    assert "saved=none" in answered.headers["Location"]
    assert ticks(context, booking) == {}
    assert "the day is not marked" in hers.get("?saved=none").text


@pytest.mark.parametrize("path", ["/day", "/go"])
def test_yesterday_can_still_be_ticked_but_no_day_before_the_visit(
    app: Flask, context: Context, booking: Booking, path: str
) -> None:
    hers = phone(app, context, LinkPurpose.plan, booking.id)
    hers.post(path, {"day": "yesterday"})
    zone = context.zone(booking.zone)
    today, visit = datetime.now(zone).date(), booking.end.astimezone(zone).date()
    assert set(ticks(context, booking)) == {max(visit, today - timedelta(days=1))}
    with context.db.begin() as tx:
        ended = booking.end - timedelta(days=5)
        tx.run(sa.update(bookings).where(bookings.c.id == booking.id).values(end_at=ended))
    assert 'value="yesterday"' in hers.get().text
    assert 'value="yesterday"' in hers.get("/go").text
    hers.post(path, {"day": "yesterday"})
    assert today - timedelta(days=1) in ticks(context, booking)


def test_nonsense_is_not_kept(context: Context, booking: Booking, hers: Phone) -> None:
    first = sent(context, booking).plan.items[0].exercise_id
    wrong = {
        f"effort-{first}": "<b>",
        f"pain-{first}": "99",
        "skip-other": "hurts",
        "effort-x": "right",
        "day": "1999",
    }
    hers.post("/go", wrong)
    assert list(ticks(context, booking).values()) == [{}]


@given(st.lists(st.sampled_from(["too_easy", "right", "too_hard"])))
def test_one_hard_move_makes_a_hard_day_and_only_easy_ones_an_easy_one(efforts: list[str]) -> None:
    day = _effort(efforts)
    assert (day == "too_hard") == ("too_hard" in efforts)
    assert (day == "too_easy") == (set(efforts) == {"too_easy"})
    assert (day == "") == (not efforts)


def test_every_reason_to_skip_has_words(hers: Phone) -> None:
    page = hers.get("/go").text
    for why in SKIPPED:
        assert re.search(rf'value="{why}"><span>[A-Z]', page)


@pytest.mark.parametrize("path", ["", "/go"])
def test_every_page_of_a_plan_says_what_nobody_has_signed(hers: Phone, path: str) -> None:
    for language in ("en", "es"):
        label = library(language).plan_content.wording.unreviewed
        assert label in hers.get(f"{path}?language={language}").text


@pytest.mark.parametrize("path", ["", "/go", "/plan.pdf", "/days.ics"])
def test_where_there_is_no_plan_every_page_says_so_in_the_language_of_the_form(
    app: Flask, context: Context, path: str
) -> None:
    theirs = phone(app, context, LinkPurpose.plan, soon(context, language="es").id)
    answer = theirs.get(path, headers={"Accept-Language": "en"})
    assert answer.status_code == (404 if "." in path else 200)
    assert "Aquí no hay plan" in answer.text


@pytest.mark.parametrize(("back", "counts"), [(0, True), (3, False), (-1, True), (-2, False), (400, False)])
def test_a_day_that_a_phone_kept_is_ticked_on_its_date_or_not_at_all(
    context: Context, booking: Booking, hers: Phone, back: int, counts: bool
) -> None:
    today = datetime.now(context.zone(booking.zone)).date()
    day = today - timedelta(days=back)
    assert hers.post("/day", {"day": day.isoformat(), "effort": "right"}).status_code == 303
    assert list(ticks(context, booking)) == ([min(day, today)] if counts else [])


def test_a_home_screen_and_a_worker_belong_to_one_link_alone(app: Flask, hers: Phone) -> None:
    made = hers.get("/app.webmanifest").get_json()
    assert made["start_url"] == made["scope"] == hers.link
    assert hers.get("/worker.js").headers["Service-Worker-Allowed"] == hers.link
    other = Phone(app.test_client(), "/p/" + "x" * 32)
    assert [other.get(path).status_code for path in ("/app.webmanifest", "/worker.js")] == [404, 404]


def shortened(context: Context, booking: Booking) -> str:
    """Send a version without the first move, whose id is returned."""
    old, now = sent(context, booking), datetime.now(UTC)
    content = drafting.content_of(context, replace(old.plan, items=old.plan.items[1:]))
    with context.db.begin() as tx:
        made = plans.add(
            tx, booking.id, booking.client_id, PlanStatus.sent, old.protocol, old.origin, content, now
        )
        tx.run(sa.update(tables.plans).where(tables.plans.c.id == made.id).values(sent_at=now))
    return old.plan.items[0].exercise_id


def test_pain_in_a_move_that_was_replaced_while_it_was_done_counts(
    context: Context, booking: Booking, hers: Phone
) -> None:
    gone = shortened(context, booking)
    answered = hers.send("/go", {f"pain-{gone}": "9", f"skip-{gone}": ""})
    assert 'role="alert"' in answered.text
    assert "Your plan is paused" in hers.get("/go").text


def test_who_skipped_every_move_of_the_version_that_was_open_did_nothing(
    context: Context, booking: Booking, hers: Phone
) -> None:
    gone = shortened(context, booking)
    assert "saved=none" in hers.post("/go", {f"skip-{gone}": "hurts"}).headers["Location"]
    assert ticks(context, booking) == {}


def test_no_number_is_too_odd(hers: Phone) -> None:
    key = Fields(hers.get().text).key
    odd = ["9" * 5000, "²", "٣", "1e9", "-0", "24:00", "\N{FULLWIDTH DIGIT ONE}"]
    for value in odd:
        for path, name in (("/days", "day"), ("/days", "at"), ("/day", "pain"), ("/day", "day")):
            sent = {"day": "1", "at": "08:00", name: value}
            assert hers.post(path, sent, key=key).status_code == 303, (path, name, value)
