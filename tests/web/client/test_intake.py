"""The intake over HTTP, without a script: saved at each step, resumed, private, safe against double taps."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from markupsafe import escape

from handlers.context import Context
from handlers.links import LinkPurpose
from handlers.schedule import alerts
from handlers.worker import work
from render.language import readable
from schemas.booking import Booking
from schemas.delivery import Channel, Purpose
from store import deliveries, intakes, plans
from tests.helpers.answers import TAPPED, fill_in
from tests.helpers.clinic import with_policy
from tests.helpers.phone import Phone, again, intake_of, missing, phone, stored
from tests.helpers.visits import book, receive, webhook
from web.security import form_key

NERVES = {
    "rf_saddle": "no",
    "rf_bladder_bowel": "no",
    "rf_both_legs": "no",
    "rf_weak": "no",
    "rf_clumsy": "no",
    "rf_neck_vascular": "no",
    "rf_face_arm_speech": "no",
    "rf_worst_head_neck": "no",
    "rf_seizure_faint": "no",
}
ABOUT = {
    "date_of_birth_year": "1980",
    "date_of_birth_month": "5",
    "date_of_birth_day": "31",
    "emergency_contact_name": "Bo Secret-Name",
    "emergency_contact_phone": "555 123 4567",
}


@pytest.mark.parametrize(("hours", "said"), [(48, True), (-2, False)])
def test_thanks_name_the_visit_only_while_it_lies_ahead(
    app: Flask, context: Context, hours: int, said: bool
) -> None:
    now = datetime.now(UTC)
    made = book(context, now - timedelta(days=3), start=now + timedelta(hours=hours))
    fill_in(context, made, now)
    page = phone(app, context, LinkPurpose.intake, made.id).get().text
    assert "The clinic has your answers." in page
    assert ("See you on" in page) is said


def test_the_form_names_the_next_of_its_visits_though_the_links_own_was_moved_behind(
    app: Flask, context: Context
) -> None:
    now = datetime.now(UTC)
    first, second, later = (now + timedelta(days=days) for days in (3, 5, 12))
    made = book(context, now, uid="s1", start=first)
    receive(context, webhook("created", now, uid="s2", start=second))
    work.work_once(context, now + timedelta(minutes=1))
    hers = phone(app, context, LinkPurpose.intake, made.id)
    receive(context, webhook("rescheduled", now + timedelta(minutes=2), uid="s3", start=later, replaces="s1"))
    work.work_once(context, now + timedelta(minutes=2))
    zone = context.zone(made.zone)
    for page in (hers.get().text, hers.fill_in().text, hers.get().text):
        assert readable.moment(second, zone, "en") in page
        assert readable.moment(later, zone, "en") not in page


def test_every_screen_is_saved_and_the_last_one_sends_it_in(
    context: Context, booking: Booking, hers: Phone
) -> None:
    page = hers.fill_in()
    assert "Thank you" in page.text
    intake = intake_of(context, booking)
    assert intake.done
    assert intake.answers["rf_saddle"] == "no"
    assert intake.wording["consent_massage"].startswith("I agree to massage.")
    with context.db.read() as tx:
        drafted = plans.newest(tx, booking.id)
        owed = {each.purpose: each for each in deliveries.of_booking(tx, booking.id)}
    assert drafted is not None
    assert owed[Purpose.summary].status == "scheduled"
    assert all(
        each.status != "scheduled" for each in owed.values() if each.purpose is Purpose.intake_reminder
    )


def test_another_device_goes_on_at_the_first_screen_without_an_answer(
    app: Flask, context: Context, booking: Booking, hers: Phone
) -> None:
    first = hers.post("/about", ABOUT)
    assert first.status_code == 303
    tablet = phone(app, context, LinkPurpose.intake, booking.id)
    page = tablet.get()
    assert first.headers["Location"].endswith("/goals")
    assert f'action="{tablet.link}/goals"' in page.text
    assert "Welcome back" in page.text


def test_only_the_browser_that_typed_an_answer_sees_it(
    app: Flask, context: Context, booking: Booking, hers: Phone
) -> None:
    hers.post("/about", ABOUT)
    forwarded = phone(app, context, LinkPurpose.intake, booking.id)
    assert "Bo Secret-Name" in hers.get("/about").text
    assert "Bo Secret-Name" not in forwarded.get("/about").text
    assert "Bo Secret-Name" not in forwarded.get("/check").text


def test_who_answers_one_screen_by_a_forwarded_link_still_sees_no_other(
    app: Flask, context: Context, booking: Booking, hers: Phone
) -> None:
    hers.post("/about", ABOUT)
    forwarded = phone(app, context, LinkPurpose.intake, booking.id)
    forwarded.post("/goals", {name: TAPPED[name] for name in ("visit_reason", "goals")})
    for path in ("", "/about", "/check", "/goals"):
        assert "Bo Secret-Name" not in forwarded.get(path).text


def test_a_form_that_was_sent_never_shows_an_answer_again(hers: Phone) -> None:
    hers.fill_in({**TAPPED, "goal_text": "Dance at the wedding"})
    for path in ("", "/about", "/goals", "/check", "/where"):
        page = hers.get(path)
        assert page.status_code == 200
        assert "Dance at the wedding" not in page.text
        assert "Want to change an answer?" in page.text


def test_a_second_tap_on_send_changes_nothing_and_says_the_same(
    context: Context, booking: Booking, hers: Phone
) -> None:
    hers.fill_in()
    before = intake_of(context, booking)
    page = hers.send("/check", {}, key=_key(hers))
    assert "Thank you" in page.text
    assert intake_of(context, booking) == before


def _key(hers: Phone) -> str:
    with hers.http.application.app_context():
        return form_key(hers.link.removeprefix("/i/"))


def test_the_same_screen_sent_twice_is_one_answer(context: Context, booking: Booking, hers: Phone) -> None:
    first, second = hers.post("/about", ABOUT), hers.post("/about", ABOUT)
    assert first.headers["Location"] == second.headers["Location"]
    assert stored(context, booking)["date_of_birth"] == "1980-05-31"


def test_an_old_screen_sent_again_changes_only_its_own_answers(
    context: Context, booking: Booking, hers: Phone
) -> None:
    hers.post("/about", ABOUT)
    hers.post("/goals", {name: TAPPED[name] for name in ("visit_reason", "goals")} | _day())
    hers.post("/about", {**ABOUT, "emergency_contact_name": "Al"})
    answers = stored(context, booking)
    assert answers["emergency_contact_name"] == "Al"
    assert answers["visit_reason"] == "pain"


def _day() -> dict[str, object]:
    return {name: TAPPED[name] for name in ("activity_profile", "activity_level")}


def test_the_number_of_parts_is_told_from_the_start_and_never_changes(hers: Phone) -> None:
    def place() -> list[str]:
        return re.findall(r"Part \d+ of \d+", hers.get().text)

    assert place() == ["Part 1 of 5"]
    hers.post("/about", ABOUT)
    goals = {name: TAPPED[name] for name in ("visit_reason", "goals", "activity_profile")}
    hers.post("/goals", goals | {"visit_reason": "relax"})
    assert place() == ["Part 2 of 5"]
    hers.post("/goals", goals)
    assert place() == ["Part 2 of 5"]


def test_a_mistake_is_named_at_the_top_and_at_the_field_and_what_was_typed_stays(hers: Phone) -> None:
    page = hers.send("/about", {**ABOUT, "date_of_birth_month": "13"})
    assert "<title>Error:" in page.text
    assert '<a href="#date_of_birth">' in page.text
    assert 'id="date_of_birth-error"' in page.text
    assert 'value="13"' in page.text
    assert "Bo Secret-Name" in page.text


def test_a_screen_that_depends_on_an_answer_comes_only_with_it(hers: Phone) -> None:
    hers.post("/about", {**ABOUT, "date_of_birth_year": str(datetime.now(UTC).year - 16)})
    assert "guardian_name" in hers.get().text


def test_questions_that_an_answer_brings_up_are_shown_before_going_on(hers: Phone) -> None:
    hers.post("/about", ABOUT)
    sent = hers.post("/safety_1", {"gate_nerves": "some", "gate_chest": "none"})
    assert sent.headers["Location"].endswith("/safety_nerves")


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_a_scanner_that_opens_everything_changes_nothing(
    context: Context, booking: Booking, hers: Phone, method: str
) -> None:
    hers.post("/about", ABOUT)
    before = intake_of(context, booking)
    for path in ("", "/about", "/goals", "/check", "/everything", "/language", "/nothing"):
        getattr(hers.http, method)(hers.link + path, base_url="https://care.test")
    assert intake_of(context, booking) == before


@pytest.mark.B8
def test_an_emergency_is_answered_at_once_and_the_clinic_is_told(
    context: Context, booking: Booking, hers: Phone
) -> None:
    hers.post("/about", ABOUT)
    hers.post("/safety_1", {"gate_nerves": "some", "gate_chest": "none"})
    page = hers.send("/safety_nerves", {**NERVES, "rf_saddle": "yes"})
    assert 'role="alert"' in page.text
    assert 'href="tel:911"' in page.text
    assert "ER now" in page.text
    with context.db.read() as tx:
        keys = {each.key for each in deliveries.of_booking(tx, booking.id) if each.purpose is Purpose.alert}
        raised = {each["rule"]: each["severity"] for each in intakes.flags_of(tx, booking.id)}
        cause = alerts.cause(tx, booking.id, "RF01")
    assert (Purpose.alert, cause, Channel.email) in {key.message[:3] for key in keys}
    assert raised["RF01"] == "stop_emergency"


def test_a_warning_sign_beside_a_line_left_blank_is_answered_at_once(
    context: Context, booking: Booking, hers: Phone
) -> None:
    hers.post("/about", ABOUT)
    hers.post("/safety_1", {"gate_nerves": "some", "gate_chest": "none"})
    page = hers.send("/safety_nerves", {"rf_saddle": "yes"})
    assert 'href="tel:911"' in page.text
    assert "There is a problem" in page.text
    assert "rf_saddle" not in stored(context, booking)
    with context.db.read() as tx:
        raised = {each["rule"] for each in intakes.flags_of(tx, booking.id)}
    assert "RF01" in raised


def test_a_second_tap_shows_the_warning_again(hers: Phone) -> None:
    hers.post("/about", ABOUT)
    hers.post("/safety_1", {"gate_nerves": "some", "gate_chest": "none"})
    hers.post("/safety_nerves", {**NERVES, "rf_saddle": "yes"})
    assert 'href="tel:911"' in hers.send("/safety_nerves", {**NERVES, "rf_saddle": "yes"}).text


def test_a_warning_is_not_repeated_at_screens_that_do_not_ask_about_it(hers: Phone) -> None:
    hers.post("/about", ABOUT)
    hers.post("/safety_1", {"gate_nerves": "some", "gate_chest": "none"})
    hers.post("/safety_nerves", {**NERVES, "rf_saddle": "yes"})
    assert hers.post("/about", ABOUT).status_code == 303


def test_taking_a_warning_sign_back_does_not_take_the_flag_back(
    context: Context, booking: Booking, hers: Phone
) -> None:
    hers.post("/about", ABOUT)
    hers.post("/safety_1", {"gate_nerves": "some", "gate_chest": "none"})
    hers.post("/safety_nerves", {**NERVES, "rf_saddle": "yes"})
    hers.post("/safety_nerves", NERVES)
    with context.db.read() as tx:
        assert "RF01" in {each["rule"] for each in intakes.flags_of(tx, booking.id)}


def test_crisis_words_are_answered_at_once(hers: Phone) -> None:
    hers.post("/about", ABOUT)
    sent = {name: TAPPED[name] for name in ("visit_reason", "goals")} | _day()
    page = hers.send("/goals", {**sent, "goal_text": "I want to die"})
    assert 'href="tel:988"' in page.text
    assert 'href="sms:988"' in page.text
    assert "Call or text 988" in page.text


def test_a_danger_that_somebody_may_read_over_the_shoulder_stands_on_no_page(
    context: Context, booking: Booking, hers: Phone
) -> None:
    hers.post("/about", ABOUT)
    sent = {name: TAPPED[name] for name in ("visit_reason", "goals")} | _day()
    assert hers.post("/goals", {**sent, "goal_text": "my husband hits me"}).status_code == 303
    with context.db.read() as tx:
        assert "typed_violence" in {each["rule"] for each in intakes.flags_of(tx, booking.id)}
        purposes = [one.purpose for one in deliveries.of_booking(tx, booking.id)]
    assert Purpose.alert in purposes


def test_a_line_tapped_by_mistake_is_taken_back_and_a_person_looks_all_the_same(
    context: Context, booking: Booking, hers: Phone
) -> None:
    hers.post("/about", ABOUT)
    hers.post("/safety_1", {"gate_nerves": "some", "gate_chest": "none"})
    page = hers.send("/safety_nerves", {**NERVES, "rf_weak": "yes"}).text
    assert "Did you tap the wrong line?" in page
    assert hers.post("/meant", {"line": "rf_weak"}).status_code == 303
    assert intake_of(context, booking).answers["rf_weak"] == "no"
    with context.db.read() as tx:
        (flag,) = intakes.flags_of(tx, booking.id)
        purposes = [one.purpose for one in deliveries.of_booking(tx, booking.id)]
    assert (flag["rule"], flag["severity"], flag["cleared_at"]) == ("RF02", "review", None)
    assert Purpose.alert in purposes
    hers.post("/safety_nerves", {**NERVES, "rf_weak": "yes"})
    with context.db.read() as tx:
        assert [one["severity"] for one in intakes.flags_of(tx, booking.id)] == ["stop_urgent"]


@pytest.mark.parametrize("line", ["rf_saddle", "goals", "nonsense"])
def test_what_is_an_emergency_by_itself_is_not_taken_back(
    context: Context, booking: Booking, hers: Phone, line: str
) -> None:
    hers.post("/about", ABOUT)
    hers.post("/safety_1", {"gate_nerves": "some", "gate_chest": "none"})
    page = hers.send("/safety_nerves", {**NERVES, "rf_saddle": "yes"}).text
    assert "Did you tap the wrong line?" not in page
    hers.post("/meant", {"line": line})
    assert intake_of(context, booking).answers["rf_saddle"] == "yes"
    with context.db.read() as tx:
        assert {one["severity"] for one in intakes.flags_of(tx, booking.id)} == {"stop_emergency"}


def test_a_safety_check_left_blank_does_not_go_on(context: Context, booking: Booking, hers: Phone) -> None:
    hers.post("/about", ABOUT)
    page = hers.send("/safety_1", {})
    assert "There is a problem" in page.text
    with context.db.read() as tx:
        assert "gate_nerves" in missing(tx, context, booking)
    assert hers.post("/check", {}).status_code == 303
    assert not intake_of(context, booking).done


@pytest.mark.B15
def test_no_consent_is_ticked_for_the_client(hers: Phone) -> None:
    hers.post("/about", ABOUT)
    page = hers.get("/consent").text
    assert page.count('type="checkbox"') == 4
    assert "checked" not in page


@pytest.mark.B7
def test_a_client_who_comes_again_gets_the_short_update_and_may_ask_for_everything(
    app: Flask, context: Context, booking: Booking, hers: Phone
) -> None:
    hers.fill_in()
    later = again(context)
    second = phone(app, context, LinkPurpose.intake, later.id)
    assert "Since last time" not in second.get().text
    second.post("/who", {})
    page = second.get()
    assert "Since last time" in page.text
    assert "Bo" not in re.sub(r"<[^>]+>", " ", page.text).split()
    second.post("/everything", {})
    assert intake_of(context, later).questionnaire == "first_visit"


def test_the_language_can_be_changed_on_the_page(context: Context, booking: Booking, hers: Phone) -> None:
    hers.post("/about", ABOUT)
    sent = hers.post("/language?here=goals", {"language": "es"})
    assert sent.headers["Location"].endswith("/goals")
    page = hers.get("/goals").text
    assert '<html lang="es"' in page
    assert "Seguir" in page
    assert hers.post("/language", {"language": "xx"}).status_code == 303
    assert intake_of(context, booking).language == "es"


def test_a_link_to_a_visit_that_is_off_says_so(
    app: Flask, context: Context, booking: Booking, hers: Phone
) -> None:
    now = datetime.now(UTC)
    receive(context, webhook("cancelled", now, start=booking.start))
    work.work_once(context, now + timedelta(minutes=1))
    assert "Nothing to do" in hers.get().text
    assert "Nothing to do" in hers.send("/about", ABOUT, key=_key(hers)).text
    assert stored(context, booking) == {}


def test_a_page_after_a_post_is_opened_and_may_be_opened_again(hers: Phone) -> None:
    for path, values, says in [
        ("/about", {**ABOUT, "date_of_birth_month": "13"}, "There is a problem"),
        ("/about", ABOUT, "visit_reason"),
        ("/safety_1", {"gate_nerves": "some", "gate_chest": "none"}, "rf_saddle"),
        ("/safety_nerves", {**NERVES, "rf_saddle": "yes"}, 'href="tel:911"'),
    ]:
        sent = hers.post(path, values)
        assert sent.status_code == 303
        assert not any(word in sent.headers["Location"] for word in ("yes", "13", "alarm", "RF"))
        assert [says in hers.follow(sent).text for _ in range(2)] == [True, True]


def test_only_the_browser_that_typed_sees_a_mistake_and_only_until_the_next_form(
    app: Flask, hers: Phone
) -> None:
    wrong = hers.post("/about", {**ABOUT, "date_of_birth_month": "13"})
    other = Phone(app.test_client(), hers.link)
    assert "Bo Secret-Name" not in other.follow(wrong).text
    hers.post("/about", ABOUT)
    assert "There is a problem" not in hers.follow(wrong).text


def test_a_browser_without_cookies_reads_a_warning_and_a_mistake_all_the_same(
    app: Flask, hers: Phone
) -> None:
    key, bare = _key(hers), Phone(app.test_client(use_cookies=False), hers.link)
    bare.post("/about", ABOUT, key=key)
    assert "There is a problem" in bare.post("/safety_1", {}, key=key).text
    bare.post("/safety_1", {"gate_nerves": "some", "gate_chest": "none"}, key=key)
    warned = bare.post("/safety_nerves", {**NERVES, "rf_saddle": "yes"}, key=key)
    assert 'href="tel:911"' in warned.text


@pytest.mark.parametrize("name", ["Zoë <b>", "محمد", "X" * 60, ""])
def test_another_language_keeps_what_was_typed_and_asks_nothing_yet(hers: Phone, name: str) -> None:
    typed = {**ABOUT, "preferred_name": name, "date_of_birth_month": "13"}
    page = hers.send("/language?here=about", {**typed, "language": "es"}).text
    assert '<html lang="es"' in page
    assert 'role="alert"' not in page
    assert 'value="13"' in page
    assert f'value="{escape(name)}"' in page
    mistaken = hers.send("/about", typed).text
    assert 'role="alert"' in mistaken
    back = hers.send("/language?here=about", {**typed, "language": "en"}).text
    assert "There is a problem" in back


@pytest.mark.parametrize("here", ["//evil.test", "../../", "about/..", "about?x", "", "nothing?saved"])
def test_the_language_leads_to_no_page_that_is_not_of_the_form(hers: Phone, here: str) -> None:
    sent = hers.http.post(
        f"{hers.link}/language",
        query_string={"here": here},
        data={"language": "es", "form_key": _key(hers)},
        base_url="https://care.test",
        headers=hers.extra,
    )
    assert sent.headers["Location"] == hers.link


@pytest.mark.parametrize("odd", ["", "x", "a" * 3000, "é", "AQAAAA==", "gAAAAA"])
def test_a_cookie_that_is_not_ours_shows_nothing(hers: Phone, odd: str) -> None:
    hers.http.set_cookie("__Host-kept", odd, domain="care.test", secure=True)
    assert hers.get("/about").status_code == 200


@pytest.mark.parametrize(("days", "said"), [(2, True), (0, False)])
def test_who_sends_a_form_that_waits_for_a_person_reads_by_when_somebody_looks(
    app: Flask, context: Context, booking: Booking, hers: Phone, days: int, said: bool
) -> None:
    inside = app.extensions["aftercare"]
    strict = with_policy(inside, require_ok=True, look_within=timedelta(days=days))
    app.extensions["aftercare"] = strict
    assert ("Your therapist will look" in hers.fill_in().text) is said
    assert "Your therapist will look" not in Phone(app.test_client(), hers.link).get().text
    theirs = phone(app, context, LinkPurpose.plan, booking.id)
    shown = theirs.get().text
    assert ("Your therapist will look" in shown) is said
    assert ("Your therapist looks at your answers first." in shown) is not said
    assert "Your plan is not ready yet" in shown
    assert "No plan here" not in shown
    assert "Su plan aún no está listo" in theirs.get("?language=es").text


def test_what_was_typed_elsewhere_is_shown_on_the_check_page_for_the_date_of_birth(
    app: Flask, hers: Phone
) -> None:
    hers.post("/about", ABOUT)
    other = Phone(app.test_client(), hers.link)
    assert "Bo Secret-Name" not in other.get("/check").text
    born = {name: ABOUT[name] for name in ABOUT if name.startswith("date_of_birth")}
    assert "That is not the date" in other.send("/born", {**born, "date_of_birth_day": "30"}).text
    assert "Bo Secret-Name" in other.send("/born", born).text
    assert "Bo Secret-Name" in other.get("/check").text
    stranger = Phone(app.test_client(), hers.link)
    for day in ("1", "2"):
        stranger.post("/born", {**born, "date_of_birth_day": day})
    page = stranger.send("/born", born).text
    assert "Bo Secret-Name" not in page, "three dates were wrong"
    assert "Show them with my date of birth" not in page
