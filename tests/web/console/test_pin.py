"""A PIN opens a known device again: for its owner, five tries, within twelve hours of a whole sign-in."""

from datetime import UTC, datetime, timedelta

import pyotp
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from handlers.context import Context
from handlers.staff import accounts, devices
from schemas.staff import Role
from store import staff
from store.tables import devices as device_rows
from store.tables import staff_sessions
from tests.helpers.console import BASE, EMAIL, PASSWORD, account, browser, post, sign_in, token_in

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PIN = "271828"
ACCOUNT = "/console/account"


def whole(app: Flask, context: Context, made: FlaskClient | None = None) -> FlaskClient:
    """A browser in which Mara has signed in with the second factor."""
    with context.db.begin() as tx:
        who = staff.by_email(tx, EMAIL)
        assert who is not None
        if not who.totp:
            staff.set_totp(tx, who.id, SECRET)
        tx.run(sa.text("update staff set totp_step = 0"))
    made = made or browser(app)
    data = {"email": EMAIL, "password": PASSWORD}
    page = made.get("/console/login", base_url=BASE)
    made.post("/console/login", base_url=BASE, data=data | {"csrf": token_in(page)})
    page = made.get("/console/login/code", base_url=BASE)
    code = {"csrf": token_in(page), "code": pyotp.TOTP(SECRET).now()}
    assert made.post("/console/login/code", base_url=BASE, data=code).location == "/console/"
    return made


@pytest.fixture
def tablet(app: Flask, context: Context) -> FlaskClient:
    """A device with a PIN, locked."""
    made = whole(app, context)
    assert post(made, f"{ACCOUNT}/pin", ACCOUNT, my_password=PASSWORD, pin=PIN).status_code == 303
    assert post(made, "/console/lock", ACCOUNT).status_code == 303
    assert not is_in(made)
    return made


def is_in(client: FlaskClient) -> bool:
    return client.get(ACCOUNT, base_url=BASE).status_code == 200


def answer_to(client: FlaskClient, pin: str) -> TestResponse:
    page = client.get("/console/login", base_url=BASE)
    data = {"csrf": token_in(page), "pin": pin, "next": "/console/waits"}
    return client.post("/console/unlock", base_url=BASE, data=data)


def unlock(client: FlaskClient, pin: str = PIN) -> int:
    return answer_to(client, pin).status_code


def asks_for_it(client: FlaskClient) -> bool:
    return 'action="/console/unlock"' in client.get("/console/login", base_url=BASE).text


def later(context: Context, span: timedelta) -> None:
    """So much time passes for every device and session."""
    with context.db.begin() as tx:
        for row in tx.all(sa.select(device_rows)):
            at = row.entered_at - span if row.entered_at else None
            tx.change(device_rows, row.id, entered_at=at, created_at=row.created_at - span)
        for row in tx.all(sa.select(staff_sessions)):
            tx.change(staff_sessions, row.id, created_at=row.created_at - span, seen_at=row.seen_at - span)


@BOTH
def test_it_opens_the_console_again_and_gives_no_grave_act(context: Context, tablet: FlaskClient) -> None:
    assert asks_for_it(tablet)
    assert unlock(tablet) == 303
    assert is_in(tablet)
    refused = post(tablet, f"{ACCOUNT}/second-factor", ACCOUNT, my_password=PIN)
    assert refused.status_code == 422
    with context.db.read() as tx:
        stored = tx.all(sa.select(device_rows))[0]
    assert PIN not in stored.pin_hash
    assert stored.tries == 0


@BOTH
def test_five_wrong_ones_close_it_until_a_whole_sign_in(
    app: Flask, context: Context, tablet: FlaskClient
) -> None:
    assert unlock(tablet, "314159") == 401
    assert unlock(tablet) == 303
    post(tablet, "/console/lock", ACCOUNT)
    for wrong in ("314159", "", "27182", f"{PIN}0"):
        assert unlock(tablet, wrong) == 401
    assert "The PIN opens nothing here any more." in answer_to(tablet, "é").text
    assert not asks_for_it(tablet)
    assert unlock(tablet) == 401
    assert not is_in(tablet)
    whole(app, context, tablet)
    post(tablet, "/console/lock", ACCOUNT)
    assert unlock(tablet) == 303


