"""The plan page, the way to stop messages, and check-ins: what they show, and who can change what."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from handlers.context import Context
from handlers.links import LinkPurpose
from handlers.worker import work
from render.language.readable import full_date
from schemas.booking import Booking
from schemas.checkin import CheckInKind, Tick
from schemas.delivery import AlertCause, Urgency
from store import checkins, clients, links, plans
from tests.helpers.answers import fill_in
from tests.helpers.mailbox import Mailbox
from tests.helpers.phone import BASE, Fields, Phone, checkin_phone, phone, visited
from tests.helpers.strategies import worded
from tests.helpers.visits import alert, schedule_of


def test_the_plan_shows_each_move_with_picture_dose_and_reason(
    context: Context, booking: Booking, hers: Phone
) -> None:
    with context.db.read() as tx:
        sent = plans.newest(tx, booking.id)
    assert sent is not None
    page = hers.get().text
    said = worded(sent.plan)
    for item in said.items:
        assert item.name in page
        assert item.why.split("'")[0][:30] in page
        assert item.dose_text.split(" · ")[0] in page
    assert page.count("<figure") == 2 * len(said.items)
    assert "When to stop" in page
    assert f'href="{hers.link}/plan.pdf?language=en"' in page


@pytest.mark.parametrize("path", ["", "/go"])
@pytest.mark.parametrize("language", ["en", "es"])
def test_nothing_is_said_twice_about_why_and_when_to_stop(hers: Phone, path: str, language: str) -> None:
    page = hers.get(f"{path}?language={language}").text
    assert page.count("You told us that") + page.count("Nos dijo que") <= 1
    assert not re.search(r"(Stop|Pare)[^<>]*</b> (Stop|Deje|Pare) ", page)


def test_a_phone_that_takes_no_drawing_gets_a_picture_for_its_home_screen(app: Flask, hers: Phone) -> None:
    found = re.search(r'<link rel="apple-touch-icon" href="([^"]+)">', hers.get().text)
    assert found
    icons = hers.get("/app.webmanifest").get_json()["icons"]
    sizes = {found[1]: 180} | {each["src"]: int(each["sizes"].split("x")[0]) for each in icons[1:]}
    for path, size in sizes.items():
        picture = app.test_client().get(path, base_url=BASE)
        assert picture.mimetype == "image/png"
        assert picture.data[16:24] == 2 * size.to_bytes(4, "big")


def test_no_day_before_the_visit_asks_to_be_ticked_off_and_the_plan_bears_the_day_of_the_visit(
    context: Context, booking: Booking, hers: Phone
) -> None:
    page, zone = hers.get().text, context.zone(booking.zone)
    visit = booking.end.astimezone(zone).date()
    assert page.count("not marked") == (datetime.now(zone).date() - visit).days + 1
    assert full_date(visit) in page


def test_the_plan_is_also_a_pdf(hers: Phone) -> None:
    paper = hers.get("/plan.pdf")
    assert paper.content_type == "application/pdf"
    assert paper.data.startswith(b"%PDF-")


def test_each_move_can_be_seen_moving_and_nothing_else_can(
    app: Flask, context: Context, booking: Booking, hers: Phone
) -> None:
    shown = re.findall(rf'src="({hers.link}/moving/[0-9]+\.svg)"', hers.get().text)
    with context.db.read() as tx:
        sent = plans.newest(tx, booking.id)
    assert sent is not None
    assert len(shown) == len(sent.plan.items)
    for path in shown:
        drawn = app.test_client().get(path, base_url=BASE)
        assert drawn.mimetype == "image/svg+xml"
        assert "<animate" in drawn.text
    for number in (0, len(shown) + 1):
        assert hers.get(f"/moving/{number}.svg").status_code == 404


def test_a_day_is_ticked_off_only_by_a_person(context: Context, booking: Booking, hers: Phone) -> None:
    hers.get("/day")
    hers.post("/day", {"effort": "right", "pain": "3"}, key="")
    with context.db.read() as tx:
        assert checkins.of_booking(tx, booking.id) == []
    sent = hers.post("/day", {"effort": "right", "pain": "3"})
    assert sent.status_code == 303
    with context.db.read() as tx:
        (ticked,) = checkins.of_booking(tx, booking.id)
    assert isinstance(ticked.kind, Tick)
    assert ticked.reply == {"effort": "right", "pain": "3"}


def test_a_tick_with_severe_pain_pauses_the_plan_and_alerts_at_once(
    context: Context, booking: Booking, hers: Phone
) -> None:
    assert hers.post("/day", {"effort": "right", "pain": "7"}).status_code == 303
    assert "Why this one?" in hers.get().text
    key = Fields(hers.get().text).key
    answered = hers.send("/day", {"effort": "too_hard", "pain": "8"}, key=key)
    assert answered.status_code == 200
    assert 'role="alert"' in answered.text
    assert "Please pause your plan." in answered.text
    assert "Your plan is paused" in hers.get().text
    assert "Your plan is paused" not in hers.get("?language=es").text
    hers.post("/day", {"pain": "9"}, key=key)
    found = [each.key.number for each in schedule_of(context, booking).values()]
    alerts = [each for each in found if isinstance(each, AlertCause) and each.urgency is Urgency.at_once]
    assert len(alerts) == 1


def test_a_tick_with_nonsense_keeps_only_what_makes_sense(
    context: Context, booking: Booking, hers: Phone
) -> None:
    hers.post("/day", {"effort": "<b>", "pain": "99"})
    with context.db.read() as tx:
        (ticked,) = checkins.of_booking(tx, booking.id)
    assert ticked.reply == {}


def test_a_plan_that_was_withdrawn_is_not_shown(context: Context, booking: Booking, hers: Phone) -> None:
    with context.db.begin() as tx:
        links.revoke(tx, [LinkPurpose.plan], booking.id, datetime.now(UTC))
    assert hers.get().status_code == 404
    assert hers.get("/plan.pdf").status_code == 404


def test_a_name_with_markup_stays_text(app: Flask, context: Context) -> None:
    named = visited(context, uid="u7", name="<b onclick=x>Zoë</b> {{ 7919*7907 }}", email="b@example.org")
    fill_in(context, named, datetime.now(UTC))
    page = phone(app, context, LinkPurpose.plan, named.id).get().text
    assert "<b onclick" not in page
    assert "62615533" not in page


# ---------------------------------------------------------------- check-ins


@pytest.fixture
def asked(app: Flask, context: Context, booking: Booking) -> Phone:
    """Zoë's phone with the link of the first check-in."""
    return checkin_phone(app, context, booking, CheckInKind.h24)


