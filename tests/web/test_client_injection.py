"""Strings that try to become markup, code or headers: in every field, they stay text or are refused."""

import json
import time
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from flask import Flask

import app as application
import settings as configuration
from handlers import work
from handlers.house import House
from handlers.links import LinkPurpose
from schemas.questionnaire import QuestionType
from store import bookings, plans
from store.bookings import Thread
from tests.healthy import TAPPED, library
from tests.support import Mailbox, receive, webhook
from tests.web.phone import Phone, intake_of, phone, soon, stored

MARK = "zq7331"
STRINGS = [
    f"<script>{MARK}()</script>",
    f"<img src=x onerror={MARK}()>",
    f'"><svg onload={MARK}()>',
    f"' onfocus='{MARK}()' autofocus='",
    f"</title><h1>{MARK}</h1>",
    f"</textarea><iframe src=javascript:{MARK}()>",
    f"<a href=javascript:{MARK}()>x</a>",
    f"{{{{ 7331 * 7 }}}} {MARK}",
    f"{{% include '/etc/passwd' %}} {MARK}",
    f"${{7331*7}} #{{7331*7}} {MARK}",
    f'#read("/etc/passwd") {MARK}',
    f"$(id) `id` ; {MARK}",
    f"' OR 1=1; DROP TABLE intakes; -- {MARK}",
    f"../../../../etc/passwd {MARK}",
    f"a\r\nBcc: {MARK}@evil.example\r\n\r\nx",
    f"\u202e{MARK}\u2066",
    f"\x00{MARK}\x1b[31m",
    f'=HYPERLINK("https://evil.example/{MARK}")',
    f"&lt;b&gt;{MARK}&#60;/b&#62;",
    f"{MARK}" + "\u0301" * 40,
]
TYPED = (QuestionType.TEXT, QuestionType.LONGTEXT)


class Parsed(HTMLParser):
    """What a browser makes of a page: elements and attributes that hold the mark, apart from values."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.bad: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, pairs: list[tuple[str, str | None]]) -> None:
        """An attribute may hold the mark only where a field shows its value."""
        for name, value in pairs:
            held = MARK in name or (MARK in (value or "") and name != "value")
            if held or name.startswith("on") or MARK in tag:
                self.bad.append(f"<{tag} {name}={value!r}>")
        if tag in ("iframe", "object", "embed", "base"):
            self.bad.append(tag)


def assert_harmless(page: str) -> None:
    """Nothing on the page was made from what a client typed; no template was worked out."""
    assert Parsed(page).bad == []
    assert "51317" not in page
    assert "root:x:0" not in page


@pytest.fixture
def app(given: configuration.Settings) -> Flask:
    """The application on each database."""
    return application.create_app(given)


@pytest.fixture
def booking(house: House) -> Thread:
    """A booking in two days."""
    return soon(house)


@pytest.fixture
def hers(app: Flask, house: House, booking: Thread) -> Phone:
    """Zoë's phone with the intake's link."""
    return phone(app, house, LinkPurpose.intake, booking.id)


@pytest.mark.parametrize("shift", range(0, len(STRINGS), 5))
def test_what_a_client_types_stays_text_on_every_page_and_in_every_mail(
    app: Flask, house: House, booking: Thread, hers: Phone, mailbox: Mailbox, shift: int
) -> None:
    asked = library().questionnaires["first_visit"].questions()
    fields = [question for question in asked if question.type in TYPED]
    texts = (STRINGS[shift:] + STRINGS[:shift]) * len(fields)
    typed = {question.id: text[: question.max_length] for question, text in zip(fields, texts, strict=False)}
    sent = hers.fill_in({**TAPPED, **typed, "act2_score": "5", "act3_score": "5"})
    assert_harmless(sent.text)
    assert intake_of(house, booking).done
    assert any(MARK in json.dumps(value) for value in stored(house, booking).values())
    with house.db.begin() as tx:
        drafted = plans.newest(tx, booking.id)
        assert drafted is not None
        plans.sent(tx, drafted.id, datetime.now(UTC))
    shown = phone(app, house, LinkPurpose.plan, booking.id)
    assert_harmless(shown.get().text)
    assert shown.get("/plan.pdf").data.startswith(b"%PDF")
    work.work_once(house, datetime.now(UTC))
    for mail in mailbox.mails:
        assert MARK not in str(mail)
    assert len({tuple(each) for each in mailbox.recipients}) <= 2


def test_what_is_typed_is_shown_again_as_text_beside_an_error(hers: Phone) -> None:
    for text in STRINGS:
        page = hers.post("/about", {"preferred_name": text, "emergency_contact_name": text * 30})
        assert page.status_code == 422
        assert_harmless(page.text)


@pytest.mark.parametrize(
    "text", [STRINGS[0], STRINGS[3], STRINGS[16]], ids=["element", "attribute", "control"]
)
def test_no_choice_takes_what_it_does_not_offer(
    house: House, booking: Thread, hers: Phone, text: str
) -> None:
    steps = library().questionnaires["first_visit"].steps
    for step in steps:
        page = hers.post(f"/{step.id}", {question.id: text for question in step.questions})
        assert page.status_code in (200, 303, 422)
        assert_harmless(page.text)
    kept = stored(house, booking)
    offered = (QuestionType.CHOICE, QuestionType.MULTI, QuestionType.BODYMAP, QuestionType.SCALE)
    chosen = [q.id for step in steps for q in step.questions if q.type in offered]
    assert not [name for name in chosen if MARK in json.dumps(kept.get(name, ""))]


def test_a_name_from_the_scheduler_stays_text(app: Flask, house: House, mailbox: Mailbox) -> None:
    now = datetime.now(UTC)
    for number, text in enumerate(STRINGS):
        address = f"x{number}@example.org"
        receive(house, webhook("created", now, uid=f"x{number}", name=text[:60], email=address))
    work.work_once(house, now)
    work.work_once(house, now + timedelta(minutes=1))
    with house.db.read() as tx:
        found = bookings.listing(tx)
    assert len(found) > len(STRINGS) / 2
    for each in found:
        assert_harmless(phone(app, house, LinkPurpose.intake, each.id).get().text)
    assert len(mailbox.mails) == len(found)
    for mail in mailbox.mails:
        assert "Bcc" not in mail
        for part in mail.walk():
            if part.get_content_type() == "text/html":
                assert_harmless(part.get_content())


@pytest.mark.parametrize(
    "body",
    [
        b"&".join(b"f%d=x" % number for number in range(100_000)),
        b"preferred_name=" + b"x" * 10_000_000,
        b"a" * 10_000_000,
        b"%" * 200_000,
    ],
    ids=["fields", "one_field", "bytes", "escapes"],
)
def test_a_flood_is_answered_quickly(hers: Phone, house: House, booking: Thread, body: bytes) -> None:
    started = time.monotonic()
    answer: Any = hers.http.post(
        f"{hers.link}/about",
        data=body,
        base_url="https://care.test",
        content_type="application/x-www-form-urlencoded",
    )
    assert 400 <= answer.status_code < 500
    assert time.monotonic() - started < 10
    assert stored(house, booking) == {}
