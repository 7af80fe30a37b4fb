"""A link that opens nothing any more: one page whatever the reason, and a new link to the address on file."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from handlers import links
from handlers.clients import people
from handlers.context import Context
from handlers.links import LinkPurpose
from handlers.worker import work
from schemas.booking import Booking
from store import bookings, deliveries
from store import links as stored
from tests.helpers.mailbox import Mailbox
from tests.helpers.phone import BASE, Fields
from tests.helpers.visits import receive, webhook

HEADERS = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
WORDS = "a new one is on its way to the address that we have for you"


@pytest.fixture
def asked(context: Context) -> Booking:
    """A visit of Ann's in two days, for which she was asked by mail."""
    return says(context, "Ann Lee", "ann@example.org")


def says(context: Context, name: str, email: str, minutes: float = 0) -> Booking:
    """The scheduler names the person of the visit (again), and the worker does what follows."""
    now = datetime.now(UTC) + timedelta(minutes=minutes)
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=2)
    receive(context, webhook("created", now, uid="u1", start=start, name=name, email=email))
    for later in (1, 2):
        work.work_once(context, now + timedelta(minutes=later))
    with context.db.read() as tx:
        found = bookings.get(tx, bookings.named(tx, "main", "u1")[0].booking_id or 0)
    assert found is not None
    return found


def link_in(mailbox: Mailbox, number: int = -1) -> str:
    """The path of the form's link in a mail."""
    found = re.search(r"/i/[A-Za-z0-9_-]{32}", str(mailbox.mails[number].get_body(("plain",))))
    assert found is not None
    return found[0]


def ask_again(http: FlaskClient, link: str, language: str = "en") -> str:
    """Tap "Send me a new link" on the page of a dead link; what is said."""
    page = http.get(f"{link}?language={language}", base_url=BASE)
    assert page.status_code == 404
    action = f"?again&language={language}"
    assert f'action="{action.replace("&", "&amp;")}"' in page.text
    data = {"form_key": Fields(page.text).key}
    sent = http.post(f"{link}{action}", data=data, base_url=BASE, headers=HEADERS)
    assert sent.status_code == 303
    return http.get(sent.headers["Location"], base_url=BASE).text


def end(context: Context, booking: Booking) -> None:
    """Staff end the links of the visit."""
    with context.db.begin() as tx:
        stored.revoke(tx, [LinkPurpose.intake], booking.id, datetime.now(UTC))


def test_every_dead_link_looks_alike_and_so_does_one_that_never_was(
    app: Flask, context: Context, asked: Booking, mailbox: Mailbox
) -> None:
    http, pages, answers = app.test_client(), set(), set()
    old = link_in(mailbox)
    says(context, "Ann Lee", "ann.lee@example.org", 10)  # corrected away
    dead = [old]
    with context.db.begin() as tx:
        people.for_somebody_else(tx, context, asked.id, "Ben Lee", datetime.now(UTC))  # handed over
    dead.append(link_in(mailbox))
    with context.db.begin() as tx:
        now = datetime.now(UTC) - timedelta(days=400)  # by time
        plan = links.issue(tx, context, LinkPurpose.plan, asked.id, now).removeprefix(BASE)
    for link in (
        *dead,
        plan,
        "/i/" + "x" * 32,
        "/i/short",
        "/p/%3Cb%3E%20%22",
        "/c/" + "y" * 32,
        "/u/nothing",
    ):
        page = http.get(link, base_url=BASE)
        assert page.status_code == 404
        pages.add(page.text)
        answers.add(ask_again(http, link))
    assert len(pages) == 1
    assert len(answers) == 1
    assert WORDS in answers.pop()


def test_a_new_link_comes_to_the_address_on_file_once_an_hour(
    app: Flask, context: Context, asked: Booking, mailbox: Mailbox
) -> None:
    old = link_in(mailbox)
    end(context, asked)
    http = app.test_client()
    for _ in range(3):
        assert WORDS in ask_again(http, old)
    work.work_once(context, datetime.now(UTC) + timedelta(minutes=1))
    assert mailbox.kinds() == ["intake", "intake"]
    assert link_in(mailbox) != old
    assert http.get(link_in(mailbox), base_url=BASE).status_code == 200


def test_the_owner_of_a_corrected_address_gets_the_new_link_never_the_stranger(
    app: Flask, context: Context, asked: Booking, mailbox: Mailbox
) -> None:
    old = link_in(mailbox)
    says(context, "Ann Lee", "ann.lee@example.org", 10)
    assert [str(mail["To"]) for mail in mailbox.mails] == ["ann@example.org", "ann.lee@example.org"]
    ask_again(app.test_client(), old)
    work.work_once(context, datetime.now(UTC) + timedelta(minutes=1))
    assert [str(mail["To"]) for mail in mailbox.mails][2:] == ["ann.lee@example.org"]


@pytest.mark.parametrize("way", ["handed over", "cancelled"])
def test_nothing_goes_out_for_who_comes_no_more(
    app: Flask, context: Context, asked: Booking, mailbox: Mailbox, way: str
) -> None:
    old = link_in(mailbox)
    if way == "handed over":
        says(context, "Bob Ash", "bob@example.org", 10)
    else:
        end(context, asked)
        now = datetime.now(UTC)
        receive(context, webhook("cancelled", now, uid="u1", start=asked.start))
        work.work_once(context, now)
    before = len(mailbox.mails)
    assert WORDS in ask_again(app.test_client(), old)
    work.work_once(context, datetime.now(UTC) + timedelta(minutes=20))
    assert len(mailbox.mails) == before


def test_only_our_own_page_asks_for_a_new_link(
    app: Flask, context: Context, asked: Booking, mailbox: Mailbox
) -> None:
    old = link_in(mailbox).removeprefix("/i/")
    end(context, asked)
    http = app.test_client()
    assert http.post(f"/i/{old}?again", base_url=BASE).status_code == 403
    assert http.get(f"/i/{old}?again", base_url=BASE).status_code == 404
    for kind in ("n", "x"):
        assert http.post(f"/{kind}/{old}?again", base_url=BASE).status_code == 404
    with context.db.read() as tx:
        assert not any(each.key.resend for each in deliveries.of_booking(tx, asked.id))


def test_who_tries_many_links_is_slowed(app: Flask, context: Context) -> None:
    http = app.test_client()
    found = [http.get(f"/i/{number:032d}", base_url=BASE).status_code for number in range(40)]
    assert found[0] == 404
    assert found[-1] == 429


def test_the_answer_stays_in_the_language_that_the_page_was_read_in(app: Flask) -> None:
    said = ask_again(app.test_client(), f"/p/{'x' * 32}", "es")
    assert '<html lang="es"' in said
    assert WORDS not in said


@pytest.mark.parametrize("tapped", ["", "/1"])
def test_a_link_to_a_checkin_that_is_no_longer_kept_opens_nothing(
    app: Flask, asked: Booking, tapped: str
) -> None:
    context: Context = app.extensions["aftercare"]
    with context.db.begin() as tx:
        url = links.issue(tx, context, LinkPurpose.checkin, 4711, datetime.now(UTC), client=asked.client_id)
    path = url.removeprefix(BASE)
    assert app.test_client().get(f"{path}{tapped}", base_url=BASE).status_code == 404
    assert app.test_client().post(path, base_url=BASE).status_code in (403, 404)