def test_a_check_in_is_answered_once_and_by_a_person(
    context: Context, booking: Booking, asked: Phone
) -> None:
    answers = {"fu_symptoms": "none", "fu_feel": "fine"}
    assert asked.post("", answers, key="").status_code == 403
    assert "fu_feel" in asked.get().text
    assert "Thank you" in asked.send("", answers).text
    with context.db.read() as tx:
        (kept,) = [each for each in checkins.of_booking(tx, booking.id) if each.kind == "h24"]
    assert kept.reply["fu_feel"] == "fine"
    assert "fu_feel" not in asked.get().text


def test_a_count_of_a_few_days_is_tapped_not_typed(app: Flask, context: Context, booking: Booking) -> None:
    page = checkin_phone(app, context, booking, CheckInKind.d3).get().text
    assert page.count('type="radio" name="fu_days_done"') == 4


def test_a_check_in_with_a_warning_sign_is_answered_at_once(asked: Phone) -> None:
    choices = asked.get().text
    sign = next(
        name for name in ("numb_legs", "chest_breath", "numb", "chest") if f'value="{name}"' in choices
    )
    page = asked.send("", {"fu_symptoms": sign, "fu_feel": "fine"})
    assert 'role="alert"' in page.text


def test_a_check_in_link_opens_no_plan_and_no_intake(asked: Phone, app: Flask) -> None:
    value = asked.link.removeprefix("/c/")
    for path in ("/i/", "/p/", "/u/"):
        assert app.test_client().get(path + value, base_url=BASE).status_code == 404


