"""What clients write in a check-in, answered in one line."""

import re
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from handlers.checkins import remarks, replies
from handlers.clients import privacy
from handlers.context import Context
from handlers.links import LinkPurpose
from handlers.worker import work
from schemas.booking import Booking
from schemas.checkin import CheckInKind
from schemas.delivery import DeliveryStatus
from schemas.remark import Remark
from schemas.staff import Role
from store import bookings, checkins, clients, plans
from store import remarks as stored
from tests.helpers.answers import fill_in
from tests.helpers.console import BASE, account, post, sign_in, token_in
from tests.helpers.mailbox import Mailbox
from tests.helpers.phone import phone
from tests.helpers.visits import book, schedule_of

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
WORDS = "Could we do mornings, señora?"
LINE = "Yes: Tuesdays at nine."
WAITS = "/console/waits"
KINDS = (CheckInKind.h24, CheckInKind.d3)


@pytest.fixture
def booking(context: Context) -> Booking:
    """A visit whose plan is out."""
    made = book(context)
    fill_in(context, made)
    work.work_once(context, made.end + timedelta(hours=1))
    return made


def said(
    context: Context,
    booking: Booking,
    at: datetime,
    kind: CheckInKind = CheckInKind.h24,
    sign: str = "none",
) -> Remark:
    """The client writes something in a check-in."""
    with context.db.begin() as tx:
        plan = plans.newest(tx, booking.id)
        assert plan is not None
        asked = checkins.ask(tx, booking.id, plan.id, kind, at)
        answers = {"fu_symptoms": [sign], "fu_feel": "fine", "fu_words": WORDS}
        for _twice in range(2):
            replies.reply(tx, context, asked, answers, at)
        return stored.waiting(tx, "", at)[-1]


def answer(context: Context, one: Remark, at: datetime, line: str = LINE) -> bool:
    with context.db.begin() as tx:
        return remarks.answer(tx, one.id, line, "Mara Field", at)


def morning(booking: Booking) -> datetime:
    """The day after, while mails may go out."""
    return booking.end.replace(hour=16) + timedelta(days=1)


def test_what_was_written_waits_once_and_is_answered_on_the_console(
    context: Context, client: FlaskClient, booking: Booking
) -> None:
    one = said(context, booking, morning(booking))
    page = client.get(f"{WAITS}?whose=all", base_url=BASE).text
    assert page.count(WORDS) == 1
    url = f"/console/remarks/{one.id}/answer"
    empty = post(client, url, WAITS, line="  ")
    assert empty.status_code == 422
    assert 'aria-invalid="true"' in empty.text
    assert post(client, url, WAITS, line=f" {LINE}\n").status_code == 303
    late = post(client, url, WAITS, line="Something else")
    assert late.status_code == 409
    assert LINE in late.text
    with context.db.read() as tx:
        kept = stored.get(tx, one.id)
    assert kept is not None
    assert (kept.answer, kept.author) == (LINE, "Mara Field")
    undone = post(client, f"/console/remarks/{one.id}/undo", f"{WAITS}?whose=all")
    assert undone.status_code == 303
    assert LINE not in client.get(f"{WAITS}?whose=all", base_url=BASE).text


def test_the_front_desk_reads_and_answers_nothing(app: Flask, context: Context, booking: Booking) -> None:
    one = said(context, booking, morning(booking))
    account(context, "jo@handsofstone.example", "Jo", (Role.front_desk,))
    desk = sign_in(app, "jo@handsofstone.example")
    page = desk.get(WAITS, base_url=BASE).text
    assert WORDS not in page
    data = {"csrf": token_in(page), "line": LINE}
    assert desk.post(f"/console/remarks/{one.id}/answer", base_url=BASE, data=data).status_code == 403


