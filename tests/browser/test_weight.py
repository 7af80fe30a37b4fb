"""How heavy a client's pages are, and how soon the first one can be used on a slow phone."""

from collections.abc import Callable

from playwright.sync_api import Page, Response

from handlers.links import LinkPurpose
from tests.browser.conftest import PHONE, Site
from tests.helpers.phone import visited

OpenPage = Callable[..., Page]
KB = 1000
FORM, PLAN, MOVING = 15 * KB, 60 * KB, 12 * KB  # bytes that travel, headers included
LIVELY = {**PHONE, "service_workers": "block", "reduced_motion": "no-preference"}
SLOW_3G = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
"""400 ms and 400 kbit/s, in bytes a second as Chromium takes them."""
SHOWN = """() => new Promise((done) => new PerformanceObserver((list) => list
    .getEntriesByName("first-contentful-paint").forEach((each) => done(each.startTime)))
    .observe({type: "paint", buffered: true}))"""
"""When the page was painted, or will be: a page of ours lets nobody look again and again by `eval`."""
USABLE, TRIES = 2000, 3  # milliseconds; a machine may be busy with other tests


def weighed(page: Page, url: str) -> dict[str, int]:
    """Open a page; the bytes that travelled, by address."""
    got: list[Response] = []
    page.on("response", lambda each: got.append(each))
    page.goto(url, wait_until="networkidle")
    found = {each.url: each.request.sizes() for each in got if each.ok}
    return {name: sizes["responseBodySize"] + sizes["responseHeadersSize"] for name, sizes in found.items()}


def test_the_first_page_of_the_form_is_light(site: Site, open_page: OpenPage) -> None:
    weights = weighed(open_page(PHONE), site.link(LinkPurpose.intake, site.visit().id))
    assert len(weights) >= 3, "page, style, script"
    assert sum(weights.values()) < FORM


def test_the_plan_with_its_pictures_is_light_and_so_is_each_moving_figure(
    site: Site, open_page: OpenPage
) -> None:
    link = site.link(LinkPurpose.plan, visited(site.context).id)
    assert sum(weighed(open_page(LIVELY), link).values()) < PLAN
    figures = [size for name, size in weighed(open_page(LIVELY), f"{link}/go").items() if "/moving/" in name]
    assert figures
    assert max(figures) <= MOVING


def test_the_first_page_can_be_used_within_two_seconds_on_slow_3g(site: Site, open_page: OpenPage) -> None:
    link = site.link(LinkPurpose.intake, site.visit().id)
    assert any(_usable_after(open_page(PHONE), link) < USABLE for _try in range(TRIES))


def _usable_after(page: Page, link: str) -> float:
    """Milliseconds until an empty browser shows the page and has read its script."""
    slow = page.context.new_cdp_session(page)
    slow.send("Network.enable")
    slow.send("Network.emulateNetworkConditions", SLOW_3G)
    page.goto(link, wait_until="load")
    shown = page.evaluate(SHOWN)
    ready = page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
    return max(float(shown), float(ready))
