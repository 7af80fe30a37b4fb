"""An address or number that the client types is used once somebody has opened what was sent there."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from handlers import links
from handlers.context import Context
from handlers.intake import reached
from handlers.links import LinkPurpose
from handlers.send import by_hand
from handlers.worker import work
from schemas.booking import Booking
from schemas.delivery import Channel, Purpose
from schemas.message import Text
from schemas.person import ContactKind
from store import attendances, bookings, contacts, deliveries
from tests.helpers.answers import TAPPED, fill_in
from tests.helpers.clinic import NOW
from tests.helpers.mailbox import Mailbox
from tests.helpers.phone import BASE, Fields, Phone, phone
from tests.helpers.visits import receive, webhook

CASE = json.loads((Path(__file__).parents[2] / "cases" / "typed_address.json").read_text())["data"]
TYPED = "typed@example.org"


def visit(context: Context, now: datetime, email: str = "", uid: str = "ne") -> Booking:
    """The visit of the case: a number and no address."""
    said = {"name": CASE["client"]["name"], "phone": CASE["client"]["phone"]}
    start = now + timedelta(days=2)
    receive(context, webhook("created", now, connection="site", uid=uid, start=start, email=email, **said))
    for minutes in (1, 2):
        work.work_once(context, now + timedelta(minutes=minutes))
    with context.db.read() as tx:
        found = bookings.get(tx, bookings.named(tx, "site", uid)[0].booking_id or 0)
    assert found is not None
    return found


def typed(app: Flask, context: Context, mailbox: Mailbox, address: str = TYPED) -> tuple[Booking, Phone]:
    """The form is filled in by the door's code with an address; the page behind the mail that goes there."""
    now = datetime.now(UTC)
    booking = visit(context, now)
    thanks = phone(app, context, LinkPurpose.intake, booking.id).fill_in({**TAPPED, "email": address})
    assert "We sent a mail there" in thanks.text
    work.work_once(context, now + timedelta(minutes=3))
    (mail,) = mailbox.of("confirm")
    assert str(mail["To"]) == address.casefold()
    link = re.search(r"/a/[A-Za-z0-9_-]{32}", str(mail.get_body(("plain",))))
    assert link is not None
    return booking, Phone(app.test_client(), link[0])


def plans(context: Context, mailbox: Mailbox, booking: Booking) -> list[str]:
    """Where the plan went after the visit."""
    work.work_once(context, booking.end + timedelta(hours=1))
    return [str(mail["To"]) for mail in mailbox.of("plan")]


def test_a_typed_address_is_used_once_its_owner_says_so(
    app: Flask, context: Context, mailbox: Mailbox
) -> None:
    booking, page = typed(app, context, mailbox)
    assert "Is this your address?" in page.get().text
    key = Fields(page.get().text).key
    for _ in range(2):
        assert "From now on we will write to you there." in page.send("", {}, key=key).text
    assert plans(context, mailbox, booking) == [TYPED]


def test_a_scanner_that_opens_the_link_confirms_nothing(
    app: Flask, context: Context, mailbox: Mailbox
) -> None:
    booking, page = typed(app, context, mailbox)
    for method in ("GET", "HEAD", "OPTIONS"):
        page.http.open(page.link, method=method, base_url=BASE)
    assert page.http.post(page.link, base_url=BASE).status_code == 403
    assert plans(context, mailbox, booking) == []


def test_the_mail_and_its_page_tell_a_stranger_nothing(
    app: Flask, context: Context, mailbox: Mailbox
) -> None:
    _booking, page = typed(app, context, mailbox)
    (mail,) = mailbox.of("confirm")
    for text in (page.get().text, str(mail.get_body(("plain",))), str(mail.get_body(("html",)))):
        for secret in (*CASE["client"]["name"].split(), CASE["client"]["phone"], "Mara Field", "visit"):
            assert secret not in text
    stop = re.search(r"/u/[A-Za-z0-9_-]{32}", str(mail.get_body(("plain",))))
    assert stop is not None
    assert "All texts" not in page.http.get(stop[0], base_url=BASE).text


