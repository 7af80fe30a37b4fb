"""What somebody chooses to be sent, on the page of their account."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from handlers.context import Context
from handlers.staff import wishes
from schemas.staff import Role, StaffNews, Wish
from store import staff
from tests.helpers.console import BASE, EMAIL, account, post, sign_in, token_in

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
PAGE, KEEP = "/console/account", "/console/account/news"


def chosen(context: Context) -> wishes.Wishes:
    with context.db.read() as tx:
        who = staff.by_email(tx, EMAIL)
        assert who is not None
        return wishes.of(tx, who.id)


def test_it_is_kept_as_chosen_and_nothing_else_is(context: Context, client: FlaskClient) -> None:
    assert all(chosen(context).of(kind) is Wish.off for kind in StaffNews)
    sent = {
        "alert": "daily",
        "look": "daily",
        "form": "now",
        "written": "x",
        "begin": "07:30",
        "end": "25:00",
    }
    assert post(client, KEEP, PAGE, **sent).status_code == 303
    kept = chosen(context)
    found = [kept.of(kind) for kind in StaffNews]
    assert found == [Wish.off, Wish.daily, Wish.now, Wish.off], "an alert is never put off to the next day"
    assert (kept.begin, kept.end) == (wishes.BEGIN.replace(hour=7, minute=30), wishes.END)
    page = client.get(PAGE, base_url=BASE).text
    assert '<option value="daily" selected>' in page
    assert 'value="07:30"' in page


def test_a_number_that_takes_no_texts_is_said_at_the_field(context: Context, client: FlaskClient) -> None:
    refused = post(client, KEEP, PAGE, alert="now", number="12")
    assert refused.status_code == 422
    assert chosen(context).of(StaffNews.alert) is Wish.off


def test_the_front_desk_is_asked_nothing(app: Flask, context: Context) -> None:
    account(context, "jo@handsofstone.example", "Jo", (Role.front_desk,))
    desk = sign_in(app, "jo@handsofstone.example")
    page = desk.get(PAGE, base_url=BASE).text
    assert 'id="news"' not in page
    assert desk.post(KEEP, base_url=BASE, data={"csrf": token_in(page)}).status_code == 403
