"""What differs from clinic to clinic, in one that differs in all of it."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

import app as application
import settings as configuration
from handlers.context import Context
from handlers.links import LinkPurpose
from handlers.worker import work
from library.content import problems
from settings.startup import content_problems
from store import intakes
from tests.helpers.answers import TAPPED, fill_in
from tests.helpers.both import some
from tests.helpers.clinic import NOW
from tests.helpers.console import BASE, account, sign_in
from tests.helpers.content import library
from tests.helpers.mailbox import Mailbox
from tests.helpers.phone import phone
from tests.helpers.praxis import OWN_WORDS, OWNER, PEOPLE
from tests.helpers.visits import book, schedule_of

pytestmark = [
    pytest.mark.parametrize("clinic", ["praxis"], indirect=True),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
BERLIN = ZoneInfo("Europe/Berlin")
OURS = re.compile(r"\b911\b|\b988\b|Hands of Stone|Mara Field")
each_person = pytest.mark.parametrize(
    "who", some(PEOPLE, 2), ids=lambda who: str(who["name"]).partition(" ")[0]
)


@pytest.fixture
def app(given: configuration.Settings) -> Flask:
    """The clinic's pages."""
    return application.create_app(given)


def comes(context: Context, who: dict[str, Any]) -> tuple[int, datetime]:
    """A booking that was made three days ago for an hour ago, and when it was made."""
    now = datetime.now(UTC)
    made = book(context, now - timedelta(days=3), start=now - timedelta(hours=1), **who)
    return made.id, now


def test_its_content_and_settings_have_no_fault(given: configuration.Settings, praxis_folder: Path) -> None:
    assert [each for each in problems(praxis_folder) if each.fatal] == []
    assert content_problems(given) == []


@each_person
def test_whoever_comes_is_asked_in_the_clinics_words_with_its_numbers(
    app: Flask, context: Context, mailbox: Mailbox, who: dict[str, Any]
) -> None:
    number, now = comes(context, who)
    theirs = phone(app, context, LinkPurpose.intake, number)
    theirs.fill_in(TAPPED)
    pages = "".join(theirs.read)
    assert OWN_WORDS["activity_profile"] in pages
    assert "112" in pages
    assert not OURS.search(pages), OURS.findall(pages)
    work.work_once(context, now + timedelta(hours=3))
    (plan,) = mailbox.of("plan")
    assert plan["To"]
    assert not OURS.search(str(plan))
    shown = phone(app, context, LinkPurpose.plan, number)
    assert not OURS.search(shown.get().text)
    assert str(who["name"]).split()[0] not in str(plan["Subject"])
    assert re.search(rb"/MediaBox ?\[0 0 595", shown.get("/plan.pdf").data)  # A4


def test_what_is_german_is_shown_in_german_and_the_rest_in_english(app: Flask, context: Context) -> None:
    number, _now = comes(context, PEOPLE[0])
    page = phone(app, context, LinkPurpose.intake, number).get().text
    assert "Im Notfall rufen Sie 112 an." in page
    assert 'lang="de"' in page
    born = library().questionnaires["first_visit"].question("date_of_birth")
    assert born is not None
    assert born.label in page


@pytest.mark.B17
def test_a_service_of_its_own_asks_its_own_form_and_brings_no_plan(
    app: Flask, context: Context, mailbox: Mailbox
) -> None:
    number, now = comes(context, PEOPLE[1] | {"service": "fango"})
    sent = phone(app, context, LinkPurpose.intake, number).fill_in({"heat_skin": "no", **TAPPED})
    assert sent.status_code == 200
    with context.db.read() as tx:
        intake = intakes.of_booking(tx, number)
    assert intake is not None
    assert (intake.questionnaire, intake.done, intake.answers["heat_skin"]) == ("waerme", True, "no")
    work.work_once(context, now + timedelta(hours=3))
    assert "plan" not in mailbox.kinds()


def test_a_voucher_that_is_picked_up_asks_nothing(context: Context, mailbox: Mailbox) -> None:
    booking = book(context, **PEOPLE[1] | {"service": "gutschein"})
    for days in range(10):
        work.work_once(context, NOW + timedelta(days=days, hours=6))
    assert mailbox.mails == []
    assert not [name for name in schedule_of(context, booking) if name.startswith(("intake", "plan"))]


def test_one_reminder_in_its_own_hours(context: Context, mailbox: Mailbox) -> None:
    early = datetime(2026, 11, 27, 7, tzinfo=BERLIN)  # 48 hours before is 7 in the morning, too early
    book(context, start=early, **PEOPLE[2])
    seen: list[datetime] = []
    for quarter in range(4 * 24 * 7):
        now = NOW + timedelta(minutes=15 * quarter)
        before = mailbox.kinds().count("intake_reminder")
        work.work_once(context, now)
        seen += [now.astimezone(BERLIN)] * (mailbox.kinds().count("intake_reminder") - before)
    assert [each.strftime("%d %H:%M") for each in seen] == ["25 08:00"]


def test_the_owner_who_treats_and_manages_sees_and_releases_alone(app: Flask, context: Context) -> None:
    account(context, "jm@praxis.example", OWNER)
    booking = book(context, **PEOPLE[3])
    fill_in(context, booking, under_other_care=["surgeon"])
    owner = sign_in(app, "jm@praxis.example")
    for path in ("/console/", "/console/outbox", "/console/connections", f"/console/bookings/{booking.id}"):
        page = owner.get(path, base_url=BASE)
        assert page.status_code == 200, path
        assert not OURS.search(page.get_data(as_text=True)), path
