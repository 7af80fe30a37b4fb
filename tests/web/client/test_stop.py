"""No more messages: for each kind, at the place where they come, and the way back by the person."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from handlers import links
from handlers.clients import contacts
from handlers.context import Context
from handlers.links import LinkPurpose
from handlers.send import outbox
from handlers.worker import work
from integrations.base import OptedOut
from schemas.booking import Booking
from schemas.delivery import Channel, DeliveryStatus, Purpose
from schemas.message import Text
from schemas.person import ContactKind, ContactPoint, MessageKind
from schemas.reason import Reason
from store import attendances, bookings, deliveries
from store import contacts as stored
from tests.helpers.answers import TAPPED, fill_in
from tests.helpers.clinic import NOW
from tests.helpers.mailbox import Mailbox
from tests.helpers.phone import BASE, Phone, phone, soon
from tests.helpers.visits import receive, webhook

CASES = Path(__file__).parents[2] / "cases"
CARE, CHECKINS = MessageKind.care, MessageKind.checkins
ADDRESS = "zoe@example.org"
NUMBER = "+15550104242"


def case(name: str, start: datetime) -> dict[str, Any]:
    """What is said of a visit in a stored case, for a visit at another time."""
    data: dict[str, Any] = json.loads((CASES / f"{name}.json").read_text())["data"]
    client = data["client"]
    return {"uid": data["id"], "start": start, "name": client["name"], "email": client["email"]} | (
        {"phone": client["phone"]} if "phone" in client else {}
    )


def point(context: Context, value: str = ADDRESS) -> ContactPoint:
    """An address or number as it is stored now."""
    with context.db.read() as tx:
        found = stored.find(tx, ContactKind.email if "@" in value else ContactKind.sms, value)
    assert found is not None
    return found


def stop_page(app: Flask, context: Context, booking: Booking) -> Phone:
    """A phone with the link that stands at the end of a mail to the client."""
    with context.db.begin() as tx:
        comes = attendances.current(tx, booking.id)
        assert comes is not None
        place = comes.email_id or 0
        now = datetime.now(UTC)
        url = links.issue(tx, context, LinkPurpose.stop, place, now, contact=place, client=comes.client_id)
    return Phone(app.test_client(), url.removeprefix(BASE))


@pytest.fixture
def booking(context: Context) -> Booking:
    """A visit of Zoë's in two days; she has a mobile number."""
    return soon(context, phone="+1 555 010 4242")


@pytest.fixture
def page(app: Flask, context: Context, booking: Booking) -> Phone:
    """The page behind "Stop these e-mails"."""
    return stop_page(app, context, booking)


def test_opening_the_page_stops_nothing(context: Context, page: Phone) -> None:
    text = page.get().text
    for words in ("Forms and plans", "Check-ins", "All messages", "All texts"):
        assert words in text
    page.http.head(page.link, base_url=BASE)
    assert point(context).stopped == frozenset()


@pytest.mark.B15
def test_a_mail_program_stops_all_e_mails_with_one_post(context: Context, page: Phone) -> None:
    for _ in range(2):
        done = page.http.post(page.link, data={"List-Unsubscribe": "One-Click"}, base_url=BASE)
        assert done.status_code == 200
    assert point(context).stopped == {CARE, CHECKINS}
    assert point(context, NUMBER).stopped == frozenset()


@pytest.mark.parametrize("body", [{}, {"List-Unsubscribe": "Two-Click"}, {"channel": "email"}, {"undo": "1"}])
def test_any_other_body_from_elsewhere_stops_nothing(
    context: Context, page: Phone, body: dict[str, str]
) -> None:
    assert page.http.post(page.link, data=body, base_url=BASE).status_code == 403
    assert point(context).stopped == frozenset()


@pytest.mark.parametrize(
    ("kind", "stopped"), [("care", {CARE}), ("checkins", {CHECKINS}), ("all", {CARE, CHECKINS})]
)
def test_each_kind_is_stopped_and_undone_by_itself(
    context: Context, page: Phone, kind: str, stopped: set[MessageKind]
) -> None:
    assert "Undo" not in page.get().text
    for _ in range(2):
        said = page.send("", {"channel": "email", "kind": kind})
        assert said.status_code == 200
        assert point(context).stopped == stopped
    assert "Undo" in said.text
    for _ in range(2):
        said = page.send("", {"channel": "email", "kind": kind, "undo": "1"})
        assert point(context).stopped == frozenset()
    assert "Undo" not in said.text


