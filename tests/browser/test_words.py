"""The words by which people and checks from outside find their way, with and without a script."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from handlers import links
from handlers.links import LinkPurpose
from schemas.booking import Booking
from store import attendances
from store import links as stored
from tests.browser.conftest import PHONE, Site
from tests.helpers.answers import TAPPED, fill_in
from tests.helpers.hands import Hands, follow, too_small
from tests.helpers.phone import visited

OpenPage = Callable[..., Page]
SMALL = {**PHONE, "viewport": {"width": 360, "height": 740}}
BOOK = "https://book.example/visit"


@pytest.fixture(params=[True, False], ids=["script", "plain"])
def page(open_page: OpenPage, request: pytest.FixtureRequest) -> Page:
    """A small phone."""
    return open_page(SMALL, java_script_enabled=request.param)


def fits(page: Page) -> bool:
    """No sideways scroll."""
    return bool(page.evaluate("document.documentElement.scrollWidth") == 360)


def has(page: Page, role: str, name: str) -> None:
    """The page shows something of this role and name."""
    expect(page.get_by_role(role, name=name, exact=True).first).to_be_visible()  # type: ignore[arg-type]


def test_the_plan_is_found_by_its_words(open_site: Callable[..., Site], page: Page) -> None:
    site = open_site(CLINIC_BOOKING_URL=BOOK)
    page.goto(site.link(LinkPurpose.plan, visited(site.context).id))
    for name in ("Do it now", "Large print (PDF)", "Book your next visit", "Add to my calendar"):
        has(page, "link", name)
    assert fits(page)
    follow(page.get_by_role("link", name="Do it now"))
    has(page, "link", "Next")
    has(page, "link", "Skip")
    assert fits(page)


def test_the_plan_can_be_put_on_the_home_screen_and_be_listened_to(site: Site, open_page: OpenPage) -> None:
    page = open_page(SMALL)
    page.add_init_script(
        "window.SpeechSynthesisUtterance ||= class {};"
        "if (!window.speechSynthesis) window.speechSynthesis = { cancel() {}, speak() {} };"
    )
    page.goto(site.link(LinkPurpose.plan, visited(site.context).id))
    has(page, "button", "Listen")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    asked = page.context.new_cdp_session(page)
    errors = {each["errorId"] for each in asked.send("Page.getInstallabilityErrors")["installabilityErrors"]}
    assert errors <= {"in-incognito"}, "which every window of these tests is"
    assert asked.send("Page.getAppManifest")["errors"] == []


def test_the_end_of_messages_is_found_by_its_words(site: Site, page: Page) -> None:
    page.goto(end_of_messages(site, site.visit()))
    for name in ("Forms and plans", "Check-ins", "All messages"):
        has(page, "button", f"Stop: {name}")
    follow(page.get_by_role("button", name="Check-ins"))
    assert fits(page)
    follow(page.get_by_role("button", name="Undo"))
    has(page, "button", "Stop: Check-ins")
    assert page.get_by_role("button", name="Undo").count() == 0
    page.reload()
    has(page, "button", "Stop: Check-ins")


def end_of_messages(site: Site, booking: Booking) -> str:
    """The link at the end of a mail to the client."""
    now = datetime.now(UTC)
    with site.context.db.begin() as tx:
        comes = attendances.current(tx, booking.id)
        assert comes is not None
        place = comes.email_id or 0
        return links.issue(
            tx, site.context, LinkPurpose.stop, place, now, contact=place, client=comes.client_id
        )


def test_a_dead_link_offers_a_new_one_in_the_same_words_to_everybody(site: Site, page: Page) -> None:
    booking = site.visit()
    link = site.link(LinkPurpose.intake, booking.id)
    with site.context.db.begin() as tx:
        stored.revoke(tx, [LinkPurpose.intake], booking.id, datetime.now(UTC) + timedelta(seconds=1))
    said = []
    for path in (link, f"{site.base}/i/{'x' * 32}", f"{site.base}/p/{'y' * 32}"):
        page.goto(path)
        follow(page.get_by_role("button", name="Send me a new link"))
        assert fits(page)
        said.append(page.locator("main").inner_text())
        page.reload()
        assert page.locator("main").inner_text() == said[-1]
    assert len(set(said)) == 1


def test_a_crisis_offers_a_call_and_a_text(site: Site, page: Page) -> None:
    page.goto(site.link(LinkPurpose.intake, site.visit().id))
    hands = Hands(page, TAPPED | {"goal_text": "I want to die"})
    hands.until("You and your goals")
    page.locator("[name=visit_reason]").first.check(force=True)
    page.locator("[name=goals]").first.check(force=True)
    page.locator("details.more summary").click()
    page.locator("[name=goal_text]").fill("I want to die")
    follow(page.locator("main form[id=answers] button.btn"))
    has(page, "link", "Call 988")
    has(page, "link", "Text 988")
    expect(page.get_by_text("Call or text 988")).to_be_visible()
    assert fits(page)


def test_thanks_put_the_visit_into_a_calendar(site: Site, page: Page, tmp_path: Path) -> None:
    booking = site.visit()
    fill_in(site.context, booking, datetime.now(UTC))
    page.goto(site.link(LinkPurpose.intake, booking.id))
    with page.expect_download() as download:
        page.get_by_role("link", name="Add to my calendar").click()
    assert "BEGIN:VEVENT" in Path(download.value.path()).read_text("utf-8")


def test_a_shaky_hand_hits_everything_after_the_form(
    open_site: Callable[..., Site], open_page: OpenPage
) -> None:
    site = open_site(CLINIC_BOOKING_URL=BOOK)
    page = open_page(SMALL)
    found: list[str] = []
    booking = visited(site.context)
    plan = site.link(LinkPurpose.plan, booking.id)
    for path in (plan, f"{plan}/go", f"{plan}/choices", end_of_messages(site, booking)):
        page.goto(path)
        found += too_small(page)
    assert "\n".join(dict.fromkeys(found)) == ""
