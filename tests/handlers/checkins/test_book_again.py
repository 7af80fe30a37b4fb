"""One mail offers to book again, at the right time, and never where it would be out of place."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from handlers.checkins import replies
from handlers.clients import contacts as handled
from handlers.context import Context
from handlers.plans import release
from handlers.worker import work
from schemas.booking import Booking
from schemas.checkin import CheckInKind
from schemas.delivery import DeliveryStatus
from schemas.person import MessageKind
from schemas.session_note import SendWish, SessionNote
from store import checkins, contacts, plans
from store.views import board
from tests.helpers.answers import fill_in
from tests.helpers.clinic import NOW
from tests.helpers.mailbox import Mailbox
from tests.helpers.visits import book, receive, schedule_of, webhook

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
URL = "https://book.test/us"
SENT = "sent"


@pytest.fixture
def clinic(context: Context) -> Context:
    """A clinic that says where it is booked again."""
    return replace(context, clinic=replace(context.clinic, booking_url=URL))


def visited(clinic: Context) -> Booking:
    """Zoë has been at the clinic and has her plan."""
    booking = book(clinic)
    fill_in(clinic, booking)
    work.work_once(clinic, booking.end + timedelta(hours=1))
    return booking


def answers(clinic: Context, booking: Booking, **said: list[str] | str) -> None:
    """Zoë replies to the check-in of week 4."""
    now = booking.end + timedelta(days=28)
    with clinic.db.begin() as tx:
        plan = plans.newest(tx, booking.id)
        assert plan is not None
        asked = checkins.ask(tx, booking.id, plan.id, CheckInKind.w4, now)
        replies.reply(tx, clinic, asked, {"fu_symptoms": ["none"]} | said, now)


def until(clinic: Context, start: datetime, days: int) -> None:
    """The worker looks each morning and each afternoon."""
    for day in range(days):
        for hours in (6, 10):
            work.work_once(clinic, start + timedelta(days=day, hours=hours))


def fine(clinic: Context, booking: Booking) -> None:
    """All is well."""
    answers(clinic, booking)


def comes_again(clinic: Context, booking: Booking) -> None:
    """The next visit is booked at the scheduler."""
    fine(clinic, booking)
    later = booking.end + timedelta(days=29)
    receive(clinic, webhook("created", later, uid="u2", start=later + timedelta(days=30)))


def cancels(clinic: Context, booking: Booking) -> None:
    """The visit is cancelled after all, as it does where it was entered twice."""
    fine(clinic, booking)
    receive(clinic, webhook("cancelled", booking.end + timedelta(days=2), uid="u1"))


def wants_no_check_ins(clinic: Context, _booking: Booking) -> None:
    """She said "Check-ins" behind "Stop these e-mails"."""
    fine(clinic, _booking)
    with clinic.db.begin() as tx:
        place = handled.email_of(tx, clinic, "zoe@example.org", NOW)
        assert place is not None
        contacts.stop(tx, place, (MessageKind.checkins,), "link", NOW)


def has_a_warning_sign(clinic: Context, booking: Booking) -> None:
    """She reported a sign that stops the plan."""
    answers(clinic, booking, fu_symptoms=["chest_breath"])


def is_silent(_clinic: Context, _booking: Booking) -> None:
    """No check-in was answered."""


@pytest.mark.parametrize(
    ("story", "ends"),
    [
        (fine, SENT),
        (comes_again, "next_visit"),
        (cancels, "cancelled"),
        (wants_no_check_ins, "unsubscribed"),
        (has_a_warning_sign, "no_plan"),
        (is_silent, "no_reply"),
    ],
)
def test_the_offer_goes_out_once_and_only_where_it_is_right(
    clinic: Context, mailbox: Mailbox, story: Callable[[Context, Booking], None], ends: str
) -> None:
    booking = visited(clinic)
    until(clinic, booking.end, 28)
    story(clinic, booking)
    until(clinic, booking.end + timedelta(days=28), 20)
    found, mails = schedule_of(clinic, booking)["book_again:0"], mailbox.of("book_again")
    assert (found.status if found.status is DeliveryStatus.sent else found.reason) == ends
    assert len(mails) == (ends == SENT)
    for mail in mails:
        html = mail.get_body(("html",))
        assert html is not None
        assert f'href="{URL}"' in html.get_content()
        assert "This link is just for you" not in html.get_content()
        assert mail["List-Unsubscribe"]
        assert found.settled_at is not None
        assert (
            timedelta(weeks=5) - timedelta(days=1)
            < found.settled_at - booking.end
            < timedelta(weeks=5, days=1)
        )


def test_the_practitioners_word_moves_it(clinic: Context, mailbox: Mailbox) -> None:
    booking = visited(clinic)
    note = SessionNote(send=SendWish.OK_TO_SEND, author="Mara", next_visit_weeks=2)
    with clinic.db.begin() as tx:
        release.add_note(tx, clinic, booking.id, note, booking.end + timedelta(hours=3))
    until(clinic, booking.end, 7)
    answers(clinic, booking)
    until(clinic, booking.end + timedelta(days=7), 9)
    assert len(mailbox.of("book_again")) == 1


def test_a_clinic_that_says_no_place_sends_none(context: Context) -> None:
    assert "book_again:0" not in schedule_of(context, visited(context))


def test_the_board_counts_who_booked_again(clinic: Context) -> None:
    booking = visited(clinic)
    end = booking.end + timedelta(days=40)

    def counted() -> tuple[int, int]:
        with clinic.db.read() as tx:
            share = board.booked_again(tx, NOW, end)
        return share.part, share.whole

    assert counted() == (0, 1)
    comes_again(clinic, booking)
    work.work_once(clinic, booking.end + timedelta(days=29, minutes=1))
    assert counted() == (1, 1)
