"""A client's way through the form in a real browser, on a phone and on a desk, by day and by night."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from handlers.links import LinkPurpose
from handlers.worker import work
from schemas.booking import Booking
from store import bookings, intakes
from tests.browser.conftest import DESK, PHONE, Site
from tests.helpers.answers import TAPPED, answer_screens, fill_in
from tests.helpers.content import CONTENT
from tests.helpers.hands import Hands, faults, faults_by_day_and_night, follow, too_small
from tests.helpers.phone import visited
from tests.helpers.visits import receive, webhook

OpenPage = Callable[..., Page]
OpenSite = Callable[..., Site]
LOOKS = pytest.mark.parametrize("kind", [PHONE, DESK], ids=["phone", "desk"])
SMALL = PHONE | {"viewport": {"width": 360, "height": 740}}
LONG_NAME = "محمد عبد الرحمن بن عبد العزيز العلي"
COMES_AGAIN = {
    "upd_health_change": "no",
    "upd_safety": ["none"],
    "upd_pain_same_place": "same",
    "pain_now": "3",
    "pain_avg7": "3",
    "pain_worst24": "4",
    "upd_after_massage": "fine",
    "grc": "better",
    "act1_score": "7",
}
NERVES = {
    "gate_nerves": ["some"],
    "gate_chest": ["none"],
    "rf_saddle": "yes",
    "rf_bladder_bowel": "not_sure",
    "rf_both_legs": "no",
    "rf_weak": "no",
    "rf_clumsy": "no",
    "rf_neck_vascular": "no",
    "rf_face_arm_speech": "no",
    "rf_worst_head_neck": "no",
    "rf_seizure_faint": "no",
}


def _answers(site: Site, booking: Booking) -> dict[str, Any]:
    with site.context.db.read() as tx:
        intake = intakes.of_booking(tx, booking.id)
    assert intake is not None
    return intake.answers | {"done": intake.done}


def begun(site: Site, up_to: str) -> str:
    """The link of a form whose screens before this question are answered: it opens there."""
    booking = site.visit()
    with site.context.db.begin() as tx:
        answer_screens(tx, site.context, booking.id, datetime.now(UTC), up_to)
    return site.link(LinkPurpose.intake, booking.id)


KNEE = TAPPED | {
    "date_of_birth": "1964-05-31",
    "goals": ["walk"],
    "activity_profile": "retired",
    "activity_level": "little",
    "pain_regions": ["knee_front_l"],
    "worse_with": ["downhill_stairs"],
    "gate_heart": ["cond_bp"],
    "cond_bp": "controlled",
    "bp_reading_high": "no",
    "gate_medicines": ["med_bp_heart"],
    "act1_name": "Climb stairs",
}
"""A woman of 62 with knee pain and high blood pressure."""


def words(page: Page) -> int:
    """How many words a page shows, those of its head and foot too."""
    return len(page.evaluate("document.body.innerText").split())


@LOOKS
def test_a_first_visit_takes_at_most_16_screens_45_taps_and_1850_words(
    site: Site, open_page: OpenPage, kind: dict[str, Any]
) -> None:
    booking = site.visit()
    page = open_page(kind)
    page.goto(site.link(LinkPurpose.intake, booking.id))
    read: list[int] = []
    hands = Hands(page, KNEE)
    hands.fill_in(lambda shown: read.append(words(shown)))
    assert _answers(site, booking)["done"]
    assert len(hands.screens) <= 16
    assert hands.taps <= 45
    assert sum(read) + words(page) <= 1850


@pytest.mark.parametrize("kind", [SMALL, DESK], ids=["phone", "desk"])
def test_every_screen_is_accessible_hit_by_a_shaky_hand_and_keeps_what_is_said(
    site: Site, open_page: OpenPage, kind: dict[str, Any]
) -> None:
    booking = site.visit(name=LONG_NAME)
    page = open_page(kind)
    page.goto(site.link(LinkPurpose.intake, booking.id))
    found: list[str] = []

    def look(shown: Page) -> None:
        found.extend(faults_by_day_and_night(shown))
        found.extend(too_small(shown) if kind is SMALL else [])

    Hands(page, TAPPED).fill_in(look)
    assert found + faults_by_day_and_night(page) == []
    answers = _answers(site, booking)
    assert answers["done"]
    assert answers["rf_saddle"] == "no"
    assert answers["pain_regions"] == ["low_back_l", "low_back_r"]


def test_a_key_never_goes_on_by_itself_and_back_shows_the_answers(site: Site, open_page: OpenPage) -> None:
    page = open_page(DESK)
    page.goto(begun(site, "pain_now"))
    hands = Hands(page, TAPPED)
    for name in ("pain_now", "pain_avg7", "pain_worst24"):
        page.locator(f"[name={name}][value='4']").focus()
        page.keyboard.press("Space")
    assert page.locator("h1").inner_text() == "How bad is it?"
    hands.next()
    follow(page.locator("a", has_text="Back"))
    assert page.locator("[name=pain_worst24][value='6']").is_checked()
    with page.expect_navigation():
        page.locator("label").filter(has=page.locator("[name=pain_worst24][value='7']")).click()
    assert page.locator("h1").inner_text() == "How it began"


def test_a_visit_again_takes_at_most_7_screens_and_12_taps(site: Site, open_page: OpenPage) -> None:
    now = datetime.now(UTC)
    first = site.visit()
    fill_in(site.context, first, now)
    receive(site.context, webhook("created", now, uid="u2", start=now + timedelta(days=19)))
    for minutes in (1, 2):
        work.work_once(site.context, now + timedelta(minutes=minutes))
    with site.context.db.read() as tx:
        second = next(each for each in bookings.listing(tx) if each.id != first.id)
    page = open_page(PHONE)
    page.goto(site.link(LinkPurpose.intake, second.id))
    hands = Hands(page, COMES_AGAIN)
    hands.fill_in()
    assert len(hands.screens) <= 7  # the first one asks whom it is for
    assert hands.taps <= 12
    assert _answers(site, second)["done"]


def test_the_whole_form_works_without_a_script(site: Site, open_page: OpenPage) -> None:
    booking = site.visit()
    page = open_page(PHONE, java_script_enabled=False)
    page.goto(site.link(LinkPurpose.intake, booking.id))
    Hands(page, TAPPED, scripted=False).fill_in()
    assert _answers(site, booking)["done"]


def test_a_warning_sign_is_answered_before_anything_else_and_takes_the_focus(
    site: Site, open_page: OpenPage
) -> None:
    page = open_page(PHONE)
    page.goto(begun(site, "gate_nerves"))
    hands = Hands(page, TAPPED | NERVES)
    hands.fill_in()  # stops where a page has no form
    assert page.locator(".stop a.red").get_attribute("href") == "tel:911"
    assert page.evaluate("document.activeElement.getAttribute('role')") == "alert"
    assert faults_by_day_and_night(page) == []
    follow(page.locator("a.next"))
    hands.fill_in()
    assert page.locator(".stop a.red").is_visible()
    assert faults(page) == []


def test_a_mistake_moves_the_focus_to_what_is_wrong(site: Site, open_page: OpenPage) -> None:
    page = open_page(PHONE)
    page.goto(site.link(LinkPurpose.intake, site.visit().id))
    follow(page.locator(".acts .btn").first)
    assert page.title().startswith("Error:")
    assert "err" in (page.evaluate("document.activeElement.className"))
    assert faults(page) == []
    page.locator(".err a").first.click()
    assert page.evaluate("document.activeElement.id") == "date_of_birth"


def test_the_body_map_works_by_finger_by_list_and_by_chip(site: Site, open_page: OpenPage) -> None:
    page = open_page(PHONE)
    page.goto(begun(site, "pain_regions"))
    box = page.locator("input[value=knee_front_l]")
    page.locator(".turn button[data-view=front]").click()
    page.locator(".body-hit[data-for=knee_front_l]").tap()
    assert box.is_checked()
    assert page.locator(".status").inner_text() == "1 place chosen"
    page.locator("details summary").click()
    page.locator("input[value=chest_l]").focus()
    page.keyboard.press("Space")
    assert page.locator(".status").inner_text() == "2 places chosen"
    assert faults(page) == []
    page.locator(".chip").first.click()
    assert page.locator(".chip").count() == 1


def test_the_back_button_and_a_closed_browser_lose_at_most_one_screen(
    site: Site, open_page: OpenPage
) -> None:
    link = site.link(LinkPurpose.intake, site.visit().id)
    page = open_page(PHONE)
    page.goto(link)
    Hands(page, TAPPED).until("Where is it?")
    page.go_back()
    assert page.locator("[name=visit_reason][value=pain]").is_checked()
    page.context.close()
    other = open_page(DESK)
    other.goto(link)
    assert other.locator("h1").inner_text() == "Where is it?"


def test_the_other_pages_are_accessible(site: Site, open_page: OpenPage, everything: bool) -> None:
    booking = visited(site.context, name=LONG_NAME)
    page = open_page(PHONE)
    at_a_desk = faults_by_day_and_night if everything else faults
    for link in (
        site.link(LinkPurpose.plan, booking.id),
        site.link(LinkPurpose.intake, booking.id),
        site.link(LinkPurpose.stop, booking.client_id),
        f"{site.base}/i/nothing",
    ):
        page.set_viewport_size(PHONE["viewport"])
        page.goto(link)
        assert faults_by_day_and_night(page) == []
        page.set_viewport_size(DESK["viewport"])
        assert at_a_desk(page) == []


def test_the_pages_about_privacy_are_accessible_on_the_smallest_phone(
    site: Site, open_page: OpenPage
) -> None:
    booking = visited(site.context, name=LONG_NAME)
    page = open_page(PHONE)
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(f"{site.link(LinkPurpose.plan, booking.id)}/choices")
    for language in ("es", "en"):
        page.goto(f"{page.url.partition('?')[0]}?language={language}")
        assert faults_by_day_and_night(page) == []
    follow(page.get_by_role("button", name="Take it back: I agree to get a home plan"))
    page.get_by_label("How should it be?").fill("Móhammed")
    follow(page.get_by_role("button", name="Send", exact=True))
    assert page.get_by_text("To put something right").is_visible()
    assert faults_by_day_and_night(page) == []
    page.goto(f"{site.base}/privacy")
    assert faults_by_day_and_night(page) == []


def test_a_day_is_ticked_off_with_three_taps(site: Site, open_page: OpenPage) -> None:
    booking = visited(site.context)
    page = open_page(PHONE)
    page.goto(site.link(LinkPurpose.plan, booking.id))
    for target in ("[name=effort][value=right]", "[name=pain][value='2']"):
        page.locator("label").filter(has=page.locator(target)).tap()
    follow(page.locator("#today .btn"))
    assert page.locator(".week .on").count() == 1
    assert faults(page) == []


def test_an_answer_brings_up_a_question_on_the_same_screen(
    open_page: OpenPage, open_site: OpenSite, tmp_path: Path
) -> None:
    content = tmp_path / "content"
    shutil.copytree(CONTENT, content)
    file = content / "questionnaires" / "first_visit.toml"
    text = file.read_text("utf-8")
    asked = 'id = "preferred_name"\ntype = "text"\n'
    more = 'id = "nick"\ntype = "text"\nlabel = "Who calls you so?"\nrequired = true\n'
    more += 'show_if = "preferred_name = Z* and not (preferred_name = Zed)"\n'
    place = text.index("[[step.question]]", text.index(asked))
    file.write_text(f"{text[:place]}[[step.question]]\n{more}\n{text[place:]}", "utf-8")
    site = open_site(CONTENT=str(content))
    link = site.link(LinkPurpose.intake, site.visit().id)
    page = open_page(PHONE)
    page.goto(link)
    extra, name = page.locator("[name=nick]"), page.locator("[name=preferred_name]")
    page.locator("summary", has_text="Add more").click()
    assert not extra.is_visible()
    name.fill("Zoe")
    assert extra.is_visible()
    name.fill("Zed")
    assert not extra.is_visible()
    plain = open_page(PHONE, java_script_enabled=False)
    plain.goto(link)
    plain.locator("summary", has_text="Add more").click()
    plain.locator("[name=preferred_name]").fill("Zoe")
    follow(plain.locator(".acts .btn").first)
    assert plain.locator("#nick-error").is_visible()


@pytest.mark.parametrize("scripted", [True, False], ids=["script", "plain"])
def test_a_mistake_another_language_and_back_keep_what_was_typed(
    site: Site, open_page: OpenPage, scripted: bool
) -> None:
    page = open_page(PHONE, java_script_enabled=scripted)
    page.goto(site.link(LinkPurpose.intake, site.visit().id))
    born = page.locator("[name=date_of_birth_month]")
    born.fill("13")
    follow_enter(page)
    for _opening in range(2):
        assert page.get_by_text("There is a problem").is_visible()
        assert born.input_value() == "13"
        page.reload()
    born.fill("12")
    page.locator("[name=date_of_birth_day]").fill("5")
    page.locator("[name=date_of_birth_year]").fill("1980")
    follow(page.get_by_role("button", name="Español"))
    assert born.input_value() == "12"
    follow(page.get_by_role("button", name="Seguir"))
    assert page.url.endswith("/goals")
    page.go_back()
    assert born.input_value() == "12"
    assert page.locator("[role=alert]").count() == 0


def follow_enter(page: Page) -> None:
    """Press Enter where the cursor is, and wait for the page that comes."""
    with page.expect_navigation():
        page.keyboard.press("Enter")
