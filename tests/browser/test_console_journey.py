"""A practitioner's day in a real browser, on a phone and at a desk."""

import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest
import sqlalchemy as sa
from playwright.sync_api import FilePayload, Locator, Page, expect

from handlers import links
from handlers.checkins import replies
from handlers.links import LinkPurpose
from handlers.send import staff_mail
from handlers.staff import sessions
from handlers.worker import work
from render.paper.raster import png
from schemas.checkin import CheckInKind
from schemas.delivery import DeliveryStatus, Purpose
from schemas.forms.condition import Answer
from schemas.staff import Stage
from schemas.webhook import Inbound
from store import checkins, deliveries, plans, receipts, staff
from store.tables import remarks
from tests.browser.conftest import DESK, PHONE, Site, without_figures
from tests.helpers.console import EMAIL, PASSWORD, account, visit
from tests.helpers.hands import faults, faults_by_day_and_night, follow, too_wide
from tests.helpers.mailbox import Mailbox
from tests.helpers.printed import opened
from web.console.gate import SESSION

KINDS = pytest.mark.parametrize("kind", [PHONE, DESK], ids=["phone", "desk"])
NOTE_TAPS = 5
CLIP = Path(__file__).with_name("clip.mov")
"""A second of H.264 and AAC with a place in it, as an iPhone writes one."""
SQUARE = '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8"/></svg>'


def now() -> datetime:
    return datetime.now(UTC)


def signed_in(open_page: Any, site: Site, kind: dict[str, Any], **more: Any) -> Page:
    """A page at Today, with a session of Mara's; that she signs in by hand is seen where it is the point."""
    page: Page = open_page(kind, **more)
    with site.context.db.begin() as tx:
        mara = staff.by_email(tx, EMAIL)
        assert mara is not None
        token = sessions.open_session(tx, site.context, mara, Stage.full, now()).token
    page.context.add_cookies([{"name": SESSION, "value": token, "url": site.base}])
    page.goto(f"{site.base}/console/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Today")
    return page


def open_booking(page: Page, site: Site, number: int) -> None:
    page.goto(f"{site.base}/console/bookings/{number}")


@KINDS
def test_a_practitioners_morning(clinic: Site, open_page: Any, kind: dict[str, Any]) -> None:
    page = signed_in(open_page, clinic, kind)
    page.goto(
        f"{clinic.base}/console/days/{(now() - timedelta(hours=2)).astimezone(clinic.context.zone()).date()}"
    )
    row = page.get_by_role("row").filter(has_text="Maximiliane")
    expect(row).to_contain_text("Look first")
    expect(row).to_contain_text("Waits for you")
    follow(row.get_by_role("link"))
    expect(page.get_by_role("heading", name="Flags")).to_be_visible()
    follow(page.get_by_role("button", name="I have read it"))
    expect(page.get_by_text("Reviewed")).to_be_visible()


@KINDS
def test_note_and_release_take_at_most_five_taps(
    clinic: Site, open_page: Any, kind: dict[str, Any], mailbox: Mailbox
) -> None:
    page = signed_in(open_page, clinic, kind)
    open_booking(page, clinic, 2)
    taps = [
        page.get_by_label("Eased"),
        page.get_by_role("button", name="Save and send the plan"),
    ]
    if kind is PHONE:
        taps.insert(0, page.get_by_role("link", name="Session note"))
    for one in taps:
        one.click()
    assert len(taps) <= NOTE_TAPS
    expect(page.locator("#plan")).to_contain_text("Released by Mara Field")
    work.work_once(clinic.context, now())
    assert mailbox.kinds().count("plan") == 2, "the one that was clear, and the one that was just released"


