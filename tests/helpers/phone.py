"""A client's phone over plain HTTP, without a script: opens pages, reads their forms, sends them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from clinical.answers import asking
from clinical.answers.asking import NONE
from handlers import links
from handlers.clients import contacts
from handlers.context import Context
from handlers.intake.form import open_intake
from handlers.links import LinkPurpose
from handlers.worker import work
from schemas.booking import Booking
from schemas.checkin import CheckInKind
from schemas.forms.condition import Answers
from schemas.intake import Intake
from store import bookings, checkins, clients, intakes, plans
from store.base import Tx
from tests.helpers.answers import TAPPED, fill_in
from tests.helpers.visits import book, only, receive, webhook

BASE = "https://care.test"


class Fields(HTMLParser):
    """The hidden fields and the visible field names of the main form of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.checked: list[tuple[str, str]] = []
        self.key = ""
        self.feed(page)

    def handle_starttag(self, tag: str, pairs: list[tuple[str, str | None]]) -> None:
        """Take in a field."""
        got = {name: value or "" for name, value in pairs}
        if tag in ("input", "textarea") and got.get("type") != "hidden" and got.get("name"):
            self.names.append(got["name"])
        if "checked" in got:
            self.checked.append((got["name"], got["value"]))
        if got.get("name") == "form_key":
            self.key = got["value"]


@dataclass
class Phone:
    """One browser; `link` is the personal link's path. `extra` headers go with every POST."""

    http: FlaskClient
    link: str
    extra: dict[str, str] = field(default_factory=lambda: {"Origin": "null", "Sec-Fetch-Site": "same-origin"})
    read: list[str] = field(default_factory=list)

    def get(self, path: str = "", **more: Any) -> TestResponse:
        """Open the link, or a page below it."""
        return self.http.get(self.link + path, base_url=BASE, **more)

    def post(
        self, path: str, values: Mapping[str, Any], *, key: str | None = None, **more: Any
    ) -> TestResponse:
        """Send a form of a page below the link, as a person does."""
        found = Fields(self.get().text).key if key is None else key
        sent = {**values, **({"form_key": found} if found else {})}
        headers = more.pop("headers", self.extra)
        return self.http.post(self.link + path, data=sent, base_url=BASE, headers=headers, **more)

    def send(self, path: str, values: Mapping[str, Any], **more: Any) -> TestResponse:
        """Send a form, and open the page that the answer leads to."""
        return self.follow(self.post(path, values, **more))

    def follow(self, answer: TestResponse) -> TestResponse:
        """The page behind a redirect, or the answer itself."""
        if answer.status_code != 303:
            return answer
        return self.http.get(answer.headers["Location"].partition("#")[0], base_url=BASE)

    def fill_in(self, answers: Mapping[str, Any] = TAPPED) -> TestResponse:
        """Answer every screen from where the form goes on, and send it in."""
        for _ in range(40):
            page = self.get()
            self.read.append(page.text)
            action = re.search(
                rf'action="{re.escape(self.link)}/(?!language|everything|else)([a-z0-9_]+)"', page.text
            )
            assert action is not None, page.text
            sent = self.post("/" + action[1], on_screen(page.text, answers))
            assert sent.status_code in (200, 303), sent.text
            if action[1] == "check":
                thanks = self.follow(sent)
                self.read.append(thanks.text)
                return thanks
        raise AssertionError("The form never ended.")


def on_screen(page: str, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the answers that a page asks for."""
    asked = {name: answers[name] for name in Fields(page).names if name in answers}
    if "date_of_birth_year" in page and "date_of_birth" in answers:
        year, month, day = answers["date_of_birth"].split("-")
        asked |= {"date_of_birth_year": year, "date_of_birth_month": month, "date_of_birth_day": day}
    return asked


def phone(app: Flask, context: Context, purpose: LinkPurpose, subject: int, **until: float) -> Phone:
    """A phone with a personal link, good for a day unless told otherwise."""
    now = datetime.now(UTC)
    with context.db.begin() as tx:
        whose: dict[str, int] = {}
        if purpose is LinkPurpose.stop:  # of a client: at the address where they are reached
            place = contacts.email_of(tx, context, clients.get(tx, subject).email, now)
            whose = {"contact": place or 0, "client": subject}
        ends = now + timedelta(**(until or {"days": 1}))
        url = links.issue(tx, context, purpose, subject, now, ends, **whose)
    return Phone(app.test_client(), url.removeprefix(BASE))


def soon(context: Context, **visit: Any) -> Booking:
    """A booking of Zoë's in two days from now."""
    now = datetime.now(UTC)
    return book(context, now, start=now + timedelta(days=2), **visit)


def visited(context: Context, said: Answers = NONE, **visit: Any) -> Booking:
    """Zoë's visit, over for an hour: she had answered before it, and the plan has gone out since."""
    now = datetime.now(UTC)
    made = book(context, now - timedelta(days=3), start=now - timedelta(hours=2), **visit)
    fill_in(context, made, now - timedelta(days=1), **said)
    work.work_once(context, now)
    with context.db.read() as tx:
        plan = plans.newest(tx, made.id)
    assert plan is not None
    assert plan.sent_at == now
    return made


def checkin_phone(app: Flask, context: Context, booking: Booking, kind: CheckInKind) -> Phone:
    """Zoë's phone with the link of a check-in about the plan that went out."""
    with context.db.begin() as tx:
        plan = plans.newest(tx, booking.id)
        assert plan is not None
        checkin = checkins.ask(tx, booking.id, plan.id, kind, datetime.now(UTC))
    return phone(app, context, LinkPurpose.checkin, checkin.id)


def again(context: Context) -> Booking:
    """Zoë's next booking, in 19 days: too far from the first one to share its form."""
    now, first = datetime.now(UTC), only(context)
    receive(context, webhook("created", now, uid="u2", start=now + timedelta(days=19)))
    for minutes in (1, 2):  # taken in, then asked for by mail: that is when the questionnaire is chosen
        work.work_once(context, now + timedelta(minutes=minutes))
    with context.db.read() as tx:
        return next(each for each in bookings.listing(tx, email="zoe@example.org") if each.id != first.id)


def intake_of(context: Context, booking: Booking) -> Intake:
    """The intake as it is stored now."""
    with context.db.read() as tx:
        found = intakes.of_booking(tx, booking.id)
    assert found is not None
    return found


def stored(context: Context, booking: Booking) -> dict[str, Any]:
    """The answers as they are stored now."""
    return intake_of(context, booking).answers


def missing(tx: Tx, context: Context, booking: Booking) -> list[str]:
    """Questions still to be answered."""
    asked = open_intake(tx, context, booking.id, datetime.now(UTC))
    assert asked is not None
    found = asking.unanswered(asked.questionnaire, asked.answers, asked.today, asked.known, asked.before)
    return [name for _step, name in found]
