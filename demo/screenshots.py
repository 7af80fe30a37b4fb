"""Take the pictures of the documentation again, from the clinic of the tour: `make screenshots`."""

import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from demo import film
from demo.__main__ import PASSWORD, free_port, say
from demo.mailbox import Mailbox
from demo.tour.__main__ import FOLDER, STAFF, account, newest_link, nothing, sights
from demo.tour.page import serve
from demo.tour.people import UNTOUCHED
from demo.tour.world import World, build, tell_history
from handlers.staff import setup_link
from store import kept
from web.context import utc_now

IMAGES = Path(__file__).parent.parent / "docs" / "images"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
DESK = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}


def clinic() -> tuple[World, list[str], str]:
    """The clinic of the tour, the addresses worth seeing, and the page of its clock."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    web_port, page_port, smtp_port = free_port(8000), free_port(8025), free_port(2525)
    mails = Mailbox(FOLDER / "mails", nothing)
    mails.serve_smtp(smtp_port)
    world = build(FOLDER, web_port, smtp_port, mails)
    account(world.context)
    for line in tell_history(world):
        say(line)
    page = f"http://localhost:{page_port}/"
    found = sights(world, page)
    serve(world, page_port, found)
    return world, [url for _text, url in found], page


def sign_in(page: Page, url: str) -> None:
    """Come in as the practitioner."""
    page.goto(f"{url}/console/login")
    page.get_by_label("E-mail address").fill(STAFF)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/console/")


def first_day() -> World:
    """A clinic in which nothing has happened yet."""
    web_port, smtp_port = free_port(8001), free_port(2526)
    folder = FOLDER / "new"
    world = build(folder, web_port, smtp_port, Mailbox(folder / "mails", nothing))
    world.set_clock(datetime.now(UTC))
    world.work()
    account(world.context)
    return world


def setup_address(world: World) -> str:
    """The address of a setup that is open, as `make start` prints it."""
    with world.context.db.begin() as tx:
        kept.put(tx, {setup_link.STATE: setup_link.OPEN}, utc_now())
        token = setup_link.open_up(tx, world.context, utc_now() + timedelta(seconds=1))
    return f"{world.url}/setup/{token}/clinic"


def pictures(seen: list[str], tour: str) -> Iterator[tuple[str, str, dict[str, int]]]:
    """Name, address and window of each picture; an address may say with # where it begins."""
    today, flagged, waits, client, plan, form = seen[:6]
    yield "console-day", today, DESK
    yield "console-phone", today, PHONE
    yield "flag", flagged, DESK
    yield "waits", waits, DESK
    yield "client", client, DESK
    yield "plan", f"{plan}#name-1", PHONE
    yield "form", form, PHONE
    yield "tour", tour, DESK


def take(page: Page, name: str, url: str, window: dict[str, int]) -> None:
    """One picture."""
    page.set_viewport_size(window)  # type: ignore[arg-type] # width and height
    page.goto(url)
    page.screenshot(path=IMAGES / f"{name}.png")
    say(f"docs/images/{name}.png")


def main() -> int:
    """0 when every picture was taken; 1 without a browser."""
    browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if browser is None:
        print("Chromium is missing: apt install chromium", file=sys.stderr)
        return 1
    world, seen, tour = clinic()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        context = chromium.new_context(viewport=DESK, reduced_motion="reduce", color_scheme="light")  # type: ignore[arg-type] # width and height
        page = context.new_page()
        sign_in(page, world.url)
        for name, url, window in pictures(seen, tour):
            world.work()
            take(page, name, url, window)
        today, flagged, _waits, _client, plan, _form = seen[:6]
        world.work()
        untouched = newest_link(world, UNTOUCHED, "intake", "i")
        parts = film.form(page, untouched), film.plan(page, plan), film.day(page, today, flagged)
        film.film(context.new_page(), parts, IMAGES / "aftercare.png")
        say("docs/images/aftercare.png")
        new = first_day()
        sign_in(page, new.url)
        take(page, "setup", setup_address(new), PHONE)
        chromium.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