@KINDS
def test_what_waits_is_released_in_the_list_and_taken_back(
    clinic: Site, open_page: Any, kind: dict[str, Any]
) -> None:
    page = signed_in(open_page, clinic, kind)
    follow(page.get_by_role("navigation").get_by_role("link", name="Waits for you"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Waits for you")
    follow(page.get_by_role("button", name="Release"))
    expect(page.get_by_role("status")).to_contain_text("Released.")
    expect(page.get_by_text("Nothing waits for you.")).to_be_visible()
    follow(page.get_by_role("button", name="Undo"))
    expect(page.get_by_role("button", name="Release")).to_be_visible()


@KINDS
def test_a_typed_note_outlives_the_session(clinic: Site, open_page: Any, kind: dict[str, Any]) -> None:
    page = signed_in(open_page, clinic, kind)
    open_booking(page, clinic, 1)
    page.get_by_text("More: areas, level").click()
    page.get_by_label("A word to the client").fill("Keep it warm")
    page.context.clear_cookies()
    follow(page.get_by_role("button", name="Save and hold"))
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    follow(page.get_by_role("button", name="Sign in"))
    expect(page.get_by_label("A word to the client")).to_have_value("Keep it warm")
    follow(page.get_by_role("button", name="Save and hold"))
    expect(page.locator("#note")).to_contain_text("Keep it warm")


@KINDS
def test_a_plan_is_held_and_changed(clinic: Site, open_page: Any, kind: dict[str, Any]) -> None:
    page = signed_in(open_page, clinic, kind)
    open_booking(page, clinic, 1)
    follow(page.get_by_role("button", name="Hold", exact=True))
    expect(page.locator("#plan")).to_contain_text("Somebody holds it back")
    with clinic.context.db.read() as tx:
        before = plans.newest(tx, 1)
    assert before is not None
    follow(page.get_by_role("button", name="Change the plan"))
    page.get_by_label("Take out").first.check()
    follow(page.get_by_role("button", name="Check and change"))
    expect(page.get_by_role("status")).to_have_text(
        "The change is kept. Nothing is sent until you release the plan."
    )
    with clinic.context.db.read() as tx:
        after = plans.newest(tx, 1)
    assert after is not None
    assert len(after.plan.items) == len(before.plan.items) - 1
    work.work_once(clinic.context, now())
    with clinic.context.db.read() as tx:
        message = next(one for one in deliveries.of_booking(tx, 1) if one.purpose is Purpose.plan)
    assert message.status is DeliveryStatus.held


@KINDS
def test_a_plan_is_ordered_and_dosed_by_keys_and_let_out(
    clinic: Site, open_page: Any, kind: dict[str, Any], mailbox: Mailbox
) -> None:
    page = signed_in(open_page, clinic, kind)
    open_booking(page, clinic, 2)
    follow(page.get_by_role("button", name="Change the plan"))
    lines = page.locator(".line legend")
    first, second = lines.nth(0).inner_text(), lines.nth(1).inner_text()
    page.get_by_role("button", name="Move down").first.press("Enter")
    expect(lines.nth(0)).to_have_text(second)
    expect(page.locator("#moved")).to_have_text(f"{first} is number 2 now.")
    days = page.get_by_label("Days a week").first
    days.press("Alt+ArrowDown")
    expect(lines.nth(0)).to_have_text(first)
    page.get_by_label("Days a week").first.fill("seven")
    follow(page.get_by_role("button", name="Release"))
    expect(page.get_by_label("Days a week").first).to_have_value("seven")
    expect(page.get_by_text("A whole number from 1 to 7.")).to_be_visible()
    assert not faults_by_day_and_night(page)
    page.get_by_label("Days a week").first.fill("6")
    follow(page.get_by_role("button", name="Release"))
    expect(page.locator("#plan li.move b").first).to_have_text(first)
    expect(page.locator("#plan li.move").first).to_contain_text("6 days a week")
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    work.work_once(clinic.context, now())
    assert mailbox.kinds().count("plan") == 1, "the one that was clear"


def test_a_typed_change_outlives_the_session_and_no_later_version(clinic: Site, open_page: Any) -> None:
    page = signed_in(open_page, clinic, DESK)
    open_booking(page, clinic, 2)
    follow(page.get_by_role("button", name="Change the plan"))
    name = page.locator(".line legend").first.inner_text()
    page.get_by_role("button", name="Move down").first.click()
    second = page.get_by_role("group", name=name)
    second.get_by_label("A word on this move").fill("Keep it slow")
    page.context.clear_cookies()
    follow(page.get_by_role("button", name="Check and change"))
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    follow(page.get_by_role("button", name="Sign in"))
    expect(second.get_by_label("A word on this move")).to_have_value("Keep it slow")
    follow(page.get_by_role("button", name="Check and change"))
    expect(page.locator("#plan")).to_contain_text("It was changed by hand.")
    follow(page.get_by_role("button", name="Change the plan"))
    second.get_by_label("A word on this move").fill("")
    follow(page.get_by_role("button", name="Check and change"))
    follow(page.get_by_role("button", name="Change the plan"))
    expect(second.get_by_label("A word on this move")).to_have_value("")


def test_a_plan_is_changed_without_a_script(clinic: Site, open_page: Any, mailbox: Mailbox) -> None:
    page = without_figures(signed_in(open_page, clinic, PHONE, java_script_enabled=False))
    open_booking(page, clinic, 2)
    follow(page.get_by_role("button", name="Change the plan"))
    lines = page.locator(".line legend")
    first, second = lines.nth(0).inner_text(), lines.nth(1).inner_text()
    page.get_by_label("Days a week").first.fill("6")
    follow(page.get_by_role("button", name="Move down").first)
    expect(lines.nth(0)).to_have_text(second)
    expect(page.get_by_label("Days a week").nth(1)).to_have_value("6")
    page.get_by_label("Take out").first.check()
    page.get_by_label("Name of a saved plan").fill("Gentle start")
    follow(page.get_by_role("button", name="Save as a plan of mine"))
    expect(page.get_by_role("status").filter(has_text="Saved as Gentle start.")).to_be_visible()
    page.locator("summary", has_text="Own exercise").click()
    page.locator("#own").get_by_label("Name", exact=True).fill("Towel pull")
    photo: FilePayload = {"name": "IMG_1.png", "mimeType": "image/png", "buffer": png(SQUARE, 64)}
    page.get_by_label("Photo or short clip").set_input_files(photo)
    follow(page.get_by_role("button", name="Release"))
    with clinic.context.db.read() as tx:
        plan = plans.newest(tx, 2)
    assert plan is not None
    assert plan.plan.items[-1].own is not None
    assert page.locator("#plan li.move b").first.inner_text() == first
    work.work_once(clinic.context, now() + timedelta(minutes=1))
    with clinic.context.db.begin() as tx:
        url = links.issue(tx, clinic.context, LinkPurpose.plan, 2, now())
    page.goto(url)
    expect(page.locator("img.own")).to_have_js_property("naturalWidth", 64)


@pytest.mark.parametrize(("kind", "scripted"), [(DESK, True), (PHONE, False)], ids=["script", "plain"])
def test_a_changed_plan_comes_back_at_the_exercise_and_says_what_was_done(
    clinic: Site, open_page: Any, kind: dict[str, Any], scripted: bool
) -> None:
    page = signed_in(open_page, clinic, kind, java_script_enabled=scripted)
    if not scripted:
        without_figures(page)
    page.goto(f"{clinic.base}/console/bookings/2/plan/change")

    def done_at(where: Locator, words: str) -> None:
        expect(where).to_be_focused()
        expect(where.get_by_role("status")).to_have_text(words)
        expect(where.get_by_role("status")).to_be_in_viewport()

    def press(within: Locator, button: str) -> None:
        target = within.locator("button", has_text=button).first
        closed = target.locator("xpath=ancestor::details[not(@open)]")
        while closed.count():
            closed.first.locator("summary").first.click()
        follow(target)

    lines = page.locator(".line")
    count = lines.count()
    if not scripted:
        press(lines.nth(count - 2), "Move down")
        name = lines.last.locator("legend").inner_text()
        done_at(lines.last.get_by_role("group", name=name), f"{name} is number {count} now.")
        press(lines.last, "Move up")
    other = lines.filter(has=page.locator("button[value^='swap:']")).first
    replaced = other.locator("legend").inner_text()
    taken = other.locator("li").filter(has=page.locator("button")).locator("b").first.text_content()
    press(other, "Take this")
    done_at(page.get_by_role("group", name=taken), f"{taken} stands in place of {replaced} now.")
    press(page.locator("#library"), "Add")
    added = lines.last.locator("legend").inner_text()
    done_at(page.get_by_role("group", name=added), f"Added: {added} is number {count + 1} now.")
    page.get_by_label("Name of a saved plan").fill("Desk and neck")
    follow(page.get_by_role("button", name="Save as a plan of mine"))
    saved = page.get_by_role("region", name="My saved plans")
    done_at(saved, "Saved as Desk and neck.")
    follow(page.get_by_role("button", name="Begin with this"))
    done_at(page.locator("#begun"), "This is your plan “Desk and neck” now.")
    page.set_viewport_size({"width": kind["viewport"]["width"], "height": 4000})  # nothing is half covered
    assert not scripted or faults(page) == []
    page.set_viewport_size(kind["viewport"])
    page.on("dialog", lambda dialog: dialog.accept())
    follow(saved.get_by_role("button", name="Delete"))
    done_at(saved, "“Desk and neck” is deleted.")


def test_a_clip_of_a_phone_is_seen_on_the_clients_page_when_they_play_it(
    clinic: Site, open_page: Any, mailbox: Mailbox, tmp_path: Path
) -> None:
    page = signed_in(open_page, clinic, PHONE)
    open_booking(page, clinic, 2)
    follow(page.get_by_role("button", name="Change the plan"))
    page.locator("summary", has_text="Own exercise").click()
    page.locator("#own").get_by_label("Name", exact=True).fill("Towel pull")
    field = page.get_by_label("Photo or short clip")
    large = tmp_path / "IMG_0.mov"
    large.touch()
    os.truncate(large, 16_000_001)
    field.set_input_files(large)
    expect(page.locator("#media-large")).to_have_text(re.compile("a clip 16 MB"))
    expect(field).to_have_js_property("value", "")
    clip: FilePayload = {"name": "IMG_1.mov", "mimeType": "video/quicktime", "buffer": CLIP.read_bytes()}
    field.set_input_files(clip)
    expect(page.locator("#media-large")).to_be_hidden()
    follow(page.get_by_role("button", name="Release"))
    work.work_once(clinic.context, now() + timedelta(minutes=1))
    with clinic.context.db.begin() as tx:
        url = links.issue(tx, clinic.context, LinkPurpose.plan, 2, now())
    page.goto(url)
    video = page.locator("video.own")
    expect(video).to_have_js_property("readyState", video.evaluate("() => HTMLMediaElement.HAVE_ENOUGH_DATA"))
    expect(video).to_have_js_property("paused", True)
    assert video.evaluate("film => film.error?.message ?? film.videoWidth") == 96
    whole = "film => new Promise(done => { film.onended = () => done(film.currentTime); film.play(); })"
    assert video.evaluate(whole) > 0.9
    address = video.evaluate("film => film.currentSrc")
    part = page.request.get(address, headers={"Range": "bytes=4-7"})
    assert (part.status, part.body()) == (206, b"ftyp")
    assert b"+52.52" not in page.request.get(address).body()
    assert faults_by_day_and_night(page) == []


@KINDS
def test_a_message_is_sent_again(
    clinic: Site, open_page: Any, kind: dict[str, Any], mailbox: Mailbox
) -> None:
    work.work_once(clinic.context, now())
    before = mailbox.kinds().count("intake")
    page = signed_in(open_page, clinic, kind)
    page.on("dialog", lambda asked: asked.accept())
    page.goto(f"{clinic.base}/console/outbox?tab=sent&purpose=intake")
    follow(page.get_by_role("button", name="Send again").first)
    expect(page.get_by_role("status")).to_have_text("Done.")
    work.work_once(clinic.context, now())
    assert mailbox.kinds().count("intake") == before + 1


@KINDS
def test_a_webhook_that_was_not_understood_is_processed_again(
    clinic: Site, open_page: Any, kind: dict[str, Any]
) -> None:
    with clinic.context.db.begin() as tx:
        receipts.add(tx, [("r_1", "main", Inbound({}, b'{"triggerEvent": "BOOKING_CREATED"}', "", now()))])
    work.work_once(clinic.context, now())
    page = signed_in(open_page, clinic, kind)
    follow(page.get_by_role("link", name="Connections"))
    follow(page.get_by_role("button", name="Process again"))
    expect(page.get_by_text("None. Every webhook was understood.")).to_be_visible()


@KINDS
def test_a_colleague_is_deactivated_and_out_at_once(
    clinic: Site, open_page: Any, kind: dict[str, Any]
) -> None:
    theirs: Page = open_page(kind)
    theirs.goto(f"{clinic.base}/console/")
    theirs.get_by_label("E-mail address").fill("bo@handsofstone.example")
    theirs.get_by_label("Password").fill(PASSWORD)
    follow(theirs.get_by_role("button", name="Sign in"))
    page = signed_in(open_page, clinic, kind)
    page.on("dialog", lambda asked: asked.accept())
    page.goto(f"{clinic.base}/console/staff")
    follow(page.get_by_role("link", name="Deactivate Bo Quinn"))
    page.locator("#deactivate").get_by_label("Your password").fill(PASSWORD)
    follow(page.get_by_role("button", name="Deactivate Bo Quinn"))
    expect(page.get_by_text("Deactivated")).to_be_visible()
    theirs.goto(f"{clinic.base}/console/outbox")
    expect(theirs.get_by_role("heading", level=1)).to_have_text("Sign in")


@KINDS
def test_a_colleague_is_invited_chooses_a_password_and_a_second_factor(
    open_site: Any, open_page: Any, kind: dict[str, Any], mailbox: Mailbox
) -> None:
    site: Site = open_site(REQUIRE_TOTP="on")
    account(site.context)
    page: Page = open_page(kind)
    page.goto(f"{site.base}/console/")
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    follow(page.get_by_role("button", name="Sign in"))
    set_up_a_factor(page)
    page.goto(f"{site.base}/console/staff")
    page.get_by_label("Name").fill("Bo Quinn")
    page.get_by_label("E-mail address").fill("bo@handsofstone.example")
    page.get_by_label("Role").select_option("Front desk")
    page.get_by_label("Your password").fill(PASSWORD)
    follow(page.get_by_role("button", name="Invite", exact=True))
    expect(page.get_by_role("row").filter(has_text="Bo Quinn")).to_contain_text("Invited")
    assert faults_by_day_and_night(page) == []
    staff_mail.send_due(site.context, now())
    theirs: Page = open_page(kind, java_script_enabled=kind is DESK)
    theirs.goto(invitation(mailbox))
    if kind is DESK:
        assert faults_by_day_and_night(theirs) == []
    theirs.get_by_label("New password").fill("six brown kettles hum")
    follow(theirs.get_by_role("button", name="Go on"))
    expect(theirs.get_by_role("link", name="On this phone?")).to_have_attribute(
        "href", re.compile("otpauth:")
    )
    set_up_a_factor(theirs)
    expect(theirs.get_by_role("link", name="Walk-in")).to_be_visible()


def set_up_a_factor(page: Page) -> None:
    """Take the secret from the link for the phone, type its code, and keep the recovery codes."""
    link = page.get_by_role("link", name="On this phone?").get_attribute("href")
    assert link is not None
    page.get_by_label("six digits").fill(pyotp.parse_uri(link).now())  # type: ignore[attr-defined] # of a TOTP
    follow(page.get_by_role("button", name="Go on"))
    expect(page.locator(".codes li")).to_have_count(10)
    follow(page.get_by_role("button", name="I have kept them"))


def invitation(mailbox: Mailbox) -> str:
    """The link in the newest invitation."""
    text = mailbox.mails[-1].get_body(("plain",))
    assert text is not None
    found = re.search(r"http://\S+/console/invited/\S+", text.get_content())
    assert found is not None
    return found[0]


@KINDS
def test_a_second_factor_is_set_up_and_asked_for(clinic: Site, open_page: Any, kind: dict[str, Any]) -> None:
    page = signed_in(open_page, clinic, kind)
    page.goto(f"{clinic.base}/console/account")
    page.get_by_label("Your password").fill(PASSWORD)
    follow(page.get_by_role("button", name="Switch it on"))
    assert faults(page) == []
    page.get_by_text("Type this key").click()
    secret = page.locator(".mono").inner_text().replace(" ", "")
    page.get_by_label("six digits").fill(pyotp.TOTP(secret).now())
    follow(page.get_by_role("button", name="Go on"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Your recovery codes")
    assert faults(page) == []
    code = page.locator(".codes li").first.inner_text()
    follow(page.get_by_role("button", name="I have kept them"))
    follow(page.get_by_role("button", name="Sign out"))
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    follow(page.get_by_role("button", name="Sign in"))
    assert faults(page) == []
    page.get_by_label("six digits").fill(code)
    follow(page.get_by_role("button", name="Go on"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Today")


@KINDS
def test_a_note_by_link_fits_a_thumb(clinic: Site, open_page: Any, kind: dict[str, Any]) -> None:
    page: Page = open_page(kind)
    page.goto(clinic.link(LinkPurpose.note, 1))
    assert faults(page) == []
    page.get_by_label("Eased").check()
    follow(page.get_by_role("button", name="Save as a draft"))
    expect(page.get_by_role("heading", level=1)).to_have_text("The note waits")
    assert faults(page) == []
    follow(page.get_by_role("link", name="Sign in and send"))
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    follow(page.get_by_role("button", name="Sign in"))
    assert faults(page) == []
    follow(page.get_by_role("button", name="Sign and send the plan"))
    expect(page.locator("#note")).to_contain_text("By Mara Field")


@KINDS
def test_a_client_is_found_while_typing(clinic: Site, open_page: Any, kind: dict[str, Any]) -> None:
    page = signed_in(open_page, clinic, kind)
    page.goto(f"{clinic.base}/console/clients")
    field, rows = page.locator("main").get_by_role("searchbox"), page.locator("#found tbody tr")
    expect(rows).to_have_count(2)
    field.press_sequentially("wolken", delay=20)
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Trostburg")
    expect(page.get_by_role("status").filter(has_text="1 found")).to_be_attached()
    expect(page.get_by_role("navigation", name="Which clients")).to_be_hidden()
    assert faults(page) == []
    field.fill("nobody at all")
    expect(page.get_by_text("Nobody found.")).to_be_visible()
    field.fill("")
    expect(rows).to_have_count(2)
    field.fill("zoe")
    expect(rows).to_have_count(1)
    follow(rows.get_by_role("link"))
    page.go_back()
    expect(field).to_have_value("zoe")
    expect(rows).to_have_count(1)


PATHS = (
    *("/console/", "/console/bookings/1", "/console/bookings/2", "/console/bookings/2/summary"),
    *("/console/bookings/2/preview", "/console/bookings/3", "/console/bookings/3/door"),
    *("/console/outbox?tab=all", "/console/clients?q=z", "/console/clients/1", "/console/board"),
    *("/console/clients?whose=silent", "/console/clients?whose=waiting"),
    *("/console/connections", "/console/receipts", "/console/content", "/console/content/rules"),
    *("/console/figures", "/console/log", "/console/staff", "/console/staff/1/edit", "/console/account"),
    *("/console/waits", "/console/walk-in", "/console/week", "/console/door"),
    "/console/clients?whose=recent",
)


LAID_OUT = ("/console/bookings/2/plan/change", "/console/clients/2", "/console/setup")
"""Pages that the checker sees elsewhere."""
WIDTHS = (1280, 320)  # pixels: a desk, the smallest phone


def test_no_page_scrolls_sideways_or_fails_the_checker(
    clinic: Site, open_page: Any, everything: bool
) -> None:
    email = "maximiliane.freifrau.von.wolkenstein@praxisgemeinschaft.example"
    clinic.visit("u4", name="Donaudampfschifffahrtsgesellschaftskapitänin", email=email, start=now())
    page: Page = open_page(PHONE)
    page.goto(f"{clinic.base}/console/login")
    found = faults_by_day_and_night(page) + too_wide_anywhere(page, everything)
    page.close()
    page = signed_in(open_page, clinic, PHONE)
    for path in (*PATHS, *LAID_OUT):
        answered = page.goto(f"{clinic.base}{path}")
        assert answered is not None
        assert answered.status == 200, path
        found += faults_by_day_and_night(page) if path in PATHS else []
        found += too_wide_anywhere(page, everything)
    assert found == []


def too_wide_anywhere(page: Page, everything: bool) -> list[str]:
    """Whether a page of the console moves sideways at a desk or on the smallest phone, with larger letters.

    Colours, roles and names are the same at each width: the checker sees them at a desk with `everything`.
    """
    found: list[str] = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        found += faults(page) if everything and width == WIDTHS[0] else too_wide(page)
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    for letters in ("200%", "100%"):
        page.evaluate("size => { document.documentElement.style.fontSize = size }", letters)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            found += [f"{letters}: {each}" for each in too_wide(page)]
    page.set_viewport_size(PHONE["viewport"])
    return found


def test_a_full_week_is_printed_on_one_landscape_page(clinic: Site, open_page: Any) -> None:
    for number in range(20):
        start = datetime(2031, 1, 8, 13, tzinfo=UTC) + timedelta(minutes=30 * number)
        name, email = f"Maximiliane {'Abcdefghijklmnopqrst'[number]}. Freifrau", f"w{number}@example.org"
        visit(clinic.context, f"w{number}", start=start, name=name, email=email, now=now())
    page = signed_in(open_page, clinic, DESK)
    page.goto(f"{clinic.base}/console/week/2031-01-08")
    expect(page.locator(".days li")).to_have_count(20)
    paper = opened(page.pdf(prefer_css_page_size=True))
    assert len(paper) == 1
    assert paper[0].rect.width > paper[0].rect.height


@pytest.mark.parametrize("paper", ["Letter", "A4"])
def test_twenty_visits_and_a_summary_are_one_page_each(clinic: Site, open_page: Any, paper: str) -> None:
    for number in range(20):
        start = datetime(2031, 1, 8, 13, tzinfo=UTC) + timedelta(minutes=30 * number)
        name, email = f"Maximiliane {'Abcdefghijklmnopqrst'[number]}. Freifrau", f"w{number}@example.org"
        visit(clinic.context, f"w{number}", start=start, name=name, email=email, now=now())
    page = signed_in(open_page, clinic, DESK)
    for path in ("/console/days/2031-01-08", "/console/bookings/2/summary"):
        page.goto(f"{clinic.base}{path}")
        printed = opened(page.pdf(format=paper))
        assert len(printed) == 1, path


@KINDS
def test_what_a_client_wrote_is_answered_in_one_line(
    clinic: Site, open_page: Any, kind: dict[str, Any]
) -> None:
    work.work_once(clinic.context, now())
    with clinic.context.db.begin() as tx:
        plan = plans.newest(tx, 1)
        assert plan is not None
        asked = checkins.ask(tx, 1, plan.id, CheckInKind.h24, now())
        answers: dict[str, Answer] = {"fu_symptoms": ["none"], "fu_feel": "fine", "fu_words": "Mornings?"}
        replies.reply(tx, clinic.context, asked, answers, now())
    page = signed_in(open_page, clinic, kind, java_script_enabled=kind is DESK)
    follow(page.get_by_role("navigation").get_by_role("link", name="Waits for you"))
    expect(page.get_by_text("Mornings?")).to_be_visible()
    page.get_by_label("Answer in one line").fill("Yes, Tuesdays at nine.")
    if kind is DESK:
        assert faults_by_day_and_night(page) == []
    follow(page.get_by_role("button", name="Answer Zoë Łuć", exact=True))
    expect(page.get_by_text("Your answer leaves at")).to_be_visible()
    follow(page.get_by_role("button", name="Undo Zoë Łuć"))
    page.get_by_label("Answer in one line").fill("Yes, Wednesdays at nine.")
    follow(page.get_by_role("button", name="Answer Zoë Łuć", exact=True))
    with clinic.context.db.begin() as tx:
        tx.run(sa.update(remarks).values(leaves_at=now()))
    theirs: Page = open_page(kind)
    theirs.goto(clinic.link(LinkPurpose.plan, 1))
    expect(theirs.get_by_text("Yes, Wednesdays at nine.")).to_be_visible()
    expect(theirs.get_by_text("Tuesdays")).to_be_hidden()
    if kind is DESK:
        assert faults_by_day_and_night(theirs) == []


@KINDS
def test_a_walk_in_gets_a_door_code_at_once(clinic: Site, open_page: Any, kind: dict[str, Any]) -> None:
    page = signed_in(open_page, clinic, kind, java_script_enabled=kind is DESK)
    page.set_viewport_size({"width": 320, "height": 800} if kind is PHONE else kind["viewport"])
    follow(page.get_by_role("link", name="Walk-in"))
    follow(page.get_by_role("button", name="Save and show the door code"))
    expect(page.get_by_role("link", name="Write the name.")).to_be_visible()
    page.get_by_label("Name").fill("李雷")
    page.get_by_label("Phone number").fill("(212) 555-0199")
    if kind is DESK:
        assert faults_by_day_and_night(page) == []
    follow(page.get_by_role("button", name="Save and show the door code"))
    expect(page.get_by_text("Door code")).to_be_visible()
    expect(page.get_by_role("img", name="Square code with the link to the form")).to_be_visible()
    follow(page.get_by_role("link", name="Back to the booking"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("李雷")


def test_the_keyboard_leads_everywhere(clinic: Site, open_page: Any) -> None:
    page = signed_in(open_page, clinic, DESK)
    day = (now() - timedelta(hours=2)).astimezone(clinic.context.zone()).date()
    page.goto(f"{clinic.base}/console/days/{day}")
    page.keyboard.press("j")
    expect(page.locator("tr.at a")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#note")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("o")
    expect(page.get_by_role("heading", level=1)).to_have_text("Outbox")
    page.wait_for_load_state()  # the shortcuts come with the script
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.keyboard.press("/")
    page.keyboard.type("zo")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Zoë Łuć")).to_be_visible()


def test_a_fresh_list_keeps_the_place(clinic: Site, open_page: Any) -> None:
    page = signed_in(open_page, clinic, DESK)
    day = (now() - timedelta(hours=2)).astimezone(clinic.context.zone()).date()
    page.goto(f"{clinic.base}/console/days/{day}")
    page.keyboard.press("j")
    marked = page.locator("tr.at").get_attribute("id")
    visit(clinic.context, "u7", start=now() - timedelta(hours=1.9), name="Late Comer", email="l@example.org")
    page.evaluate("refresh()")
    expect(page.get_by_text("Late Comer")).to_be_visible()
    assert page.locator("tr.at").get_attribute("id") == marked
    expect(page.locator("tr.at a")).to_be_focused()


def test_everything_works_without_a_script(clinic: Site, open_page: Any) -> None:
    page = signed_in(open_page, clinic, PHONE, java_script_enabled=False)
    open_booking(page, clinic, 1)
    follow(page.get_by_role("button", name="Save and hold"))
    expect(page.locator("#plan")).to_contain_text("The session note says: hold.")
