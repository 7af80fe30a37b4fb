"""Whom a form is for: by first name on the first screen, and before anything that was said earlier."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from handlers.bookings import inbox
from handlers.clients import people
from handlers.context import Context
from handlers.intake import form
from handlers.links import LinkPurpose
from handlers.worker import work
from schemas.booking import Booking
from schemas.person import Attendance, Doubt
from store import attendances, bookings, clients, intakes
from store.base import Tx
from tests.helpers.answers import TAPPED, UPDATE, answer_screens, fill_in
from tests.helpers.mailbox import Mailbox
from tests.helpers.phone import BASE, Fields, Phone, phone
from tests.helpers.visits import receive, webhook

MARK = "Marker-of-the-first-one"
ABOUT = {"date_of_birth_year": "1980", "date_of_birth_month": "5", "date_of_birth_day": "31"} | {
    "emergency_contact_name": MARK,
    "emergency_contact_phone": "555 123 4567",
}
BORN = {name: value for name, value in ABOUT.items() if name.startswith("date_of_birth")}


def visit(context: Context, uid: str, days: float, name: str, email: str = "lee@example.org") -> Booking:
    """A visit so many days from now, asked for by mail."""
    now = datetime.now(UTC)
    receive(
        context, webhook("created", now, uid=uid, start=now + timedelta(days=days), name=name, email=email)
    )
    for minutes in (1, 2):
        work.work_once(context, now + timedelta(minutes=minutes))
    return named(context, uid)


def named(context: Context, uid: str) -> Booking:
    """The booking as it is stored now."""
    with context.db.read() as tx:
        found = bookings.get(tx, bookings.named(tx, "main", uid)[0].booking_id or 0)
    assert found is not None
    return found


def doubt(context: Context, booking: Booking) -> None:
    """Let it be uncertain who comes, as a nickname does."""
    with context.db.begin() as tx:
        comes = attendances.current(tx, booking.id)
        assert comes is not None
        assert comes.said is not None
        places = {"email_id": comes.email_id, "phone_id": comes.phone_id}
        attendances.recognise(tx, comes.id, comes.said, **places, unsure=Doubt.name)


def came_before(context: Context, uid: str = "u1", name: str = "Ann Lee") -> None:
    """Somebody who has filled in the whole form."""
    fill_in(context, visit(context, uid, 1, name), datetime.now(UTC), goal_text=MARK)


def opened(app: Flask, context: Context, booking: Booking) -> Phone:
    """A phone with the link to the form."""
    return phone(app, context, LinkPurpose.intake, booking.id)


def comes_to(tx: Tx, booking: Booking) -> Attendance:
    """Who comes now."""
    found = attendances.current(tx, booking.id)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("Zoe Field", "Zoe"),
        ("Field, Zoe", "Zoe"),
        ("Dr. Zoë Field", "Zoë"),
        ("Ms Zoë Field (knee)", "Zoë"),
        ("Z. Field", "Z. Field"),
        ("Anne-Marie O'Neill", "Anne-Marie"),
        ("李雷", "李雷"),
        ("محمد العلي", "محمد"),
        ("Ærøskøbing", "Ærøskøbing"),
        ("Dr", "Dr"),
        ("evil.example/x Ann", ""),
        ("", ""),
    ],
)
def test_a_full_form_says_by_first_name_whom_it_is_for(
    app: Flask, context: Context, name: str, first: str
) -> None:
    page = opened(app, context, visit(context, "u1", 2, name)).get().text
    assert f"This form is for {first}." in page if first else "This form is for" not in page


def test_going_on_says_that_it_is_for_me(app: Flask, context: Context) -> None:
    booking = visit(context, "u1", 2, "Ann Lee")
    hers = opened(app, context, booking)
    hers.get()
    with context.db.read() as tx:
        assert comes_to(tx, booking).confirmed_at is None
    hers.post("/about", ABOUT)
    with context.db.read() as tx:
        assert comes_to(tx, booking).confirmed_at is not None


@pytest.mark.parametrize("who", ["Ben Lee", "Ann Lee", "李雷", "محمد العلي", "<b>Bo</b>"])
def test_somebody_else_gets_a_form_of_their_own_and_sees_nothing_of_the_first(
    app: Flask, context: Context, mailbox: Mailbox, who: str
) -> None:
    booking = visit(context, "u1", 2, "Ann Lee")
    hers = opened(app, context, booking)
    hers.post("/about", ABOUT)
    with context.db.read() as tx:
        first = intakes.of_booking(tx, booking.id)
    sent = hers.post("/else", {"name": who})
    assert sent.status_code == 303
    theirs = Phone(hers.http, sent.headers["Location"].removeprefix(BASE))
    assert theirs.link != hers.link
    assert hers.get().status_code == 404
    assert MARK not in theirs.get("/about").text
    assert MARK not in theirs.fill_in().text
    with context.db.read() as tx:
        now = intakes.of_booking(tx, booking.id)
        kept = intakes.get(tx, first.id if first else 0)
        comes = comes_to(tx, booking)
        name = clients.get(tx, comes.client_id).name
    assert now is not None
    assert kept is not None
    assert now.done
    assert now.questionnaire == "first_visit"
    assert MARK not in str(now.answers)
    assert not kept.done
    assert kept.client_id != now.client_id
    assert name == who
    work.work_once(context, datetime.now(UTC) + timedelta(minutes=5))
    asked = [mail for mail in mailbox.mails if mail["X-Aftercare-Kind"] == "intake"]
    assert all(str(mail["To"]) == "lee@example.org" for mail in asked)


def test_a_second_tap_leads_to_the_same_form_and_another_name_nowhere(app: Flask, context: Context) -> None:
    booking = visit(context, "u1", 2, "Ann Lee")
    hers = opened(app, context, booking)
    key = Fields(hers.get().text).key
    first, second = (hers.post("/else", {"name": "Ben Lee"}, key=key) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"]
    assert hers.post("/else", {"name": "Cleo Ash"}, key=key).status_code == 404
    assert hers.post("/else", {"name": "Ben Lee"}, key="0" * 32).status_code == 403
    with context.db.read() as tx:
        assert len(attendances.of_booking(tx, booking.id)) == 2


@pytest.mark.parametrize("name", ["", "  ", "\u200b\u202e"])
def test_nobody_is_not_somebody_else(app: Flask, context: Context, name: str) -> None:
    booking = visit(context, "u1", 2, "Ann Lee")
    hers = opened(app, context, booking)
    assert hers.post("/else", {"name": name}).status_code == 303
    assert hers.get().status_code == 200


def test_a_form_that_was_sent_is_not_handed_on(app: Flask, context: Context) -> None:
    booking = visit(context, "u1", 2, "Ann Lee")
    hers = opened(app, context, booking)
    key = Fields(hers.get().text).key
    hers.fill_in()
    hers.post("/else", {"name": "Ben Lee"}, key=key)
    assert "Thank you" in hers.get().text


def test_the_short_update_asks_first_and_shows_nothing_from_before(app: Flask, context: Context) -> None:
    came_before(context)
    later = visit(context, "u2", 40, "Ann Lee")
    hers = opened(app, context, later)
    for path in ("", "/since", "/check", "/about"):
        page = hers.get(path).text
        assert "Is this for Ann?" in page
        assert "Put on socks" not in page
        assert MARK not in page
    assert "Date of birth" not in hers.get().text
    sent = hers.post("/since", UPDATE)
    assert sent.headers["Location"] == hers.link
    with context.db.read() as tx:
        asked = form.open_intake(tx, context, later.id, datetime.now(UTC))
    assert asked is not None
    assert asked.answers == {}
    hers.post("/who", {})
    assert "Since last time" in hers.get().text
    assert "Is this for" not in hers.get().text


def test_a_child_that_was_booked_under_the_parents_name_gets_a_form_of_its_own(
    app: Flask, context: Context
) -> None:
    came_before(context, name="Paula Parent")
    later = visit(context, "u2", 40, "Paula Parent")
    hers = opened(app, context, later)
    sent = hers.post("/else", {"name": "Kim Parent"})
    child = Phone(hers.http, sent.headers["Location"].removeprefix(BASE))
    assert "This form is for Kim." in child.get().text
    assert MARK not in child.fill_in({**TAPPED, "date_of_birth": "2012-01-02", "guardian_name": "Paula"}).text
    with context.db.read() as tx:
        now = intakes.of_booking(tx, later.id)
    assert now is not None
    assert now.questionnaire == "first_visit"


def test_a_parent_who_comes_after_the_child_does_not_go_on_from_the_childs_form(
    app: Flask, context: Context
) -> None:
    born = "2013-02-03"
    first = visit(context, "u1", 1, "Mona Reyes")
    fill_in(context, first, datetime.now(UTC), date_of_birth=born, guardian_name="Mona Reyes", goal_text=MARK)
    hers = opened(app, context, visit(context, "u2", 40, "Mona Reyes"))
    assert "Date of birth" in hers.get().text
    assert 'role="alert"' in hers.send("/who", {}).text
    assert 'role="alert"' in hers.send("/who", BORN).text
    assert "Since last time" not in hers.get().text
    childs = dict(
        zip(("date_of_birth_year", "date_of_birth_month", "date_of_birth_day"), born.split("-"), strict=True)
    )
    assert hers.post("/who", childs).status_code == 303
    assert "Since last time" in hers.get().text


def couple(app: Flask, context: Context) -> Phone:
    """Ann, who was here before, at an address that she shares with Ben; the link of her short update."""
    came_before(context)
    visit(context, "u9", 3, "Ben Lee")
    return opened(app, context, visit(context, "u2", 40, "Ann Lee"))


def test_where_several_share_an_address_the_date_of_birth_is_asked(app: Flask, context: Context) -> None:
    hers = couple(app, context)
    assert "Date of birth" in hers.get().text
    assert 'role="alert"' in hers.send("/who", {}).text
    assert 'role="alert"' in hers.send("/who", {**BORN, "date_of_birth_day": "30"}).text
    assert "Is this for Ann?" in hers.get().text
    assert hers.post("/who", BORN).status_code == 303
    assert "Since last time" in hers.get().text


def test_after_three_wrong_dates_the_full_form_is_asked_for_good(app: Flask, context: Context) -> None:
    hers = couple(app, context)
    texts = []
    for day in ("1", "2", "31/"):  # the last is no date: it is no try
        texts.append(hers.post("/who", {**BORN, "date_of_birth_day": day}).text)
    assert len(set(texts)) == 1
    assert "date" not in texts[0].partition('role="alert"')[2].partition("</div>")[0].casefold()
    assert hers.post("/who", {**BORN, "date_of_birth_day": "3"}).status_code == 303
    page = hers.get().text
    assert "This form is for Ann." in page
    assert "Since last time" not in page
    booking = named(context, "u2")
    for days in (37.5, 39.5):  # neither reminder brings the short update back
        work.work_once(context, datetime.now(UTC) + timedelta(days=days))
    with context.db.read() as tx:
        intake = intakes.of_booking(tx, booking.id)
    assert intake is not None
    assert intake.questionnaire == "first_visit"


def test_the_name_of_who_was_here_before_opens_nobodys_history(app: Flask, context: Context) -> None:
    """Ben types "Ann Lee" into his form: what Ann said takes her date of birth."""
    came_before(context)
    his = opened(app, context, visit(context, "u9", 40, "Ben Lee"))
    sent = his.post("/else", {"name": "Ann Lee"})
    hers = Phone(his.http, sent.headers["Location"].removeprefix(BASE))
    work.work_once(context, datetime.now(UTC) + timedelta(minutes=5))
    page = hers.get().text
    assert "Since last time" not in page
    assert MARK not in page
    assert "Date of birth" in page


def test_a_doubt_is_asked_about_and_again_before_sending(app: Flask, context: Context) -> None:
    booking = visit(context, "u1", 2, "Bob Reed")
    doubt(context, booking)
    his = opened(app, context, booking)
    assert "Is this for Bob?" in his.get().text
    assert "Date of birth" not in his.get("/about").text
    his.post("/who", {})
    assert "This form is for Bob." in his.get().text
    with context.db.begin() as tx:
        answer_screens(tx, context, booking.id, datetime.now(UTC))
    doubt(context, booking)
    page = his.get("/check").text
    assert "Is this for Bob?" in page
    sent = his.post("/check", {}, key=Fields(page).key)
    assert sent.headers["Location"] == his.link
    with context.db.read() as tx:
        intake = intakes.of_booking(tx, booking.id)
    assert intake is not None
    assert not intake.done
    his.post("/who", {})
    assert "Thank you" in his.send("/check", {}).text


def test_a_screen_that_was_open_when_the_doubt_came_is_kept_and_warns(app: Flask, context: Context) -> None:
    booking = visit(context, "u1", 2, "Bob Reed")
    his = opened(app, context, booking)
    his.post("/about", ABOUT)
    key = Fields(his.get().text).key
    doubt(context, booking)
    his.post("/about", {**ABOUT, "emergency_contact_name": "Kept"}, key=key)
    with context.db.read() as tx:
        intake = intakes.of_booking(tx, booking.id)
        assert comes_to(tx, booking).unsure is Doubt.name
    assert intake is not None
    assert intake.answers["emergency_contact_name"] == "Kept"


def test_in_spanish(app: Flask, context: Context) -> None:
    came_before(context)
    hers = opened(app, context, visit(context, "u2", 40, "Ann Lee"))
    page = hers.get(headers={"Accept-Language": "es"}).text
    hers.post("/language", {"language": "es", "here": ""})
    page = hers.get().text
    assert "¿Es esto para Ann?" in page
    assert "Es para otra persona" in page


def test_staff_who_say_another_person_get_another_client(context: Context) -> None:
    """A nickname at the same address may be another person: staff who say so are believed."""
    booking = visit(context, "u1", 2, "Bob Reed", "reed@example.org")
    fill_in(context, booking, datetime.now(UTC))
    now = datetime.now(UTC) + timedelta(minutes=10)
    receive(
        context,
        webhook("created", now, uid="u1", start=booking.start, name="Robert Reed", email="reed@example.org"),
    )
    inbox.drain(context, now)
    with context.db.begin() as tx:
        comes = comes_to(tx, booking)
        assert comes.asked is not None
        theirs = people.settle(tx, context, booking.id, "Mara", now, same=False)
    assert theirs.client_id != comes.client_id