@BOTH
def test_it_lasts_for_a_working_day_and_the_device_for_a_month(
    app: Flask, context: Context, tablet: FlaskClient
) -> None:
    later(context, timedelta(hours=11, minutes=50))
    assert unlock(tablet) == 303
    later(context, timedelta(minutes=11))
    assert not is_in(tablet)
    assert not asks_for_it(tablet)
    assert unlock(tablet) == 401
    later(context, timedelta(days=28))
    whole(app, context, tablet)
    post(tablet, "/console/lock", ACCOUNT)
    assert unlock(tablet) == 303
    later(context, timedelta(days=2))
    whole(app, context, tablet)
    post(tablet, "/console/lock", ACCOUNT)
    assert not asks_for_it(tablet)


@BOTH
@pytest.mark.parametrize("how", ["door", "signed out", "ended", "forgotten", "password", "account", "every"])
def test_it_ends_with_the_session_the_list_the_password_and_the_account(
    app: Flask, context: Context, tablet: FlaskClient, how: str
) -> None:
    assert unlock(tablet) == 303
    if how == "signed out":
        post(tablet, "/console/logout", ACCOUNT)
    elif how == "door":
        post(tablet, "/console/door/open", "/console/door")
    elif how == "ended":
        other = whole(app, context)
        with context.db.read() as tx:
            number = min(one.id for one in staff.sessions(tx, 1)[1:])
        post(other, f"{ACCOUNT}/sessions/{number}/end", ACCOUNT, my_password=PASSWORD)
    elif how == "forgotten":
        post(whole(app, context), f"{ACCOUNT}/devices/1/forget", ACCOUNT)
        post(tablet, "/console/lock", ACCOUNT)
    elif how == "password":
        new = "seven odd brass kettles"
        post(whole(app, context), f"{ACCOUNT}/password", ACCOUNT, old=PASSWORD, new=new)
    elif how == "account":
        with context.db.begin() as tx:
            accounts.set_active(tx, 1, "command line", datetime.now(UTC), active=False)
    else:
        with context.db.begin() as tx:
            staff.end_every_session(tx, datetime.now(UTC))
    assert not is_in(tablet)
    assert not asks_for_it(tablet)
    assert unlock(tablet) == 401


@BOTH
def test_nobody_else_uses_or_forgets_it(app: Flask, context: Context, tablet: FlaskClient) -> None:
    account(context, "anna@handsofstone.example", "Anna Reed", (Role.practitioner,))
    anna = sign_in(app, "anna@handsofstone.example")
    post(anna, f"{ACCOUNT}/devices/1/forget", ACCOUNT)
    assert asks_for_it(tablet)
    stranger = browser(app)
    assert not asks_for_it(stranger)
    assert unlock(stranger) == 401
    stranger.set_cookie("__Host-aftercare-device", "a" * 43, domain="care.test", secure=True)
    assert unlock(stranger) == 401
    refused = post(anna, f"{ACCOUNT}/pin", ACCOUNT, my_password=PASSWORD, pin=PIN)
    assert refused.status_code == 422


@BOTH
def test_a_pin_needs_the_own_password_and_six_uneven_digits(app: Flask, context: Context) -> None:
    made = whole(app, context)
    assert post(made, f"{ACCOUNT}/pin", ACCOUNT, my_password="no", pin=PIN).status_code == 422
    for plain in ("12345", "111111", "123456", "987654", "abcdef", "٢٧١٨٢٨", "1" * 13):
        assert post(made, f"{ACCOUNT}/pin", ACCOUNT, my_password=PASSWORD, pin=plain).status_code == 422
    assert not asks_for_it(made)


@given(st.text("0123456789", min_size=6, max_size=12))
def test_only_rows_and_repeats_are_refused_among_digits(pin: str) -> None:
    rows = "01234567890123456789012"
    plain = pin in rows or pin in rows[::-1] or len(set(pin)) == 1
    assert devices._is_fit(pin) != plain