def test_two_answers_go_out_once_after_five_minutes_without_a_word_of_them(
    app: Flask, context: Context, booking: Booking, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = morning(booking)
    ones = [said(context, booking, at, kind) for kind in KINDS]
    for minutes, one in enumerate(ones):
        assert answer(context, one, at + timedelta(minutes=minutes), f"{LINE} {minutes}")
    hers = phone(app, context, LinkPurpose.plan, booking.id)
    with context.db.read() as tx:
        assert remarks.read_by(tx, booking.client_id, at + timedelta(minutes=4)) == []
    work.work_once(context, at + timedelta(minutes=4))
    assert "answer" not in mailbox.kinds()
    for minutes in (6, 30):
        work.work_once(context, at + timedelta(minutes=minutes))
    (mail,) = mailbox.of("answer")
    assert not re.search("mornings|Tuesdays", str(mail))
    with context.db.begin() as tx:
        assert not remarks.take_back(tx, ones[0].id, "Mara Field", at + timedelta(minutes=6))
    later = at + timedelta(days=1)
    three = said(context, booking, later, CheckInKind.w1)
    assert answer(context, three, later)
    work.work_once(context, later + timedelta(minutes=6))
    assert len(mailbox.of("answer")) == 2, "a later answer has a mail of its own"
    monkeypatch.setattr("web.client.plan.utc_now", lambda: later)
    page = hers.get().text
    assert f"{LINE} 0" in page
    assert WORDS in page
    assert page.count(LINE) == 2, "the third has not left by then"


def test_the_link_of_the_mail_shows_the_answer_while_the_plan_is_paused_and_after_two_rows_were_one(
    app: Flask, context: Context, booking: Booking, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = morning(booking)
    assert answer(context, said(context, booking, at, sign="chest_breath"), at)
    later = at + timedelta(minutes=6)
    work.work_once(context, later)
    (mail,) = mailbox.of("answer")
    monkeypatch.setattr("web.client.common.utc_now", lambda: later)
    hers = phone(app, context, LinkPurpose.plan, booking.id, days=30)
    link = re.search(r"https://care\.test(/p/\S+?)[\s#]", mail.get_body(("plain",)).get_content())  # type: ignore[union-attr]
    assert link is not None
    for path in (hers.link, link[1]):
        page = app.test_client().get(path, base_url=BASE).text
        assert "paused" in page, path
        assert LINE in page
        assert WORDS in page
    other = book(context, at, uid="u2", email="zoe.luc@example.org", start=at + timedelta(days=3))
    with context.db.begin() as tx:
        clients.join(tx, other.client_id, booking.client_id)
        assert [one.answer for one in remarks.read_by(tx, other.client_id, later)] == [LINE]


def test_taken_back_nothing_goes_out_unless_another_answer_goes_with_it(
    context: Context, booking: Booking, mailbox: Mailbox
) -> None:
    at = morning(booking)
    first, second = (said(context, booking, at, kind) for kind in KINDS)
    assert answer(context, first, at)
    assert answer(context, second, at)
    for one, status in ((first, DeliveryStatus.scheduled), (second, DeliveryStatus.withdrawn)):
        with context.db.begin() as tx:
            assert remarks.take_back(tx, one.id, "Mara Field", at + timedelta(minutes=1))
        assert schedule_of(context, booking)["answer:1"].status is status
    work.work_once(context, at + timedelta(minutes=9))
    assert "answer" not in mailbox.kinds()
    assert answer(context, first, at + timedelta(minutes=10))
    work.work_once(context, at + timedelta(minutes=16))
    assert mailbox.kinds().count("answer") == 1


def test_no_answer_is_needed(context: Context, client: FlaskClient, booking: Booking) -> None:
    one = said(context, booking, morning(booking))
    assert post(client, f"/console/remarks/{one.id}/read", WAITS).status_code == 303
    assert WORDS not in client.get(f"{WAITS}?whose=all", base_url=BASE).text
    assert "answer:1" not in schedule_of(context, booking)


def test_it_is_exported_and_erased_with_its_client(context: Context, booking: Booking) -> None:
    at = morning(booking)
    assert answer(context, said(context, booking, at), at)
    whole = privacy.export(context, booking.client_id, "Mara", at)
    assert whole is not None
    assert [(each["words"], each["answer"]) for each in whole["remarks"]] == [(WORDS, LINE)]
    assert privacy.erase(context, booking.client_id, "Mara", at) is not None
    with context.db.read() as tx:
        assert stored.answered(tx, [booking.client_id]) == []
        assert bookings.get(tx, booking.id) is not None


def test_plans_stand_before_what_was_written_and_a_line_on_top_leads_to_each(
    context: Context, client: FlaskClient, booking: Booking
) -> None:
    one = said(context, booking, booking.end + timedelta(days=1))
    page = client.get(f"{WAITS}?whose=all", base_url=BASE).get_data(as_text=True)
    assert 'href="#r' not in page, "one kind needs no line"
    held = book(context, uid="u2", email="ann@example.org", name="Ann Lee")
    fill_in(context, held, pain_now="9", pain_avg7="8", pain_worst24="9")
    page = client.get(f"{WAITS}?whose=all", base_url=BASE).get_data(as_text=True)
    plan = re.search(r'<section[^>]*id="(w\d+)"', page)
    assert plan
    assert plan.start() < page.index(f'id="r{one.id}"')
    for place in (plan[1], f"r{one.id}"):
        assert f'href="#{place}"' in page
