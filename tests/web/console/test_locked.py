"""Strangers who try passwords lock nobody out: a known browser passes, and a mailed link makes one."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from handlers.context import Context
from handlers.send import staff_mail
from handlers.staff import known, tries
from schemas.staff import Staff
from store import staff
from tests.helpers.clinic import NOW
from tests.helpers.console import BASE, EMAIL, PASSWORD, account, browser, sign_in, token_in
from tests.helpers.mailbox import Mailbox

OTHER = "bo@handsofstone.example"
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _accounts(context: Context) -> None:
    account(context, OTHER, "Олена Коваль")


def strangers_try(context: Context, email: str = EMAIL) -> None:
    """As many wrong passwords as an account bears, from many networks."""
    with context.db.begin() as tx:
        for _ in range(tries.MOST_TRIES["account"]):
            staff.note_try(tx, [tries.keys(email, "")["account"]], datetime.now(UTC))


def attempt(
    client: FlaskClient, email: str = EMAIL, password: str = PASSWORD, page: str = "/console/login"
) -> TestResponse:
    shown = client.get(page, base_url=BASE)
    assert shown.status_code == 200
    data = {"csrf": token_in(shown), "email": email, "password": password}
    if 'name="way"' in shown.text:
        data["way"] = page.rpartition("/")[2]
    return client.post("/console/login", base_url=BASE, data=data)


def way_in(mailbox: Mailbox) -> str:
    (mail,) = mailbox.of("locked")
    assert mail["To"] == EMAIL
    body = mail.get_body(("plain",))
    assert body is not None
    words: list[str] = body.get_content().split()
    (line,) = [each for each in words if "/console/way/" in each]
    return line.removeprefix("https://care.test")


def test_a_known_browser_passes_while_strangers_hold_up_all_others(app: Flask, context: Context) -> None:
    mine = sign_in(app)
    strangers_try(context)
    assert attempt(browser(app)).status_code == 429
    mine.delete_cookie("__Host-aftercare", domain="care.test")
    assert attempt(mine).status_code == 303
    mine.delete_cookie("__Host-aftercare", domain="care.test")
    assert attempt(mine, OTHER).status_code == 303, "counted as everybody else's"
    strangers_try(context, OTHER)
    for email in (EMAIL, OTHER, EMAIL):  # a computer that several share
        mine.delete_cookie("__Host-aftercare", domain="care.test")
        assert attempt(mine, email).status_code == 303, email


def test_who_knows_another_account_only_waits_too(app: Flask, context: Context) -> None:
    other = sign_in(app, OTHER)
    other.delete_cookie("__Host-aftercare", domain="care.test")
    strangers_try(context)
    assert attempt(other).status_code == 429


def test_a_known_browser_may_guess_no_more_often_than_others(app: Flask) -> None:
    mine = sign_in(app)
    mine.delete_cookie("__Host-aftercare", domain="care.test")
    said = [attempt(mine, password="wrong and wrong again").status_code for _ in range(6)]
    assert said == [401] * tries.MOST_TRIES["known"] + [429]
    assert attempt(mine).status_code == 429
    assert attempt(browser(app)).status_code == 303, "and locks nobody else out"


def test_the_owner_is_mailed_a_way_in_once_a_day(app: Flask, context: Context, mailbox: Mailbox) -> None:
    strangers_try(context)
    new = browser(app)
    assert [attempt(new).status_code for _ in range(3)] == [429] * 3
    for _ in range(2):
        staff_mail.send_due(context, datetime.now(UTC))
    path = way_in(mailbox)
    for _scanner in range(7):
        assert new.get(path, base_url=BASE).status_code == 200
    assert attempt(new, OTHER, page=path).status_code == 303
    assert attempt(browser(app), page=path).status_code == 303
    assert browser(app).get(f"{path}x", base_url=BASE).status_code == 404


def test_wrong_passwords_of_one_place_alone_send_no_mail(
    app: Flask, context: Context, mailbox: Mailbox
) -> None:
    said = [attempt(browser(app), password="wrong and wrong again").status_code for _ in range(7)]
    assert said[-1] == 429
    staff_mail.send_due(context, datetime.now(UTC))
    assert mailbox.of("locked") == []


def who(context: Context) -> Staff:
    with context.db.read() as tx:
        found = staff.by_email(tx, EMAIL)
    assert found is not None
    return found


@pytest.mark.parametrize("kind", known.GOOD_FOR)
def test_what_a_browser_keeps_ends_by_time_and_by_another_password(context: Context, kind: str) -> None:
    mara, given = who(context), known.token(context, kind, who(context), NOW)
    assert known.counted_apart(context, mara, given, NOW + DAY - timedelta(minutes=1))
    assert not known.counted_apart(context, mara, given, NOW + known.GOOD_FOR[kind])
    for harm in (
        "",
        given[:-1],
        f"{given}0",
        given.replace(".", ":"),
        given.upper(),
        f"2{given[1:]}",
        "²" * 9,
    ):
        assert not known.counted_apart(context, mara, harm, NOW), harm
    with context.db.begin() as tx:
        assert bool(known.whose(tx, context, given, NOW)) == (kind == known.WAY)
        for harm in ("", "x", "²", "9" * 18, f"{'9' * 30}.1.x.y", f"9{given}"):
            assert known.whose(tx, context, harm, NOW) is None, harm
        staff.set_password(tx, mara.id, "another")
        assert known.whose(tx, context, given, NOW) is None
    assert not known.counted_apart(context, who(context), given, NOW)
