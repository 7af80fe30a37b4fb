"""Plan and check-in pages in the language that the client chooses there."""

import re
from dataclasses import replace
from html import unescape

import pytest
from flask import Flask

from handlers.checkins import replies, taps
from handlers.context import Context
from handlers.links import LinkPurpose
from schemas.booking import Booking
from schemas.checkin import CheckInKind, Step
from schemas.choosing import Action
from store import checkins, intakes, plans
from tests.helpers.clinic import with_content
from tests.helpers.content import library
from tests.helpers.phone import Phone, checkin_phone, phone, soon, visited
from tests.helpers.printed import opened

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # it is about words alone
KINDS = tuple(CheckInKind)


@pytest.fixture
def booking(context: Context) -> Booking:
    """A booking whose plan was sent."""
    return visited(context, {"act2_name": "Climb stairs", "act2_score": "4"})


def test_the_browser_says_the_language_where_the_booking_does_not(app: Flask, context: Context) -> None:
    booking = soon(context, language="")
    hers = phone(app, context, LinkPurpose.intake, booking.id)
    spanish = {"Accept-Language": "es-MX,es;q=0.9,en;q=0.5"}
    page = hers.get(headers=spanish).text
    assert '<html lang="es"' in page
    hers.post("/about", {"emergency_contact_name": "Bo"}, headers=hers.extra | spanish)
    with context.db.read() as tx:
        kept = intakes.of_booking(tx, booking.id)
    assert kept is not None
    assert kept.language == ""
    born = {
        f"date_of_birth_{part}": value for part, value in (("year", "1980"), ("month", "5"), ("day", "3"))
    }
    about = {"emergency_contact_name": "Bo", "emergency_contact_phone": "555 123 4567", **born}
    assert hers.post("/about", about, headers=hers.extra | spanish).status_code == 303
    assert '<html lang="es"' in hers.get().text


def test_the_plan_can_be_read_in_spanish_and_goes_on_so(
    app: Flask, context: Context, booking: Booking
) -> None:
    hers = phone(app, context, LinkPurpose.plan, booking.id)
    english = hers.get().text
    assert f'formaction="{hers.link}?language=es"' in english
    spanish = hers.get("?language=es").text
    assert '<html lang="es"' in spanish
    moves = library("es").plan_content
    with context.db.read() as tx:
        sent = plans.newest(tx, booking.id)
    assert sent is not None
    for item in sent.content["items"]:
        assert moves.exercises[item["exercise_id"]].name in spanish
        assert library("en").plan_content.exercises[item["exercise_id"]].name not in spanish
    assert "When to stop" not in spanish
    ticked = hers.post("/day?language=es", {"effort": "right"})
    assert ticked.location == f"{hers.link}?saved=1&language=es#today"
    assert hers.get("/plan.pdf?language=es").data.startswith(b"%PDF")


def described(context: Context, booking: Booking, language: str) -> list[str]:
    """What the figures of the plan show, start and finish of each, in a language."""
    with context.db.read() as tx:
        sent = plans.newest(tx, booking.id)
    assert sent is not None
    figures = [library(language).figures[item["exercise_id"]] for item in sent.content["items"]]
    return [text for one in figures for text in (one.alt_start, one.alt_end)]


def seen(hers: Phone, path: str) -> tuple[list[str], list[str]]:
    """What stands in place of each drawing of a page, and the languages that its places name."""
    page = hers.get(path).text
    texts = re.findall(
        r'<(?:div class="tilepic"|img src="[^"]*/moving/)[^>]*(?:aria-label|alt)="([^"]+)"', page
    )
    return [unescape(one) for one in texts], re.findall(r'<div class="tilepic"[^>]* lang="(\w+)"', page)


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_figures_are_described_in_the_language_of_the_page(
    app: Flask, context: Context, booking: Booking, language: str
) -> None:
    hers = phone(app, context, LinkPurpose.plan, booking.id)
    texts = described(context, booking, language)
    whole = [" ".join(pair) for pair in zip(texts[::2], texts[1::2], strict=True)]
    on_plan, on_go = seen(hers, f"?language={language}"), seen(hers, f"/go?language={language}")
    assert sorted(on_plan[0]) == sorted(texts + whole)
    assert on_go[0] == whole
    assert on_plan[1] == on_go[1] == [], "they are in the language of their page"


@pytest.mark.parametrize("paper", ["plan", "large"])
@pytest.mark.parametrize("language", ["en", "es"])
def test_paper_describes_the_figures_in_its_language(
    app: Flask, context: Context, booking: Booking, language: str, paper: str
) -> None:
    hers = phone(app, context, LinkPurpose.plan, booking.id)
    texts = described(context, booking, language)
    with opened(hers.get(f"/{paper}.pdf?language={language}").data) as document:
        tags = [document.xref_get_key(number, "Alt") for number in range(1, document.xref_length())]
    alts = {text for kind, text in tags if kind == "string"}
    assert alts >= {" ".join(pair) for pair in zip(texts[::2], texts[1::2], strict=True)}


def test_a_description_that_is_not_translated_is_english_and_says_so(
    app: Flask, context: Context, booking: Booking
) -> None:
    english = library().figures
    app.extensions["aftercare"] = with_content(context, lambda known: replace(known, figures=english))
    hers = phone(app, context, LinkPurpose.plan, booking.id)
    texts = described(context, booking, "en")
    on_plan, on_go = seen(hers, "?language=es"), seen(hers, "/go?language=es")
    assert set(texts) < set(on_plan[0])
    assert on_plan[1] == ["en"] * len(on_plan[0])
    assert on_go[1] == ["en"] * len(on_go[0])