# ---------------------------------------------------------------- one tap, and words of one's own


TAPS = re.compile(r'href="https://care\.test(/c/[^/"]+)/([^"]+)"[^>]*>([^<]+)<')


@pytest.mark.B11
def test_a_check_in_mail_carries_its_answers_as_links_that_say_and_change_nothing(
    app: Flask, context: Context, booking: Booking, mailbox: Mailbox
) -> None:
    for hours in range(4, 48, 4):  # whatever the time of day is now, it is the next morning once
        work.work_once(context, datetime.now(UTC) + timedelta(hours=hours))
    (mail,) = mailbox.of("checkin")
    html, text = (mail.get_body((kind,)) for kind in ("html", "plain"))
    assert html is not None
    assert text is not None
    tapped = TAPS.findall(html.get_content())
    assert [label for _, _, label in tapped] == ["Fine", "So-so", "Not well"]
    assert all(
        f"{label}:" in text.get_content() and f"{link}/{tap}" in text.get_content()
        for link, tap, label in tapped
    )
    assert len({tap for _, tap, _ in tapped}) == 3
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{16}", tap) for _, tap, _ in tapped)
    http = app.test_client()
    for (link, tap, _), answer in zip(tapped, ("fine", "bit_sore", "very_sore"), strict=True):
        page = http.get(f"{link}/{tap}", base_url=BASE).text
        assert Fields(page).checked == [("fu_feel", answer)]
    with context.db.read() as tx:
        assert not any(each.answered_at for each in checkins.of_booking(tx, booking.id))


def test_the_last_line_goes_to_the_practitioner_by_name(
    app: Flask, context: Context, booking: Booking
) -> None:
    for kind in CheckInKind:
        page = checkin_phone(app, context, booking, kind).get().text
        assert page.rindex('name="fu_words"') > max(
            page.rindex(f'name="{name}"') for name in ("fu_symptoms",)
        )
        assert "{practitioner}" not in page


@pytest.mark.parametrize(
    ("words", "paused", "cause"),
    [
        ("", True, "h24-new_symptom"),
        ("none", True, "h24-new_symptom"),
        ("my elbow clicks when I carry bags", False, "h24-new_words"),
    ],
)
def test_something_else_pauses_only_what_nobody_can_judge(
    app: Flask, context: Context, booking: Booking, words: str, paused: bool, cause: str
) -> None:
    said = {"fu_symptoms": "other", "fu_feel": "fine", "fu_words": words}
    page = checkin_phone(app, context, booking, CheckInKind.h24).send("", said).text
    assert ("We will read what you wrote" in page) is not paused
    assert alert(context, booking, cause) in schedule_of(context, booking)
    plan = phone(app, context, LinkPurpose.plan, booking.id).get().text
    assert ("Your plan is paused" in plan) is paused


def test_danger_in_the_last_line_is_answered_at_once(app: Flask, context: Context, booking: Booking) -> None:
    said = {"fu_symptoms": "none", "fu_feel": "fine", "fu_words": "I get chest pain and can't breathe"}
    page = checkin_phone(app, context, booking, CheckInKind.h24).send("", said).text
    assert 'role="alert"' in page
    assert 'href="tel:911"' in page


def test_words_alone_reach_a_person_and_change_no_plan(
    app: Flask, context: Context, booking: Booking
) -> None:
    said = {"fu_symptoms": "none", "fu_feel": "fine", "fu_words": "Could we do mornings next time?"}
    assert "Thank you" in checkin_phone(app, context, booking, CheckInKind.h24).send("", said).text
    assert alert(context, booking, "h24-words", Urgency.soon) in schedule_of(context, booking)
    with context.db.read() as tx:
        assert len(plans.of_client(tx, [booking.client_id])) == 1