def test_a_confirmed_address_outlasts_what_the_scheduler_says_again(
    app: Flask, context: Context, mailbox: Mailbox
) -> None:
    booking, page = typed(app, context, mailbox)
    page.post("", {})
    now = datetime.now(UTC) + timedelta(minutes=10)
    said = {"name": CASE["client"]["name"], "phone": "+1 555 010 0188", "email": ""}
    receive(context, webhook("updated", now, connection="site", uid="ne", start=booking.start, **said))
    work.work_once(context, now)
    assert plans(context, mailbox, booking) == [TYPED]


def test_another_person_takes_over_and_the_link_dies(app: Flask, context: Context, mailbox: Mailbox) -> None:
    booking, page = typed(app, context, mailbox)
    now = datetime.now(UTC) + timedelta(minutes=10)
    said = {"name": "Cleo Ash", "email": "cleo@example.org", "phone": "+15550100166"}
    receive(context, webhook("updated", now, connection="site", uid="ne", start=booking.start, **said))
    work.work_once(context, now)
    assert page.get().status_code == 404
    assert TYPED not in plans(context, mailbox, booking)


@pytest.mark.parametrize(
    ("address", "agrees"),
    [("typed@example.org", ""), ("care@handsofstone.example", "yes"), ("noemail@none.com", "yes")],
)
def test_nothing_is_sent_without_a_yes_or_to_what_is_no_address(
    app: Flask, context: Context, mailbox: Mailbox, address: str, agrees: str
) -> None:
    now = datetime.now(UTC)
    booking = visit(context, now)
    answers = {**TAPPED, "email": address, "consent_email": agrees}
    thanks = phone(app, context, LinkPurpose.intake, booking.id).fill_in(answers)
    assert "We sent a mail there" not in thanks.text
    work.work_once(context, now + timedelta(minutes=3))
    assert mailbox.of("confirm") == []


def test_who_is_reached_by_mail_already_is_not_asked(app: Flask, context: Context, mailbox: Mailbox) -> None:
    now = datetime.now(UTC)
    booking = visit(context, now, email=TYPED)
    phone(app, context, LinkPurpose.intake, booking.id).fill_in()
    work.work_once(context, now + timedelta(minutes=3))
    assert mailbox.of("confirm") == []


def test_the_question_can_be_sent_again_to_the_same_address(
    app: Flask, context: Context, mailbox: Mailbox
) -> None:
    booking, _page = typed(app, context, mailbox)
    now = datetime.now(UTC) + timedelta(minutes=5)
    with context.db.begin() as tx:
        (asked,) = [each for each in deliveries.of_booking(tx, booking.id) if each.purpose is Purpose.confirm]
        by_hand.resend(tx, asked.id, "Mara", now)
    work.work_once(context, now)
    assert [str(mail["To"]) for mail in mailbox.of("confirm")] == [TYPED, TYPED]


class Texts:
    """A text-message service."""

    def __init__(self) -> None:
        self.sent: list[Text] = []

    def send(self, message: Any) -> str:
        """Keep the text."""
        self.sent.append(message)
        return "id"


def test_a_typed_number_is_asked_by_text(app: Flask, context: Context, mailbox: Mailbox) -> None:
    texts = Texts()
    context = replace(context, senders={**context.senders, Channel.sms: texts})
    start = NOW + timedelta(days=2)
    receive(context, webhook("created", NOW, uid="u1", start=start, email="ann@example.org", name="Ann Lee"))
    work.work_once(context, NOW)
    with context.db.read() as tx:
        booking = bookings.listing(tx, email="ann@example.org")[0]
    fill_in(context, booking, NOW, mobile_phone="(212) 555-0177", consent_sms="yes")
    work.work_once(context, NOW + timedelta(minutes=1))
    (text,) = texts.sent
    assert text.to == "+12125550177"
    assert "Ann" not in text.body
    link = re.search(r"/a/[A-Za-z0-9_-]{32}", text.body)
    assert link is not None
    with context.db.begin() as tx:
        opened = links.look(tx, context, LinkPurpose.confirm, link[0].removeprefix("/a/"), NOW)
        before = attendances.current(tx, booking.id)
        assert opened is not None
        reached.confirm(tx, context, opened, NOW)
        after = attendances.current(tx, booking.id)
        point = contacts.find(tx, ContactKind.sms, "+12125550177")
    assert before is not None
    assert after is not None
    assert point is not None
    assert (before.phone_id, after.phone_id) == (None, point.id)
    assert after.email_id == before.email_id
