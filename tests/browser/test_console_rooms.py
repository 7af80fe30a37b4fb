"""A treatment room in a real browser: several plans at once, a PIN, the tablet at the desk, at 320 pixels."""

from datetime import timedelta
from typing import Any

import pyotp
import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from handlers.worker import work
from store import staff
from store.tables import staff_sessions
from tests.browser.conftest import DESK, PHONE, Site
from tests.browser.test_console_journey import now, open_booking, signed_in
from tests.helpers.console import EMAIL, PASSWORD, answer, visit
from tests.helpers.hands import faults, faults_by_day_and_night, follow

KINDS = pytest.mark.parametrize("kind", [PHONE, DESK], ids=["phone", "desk"])
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@KINDS
def test_several_plans_are_released_after_a_look_and_taken_back(
    clinic: Site, open_page: Any, kind: dict[str, Any]
) -> None:
    number = visit(clinic.context, "u9", start=now() - timedelta(hours=1), name="Ann Lee", email="u9@e.org")
    answer(clinic.context, number, now() - timedelta(minutes=30), pain_now="9", pain_avg7="8")
    page = signed_in(open_page, clinic, kind)
    page.goto(f"{clinic.base}/console/waits?whose=all")
    assert faults(page) == []
    for box in page.get_by_label("I have looked at it").all():
        box.check()
    follow(page.get_by_role("button", name="Release all that I ticked"))
    expect(page.get_by_text("All that you ticked are released.")).to_be_visible()
    expect(page.get_by_text("Nothing waits for you.")).to_be_visible()
    follow(page.get_by_role("button", name="Undo"))
    expect(page.get_by_label("I have looked at it")).to_have_count(2)


@KINDS
def test_after_a_release_comes_the_next_plan_with_undo_in_sight(
    clinic: Site, open_page: Any, kind: dict[str, Any]
) -> None:
    for uid, name in (("u8", "Ann Lee"), ("u9", "Ben Ash")):
        number = visit(clinic.context, uid, start=now() - timedelta(hours=1), name=name, email=f"{uid}@e.org")
        answer(clinic.context, number, now() - timedelta(minutes=30), pain_now="9", pain_avg7="8")
    page = signed_in(open_page, clinic, kind)
    page.goto(f"{clinic.base}/console/waits?whose=all")
    plans = page.locator("section[data-row]")
    expect(plans).to_have_count(3)
    second = plans.nth(1).get_by_role("link").first.inner_text()
    page.keyboard.press("j")
    page.keyboard.press("Tab")
    expect(plans.first.get_by_role("button", name="Release")).to_be_focused()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(plans).to_have_count(2)
    expect(page.get_by_role("link", name=second, exact=True)).to_be_focused()
    expect(page.get_by_role("button", name="Undo")).to_be_in_viewport()
    page.keyboard.press("u")
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(plans).to_have_count(3)


@KINDS
def test_a_pin_opens_the_device_and_the_words_are_there(
    clinic: Site, open_page: Any, kind: dict[str, Any]
) -> None:
    with clinic.context.db.begin() as tx:
        staff.set_totp(tx, 1, SECRET)
    page: Page = open_page(kind)
    page.goto(f"{clinic.base}/console/")
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    follow(page.get_by_role("button", name="Sign in"))
    page.get_by_label("six digits").fill(pyotp.TOTP(SECRET).now())
    follow(page.get_by_role("button", name="Go on"))
    page.goto(f"{clinic.base}/console/account")
    page.get_by_label("New PIN").fill("271828")
    page.locator("#pin_password").fill(PASSWORD)
    follow(page.get_by_role("button", name="Keep the PIN"))
    assert faults_by_day_and_night(page) == []
    open_booking(page, clinic, 1)
    page.get_by_text("More: areas, level").click()
    with page.expect_response("**/console/drafts/note/1"):
        page.get_by_label("A word to the client").fill("Keep it warm")
    with clinic.context.db.begin() as tx:
        tx.run(sa.update(staff_sessions).values(seen_at=now() - timedelta(minutes=31)))
    page.reload()
    assert faults_by_day_and_night(page) == []
    page.get_by_label("PIN of Mara Field").fill("271828")
    follow(page.get_by_role("button", name="Unlock"))
    expect(page.get_by_label("A word to the client")).to_have_value("Keep it warm")
    expect(page.get_by_text("It is not saved yet.")).to_be_visible()
    follow(page.get_by_role("button", name="Lock"))
    expect(page.get_by_label("PIN of Mara Field")).to_be_visible()


def test_the_tablet_at_the_desk_fits_and_opens_nothing_else(clinic: Site, open_page: Any) -> None:
    work.work_once(clinic.context, now())
    start = now() + timedelta(minutes=20)
    visit(clinic.context, "u9", start=start, name="Field, Dr. Ann", email="u9@e.org", now=now())
    page = signed_in(open_page, clinic, PHONE)
    page.set_viewport_size({"width": 320, "height": 640})
    follow(page.get_by_role("link", name="Tablet at the door"))
    assert faults(page) == []
    follow(page.get_by_role("button", name="Show it here and sign out"))
    assert faults_by_day_and_night(page) == []
    follow(page.get_by_role("link", name="A. F."))
    expect(page.get_by_role("img", name="Square code with the link to the form")).to_be_visible()
    assert faults_by_day_and_night(page) == []
    page.goto(f"{clinic.base}/console/")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