def test_the_result_is_shown_for_the_date_of_birth_alone(app: Flask, context: Context) -> None:
    first = {
        "act1_name": "Climb <stairs>",
        "act1_score": "4",
        "pain_avg7": "5",
        "date_of_birth": "1970-03-04",
    }
    booking = visited(context, first, uid="u9", email="ida@example.org", name="Ida")
    hers = checkin_phone(app, context, booking, CheckInKind.w2)
    said = {
        "fu_symptoms": "none",
        "pain_avg7": "2",
        "act1_score": "7",
        "fu_days_done": "4",
        "fu_difficulty": "3",
    }
    page = hers.send("", said)
    key = Fields(page.text).key
    assert "See how far you have come" in page.text
    assert "stairs" not in page.text

    def born(year: str) -> str:
        typed = {"date_of_birth_year": year, "date_of_birth_month": "3", "date_of_birth_day": "4"}
        return hers.send("/result", typed, key=key).text

    shown = born("1970")
    for line in ("Pain: 5 → 2", "<bdi>Climb &lt;stairs&gt;</bdi> 4 → 7", "Days: 4 of "):
        assert line in shown
    for _ in range(3):
        assert "→" not in born("1971")
    assert "→" not in born("1970")


def test_no_result_is_offered_before_a_reply(asked: Phone) -> None:
    typed = {"date_of_birth_year": "1970", "date_of_birth_month": "3", "date_of_birth_day": "4"}
    assert "→" not in asked.send("/result", typed).text


@pytest.mark.parametrize("number", ["", "+1 555 010 4242"])
def test_a_call_is_promised_where_a_number_is_known_and_else_it_is_asked_for(
    app: Flask, context: Context, number: str
) -> None:
    booking = visited(context, phone=number, uid="u7", email="kim@example.org")
    hers = phone(app, context, LinkPurpose.plan, booking.id)
    page = hers.send("/day", {"pain": "9"}).text
    for shown in (page, hers.get().text):
        assert ("We will call you." in shown) is bool(number)
        assert ("Your phone number, so that we can call you" in shown) is (not number)
    if number:
        return
    assert "Type a phone number" in hers.send("/number", {"number": "12"}).text
    assert "We will call you." in hers.send("/number", {"number": "(212) 555-0142"}).text
    hers.post("/number", {"number": "(212) 555-0199"}, key=Fields(page).key)
    with context.db.read() as tx:
        assert clients.get(tx, booking.client_id).phone.endswith("0142"), "a link changes no number of ours"


def test_a_day_that_is_sent_again_keeps_what_it_does_not_say(
    context: Context, booking: Booking, hers: Phone
) -> None:
    with context.db.read() as tx:
        sent = plans.newest(tx, booking.id)
    assert sent is not None
    first = sent.plan.items[0].exercise_id
    hers.post("/go", {f"effort-{first}": "right", f"pain-{first}": "2"})
    hers.post("/day", {"effort": "too_easy"})
    hers.post("/day", {})
    with context.db.read() as tx:
        (ticked,) = checkins.of_booking(tx, booking.id)
    assert ticked.reply["effort"] == "too_easy"
    assert ticked.reply["pain"] == "2"
    assert ticked.reply["moves"] == {first: {"effort": "right", "pain": "2"}}


def test_after_a_reply_the_page_may_be_opened_again_and_by_this_browser_alone(
    app: Flask, asked: Phone
) -> None:
    sent = asked.post("", {"fu_symptoms": "chest_breath"})
    assert sent.status_code == 303
    assert all('href="tel:911"' in asked.follow(sent).text for _opening in range(2))
    assert 'href="tel:911"' not in Phone(app.test_client(), asked.link).get().text


def test_a_check_in_in_another_language_keeps_what_was_chosen(asked: Phone) -> None:
    page = asked.send("?language=es", {"fu_feel": "fine", "read_in": "es"}).text
    assert '<html lang="es"' in page
    assert ("fu_feel", "fine") in Fields(page).checked
    assert 'role="alert"' not in page
