"""A passkey in a real browser, with an authenticator that the browser plays (CDP's domain WebAuthn)."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, PHONE, Site
from tests.helpers.console import EMAIL, PASSWORD, account

DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def with_device(page: Page) -> Page:
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    return page


def by_password(page: Page, site: Site) -> None:
    page.goto(f"{site.base}/console/login")
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Today")


def test_a_passkey_is_made_signs_in_and_stands_for_the_password(
    open_site: Callable[..., Site], open_page: Any
) -> None:
    site = open_site(host="localhost")
    account(site.context)
    page = with_device(open_page(DESK))
    by_password(page, site)
    page.goto(f"{site.base}/console/account")
    keys = page.locator("#passkeys")
    keys.get_by_label("Where is it kept?").fill("Laptop 机")
    keys.get_by_label("Your password").fill(PASSWORD)
    keys.get_by_role("button", name="Make a passkey").click()
    expect(keys.get_by_text("Laptop 机", exact=True)).to_be_visible()
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Today")
    page.goto(f"{site.base}/console/account")
    page.locator("#passkeys [data-mine] button").first.click()
    expect(keys.get_by_text("Your passkey is there.").first).to_be_visible()
    page.locator("#passkeys").get_by_role("button", name="Forget it").click()
    expect(page.locator("#passkeys").get_by_text("Laptop 机", exact=True)).to_have_count(0)


def test_without_a_passkey_on_this_device_the_password_is_left(
    open_site: Callable[..., Site], open_page: Any
) -> None:
    site = open_site(host="localhost")
    account(site.context)
    page = with_device(open_page(PHONE))
    page.goto(f"{site.base}/console/login")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("Your device gave no passkey.")).to_be_visible()
    by_password(page, site)
