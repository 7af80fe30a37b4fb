"""Fixtures: a real browser, and a clinic that it can reach. Without a browser these tests are skipped."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from werkzeug.serving import make_server

import app as application
import settings as configuration
from handlers import links
from handlers.context import Context
from handlers.links import LinkPurpose
from schemas.booking import Booking
from schemas.forms.condition import Answer
from schemas.staff import Role
from tests.helpers.clinic import environ, make_context
from tests.helpers.console import account, answer, visit
from tests.helpers.mailbox import Mailbox
from tests.helpers.ports import free_port
from tests.helpers.visits import book

PATIENCE = 30_000  # milliseconds; a machine may be busy with other tests
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
ABSENT = (  # what Playwright turns off, and the pages behind the address bar: a second load for each window
    *("AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades"),
    *("HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding"),
    *("ThirdPartyStoragePartitioning", "OptimizationHints", "NetworkTimeServiceQuerying"),
    *("PreconnectToSearch", "AimEnabled", "WebUIOmniboxPopup", "WebUIOmniboxAimPopup"),
)
BLOCKED = "ERR_BLOCKED_BY_CLIENT"  # what a test left out on purpose
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    f"--disable-features={','.join(ABSENT)}",
)
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "is_mobile": True,
    "has_touch": True,
    "device_scale_factor": 1,
    "reduced_motion": "reduce",
}
DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce"}


@dataclass(frozen=True, slots=True)
class Site:
    """A running clinic: its context, and the address that a browser opens."""

    context: Context
    base: str

    def visit(self, uid: str = "u1", **visit: Any) -> Booking:
        """A booking in two days, already taken in."""
        now = visit.pop("now", datetime.now(UTC))
        return book(self.context, now, uid=uid, start=visit.pop("start", now + timedelta(days=2)), **visit)

    def link(self, purpose: LinkPurpose, subject: int) -> str:
        """A personal link, good for a day."""
        now = datetime.now(UTC)
        with self.context.db.begin() as tx:
            return links.issue(tx, self.context, purpose, subject, now, now + timedelta(days=1))


@pytest.fixture
def open_site(quick_folder: Path, sqlite_template: Path, mailbox: Mailbox) -> Iterator[Callable[..., Site]]:
    """A function that serves a clinic on loopback, on a database file; settings may be changed."""
    folder = quick_folder / os.urandom(6).hex()
    folder.mkdir()
    closing: list[Callable[[], None]] = []

    def open_one(host: str = "127.0.0.1", database: Path = sqlite_template, **more: str) -> Site:
        port = free_port()
        base = f"http://{host}:{port}"
        url = f"sqlite:///{shutil.copy(database, folder / 'aftercare.db')}"
        told = {"PUBLIC_URL": base, "SETTLE_SECONDS": "0", **more}
        given = configuration.load(environ(url, mailbox.port, **told))
        context = make_context(given, datetime.now(UTC) - timedelta(days=800))
        server = make_server("127.0.0.1", port, application.create_app(given), threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        closing.extend((server.shutdown, thread.join, server.server_close, context.db.close))
        return Site(context, base)

    yield open_one
    for close in closing:
        close()
    shutil.rmtree(folder)


@pytest.fixture
def site(open_site: Callable[..., Site]) -> Site:
    """A clinic as it comes."""
    return open_site()


@pytest.fixture(scope="session")
def clinic_file(quick_folder: Path, sqlite_template: Path) -> tuple[Path, str]:
    """A database to copy, and the key of its fields.

    Three visits around now: one clear, one that needs a look, one without answers; two colleagues.
    """
    path = Path(shutil.copy(sqlite_template, quick_folder / "clinic.db"))
    now = datetime.now(UTC)
    variables = environ(f"sqlite:///{path}", 25)
    context = make_context(configuration.load(variables), now - timedelta(days=800))
    account(context)
    account(context, "bo@handsofstone.example", "Bo Quinn", (Role.practitioner,))
    people: tuple[tuple[str, str, float, dict[str, Answer] | None], ...] = (
        ("u1", "Zoë Łuć", -3.0, {}),
        ("u2", "Maximiliane Freifrau von Wolkenstein-Trostburg", -2.0, {"pain_now": "9", "pain_avg7": "8"}),
        ("u3", "محمد الأحمد", 3.0, None),
    )
    for uid, name, hours, changes in people:
        start, known = now + timedelta(hours=hours), now - timedelta(days=3)
        number = visit(context, uid, start=start, name=name, email=f"{uid}@example.org", now=known)
        if changes is not None:
            answer(context, number, now - timedelta(days=1), **changes)
    context.db.close()
    return path, variables["FIELD_KEYS"]


@pytest.fixture
def clinic(open_site: Callable[..., Site], clinic_file: tuple[Path, str]) -> Site:
    """A clinic on a working day, as `clinic_file` says."""
    path, key = clinic_file
    return open_site(database=path, FIELD_KEYS=key)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium as installed; required when CI=true."""
    found = next((path for name in NAMES if (path := shutil.which(name))), "")
    if not found:
        if os.environ.get("CI") == "true":
            pytest.fail("CI needs Chromium: none of " + ", ".join(NAMES) + " is installed.")
        pytest.skip("no Chromium is installed, so this page was not opened in a browser")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        yield launched
        launched.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Any]:
    """A function that opens a page of a given kind; a complaint in its console fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_one(kind: dict[str, Any], **more: Any) -> Page:
        context = browser.new_context(**(kind | more))
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.set_default_timeout(PATIENCE)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert not [text for text in complaints if "status of 4" not in text and BLOCKED not in text]


def without_figures(page: Page) -> Page:
    """A page that leaves out the figures: without a script Chromium loads all, not those in sight alone."""
    asked = page.context.new_cdp_session(page)
    asked.send("Network.enable")
    asked.send("Network.setBlockedURLs", {"urls": ["*/console/figures/*"]})
    return page
