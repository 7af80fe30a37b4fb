"""A client does the plan in a real browser: move by move, with a timer, by keyboard, and without a script."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from handlers.links import LinkPurpose
from store import checkins, links
from store.tables import bookings
from tests.browser.conftest import PHONE, Site
from tests.helpers.hands import faults, follow
from tests.helpers.phone import visited

OpenPage = Callable[..., Page]
SMALL = {**PHONE, "viewport": {"width": 360, "height": 740}}
LONG_NAME = "محمد عبد الرحمن بن عبد العزيز العلي"


@pytest.fixture
def link(site: Site) -> str:
    """The link of a plan that has gone out."""
    return site.link(LinkPurpose.plan, visited(site.context, name=LONG_NAME).id)


def width(page: Page) -> int:
    """How wide the page is, scrolled out of sight or not."""
    return int(page.evaluate("document.documentElement.scrollWidth"))


@pytest.mark.parametrize("scripted", [True, False], ids=["script", "plain"])
def test_the_plan_is_done_move_by_move_and_ticks_the_day(
    link: str, open_page: OpenPage, scripted: bool
) -> None:
    page = open_page(SMALL, java_script_enabled=scripted)
    page.goto(link)
    follow(page.get_by_role("link", name="Do it now"))
    moves = page.locator("section[id^=move]").count()
    for number in range(1, moves + 1):
        assert page.locator("section:visible").count() == 1
        assert page.locator(f"#move-{number}").is_visible()
        assert width(page) == 360
        if number == 1:
            page.get_by_role("link", name="Skip", exact=True).click()
            page.locator("#skip-1").get_by_text("No time").click()
        page.get_by_role("link", name="Next", exact=True).click()
    page.locator("#done label").filter(has_text="Just right").last.click()
    follow(page.get_by_role("button", name="Yes, I did it today"))
    assert page.locator(".week .on").count() == 1


@pytest.mark.parametrize("scripted", [True, False], ids=["script", "plain"])
def test_the_button_names_the_day_that_is_chosen(site: Site, open_page: OpenPage, scripted: bool) -> None:
    visit = visited(site.context)
    with site.context.db.begin() as tx:
        ended = visit.end - timedelta(days=3)
        tx.run(sa.update(bookings).where(bookings.c.id == visit.id).values(end_at=ended))
    link, page = site.link(LinkPurpose.plan, visit.id), open_page(SMALL, java_script_enabled=scripted)
    for path in ("go?language=en#done", "?language=en#today", "go?language=es#done", "?language=es#today"):
        page.goto(f"{link}/{path}".replace("/?", "?"))
        words = ("today", "Yesterday", "yesterday") if "=en" in path else ("hoy", "Ayer", "ayer")
        button = page.locator("form[data-later] button.btn:visible").last
        expect(button).to_have_accessible_name(re.compile(rf"\b{words[0]}$"))
        page.locator("label:visible").filter(has_text=words[1]).click()
        expect(button).to_have_accessible_name(re.compile(rf"\b{words[2]}$"))
        assert not scripted or not faults(page)


def test_a_timer_runs_pauses_and_stops_and_the_page_is_accessible(link: str, open_page: OpenPage) -> None:
    page = open_page(SMALL)
    page.goto(f"{link}/go")
    run, count = page.locator(".run:visible"), page.locator(".count:visible")
    run.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('.run').textContent === 'Pause'")
    assert count.inner_text().startswith("Get ready")
    page.keyboard.press("Space")
    assert run.inner_text() == "Go on" or run.inner_text() == "Start"
    assert faults(page) == []
    page.goto(f"{link}/go#done")
    assert faults(page) == []
    assert page.evaluate("document.activeElement.tagName") == "H2"


def test_text_of_double_size_needs_no_sideways_scroll(link: str, open_page: OpenPage) -> None:
    page = open_page(SMALL)
    for path in ("", "/go", "/go#done"):
        page.goto(link + path)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert width(page) == 360, path


def test_days_are_saved_and_the_page_opens_with_today(site: Site, link: str, open_page: OpenPage) -> None:
    today = datetime.now(site.context.zone()).weekday()
    page = open_page(SMALL)
    page.goto(f"{link}#days")
    for day, box in enumerate(page.locator("#days input[type=checkbox]").all()):
        box.set_checked((day - today) % 7 < 5)  # of more days than the plan has, some are off
    follow(page.get_by_role("button", name="Save my days"))
    # A plan of five days a week has two off, whatever day the test is run on.
    assert page.get_by_text(re.compile("^Today(: move| is a day off)")).is_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Add to my calendar").click()
    assert download.value.suggested_filename.endswith(".ics")


def test_listen_is_offered_where_the_browser_has_a_voice(link: str, open_page: OpenPage) -> None:
    page = open_page(SMALL)
    page.add_init_script(
        "window.heard = []; window.SpeechSynthesisUtterance = class { constructor(t) { this.text = t; } };"
        "Object.defineProperty(window, 'speechSynthesis', { value:"
        " { cancel() {}, speak(said) { heard.push([said.lang, said.text]); } } });"
    )
    page.goto(f"{link}?language=es")
    page.get_by_role("button", name="Escuchar").first.click()
    heard = page.evaluate("heard")
    assert {lang for lang, _text in heard} == {"es"}
    assert len(heard) > 3
    assert page.get_by_role("button", name="Escuchar").first.get_attribute("aria-pressed") == "true"


def test_a_plan_opens_without_network_keeps_ticks_and_is_forgotten_when_its_link_ends(
    site: Site, open_page: OpenPage
) -> None:
    booking = visited(site.context)
    link = site.link(LinkPurpose.plan, booking.id)
    page = open_page(SMALL)
    page.goto(link)
    for path in ("/go", "/still/1.svg"):
        until(page, f"caches.match(location.pathname + '{path}').then(Boolean)")
    page.context.set_offline(True)
    page.goto(f"{link}?language=en")
    assert page.get_by_role("link", name="Do it now").is_visible()
    page.goto(f"{link}/go")
    assert page.locator("#move-1 img").evaluate("each => each.decode().then(() => each.naturalWidth)") > 0
    page.goto(link)
    page.get_by_role("button", name="Yes, I did it today").click()
    assert page.get_by_text("This phone keeps it").is_visible()
    page.context.set_offline(False)
    page.locator(".week .on").wait_for()
    with site.context.db.begin() as tx:
        links.revoke(tx, [LinkPurpose.plan], booking.id, datetime.now(UTC) + timedelta(seconds=1))
    page.goto(link)
    until(page, "caches.keys().then(names => !names.length)")


def test_what_was_ticked_without_network_is_dropped_and_said_where_the_link_has_ended(
    site: Site, open_page: OpenPage
) -> None:
    booking = visited(site.context)
    link = site.link(LinkPurpose.plan, booking.id)
    page = open_page(SMALL)
    page.goto(link)
    until(page, "caches.match(location.pathname + '/go').then(Boolean)")
    page.context.set_offline(True)
    page.goto(f"{link}/go#done")
    page.get_by_role("button", name="Yes, I did it today").click()
    assert page.get_by_text("This phone keeps it").is_visible()
    with site.context.db.begin() as tx:
        links.revoke(tx, [LinkPurpose.plan], booking.id, datetime.now(UTC) + timedelta(seconds=1))
    page.context.set_offline(False)
    page.get_by_text("It is gone from this phone").wait_for()
    until(page, "caches.keys().then(names => !names.length)")
    assert page.evaluate("Object.keys(localStorage)") == []
    page.reload()
    assert not page.get_by_text("It is gone from this phone").is_visible()
    page.goto(f"{link}/go")
    assert page.get_by_role("button", name="Send me a new link").is_visible()


def test_the_pages_below_a_dead_link_make_the_phone_forget_too(site: Site, open_page: OpenPage) -> None:
    booking = visited(site.context)
    link = site.link(LinkPurpose.plan, booking.id)
    page = open_page(SMALL)
    page.goto(link)
    until(page, "caches.match(location.pathname + '/go').then(Boolean)")
    with site.context.db.begin() as tx:
        links.revoke(tx, [LinkPurpose.plan], booking.id, datetime.now(UTC) + timedelta(seconds=1))
    page.goto(f"{link}/go")
    until(page, "caches.keys().then(names => !names.length)")
    until(page, "navigator.serviceWorker.getRegistrations().then(found => !found.length)")


@pytest.mark.parametrize("scripted", [True, False], ids=["script", "plain"])
def test_another_language_keeps_what_was_chosen_and_not_sent(
    link: str, open_page: OpenPage, scripted: bool
) -> None:
    page = open_page(SMALL, java_script_enabled=scripted)
    page.goto(link)
    for target in ("[name=effort][value=too_hard]", "[name=pain][value='4']"):
        page.locator("label").filter(has=page.locator(target)).click()
    page.locator("#days input[value='6']").check()
    follow(page.get_by_role("button", name="Español"))
    assert page.locator("html").get_attribute("lang") == "es"
    for target in ("[name=effort][value=too_hard]", "[name=pain][value='4']"):
        assert page.locator(target).is_checked()
    assert page.locator("#days input[value='6']").is_checked() is scripted
    page.goto(f"{link}/go#skip-1")
    page.locator("#skip-1 [value=no_time]").check()
    follow(page.get_by_role("button", name="Español"))
    assert page.url.endswith("#skip-1") is scripted
    page.goto(page.url.partition("#")[0] + "#skip-1")
    assert page.locator("#skip-1 [value=no_time]").is_checked()
    assert page.locator("html").get_attribute("lang") == "es"
    assert width(page) == 360


def until(page: Page, promise: str) -> None:
    """Wait until what a promise gives is true."""
    for _time in range(300):
        if page.evaluate(promise):
            return
        page.wait_for_timeout(100)
    raise AssertionError(promise)


def kept_before(page: Page, link: str, *said: dict[str, str]) -> None:
    """Open the plan on a phone that kept days without network."""
    path = urlsplit(link).path
    today = datetime.now(UTC).date().isoformat()
    waiting = [{"to": f"{link}/day", "said": [["day", today], *map(list, each.items())]} for each in said]
    queue = [f"ticks {path}", json.dumps(waiting)]
    page.add_init_script(f"localStorage.length || localStorage.setItem(...{json.dumps(queue)})")
    page.goto(link)


def test_a_day_that_another_page_has_sent_takes_no_other_with_it(site: Site, open_page: OpenPage) -> None:
    booking = visited(site.context)
    page = open_page(SMALL)
    page.add_init_script(
        "const real = fetch; window.fetch = async (...all) => { const answer = await real(...all);"
        " if (!window.other) for (const [name, kept] of Object.entries(localStorage)) {"
        " window.other = true; localStorage.setItem(name, JSON.stringify(JSON.parse(kept).slice(1))); }"
        " return answer; };"
    )
    kept_before(page, site.link(LinkPurpose.plan, booking.id), {"effort": "right"}, {"pain": "2"})
    page.locator(".week .on").wait_for()
    with site.context.db.read() as tx:
        (found,) = checkins.of_booking(tx, booking.id)
    assert found.reply == {"effort": "right", "pain": "2"}


def test_what_a_kept_day_led_to_is_read_before_the_next_is_sent(site: Site, open_page: OpenPage) -> None:
    booking = visited(site.context)
    page = open_page(SMALL)
    kept_before(page, site.link(LinkPurpose.plan, booking.id), {"pain": "9"}, {"effort": "right"})
    page.locator("[role=alert]").wait_for()
    assert urlsplit(page.url).path.endswith("/day")


def test_a_phone_that_keeps_nothing_promises_nothing(link: str, open_page: OpenPage) -> None:
    page = open_page(SMALL)
    page.add_init_script("Storage.prototype.setItem = () => { throw new Error('full'); };")
    page.add_init_script("Object.defineProperty(navigator, 'onLine', { get: () => false })")
    page.goto(link)
    page.evaluate(
        "document.getElementById('tick').addEventListener('submit', event => {"
        " window.taken = event.defaultPrevented; event.preventDefault(); })"
    )
    page.get_by_role("button", name="Yes, I did it today").click()
    assert page.evaluate("window.taken") is False
    assert not page.get_by_text("This phone keeps it").is_visible()