@pytest.mark.B15
def test_texts_are_stopped_apart_from_e_mails(context: Context, page: Phone) -> None:
    page.post("", {"channel": "sms", "kind": "all"})
    assert point(context, NUMBER).stopped == {CARE, CHECKINS}
    assert point(context).stopped == frozenset()
    page.post("", {"channel": "sms", "kind": "all", "undo": "1"})
    assert point(context, NUMBER).stopped == frozenset()
    assert page.post("", {"channel": "fax"}).status_code == 400
    assert page.post("", {"channel": "email", "kind": "adverts"}).status_code == 400


def test_what_was_left_out_meanwhile_comes_after_all(
    context: Context, booking: Booking, page: Phone, mailbox: Mailbox
) -> None:
    page.post("", {"channel": "email", "kind": "care"})
    work.work_once(context, datetime.now(UTC) + timedelta(minutes=2))
    assert mailbox.kinds() == []
    page.post("", {"channel": "email", "kind": "care", "undo": "1"})
    work.work_once(context, datetime.now(UTC) + timedelta(minutes=3))
    assert mailbox.kinds() == ["intake"]


def test_a_stop_holds_for_whoever_is_reached_there_and_however_it_is_spelt(
    app: Flask, context: Context, page: Phone, mailbox: Mailbox
) -> None:
    page.post("", {"channel": "email", "kind": "all"})
    now = datetime.now(UTC)
    start = now + timedelta(days=3)
    for uid, name, email in (("v1", "Field, Zoë", "Zoe@Example.org"), ("v2", "Bo Łuć", ADDRESS)):
        receive(context, webhook("created", now, uid=uid, start=start, name=name, email=email))
    for minutes in (1, 2):
        work.work_once(context, now + timedelta(minutes=minutes))
    assert mailbox.mails == []


def test_a_yes_in_the_form_takes_the_stop_back_and_says_so(
    app: Flask, context: Context, mailbox: Mailbox
) -> None:
    now = datetime.now(UTC)
    visit = case("consent_given_again", now + timedelta(days=2))
    receive(context, webhook("created", now, connection="site", **visit))
    for minutes in (1, 2):
        work.work_once(context, now + timedelta(minutes=minutes))
    with context.db.read() as tx:
        booking = bookings.listing(tx, email=visit["email"])[0]
    stop = stop_page(app, context, booking)
    stop.http.post(stop.link, data={"List-Unsubscribe": "One-Click"}, base_url=BASE)
    thanks = phone(app, context, LinkPurpose.intake, booking.id).fill_in()
    assert "Now you said yes to them" in thanks.text
    assert point(context, visit["email"]).stopped == frozenset()
    work.work_once(context, booking.end + timedelta(hours=1))
    assert mailbox.kinds()[-1] == "plan"


@pytest.mark.parametrize("consent", ["no", ""])
def test_without_a_yes_the_stop_stays(
    app: Flask, context: Context, booking: Booking, page: Phone, consent: str
) -> None:
    page.post("", {"channel": "email", "kind": "all"})
    thanks = phone(app, context, LinkPurpose.intake, booking.id).fill_in({**TAPPED, "consent_email": consent})
    assert "Now you said yes" not in thanks.text
    assert point(context).stopped == {CARE, CHECKINS}


def test_a_yes_does_not_take_back_what_may_be_anothers_stop(
    app: Flask, context: Context, booking: Booking, page: Phone
) -> None:
    now = datetime.now(UTC)
    receive(context, webhook("created", now, uid="u2", name="Bo Łuć", start=now + timedelta(days=3)))
    work.work_once(context, now)
    page.post("", {"channel": "email", "kind": "all"})
    phone(app, context, LinkPurpose.intake, booking.id).fill_in()
    assert point(context).stopped == {CARE, CHECKINS}


