"""What tests of the console share: a clinic with visits, answers and plans, and somebody signed in."""

import re
from datetime import datetime, timedelta

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from handlers.bookings import observe
from handlers.context import Context
from handlers.staff import accounts
from schemas.booking import BookingState, BookingStatus, Person
from schemas.forms.condition import Answer
from schemas.staff import Role
from store import bookings as stored
from tests.helpers.answers import fill_in
from tests.helpers.clinic import NOW

USUAL = {
    "service": "deep-tissue-60",
    "service_name": "Deep tissue massage",
    "practitioner": "Mara Field",
}
PASSWORD = "four dull grey pebbles"
EMAIL = "mara@handsofstone.example"
BOTH = (Role.practitioner, Role.manager)
BASE = "https://care.test"


def visit(
    context: Context,
    uid: str = "u1",
    *,
    start: datetime = NOW - timedelta(hours=2),
    name: str = "Zoë Łuć",
    email: str = "zoe@example.org",
    now: datetime = NOW - timedelta(days=3),
    language: str = "",
    **more: str,
) -> int:
    """A confirmed booking of an hour; returns its id."""
    state = BookingState(
        external_id=uid,
        status=BookingStatus.confirmed,
        start=start,
        end=start + timedelta(hours=1),
        client=Person(name, email, phone="+1 555 010 4242", language=language),
        **(USUAL | more),  # type: ignore[arg-type]
    )
    with context.db.begin() as tx:
        observe.observe(tx, context, "main", observe.notice_of(state, now), now, read=True)
        return stored.named(tx, "main", uid)[0].booking_id or 0


def answer(
    context: Context, booking_id: int, now: datetime = NOW - timedelta(days=1), **changes: Answer
) -> None:
    """The client sends the whole first-visit form: low back pain and nothing else, but for `changes`."""
    fill_in(context, booking_id, now, **changes)


def account(
    context: Context, email: str = EMAIL, name: str = "Mara Field", roles: tuple[Role, ...] = BOTH
) -> int:
    """Somebody who may sign in."""
    with context.db.begin() as tx:
        return accounts.add(tx, context, email, name, roles, PASSWORD, NOW, credential="LMT")


def token_in(page: TestResponse | str) -> str:
    """The token that the forms of a page carry."""
    text = page if isinstance(page, str) else page.get_data(as_text=True)
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', text)
    assert found, text[:400]
    return found[1]


def browser(app: Flask) -> FlaskClient:
    """A browser that comes to the clinic's own address."""
    made = app.test_client()
    made.environ_base["wsgi.url_scheme"] = "https"
    made.environ_base["HTTP_HOST"] = "care.test"
    made.environ_base["SERVER_NAME"] = "care.test"
    return made


def sign_in(app: Flask, email: str = EMAIL, password: str = PASSWORD) -> FlaskClient:
    """A browser in which somebody has signed in."""
    made = browser(app)
    token = token_in(made.get("/console/login", base_url=BASE))
    answered = made.post(
        "/console/login", base_url=BASE, data={"csrf": token, "email": email, "password": password}
    )
    assert answered.status_code == 303, answered.get_data(as_text=True)
    return made


def post(client: FlaskClient, url: str, page: str = "", **data: object) -> TestResponse:
    """Send the form that a page has for this address, with its hidden fields."""
    text = client.get(page or _page_of(url), base_url=BASE).get_data(as_text=True)
    hidden = {"csrf": token_in(text)} | decided_on(text, url)
    return client.post(url, base_url=BASE, data=hidden | data)


def _page_of(url: str) -> str:
    """A page that has the form of this address, or at least the session's token."""
    if "/outbox/" in url:
        return "/console/outbox?tab=all"
    return "/console/who" if "/who/" in url else "/console/account"


def decided_on(text: str, url: str) -> dict[str, str]:
    """What the form of this address says that it was decided on; nothing for a page without the form."""
    path = re.escape(url.partition("?")[0])
    found = re.search(
        rf'action="{path}(?:\?[^"]*)?">(?:<[^>]*>)*?<input[^>]*name="decided_on" value="(\w+)"', text
    )
    return {"decided_on": found[1]} if found else {}
