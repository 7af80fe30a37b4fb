"""A new clinic, from nothing to its first webhook: one command, and everything else in the browser."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest
import requests
from playwright.sync_api import Locator, Page, expect

from integrations.simulate import sample
from tests.browser.conftest import PHONE
from tests.helpers.fake_calcom import KEY, FakeCalcom, fake_calcom
from tests.helpers.hands import faults_by_day_and_night, follow
from tests.helpers.mailbox import Mailbox
from tests.helpers.ports import free_port

ROOT = Path(__file__).parents[2]
SMALL = PHONE | {"viewport": {"width": 360, "height": 740}}
MOST_STEPS = 16  # presses of a button or a link, two of them after a slip and two in the mail
PATIENCE = 90  # seconds for a start on a busy machine
MADE_HERE = (".git", ".venv", ".env", "var", "build")


@pytest.fixture
def calcom() -> Iterator[FakeCalcom]:
    """The clinic's account at its scheduler."""
    with fake_calcom() as fake:
        yield fake


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The program as it was fetched: no .env, no database."""
    for path in ROOT.iterdir():
        if path.name not in MADE_HERE:
            (tmp_path / path.name).symlink_to(path)
    return tmp_path


class Start:
    """`make start` and what it prints."""

    def __init__(self, folder: Path, **environ: str) -> None:
        self.port = free_port()
        command = [sys.executable, "-m", "deploy.start", "--port", str(self.port)]
        clean = {name: value for name, value in os.environ.items() if not name.startswith("AFTERCARE_")}
        self.log = (folder / "start.log").open("w+")
        self.process = subprocess.Popen(
            command, cwd=folder, env=clean | environ, stdout=self.log, stderr=subprocess.STDOUT
        )

    def address(self) -> str:
        """The address that it prints."""
        limit = time.monotonic() + PATIENCE
        while time.monotonic() < limit and self.process.poll() is None:
            found = re.search(r"^  (http\S+)$", self.said(), re.MULTILINE)
            if found:
                return found[1]
            time.sleep(0.2)
        raise AssertionError(self.said())

    def said(self) -> str:
        """Everything that it and its children have printed."""
        return Path(self.log.name).read_text()

    def end(self) -> None:
        """As Ctrl-C does."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)
        self.log.close()


class Hand:
    """Presses and counts; each page is looked at."""

    def __init__(self, page: Page) -> None:
        self.page, self.steps = page, 0

    def press(self, what: Locator) -> None:
        """One step; the page that follows is looked at."""
        self.steps += 1
        follow(what)
        self.look()

    def button(self, name: str) -> None:
        """Press a button."""
        self.press(self.page.get_by_role("button", name=name))

    def look(self) -> None:
        """No fault that axe finds, no sideways scroll."""
        assert not faults_by_day_and_night(self.page)