# ---------------------------------------------------------------- texts


class Texts:
    """A text-message service; `knows` of numbers that want none."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.knows: set[str] = set()

    def send(self, message: Any) -> str:
        """Keep the number, unless its owner wants none."""
        assert isinstance(message, Text)
        if message.to in self.knows:
            raise OptedOut("no")
        self.sent.append(message.to)
        return "id"


def _with_texts(context: Context) -> tuple[Context, Texts]:
    texts = Texts()
    return replace(context, senders={**context.senders, Channel.sms: texts}), texts


def _after_the_visit(context: Context, stopped: str = "") -> Booking:
    """The client of the case agreed to e-mail and texts, wrote STOP from `stopped`, and has the plan."""
    visit = case("stop_by_text", NOW + timedelta(days=2))
    receive(context, webhook("created", NOW, connection="site", **visit))
    work.work_once(context, NOW)
    with context.db.read() as tx:
        booking = bookings.listing(tx, email=visit["email"])[0]
    fill_in(context, booking, NOW, consent_sms="yes")
    if stopped:
        with context.db.begin() as tx:
            contacts.stop(tx, context, Channel.sms, stopped, "text", NOW)
    work.work_once(context, booking.end + timedelta(hours=1))
    return booking


def _asked(context: Context, booking: Booking) -> dict[Channel, list[DeliveryStatus]]:
    found: dict[Channel, list[DeliveryStatus]] = {}
    with context.db.read() as tx:
        for each in deliveries.of_booking(tx, booking.id):
            if each.purpose is Purpose.checkin:
                found.setdefault(each.channel, []).append(each.status)
    return found


@pytest.mark.parametrize("when", ["before", "after", "service"])
def test_stop_by_text_ends_texts_and_the_check_ins_come_by_mail(
    context: Context, mailbox: Mailbox, when: str
) -> None:
    context, texts = _with_texts(context)
    number = case("stop_by_text", NOW)["phone"]
    booking = _after_the_visit(context, stopped=number if when == "before" else "")
    if when == "after":
        with context.db.begin() as tx:
            contacts.stop(tx, context, Channel.sms, number, "text", booking.end + timedelta(hours=2))
    if when == "service":
        texts.knows.add(number)
    for days in range(1, 8):
        for hour in (0, 1):
            work.work_once(context, booking.end + timedelta(days=days, hours=7 + hour))
    assert texts.sent == []
    assert mailbox.kinds().count("checkin") >= 2
    with context.db.read() as tx:
        sent = [each for each in deliveries.of_booking(tx, booking.id) if each.status == "sent"]
    asked = [str(each.key.number) for each in sent if each.purpose is Purpose.checkin]
    assert len(asked) == len(set(asked))


def test_start_brings_the_texts_back(context: Context, mailbox: Mailbox) -> None:
    context, texts = _with_texts(context)
    number = case("stop_by_text", NOW)["phone"]
    booking = _after_the_visit(context)
    with context.db.begin() as tx:
        contacts.stop(tx, context, Channel.sms, number, "text", NOW)
        contacts.start(tx, context, Channel.sms, number, NOW)
    outbox.work(context, booking.end + timedelta(days=1, hours=7))
    assert texts.sent == [number]
    assert Reason.unsubscribed not in [str(each) for each in _asked(context, booking)]


def test_the_page_is_read_in_the_language_that_was_chosen_and_stays_in_it(
    app: Flask, context: Context
) -> None:
    hers = phone(app, context, LinkPurpose.stop, soon(context).client_id)
    page = hers.get("?language=es").text
    assert 'lang="es"' in page
    assert 'href="?language=en"' in page
    stopped = hers.send("?language=es", {"channel": "email", "kind": "checkins"}).text
    assert 'lang="es"' in stopped
    assert "Undo: " not in stopped


def test_every_choice_is_named_by_what_it_stops(app: Flask, context: Context) -> None:
    hers = phone(app, context, LinkPurpose.stop, soon(context).client_id)
    page = hers.get().text
    for kind in ("Forms and plans", "Check-ins", "All messages"):
        assert f'aria-label="Stop: {kind}"' in page
