"""What a message says, and what it must never say."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from handlers.checkins import replies
from handlers.context import Context
from handlers.schedule import words
from handlers.send import messages
from handlers.worker import work
from library.mail_texts import own_mail_texts, read_mail_texts
from render.mail import CHECKINS, LAST, MailKind
from render.mail_check import SHARED
from schemas.checkin import CheckInKind
from schemas.delivery import Purpose
from schemas.intake import Answers
from schemas.notions.words import fill
from store import checkins, intakes, plans
from store.base import Tx
from tests.helpers.answers import fill_in
from tests.helpers.clinic import NOW, make_context
from tests.helpers.content import CONTENT
from tests.helpers.mailbox import Mailbox
from tests.helpers.visits import book, receive, schedule_of, webhook

OVER = NOW + timedelta(days=7, hours=2)

OF_THE_CLINIC = (
    MailKind.CONNECTION,
    MailKind.TROUBLE,
    MailKind.TROUBLE_OVER,
    MailKind.TEXTS,
    MailKind.INVITE,
    MailKind.LOCKED,
    MailKind.ACCOUNT,
    MailKind.STAFF_NEWS,
)


def test_the_same_delivery_has_the_same_message_id_for_ever(context: Context) -> None:
    booking = book(context)
    first = schedule_of(context, booking)["intake:0"]
    later = replace(first, attempts=9, generation=12, due_at=OVER)
    assert messages.message_id(context, first) == messages.message_id(context, later)
    names = {messages.message_id(context, each) for each in schedule_of(context, booking).values()}
    assert len(names) == len(schedule_of(context, booking))


def test_another_installation_never_makes_the_same_message_id(context: Context) -> None:
    booking = book(context)
    delivery = schedule_of(context, booking)["intake:0"]
    other = replace(context, link_key=b"another installation")
    assert messages.message_id(context, delivery) != messages.message_id(other, delivery)


def test_a_resent_mail_keeps_its_message_id_across_processes(
    given: object, context: Context, mailbox: Mailbox
) -> None:
    booking = book(context)
    work.work_once(context, NOW + timedelta(minutes=1))
    again = make_context(given)  # type: ignore[arg-type]
    delivery = schedule_of(again, booking)["intake:0"]
    assert messages.message_id(again, delivery) == mailbox.mails[0]["Message-ID"]
    again.db.close()


@pytest.mark.parametrize(
    ("name", "greeted"), [("Núñez, Rosa", "Hi Rosa Núñez,"), ("Martín Rey, Jr.", "Hi Martín Rey, Jr.,")]
)
def test_a_client_is_greeted_with_the_given_name_in_front(
    context: Context, mailbox: Mailbox, name: str, greeted: str
) -> None:
    book(context, name=name)
    work.work_once(context, NOW + timedelta(minutes=1))
    said = mailbox.of("intake")[0].get_body(("plain",))
    assert said is not None
    assert said.get_content().startswith(greeted)


def test_a_client_is_greeted_by_the_name_they_asked_for(context: Context, mailbox: Mailbox) -> None:
    booking = book(context)
    fill_in(context, booking, preferred_name="Zed")
    work.work_once(context, OVER)
    (mail,) = mailbox.of("plan")
    said = mail.get_body(("plain",))
    assert said is not None
    assert said.get_content().startswith("Hi Zed,")


def test_a_reminder_speaks_of_saved_answers_only_to_who_gave_some(context: Context, mailbox: Mailbox) -> None:
    booking = book(context)
    for later in (timedelta(minutes=1), timedelta(days=4, hours=8)):
        work.work_once(context, NOW + later)
    with context.db.begin() as tx:
        intake = intakes.of_booking(tx, booking.id)
        assert intake is not None
        intakes.save(tx, intake, "about", {"visit_reason": "pain"}, {}, NOW)
    work.work_once(context, NOW + timedelta(days=6, hours=8))
    fresh, begun = (mail.get_body(("plain",)) for mail in mailbox.of("intake_reminder"))
    assert fresh is not None
    assert begun is not None
    assert "saved" not in fresh.get_content()
    assert "is saved" in begun.get_content()


@pytest.mark.parametrize(
    ("address", "good"),
    [
        ("zoe@example.org", True),
        ("", False),
        ("zoe", False),
        ("a@example.org, b@example.org", False),
        ("a@example.org\r\nBcc: b@example.org", False),
        ("Zoë <zoe@example.org>", False),
    ],
)
def test_a_mail_goes_to_exactly_one_address(address: str, good: bool) -> None:
    assert messages.can_mail(address) is good


@pytest.mark.B16
def test_a_visit_in_person_is_told_in_the_clinics_time_and_a_call_in_the_clients(context: Context) -> None:
    booking = book(context, client_zone="Asia/Kathmandu", zone="America/New_York")
    assert "(Eastern time)" in words.when(context, booking, "Asia/Kathmandu", "en")
    call = replace(booking, remote=True)
    assert "2:45" in words.when(context, call, "Asia/Kathmandu", "en")


def test_no_mail_holds_an_answer_or_leads_elsewhere(context: Context, mailbox: Mailbox) -> None:
    booking = book(context)
    work.work_once(context, NOW + timedelta(minutes=1))
    fill_in(context, booking)
    work.work_once(context, OVER)
    assert set(mailbox.kinds()) >= {"intake", "plan"}
    for mail in mailbox.mails:
        for part in mail.walk():
            if part.get_content_maintype() == "text":
                text = part.get_content()
                assert "Put on socks" not in text
                assert "low back" not in text.casefold()
                for piece in text.split("http")[1:]:
                    assert piece.startswith("s://care.test/"), piece[:60]
        if mail["X-Aftercare-Kind"] != "summary":  # which is the practitioner's
            assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert len(mail.get_all("To", [])) == 1


def test_every_purpose_has_its_mail_and_every_mail_its_purpose() -> None:
    purposes = {purpose for purpose, _ in messages.MAILS}
    assert purposes == set(Purpose) - {Purpose.attach}
    for language in ("en", "es"):
        tables = set(own_mail_texts(CONTENT, language)) - {*SHARED, *OF_THE_CLINIC}
        assert tables == {*messages.MAILS.values(), *CHECKINS, *LAST}


@pytest.mark.parametrize("name", ["first_visit", "short", "returning"])
def test_a_mail_says_the_minutes_of_its_form(context: Context, name: str) -> None:
    form = context.library("en").questionnaires[name]
    assert f"{form.minutes} minutes" in fill(form.intro, {"minutes": form.minutes})


def test_a_clinics_own_mails_of_before_get_the_texts_that_they_lack(tmp_path: Path) -> None:
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail/en.toml").write_text('[sms]\ncheckin = "{clinic}: {url}"\n')
    read = read_mail_texts(tmp_path, "en")
    assert read["sms"]["checkin"] == "{clinic}: {url}"
    assert "{reference}" in read["sms"]["alert"]
    assert read["plan"] == read_mail_texts(CONTENT, "en")["plan"]


def test_a_visit_can_be_taken_into_a_calendar_and_a_move_replaces_it(
    context: Context, mailbox: Mailbox
) -> None:
    booking = book(context)
    work.work_once(context, NOW + timedelta(minutes=1))
    moved = booking.start + timedelta(days=1)
    later = NOW + timedelta(hours=1)
    receive(context, webhook("rescheduled", later, uid="u1b", replaces="u1", start=moved))
    work.work_once(context, later)
    for hours in (80, 60, 36, 20, 10):
        work.work_once(context, moved - timedelta(hours=hours))
    files = [mail for each in ("intake", "intake_reminder") for mail in mailbox.of(each)]
    read = [list(mail.iter_attachments())[-1].get_content().split("\r\n") for mail in files]
    starts = [next(line for line in each if line.startswith("DTSTART")) for each in read]
    assert starts[0] == f"DTSTART:{booking.start:%Y%m%dT%H%M%SZ}"
    assert starts[-1] == f"DTSTART:{moved:%Y%m%dT%H%M%SZ}"
    assert len({line for each in read for line in each if line.startswith("UID:")}) == 1
    assert not list(mailbox.of("plan"))


def test_a_plan_that_goes_on_is_mailed_in_words_of_what_became_of_it(
    context: Context, mailbox: Mailbox
) -> None:
    booking = book(context)
    fill_in(context, booking)
    work.work_once(context, OVER)
    with context.db.begin() as tx:
        asked = checkins.ask(tx, booking.id, _plan(tx, booking.id), CheckInKind.w1, OVER)
        answers: Answers = {"fu_symptoms": ["none"], "fu_days_done": "5", "fu_difficulty": "5"}
        replies.reply(tx, context, asked, answers, OVER + timedelta(days=7))
    work.work_once(context, OVER + timedelta(days=7, minutes=1))
    first, second = mailbox.of("plan")
    texts = read_mail_texts(CONTENT, "en")
    assert first["Subject"] == texts["plan"]["subject"].format(clinic=context.clinic.name)
    assert second["Subject"] == texts["plan_less"]["subject"].format(clinic=context.clinic.name)


def _plan(tx: Tx, booking_id: int) -> int:
    found = plans.newest(tx, booking_id)
    assert found is not None
    return found.id
