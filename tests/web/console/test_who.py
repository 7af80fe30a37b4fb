"""Who it is, as staff say it: one tap on a visit, and two clients who are one person."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from handlers.bookings import inbox
from handlers.context import Context
from handlers.schedule import settle
from schemas.booking import Booking
from schemas.person import Attendance
from schemas.staff import Role
from store import attendances, audit, bookings, clients, intakes, plans
from tests.helpers.answers import fill_in
from tests.helpers.clinic import NOW
from tests.helpers.console import BASE, PASSWORD, account, post, sign_in
from tests.helpers.visits import book, receive, webhook

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
WHO = "/console/who"


@pytest.fixture
def asked(context: Context) -> Booking:
    """Bob Reed has sent his form; now the scheduler says Robert Reed."""
    booking = book(context, name="Bob Reed", email="reed@example.org")
    fill_in(context, booking, NOW)
    later = NOW + timedelta(hours=1)
    again = webhook("created", later, name="Robert Reed", email="reed@example.org", start=booking.start)
    receive(context, again)
    inbox.drain(context, later)
    return booking


def comes(context: Context, booking: Booking) -> Attendance:
    """Who comes now."""
    with context.db.read() as tx:
        found = attendances.current(tx, booking.id)
    assert found is not None
    return found


def test_the_booking_and_today_ask_who_comes(app: Flask, context: Context, asked: Booking) -> None:
    desk = sign_in(app)
    assert "to say who comes" in desk.get("/console/", base_url=BASE).text
    for path in (WHO, f"/console/bookings/{asked.id}"):
        page = desk.get(path, base_url=BASE).text
        for words in ("Bob Reed", "Robert Reed", "Same person", "Another person"):
            assert words in page


@pytest.mark.parametrize("roles", [(Role.practitioner,), (Role.manager,)])
@pytest.mark.parametrize("verdict", ["same", "another"])
def test_one_tap_settles_it_and_is_logged(
    app: Flask, context: Context, asked: Booking, roles: tuple[Role, ...], verdict: str
) -> None:
    account(context, "jo@handsofstone.example", "Jo", roles)
    desk, before = sign_in(app, "jo@handsofstone.example"), comes(context, asked)
    url = f"/console/bookings/{asked.id}/who/{verdict}"
    assert post(desk, url).status_code == 303
    now = comes(context, asked)
    assert now.asked is None
    assert (now.client_id == before.client_id) is (verdict == "same")
    with context.db.read() as tx:
        assert (plans.newest(tx, asked.id) is not None) is (verdict == "same")
        assert audit.log(tx, action=f"{verdict}_person", subject=f"booking:{asked.id}")
    again = post(desk, url)
    assert again.status_code == 409
    assert "Nobody asks who comes" in again.text
    assert "to say who comes" not in desk.get("/console/", base_url=BASE).text


def test_a_plan_is_not_said_to_go_out_while_it_is_open_who_comes(
    app: Flask, context: Context, asked: Booking
) -> None:
    desk, page = sign_in(app), f"/console/bookings/{asked.id}"
    day = f"/console/days/{asked.start.astimezone(context.zone()).date()}"
    why, goes = "Say on the booking who comes.", ">Goes out<"
    shown = {path: desk.get(path, base_url=BASE).text for path in (day, page)}
    assert all(why in text for text in shown.values())
    assert goes not in shown[day]
    assert re.search(r"Plan</span>\s*<span class=\"tag warn\">Waits<", shown[page])
    post(desk, f"/console/bookings/{asked.id}/who/same")
    shown = {path: desk.get(path, base_url=BASE).text for path in (day, page)}
    assert all(why not in text for text in shown.values())
    assert goes in shown[day]


def test_the_booking_says_who_came_before(app: Flask, context: Context, asked: Booking) -> None:
    with context.db.begin() as tx:
        settle.who_comes(tx, context, asked.id, "Mara", NOW, same=False)
    page = sign_in(app).get(f"/console/bookings/{asked.id}", base_url=BASE).text
    assert "Before came:" in page
    assert "Bob Reed" in page


def test_two_clients_are_joined_and_parted_again(app: Flask, context: Context) -> None:
    first = book(context, name="Ann Lee", email="ann@example.org")
    receive(context, webhook("created", NOW, uid="u2", name="محمد العلي", email="m@example.org"))
    inbox.drain(context, NOW)
    with context.db.read() as tx:
        second = bookings.listing(tx, email="m@example.org")[0]
    one, other, desk = first.client_id, second.client_id, sign_in(app)
    assert f"/join/{other}" in desk.get(f"/console/clients/{one}/join?q=محمد", base_url=BASE).text
    page = desk.get(f"/console/clients/{one}/join/{other}", base_url=BASE).text
    assert "Ann Lee" in page
    assert "محمد العلي" in page
    with context.db.read() as tx:
        assert clients.root(tx, other) == other
    assert post(desk, f"/console/clients/{one}/join/{other}").status_code == 303
    assert post(desk, f"/console/clients/{other}/join/{one}").status_code == 409
    assert "Part again" in desk.get(f"/console/clients/{one}", base_url=BASE).text
    with context.db.read() as tx:
        assert clients.family(tx, other) == [one, other]
        assert {each.client_id for each in bookings.listing(tx)} == {one, other}
    assert post(desk, f"/console/clients/{other}/part").status_code == 303
    with context.db.read() as tx:
        assert clients.family(tx, one) == [one]
        assert [line.actor for line in audit.log(tx, action="part")] == ["Mara Field"]


@pytest.mark.parametrize("pair", ["itself", "nobody", "erased"])
def test_who_is_not_two_people_is_not_joined(app: Flask, context: Context, pair: str) -> None:
    one, desk = book(context).client_id, sign_in(app)
    other = {"itself": one, "nobody": 9999, "erased": 0}[pair]
    if pair == "erased":
        receive(context, webhook("created", NOW, uid="u2", name="Bo", email="bo@example.org"))
        inbox.drain(context, NOW)
        with context.db.read() as tx:
            other = bookings.listing(tx, email="bo@example.org")[0].client_id
        post(desk, f"/console/clients/{other}/erase", word="erase", my_password=PASSWORD)
    assert post(desk, f"/console/clients/{one}/join/{other}").status_code in (404, 409)
    with context.db.read() as tx:
        assert clients.family(tx, one) == [one]


def test_a_flag_of_who_was_to_come_before_is_seen_and_cleared(app: Flask, context: Context) -> None:
    booking = book(context, connection="site", uid="h1", name="Ida Bø", email="ida@example.org")
    fill_in(context, booking, NOW, rf_saddle="yes")
    at = NOW + timedelta(minutes=5)
    told = webhook("updated", at, connection="site", uid="h1", name="Olu Adé", email="olu@example.org")
    receive(context, told)
    inbox.drain(context, at)
    (flag,) = (each for each in flags(context, booking) if each["severity"] == "stop_emergency")
    desk, page = sign_in(app), f"/console/bookings/{booking.id}"
    assert "Flags of Ida Bø, who was to come before" in desk.get(page, base_url=BASE).text
    theirs = f"/console/clients/{flag['client_id']}"
    assert f'href="{page}#flags"' in desk.get(theirs, base_url=BASE).text
    assert (
        f'href="{page}#flags"'
        not in desk.get(f"/console/clients/{comes(context, booking).client_id}", base_url=BASE).text
    )
    for each in flags(context, booking):
        cleared = post(
            desk, f"{page}/flags/{each['id']}", page, basis="Seen at the hospital today", my_password=PASSWORD
        )
        assert cleared.status_code == 303
    assert "Flags of" not in desk.get(page, base_url=BASE).text
    assert "Flag cleared" in desk.get(theirs, base_url=BASE).text


def flags(context: Context, booking: Booking) -> list[dict[str, Any]]:
    """The flags of everybody who was to come to a visit."""
    with context.db.read() as tx:
        return intakes.flags_of_all(tx, booking.id)