def fill(page: Page, **values: str) -> None:
    """Fill fields by their names."""
    for name, value in values.items():
        field = page.locator(f"[name={name}]")
        if field.evaluate("one => one.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)


def test_from_nothing_to_the_first_webhook(
    folder: Path, calcom: FakeCalcom, mailbox: Mailbox, open_page: Any
) -> None:
    start = Start(folder, MAIN_API_BASE=calcom.url)
    try:
        page = open_page(SMALL)
        hand = Hand(page)
        first = start.address()
        assert re.fullmatch(rf"http://localhost:{start.port}/setup/[\w-]{{20,}}", first)
        assert (folder / ".env").stat().st_mode & 0o777 == 0o600
        page.goto(first)
        hand.look()
        _account(hand)
        _clinic(hand)
        _mail(hand, mailbox)
        _scheduler(hand, calcom)
        _services(hand)
        expect(page.get_by_role("status")).to_contain_text("Waiting for your first webhook")
        _book(calcom)
        expect(page.get_by_text("It came: here it is.")).to_be_visible()
        hand.look()
        hand.button("Finish")
        expect(page).to_have_url(re.compile("/console/$"))
        assert hand.steps <= MOST_STEPS, hand.steps
        assert requests.get(first, timeout=PATIENCE).status_code == 404, "the address has done its work"
        page.goto(f"http://localhost:{start.port}/console/setup")
        hand.look()
        expect(page.get_by_text("Settings and content are in order.")).to_be_visible()
    finally:
        start.end()
    assert "Traceback" not in start.said()


def _account(hand: Hand) -> None:
    page = hand.page
    fill(page, name="Ana Ruiz", email="ana@clinic.test", credential="LMT", password="short")
    hand.button("Make my account")
    expect(page.get_by_role("alert")).to_contain_text("at least 12", ignore_case=True)
    expect(page.get_by_label("Your name")).to_have_value("Ana Ruiz")
    fill(page, password="quarry lantern violet tram")
    hand.button("Make my account")
    link = page.get_by_role("link", name="Open the app from here")
    expect(link).to_have_attribute("href", re.compile("^otpauth://totp/"))
    page.get_by_text("Cannot scan it?").click()
    secret = page.locator(".mono").inner_text().replace(" ", "")
    page.get_by_label("six digits").fill(pyotp.TOTP(secret).now())
    hand.button("Go on")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your recovery codes")
    hand.press(page.get_by_role("button", name="I have kept them"))


def _clinic(hand: Hand) -> None:
    page = hand.page
    expect(page.get_by_role("heading", level=1)).to_have_text("Your clinic")
    expect(page.get_by_label("Name of the clinic")).to_have_value("")
    given = {"CLINIC_NAME": "Río Clinic", "CLINIC_PHONE": "12", "CLINIC_EMAIL": "care@clinic.test"}
    more = {"CLINIC_SENDER": "Ana Ruiz", "CLINIC_ZONE": "America/Denver", "CLINIC_COUNTRY": "US"}
    fill(page, **given, **more)
    hand.button("Save and go on")
    expect(page.locator("#CLINIC_PHONE-error")).to_contain_text("whole telephone number")
    expect(page.get_by_label("Name of the clinic")).to_have_value("Río Clinic")
    fill(page, CLINIC_PHONE="(303) 555-0199")
    hand.button("Save and go on")


def _mail(hand: Hand, mailbox: Mailbox) -> None:
    page = hand.page
    expect(page.get_by_role("heading", level=1)).to_have_text("Mail")
    fill(page, SMTP_HOST="127.0.0.1", SMTP_PORT=str(mailbox.port), SMTP_SECURITY="none")
    hand.button("Save and sign in at the server")
    hand.button("Send a test mail")
    (mail,) = mailbox.of("test")  # the owner of an account hears of its second factor, too
    link = next(word for word in mail.get_content().split() if "/setup/mail/" in word)
    assert "clicked" not in page.locator("#live").inner_text()
    reader = page.context.new_page()
    reader.goto(link)
    follow(reader.get_by_role("button", name="Yes, it came"))
    hand.steps += 2
    reader.close()
    page.bring_to_front()
    expect(page.locator("#live")).to_contain_text("It came and was clicked")
    hand.press(page.get_by_role("link", name="Go on", exact=True))


def _scheduler(hand: Hand, calcom: FakeCalcom) -> None:
    page = hand.page
    expect(page.get_by_role("heading", level=1)).to_have_text("Your scheduler")
    hand.press(page.get_by_role("link", name="Cal.com"))
    fill(page, api_key=KEY)
    hand.button("Connect")
    hand.button("Make the webhook")
    assert calcom.webhooks[0]["secret"]


def _services(hand: Hand) -> None:
    page = hand.page
    expect(page.get_by_role("heading", level=1)).to_have_text("Your services")
    expect(page.get_by_role("group")).to_have_count(3)
    hand.button("Save and go on")


def _book(calcom: FakeCalcom) -> None:
    """The scheduler sends a signed booking to the address that it was given; in a moment it is accepted."""
    now = datetime.now(UTC)
    sent = calcom.webhooks[0]
    visit = {"start": now + timedelta(days=2), "end": now + timedelta(days=2, hours=1), "now": now}
    who = {"name": "Zoë Łuć", "email": "zoe@example.org"}
    headers, body = sample("calcom", "created", uid="first", secret=sent["secret"], **visit, **who)
    limit = time.monotonic() + PATIENCE
    while time.monotonic() < limit:
        answer = requests.post(sent["subscriberUrl"], data=body, headers=headers, timeout=PATIENCE)
        if answer.status_code == 202:
            return
        time.sleep(0.5)
    raise AssertionError("The webhook is not accepted.")
