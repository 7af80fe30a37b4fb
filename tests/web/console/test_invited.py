"""Colleagues: invited by mail, mailed about each change, and where they are signed in."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from handlers.context import Context
from handlers.send import staff_mail
from schemas.staff import Role, Staff
from store import audit
from store import staff as stored
from store.tables import staff as staff_table
from store.tables import staff_mails, staff_sessions
from tests.helpers.console import BASE, EMAIL, PASSWORD, account, browser, post, sign_in, token_in, visit
from tests.helpers.mailbox import Mailbox

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
BO = "bo@handsofstone.example"
FORM = {"name": "Bo Quinn", "email": BO, "role": "front_desk", "language": "es", "my_password": PASSWORD}
NEW = "six brown kettles hum"


def now() -> datetime:
    return datetime.now(UTC)


def invite(client: FlaskClient, **changes: str) -> TestResponse:
    return post(client, "/console/staff/invite", "/console/staff", **(FORM | changes))


def mailed(context: Context, mailbox: Mailbox, at: datetime | None = None) -> list[str]:
    """The words of each mail that goes out now."""
    before = len(mailbox.mails)
    staff_mail.send_due(context, at or now())
    found = [each.get_body(("plain",)) for each in mailbox.mails[before:]]
    return [str(each.get_content()) for each in found if each is not None]


def link_in(text: str) -> str:
    found = re.search(r"/console/invited/[\w-]+", text)
    assert found is not None, text
    return found[0]


def who(context: Context, email: str) -> Staff | None:
    with context.db.read() as tx:
        return stored.by_email(tx, email)


def choose(app: Flask, link: str, password: str = NEW) -> TestResponse:
    theirs = browser(app)
    page = theirs.get(link, base_url=BASE)
    if page.status_code != 200:
        return page
    return theirs.post(link, base_url=BASE, data={"csrf": token_in(page), "password": password})


def test_an_invitation_opens_once_and_its_password_signs_in(
    app: Flask, context: Context, client: FlaskClient, mailbox: Mailbox
) -> None:
    assert invite(client).status_code == 303
    assert "Invited" in client.get("/console/staff", base_url=BASE).text
    (text,) = mailed(context, mailbox)
    assert mailed(context, mailbox) == [], "once"
    assert "contraseña" in text, "in the language of its reader"
    link = link_in(text)
    assert choose(app, link).location.endswith("/console/")
    found = who(context, BO)
    assert found is not None
    assert (found.name, found.roles, found.invited) == ("Bo Quinn", frozenset({Role.front_desk}), False)
    again = choose(app, link)
    assert again.status_code == 404
    assert "If you have chosen a password, sign in" in again.text
    assert ">Sign in</a>" in again.text
    sign_in(app, BO, NEW)


def test_opened_where_a_colleague_is_signed_in_it_ends_their_session(
    context: Context, client: FlaskClient, mailbox: Mailbox
) -> None:
    assert invite(client).status_code == 303
    link = link_in(mailed(context, mailbox)[0])
    page = client.get(link, base_url=BASE)
    assert "Bo Quinn" in page.text
    data = {"csrf": token_in(page), "password": NEW}
    assert client.post(link, base_url=BASE, data=data).status_code == 303
    with context.db.read() as tx:
        alive = {one.staff_id for one in tx.all(sa.select(staff_sessions)) if one.ended_at is None}
        (bo,) = [one.id for one in stored.every(tx) if one.email == BO]
    assert alive == {bo}


def test_the_link_stands_nowhere_in_the_database(
    app: Flask, context: Context, client: FlaskClient, mailbox: Mailbox
) -> None:
    invite(client)
    token = link_in(mailed(context, mailbox)[0]).rpartition("/")[2]
    with context.db.read() as tx:
        rows = [*tx.all(sa.select(staff_table)), *tx.all(sa.select(staff_mails))]
    assert token not in str(rows)


@pytest.mark.parametrize("end", ["three days", "a newer one", "deactivated"])
def test_an_invitation_ends(
    app: Flask, context: Context, client: FlaskClient, mailbox: Mailbox, end: str
) -> None:
    invite(client)
    at = now() - timedelta(days=3, minutes=1) if end == "three days" else now()
    with context.db.begin() as tx:
        tx.run(sa.update(staff_mails).values(due_at=at, created_at=at))
    link = link_in(mailed(context, mailbox, at)[0])
    found = who(context, BO)
    assert found is not None
    if end == "a newer one":
        post(client, f"/console/staff/{found.id}/invite-again", "/console/staff")
        assert link_in(mailed(context, mailbox)[0]) != link
    if end == "deactivated":
        post(client, f"/console/staff/{found.id}/deactivate", "/console/staff", my_password=PASSWORD)
    assert choose(app, link).status_code == 404


def test_a_weak_first_password_is_refused_and_the_link_stays_good(
    app: Flask, context: Context, client: FlaskClient, mailbox: Mailbox
) -> None:
    invite(client)
    link = link_in(mailed(context, mailbox)[0])
    refused = choose(app, link, "passwordpassword")
    assert refused.status_code == 422
    assert 'aria-invalid="true"' in refused.text
    assert choose(app, link).status_code == 303


def test_nobody_signs_in_to_an_account_that_is_only_invited(
    app: Flask, context: Context, client: FlaskClient
) -> None:
    invite(client)
    theirs = browser(app)
    token = token_in(theirs.get("/console/login", base_url=BASE))
    for password in ("", PASSWORD):
        data = {"csrf": token, "email": BO, "password": password}
        assert theirs.post("/console/login", base_url=BASE, data=data).status_code == 401


@pytest.mark.parametrize(
    ("changes", "at", "words"),
    [
        ({"name": " "}, "name", "An account needs"),
        ({"name": "mara field"}, "name", "Somebody has this name already"),
        ({"email": "bo"}, "email", "An account needs"),
        ({"email": EMAIL.upper()}, "email", "There is an account with this address already."),
        ({"my_password": "no"}, "my_password", "That is not your password."),
    ],
)
def test_an_invitation_that_cannot_be_says_why_at_the_field(
    context: Context, client: FlaskClient, changes: dict[str, str], at: str, words: str
) -> None:
    answered = invite(client, **changes)
    assert answered.status_code == 422
    assert words in answered.text
    assert f'aria-describedby="{at}-error"' in answered.text
    assert f'value="{(FORM | changes)["email"]}"' in answered.text
    assert who(context, BO) is None


def test_the_owner_is_mailed_about_each_change(
    app: Flask, context: Context, client: FlaskClient, mailbox: Mailbox
) -> None:
    account(context, BO, "Bo Quinn", (Role.practitioner,))
    bo = who(context, BO)
    assert bo is not None
    page = f"/console/staff/{bo.id}/edit"
    whole = {"name": "Bo Quinn", "role": "front_desk", "language": "en", "my_password": PASSWORD}
    post(client, page.replace("/edit", "/save"), page, **whole)
    assert "Name, role, credential or language were changed" in mailed(context, mailbox)[0]
    theirs = sign_in(app, BO)
    post(theirs, "/console/account/password", old=PASSWORD, new=NEW)
    assert "Your password was changed" in mailed(context, mailbox)[0]
    for act, words in (("deactivate", "was ended"), ("activate", "was opened again")):
        post(client, f"/console/staff/{bo.id}/{act}", "/console/staff", my_password=PASSWORD)
        assert words in mailed(context, mailbox)[0]
    assert {each["To"] for each in mailbox.mails} == {BO}


@pytest.mark.parametrize("act", ["export", "erase", "second-factor"])
@pytest.mark.parametrize("typed", ["", "not it"])
def test_what_is_grave_asks_for_the_own_password(
    context: Context, client: FlaskClient, act: str, typed: str
) -> None:
    visit(context)
    url = "/console/account/second-factor" if act == "second-factor" else f"/console/clients/1/{act}"
    refused = post(client, url, word="erase", my_password=typed)
    assert refused.status_code == 422
    assert "That is not your password." in refused.text
    with context.db.read() as tx:
        assert audit.log(tx, action=act) == []
        assert audit.log(tx, action="password_wrong")
    assert post(client, url, word="erase", my_password=PASSWORD).status_code in (200, 303)


def test_a_wrong_password_there_is_guessed_five_times_at_most(context: Context, client: FlaskClient) -> None:
    visit(context)
    codes = [post(client, "/console/clients/1/export", my_password="no").status_code for _try in range(6)]
    assert codes == [422] * 5 + [429]


def test_other_browsers_are_listed_and_ended(app: Flask, context: Context, client: FlaskClient) -> None:
    other = sign_in(app)
    account(context, BO, "Bo Quinn", (Role.manager,))
    sign_in(app, BO)
    page = client.get("/console/account", base_url=BASE).text
    found = re.findall(r"/console/account/sessions/(\d+)/end", page)
    assert len(found) == 1, "not this one, and nobody else's"
    refused = post(client, f"/console/account/sessions/{found[0]}/end", my_password="wrong")
    assert refused.status_code == 422
    assert 'id="ending-error"' in refused.text
    assert other.get("/console/", base_url=BASE).status_code == 200
    post(client, f"/console/account/sessions/{found[0]}/end", my_password=PASSWORD)
    assert other.get("/console/", base_url=BASE).status_code == 303
    assert client.get("/console/", base_url=BASE).status_code == 200
    for number in (1, 2, 3, 4):  # somebody else's, and this one
        post(client, f"/console/account/sessions/{number}/end", my_password=PASSWORD)
    with context.db.read() as tx:
        bo = stored.by_email(tx, BO)
        assert bo is not None
        assert len(stored.sessions(tx, bo.id)) == 1
    assert client.get("/console/", base_url=BASE).status_code == 200