def test_a_language_that_the_clinic_does_not_have_is_not_believed(
    app: Flask, context: Context, booking: Booking
) -> None:
    hers = phone(app, context, LinkPurpose.plan, booking.id)
    for wanted in ("xx", "<b>", "../../etc", ""):
        page = hers.get("", query_string={"language": wanted})
        assert '<html lang="en"' in page.text


@pytest.mark.parametrize("kind", KINDS)
def test_every_check_in_asks_its_questions_in_both_languages(
    app: Flask, context: Context, booking: Booking, kind: CheckInKind
) -> None:
    hers = checkin_phone(app, context, booking, kind)
    english, spanish = hers.get().text, hers.get("?language=es").text
    for page in (english, spanish):
        assert 'name="fu_symptoms"' in page
        assert "Put on socks" not in page
        assert "Climb stairs" not in page
    assert ('name="act2_score"' in english) is (kind == "w4")
    assert 'name="act3_score"' not in english
    assert "Did any of these start" in english
    assert "Did any of these start" not in spanish


@pytest.mark.parametrize("kind", KINDS)
def test_a_check_in_left_blank_is_asked_again_and_never_passes(
    app: Flask, context: Context, booking: Booking, kind: CheckInKind
) -> None:
    hers = checkin_phone(app, context, booking, kind)
    again = hers.send("", {})
    assert 'role="alert"' in again.text
    assert 'role="alert"' in again.text
    unsure = hers.send("", {"fu_symptoms": "not_sure"})
    assert 'role="alert"' in unsure.text
    with context.db.read() as tx:
        raised = intakes.flags_of(tx, booking.id)
    assert {flag["severity"] for flag in raised} == {"stop_urgent"}


@pytest.mark.parametrize(
    ("sign", "number"),
    [("chest_breath", True), ("saddle_bladder", True), ("weak", False), ("fall", False), ("ill", False)],
)
def test_a_new_sign_is_answered_in_the_same_response_in_the_clients_language(
    app: Flask, context: Context, booking: Booking, sign: str, number: bool
) -> None:
    hers = checkin_phone(app, context, booking, CheckInKind.w1)
    page = hers.send("?language=es", {"fu_symptoms": sign}).text
    assert 'role="alert"' in page
    assert ('href="tel:911"' in page) is number
    assert '<html lang="es"' in page
    rule = next(rule for rule in library("es").rules.rules if rule.id == "RF26")
    texts = [library("es").messages[case.client_text][:25] for case in rule.cases]
    assert any(text in page for text in texts)
    closed = phone(app, context, LinkPurpose.plan, booking.id).get().text
    assert "paused" in closed
    assert "<figure" not in closed


def test_a_warning_sign_beside_a_blank_or_none_of_these_is_answered_all_the_same(
    app: Flask, context: Context, booking: Booking
) -> None:
    hers = checkin_phone(app, context, booking, CheckInKind.w1)
    page = hers.send("", {"fu_symptoms": ["none", "chest_breath"]})
    assert 'href="tel:911"' in page.text
    with context.db.read() as tx:
        (flag,) = intakes.flags_of(tx, booking.id)
    assert flag["severity"] == "stop_emergency"


@pytest.mark.B11
def test_a_tap_in_the_mail_chooses_but_sends_nothing(app: Flask, context: Context, booking: Booking) -> None:
    hers = checkin_phone(app, context, booking, CheckInKind.h24)
    with context.db.read() as tx:
        (row,) = checkins.of_booking(tx, booking.id)
    tapped = taps.token(context, row, "fu_feel", "bit_sore")
    page = hers.get(f"/{tapped}").text
    assert 'value="bit_sore" checked' in page
    assert f'formaction="{hers.link}?language=es"' in page, "what was tapped goes along"
    assert " checked" not in hers.get("/AAAAAAAAAAAAAAAA").text
    with context.db.read() as tx:
        (row,) = checkins.of_booking(tx, booking.id)
    assert row.answered_at is None


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize(
    ("reply", "key"),
    [
        ({"fu_days_done": "2", "fu_difficulty": "3", "pain_avg7": "4"}, "progress_hold"),
        ({"fu_days_done": "5", "fu_difficulty": "5", "pain_avg7": "4"}, "progress_down"),
        ({"fu_days_done": "1", "fu_difficulty": "3", "pain_avg7": "4"}, "shrink"),
        ({"fu_days_done": "5", "fu_difficulty": "3", "pain_avg7": "9"}, "paused"),
    ],
)
def test_a_reply_is_answered_with_the_message_that_its_row_names(
    app: Flask, context: Context, booking: Booking, reply: dict[str, str], key: str, language: str
) -> None:
    hers = checkin_phone(app, context, booking, CheckInKind.w1)
    page = hers.send(f"?language={language}", {"fu_symptoms": "none", **reply}).text
    assert library(language).messages[key] in page


def test_a_step_up_says_how_many_of_the_days_were_done(
    app: Flask, context: Context, booking: Booking, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {"fu_symptoms": "none", "pain_now": "2"}
    step = Step(Action.STAGE_OK, "better", "progress_better", "plan_more", {"done": 4, "planned": 5})
    monkeypatch.setattr(replies, "reply", lambda *_given: replies.Outcome((), step))
    page = checkin_phone(app, context, booking, CheckInKind.h24).send("", told).text
    assert "You did 4 of 5 days and you feel better. We added a little." in page
    unknown = replies.Outcome((), replace(step, days={}))
    monkeypatch.setattr(replies, "reply", lambda *_given: unknown)
    page = checkin_phone(app, context, booking, CheckInKind.d3).send("", told).text
    assert "{" not in page
    assert "Thank you" in page
