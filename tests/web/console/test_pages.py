"""The console's pages: the day, a booking, the note, the outbox, search, the board, content."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from html import unescape
from itertools import product
from typing import Any

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from handlers import links
from handlers.context import Context
from handlers.intake import form
from handlers.links import LinkPurpose
from handlers.plans import page as plan_page
from handlers.worker import work
from schemas.checkin import CheckInKind
from schemas.delivery import DeliveryStatus, Purpose
from schemas.plan import PlanStatus
from schemas.reason import Reason
from schemas.session_note import SessionNote
from schemas.staff import Role
from store import (
    audit,
    bookings,
    checkins,
    connections,
    deliveries,
    intakes,
    notes,
    plans,
    receipts,
    staff,
    tables,
)
from store.vault import Vault
from tests.helpers.console import (
    BASE,
    PASSWORD,
    account,
    answer,
    browser,
    decided_on,
    post,
    sign_in,
    token_in,
    visit,
)
from tests.helpers.content import library
from tests.helpers.mailbox import Mailbox
from tests.helpers.visits import webhook
from web.console.labels import SENTENCES

LIGHT = 60_000  # letters of a page
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
TODAY = datetime.now(UTC)
NERVES = (
    *("rf_saddle", "rf_bladder_bowel", "rf_both_legs", "rf_weak", "rf_clumsy", "rf_neck_vascular"),
    *("rf_face_arm_speech", "rf_worst_head_neck", "rf_vision_jaw", "rf_seizure_faint"),
)


def text(client: FlaskClient, url: str) -> str:
    answered = client.get(url, base_url=BASE)
    assert answered.status_code == 200, (url, answered.status_code)
    return answered.get_data(as_text=True)


def seen(context: Context, hours: float = -2, uid: str = "u1", **changes: Any) -> int:
    """A visit that began so many hours from now, with the intake sent in yesterday."""
    number = visit(context, uid, start=TODAY + timedelta(hours=hours), now=TODAY - timedelta(days=3))
    answer(context, number, TODAY - timedelta(days=1), **changes)
    return number


def day_of(when: datetime, context: Context) -> str:
    return f"/console/days/{when.astimezone(context.zone()).date().isoformat()}"


def plan_message(context: Context, number: int) -> Any:
    with context.db.read() as tx:
        return next(one for one in deliveries.of_booking(tx, number) if one.purpose is Purpose.plan)


def test_the_day_shows_intake_flags_pain_and_plan(context: Context, client: FlaskClient) -> None:
    seen(context, -2, pain_avg7="7", pain_now="8", pain_worst24="9")
    visit(
        context, "u2", start=TODAY + timedelta(hours=0.1), name="Ann Bee", email="ann@example.org", now=TODAY
    )
    shown = text(client, day_of(TODAY - timedelta(hours=2), context))
    assert "Zoë Łuć" in shown
    assert "Look first" in shown
    assert "<b>7</b>" in shown
    assert "Waits for you" in shown
    assert "Missing" in text(client, day_of(TODAY + timedelta(hours=0.1), context))


@pytest.mark.parametrize("released_before", [False, True], ids=["", "released before"])
@pytest.mark.parametrize("changes", [{}, {"pain_avg7": "8", "pain_now": "9"}], ids=["clear", "needs a look"])
@pytest.mark.parametrize("hours", [-2, 2], ids=["over", "to come"])
def test_what_somebody_holds_back_anybody_lets_out_on_the_same_page(
    context: Context, client: FlaskClient, hours: float, changes: dict[str, str], released_before: bool
) -> None:
    number = seen(context, hours, **changes)
    page = f"/console/bookings/{number}"
    if released_before and changes:
        assert post(client, f"{page}/plan/release", page).status_code == 303
    other = text(client, page)
    assert post(client, f"{page}/plan/hold", page).status_code == 303
    stale = {"csrf": token_in(other), **decided_on(other, f"{page}/plan/hold")}
    late = client.post(f"{page}/plan/hold", base_url=BASE, data=stale)
    assert late.status_code == 409
    release = f'action="{page}/plan/release"'
    assert release in late.text
    assert text(client, page).count(release) == 1
    assert post(client, f"{page}/plan/release", page).status_code == 303
    assert plan_message(context, number).status is DeliveryStatus.scheduled
    assert release not in text(client, page)


@pytest.mark.parametrize(("slug", "name"), [("", ""), ("", "Deep tissue"), ("x-60", "")])
def test_a_visit_without_a_service_leaves_no_gap_in_its_line(
    context: Context, client: FlaskClient, slug: str, name: str
) -> None:
    """Mindbody's webhooks do not say which service it is."""
    number = seen(context)
    with context.db.begin() as tx:
        tx.change(tables.bookings, number, service=slug, service_name=name)
    for where in (
        day_of(TODAY - timedelta(hours=2), context),
        f"/console/bookings/{number}",
        "/console/clients/1",
    ):
        page = re.sub(r"(?s)<(script|style).*?</\1>", "", text(client, where))
        parts = re.split(r'</(?:p|li|td|h\d)>|<span class="mut small block">', page)
        lines = [" ".join(re.sub(r"<[^>]+>", " ", each).split()) for each in parts]
        assert not [each for each in lines if each.startswith("·") or each.endswith("·") or "· ·" in each]
        assert (name or slug) in page


def test_a_day_without_visits_says_what_to_do(context: Context, client: FlaskClient) -> None:
    assert "No visits on this day" in text(client, "/console/days/2031-01-05")


def test_the_list_alone_comes_back_for_the_page_that_refreshes_itself(
    context: Context, client: FlaskClient
) -> None:
    answered = client.get("/console/", base_url=BASE, headers={"X-Fragment": "1"})
    assert "<html" not in answered.get_data(as_text=True)


def test_a_name_cannot_write_into_the_page(context: Context, client: FlaskClient) -> None:
    visit(context, start=TODAY, name="<script>alert(1)</script>{{7*7}}", email="x@example.org", now=TODAY)
    shown = text(client, day_of(TODAY, context))
    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{7*7}}" in shown


def test_a_booking_shows_flags_first_then_answers_and_the_drafted_plan(
    context: Context, client: FlaskClient
) -> None:
    number = seen(context, med_blood_thinner="yes", pain_now="9")
    shown = text(client, f"/console/bookings/{number}")
    assert shown.index("Severe pain") < shown.index("Session note") < shown.index("Why this plan")
    assert "Blood thinner or bleeding problem" in shown
    assert "Low back, left" in shown


def test_everything_that_keeps_a_plan_back_is_said(context: Context, client: FlaskClient) -> None:
    number = seen(context, consent_exercise="no", cond_bp="not_controlled", bp_reading_high="no")
    shown = text(client, f"/console/bookings/{number}")
    for reason in (Reason.no_consent, Reason.needs_review):
        assert SENTENCES[reason].replace("'", "&#39;") in shown


def test_a_plan_is_explained_in_the_language_of_the_console(context: Context, client: FlaskClient) -> None:
    number = seen(context)
    with context.db.read() as tx:
        stored = plans.newest(tx, number)
    assert stored is not None
    known = {language: context.plan_content(language).exercises for language in ("en", "es")}
    for language, stage in (("en", "The first plan."), ("es", "El primer plan.")):
        with context.db.begin() as tx:
            staff.set_language(tx, staff.every(tx)[0].id, language)
        shown = text(client, f"/console/bookings/{number}")
        assert stage in shown
        for item in stored.plan.items:
            assert known[language][item.exercise_id].name in shown


def test_what_only_a_lost_key_opens_is_told_in_a_sentence(context: Context, client: FlaskClient) -> None:
    number = seen(context)
    context.db.vault = Vault([Fernet.generate_key().decode()])
    assert client.get(f"/console/bookings/{number}", base_url=BASE).status_code == 303
    with context.db.begin() as tx:
        staff.accept(tx, 1)  # as `staff reset` does
    answered = client.get(f"/console/bookings/{number}", base_url=BASE)
    assert answered.status_code == 500
    assert "no longer in FIELD_KEYS" in answered.get_data(as_text=True)


def test_a_warning_sign_is_shown_and_can_be_cleared_before_the_form_is_done(
    context: Context, client: FlaskClient
) -> None:
    number = visit(context, "half", start=TODAY + timedelta(hours=20), now=TODAY - timedelta(days=3))
    with context.db.begin() as tx:
        asked = form.open_intake(tx, context, number, TODAY)
        assert asked is not None
        posted = {name: ["yes" if name == "rf_saddle" else "no"] for name in NERVES}
        form.save_step(
            tx, context, asked, "safety_1", {"gate_nerves": ["some"], "gate_chest": ["none"]}, TODAY
        )
        asked = form.open_intake(tx, context, number, TODAY)
        assert asked is not None
        form.save_step(tx, context, asked, "safety_nerves", posted, TODAY)
    page = f"/console/bookings/{number}"
    shown = text(client, page)
    assert "The intake is not done yet." in shown
    assert "Stop: emergency" in shown
    assert "between your legs" in shown
    assert 'href="tel:+15550104242"' in shown
    assert "Blocked" in text(client, day_of(TODAY + timedelta(hours=20), context))
    with context.db.read() as tx:
        flag = intakes.flags_of(tx, number)[0]["id"]
    said = {"basis": "Seen at the hospital today"}
    for wrong in ("", "not my password at all"):
        refused = post(client, f"{page}/flags/{flag}", page, **said, my_password=wrong)
        assert refused.status_code == 422
        assert "That is not your password." in refused.text
        assert said["basis"] in refused.text, "what was typed is still there"
    assert "Stop: emergency" in text(client, page)
    assert post(client, f"{page}/flags/{flag}", page, **said, my_password=PASSWORD).status_code == 303
    assert "Stop: emergency" not in text(client, page)


def test_a_plan_that_will_need_a_person_is_in_the_list_before_it_is_due(
    context: Context, client: FlaskClient
) -> None:
    seen(context, hours=20, pain_now="9")
    shown = text(client, "/console/outbox?tab=waiting")
    assert "Nothing waits for you." not in shown
    assert "An answer needs a look." in shown
    assert "/release" in shown
    assert "/send_now" not in shown


def test_looking_at_a_booking_is_in_the_log_and_only_the_button_says_that_an_alert_was_seen(
    context: Context, client: FlaskClient
) -> None:
    number = seen(context, rf_saddle="yes")
    page = f"/console/bookings/{number}"
    shown = text(client, page)
    assert "I have seen the alert" in shown
    with context.db.read() as tx:
        assert not any(flag["seen_at"] for flag in intakes.flags_of(tx, number))
    assert post(client, f"{page}/seen", page).status_code == 303
    assert post(client, f"{page}/seen", page).status_code == 409, "there is no alert any more"
    assert "I have seen the alert" not in text(client, page)
    with context.db.read() as tx:
        acts = [line.action for line in audit.log(tx, subject=f"booking:{number}")]
        assert all(flag["seen_at"] for flag in intakes.flags_of(tx, number))
    assert acts.count("flags_seen") == 1
    assert "view" in acts


def test_a_booking_that_is_not_there_is_a_404(context: Context, client: FlaskClient) -> None:
    answered = client.get("/console/bookings/99999", base_url=BASE)
    assert answered.status_code == 404
    assert "Back to today" in answered.get_data(as_text=True)


def test_a_note_with_two_taps_releases_a_plan_that_waited(
    context: Context, client: FlaskClient, mailbox: Mailbox
) -> None:
    number = seen(context, -3, pain_avg7="7", pain_now="8")
    work.work_once(context, TODAY)
    assert plan_message(context, number).reason == "needs_review"
    page = f"/console/bookings/{number}"
    post(client, f"{page}/note", page, response="eased", send="ok_to_send")
    with context.db.read() as tx:
        stored, note = plans.newest(tx, number), notes.newest(tx, number)
    assert stored is not None
    assert (stored.status, stored.released_by) == ("released", "Mara Field")
    assert note is not None
    assert (note.author, note.credential) == ("Mara Field", "LMT")
    work.work_once(context, datetime.now(UTC))
    assert mailbox.kinds().count("plan") == 1


def test_a_note_with_a_new_concern_holds_the_plan_whatever_else_was_tapped(
    context: Context, client: FlaskClient
) -> None:
    number = seen(context, -3)
    page = f"/console/bookings/{number}"
    post(client, f"{page}/note", page, send="ok_to_send", new_concern="1")
    work.work_once(context, datetime.now(UTC))
    assert plan_message(context, number).status is DeliveryStatus.held


def test_a_plan_with_a_stop_flag_cannot_be_released_or_sent(context: Context, client: FlaskClient) -> None:
    number = seen(context, -3, rf_saddle="yes")
    page = f"/console/bookings/{number}"
    for act in ("release", "send"):
        assert post(client, f"{page}/plan/{act}", page).status_code == 409
    answered = post(client, f"{page}/note", page, send="ok_to_send")
    assert answered.status_code == 409
    work.work_once(context, datetime.now(UTC))
    assert plan_message(context, number).status is not DeliveryStatus.sent


def test_a_flag_is_cleared_only_with_a_basis_and_in_somebodys_name(
    context: Context, client: FlaskClient
) -> None:
    number = seen(context, -3, pain_now="9")
    page = f"/console/bookings/{number}"
    with context.db.read() as tx:
        flag = intakes.flags_of(tx, number)[0]["id"]
    assert post(client, f"{page}/flags/{flag}", page, basis=" ").status_code == 422
    assert (
        post(
            client, f"{page}/flags/{flag}", page, basis="Examined today, no deficit", my_password=PASSWORD
        ).status_code
        == 303
    )
    with context.db.read() as tx:
        cleared = intakes.flags_of(tx, number)[0]
    assert cleared["cleared_by"] == "Mara Field, LMT"
    assert "Severe pain" not in text(client, f"{page}/summary").split("cleared by")[0].split("<h1")[0]


def test_a_plan_is_changed_and_the_change_stays_when_the_plan_is_drafted_again(
    context: Context, client: FlaskClient
) -> None:
    number = seen(context, -0.1)
    page = f"/console/bookings/{number}"
    with context.db.read() as tx:
        before = plans.newest(tx, number)
    assert before is not None
    gone = before.content["items"][0]["exercise_id"]
    answered = post(client, f"{page}/plan/change", page, remove=gone, add="calm_belly_breath")
    assert answered.status_code == 303
    post(client, f"{page}/note", page, response="eased", send="hold")
    with context.db.read() as tx:
        after = plans.newest(tx, number)
    assert after is not None
    names = [item["exercise_id"] for item in after.content["items"]]
    assert gone not in names
    assert "calm_belly_breath" in names


def test_a_blocked_move_needs_a_typed_reason_which_is_kept_and_logged(
    context: Context, client: FlaskClient
) -> None:
    number = seen(context, -0.1, cond_bone="osteoporosis")
    page = f"/console/bookings/{number}"
    refused = post(client, f"{page}/plan/change", page, add="inh_upper_back_roller")
    assert refused.status_code == 422
    assert "The safety filter blocks this" in refused.get_data(as_text=True)
    with context.db.read() as tx:
        first = plans.newest(tx, number)
    assert first is not None
    taken = first.content["items"][0]["exercise_id"]
    data = {"add": "inh_upper_back_roller", "remove": taken, "reason": "Supervised, soft roller"}
    answered = post(client, f"{page}/plan/change", page, **data)
    assert answered.status_code == 303, answered.get_data(as_text=True)
    with context.db.read() as tx:
        stored = plans.newest(tx, number)
        log = audit.log(tx, action="override")
    assert stored is not None
    assert stored.content["overrides"][0]["reason"] == "Supervised, soft roller"
    assert log[0].actor == "Mara Field"


def test_the_preview_is_the_clients_page_and_sends_nothing(
    context: Context, client: FlaskClient, mailbox: Mailbox
) -> None:
    number = seen(context, -0.1)
    shown = text(client, f"/console/bookings/{number}/preview")
    assert "nothing was sent" in shown
    assert "When to stop" in shown
    assert mailbox.mails == []


def test_the_summary_prints_on_paper(context: Context, client: FlaskClient) -> None:
    number = seen(context, pain_now="9", med_blood_thinner="yes")
    made = client.get(f"/console/bookings/{number}/summary.pdf", base_url=BASE)
    assert made.data.startswith(b"%PDF")
    assert made.headers["Cache-Control"] == "no-store"


@pytest.mark.B4
def test_the_outbox_says_in_words_why_something_is_not_sent(context: Context, client: FlaskClient) -> None:
    number = seen(context, -3, pain_now="9")
    work.work_once(context, TODAY)
    text(client, f"/console/bookings/{number}")
    assert plan_message(context, number).status is DeliveryStatus.held, "a look changes nothing"
    shown = text(client, "/console/outbox")
    assert "An answer needs a look" in shown
    visit(context, "u9", start=TODAY + timedelta(days=2), name="Tom Ray", email="t@example.org", now=TODAY)
    coming = text(client, "/console/outbox?tab=coming&purpose=plan")
    assert "The intake is not done yet" in coming


def test_no_act_is_offered_that_would_lead_to_nothing(context: Context, client: FlaskClient) -> None:
    number = visit(context, start=TODAY - timedelta(hours=3), now=TODAY - timedelta(days=3))
    work.work_once(context, TODAY)
    shown = text(client, f"/console/outbox?booking={number}&purpose=plan")
    assert "The intake is not done yet." in shown
    assert "/release" not in shown
    asked = text(client, f"/console/outbox?booking={number}&tab=not")
    assert "The visit had begun." in asked
    assert "/send_now" not in asked


def test_a_plan_that_no_mail_will_bring_says_so(context: Context, client: FlaskClient) -> None:
    number = seen(context, -2, consent_email="no")
    work.work_once(context, TODAY)
    shown = text(client, f"/console/bookings/{number}")
    assert plan_message(context, number).reason == "no_email_consent"
    assert "Print the plan instead." in shown
    assert "It goes out by itself" not in shown
    paper = client.get(f"/console/bookings/{number}/plan.pdf", base_url=BASE)
    assert paper.data.startswith(b"%PDF")


@pytest.mark.parametrize("act", ["hold", "withdraw"])
def test_what_a_person_keeps_back_stays_back_when_the_booking_moves(
    context: Context, client: FlaskClient, act: str
) -> None:
    number = visit(context, start=TODAY + timedelta(days=4), now=TODAY)
    with context.db.read() as tx:
        first = next(one for one in deliveries.of_booking(tx, number) if one.purpose is Purpose.intake)
    assert post(client, f"/console/outbox/{first.id}/{act}").status_code == 303
    visit(context, start=TODAY + timedelta(days=6), now=TODAY + timedelta(minutes=1))
    with context.db.read() as tx:
        moved = bookings.get(tx, number)
        after = deliveries.get(tx, first.id)
    assert moved is not None
    assert moved.start == TODAY + timedelta(days=6)
    assert after is not None
    assert after.status in (DeliveryStatus.held, DeliveryStatus.withdrawn)


@pytest.mark.B4
def test_resending_sends_a_second_message_and_two_taps_send_no_third(
    context: Context, client: FlaskClient, mailbox: Mailbox
) -> None:
    number = visit(context, start=TODAY + timedelta(days=4), now=TODAY - timedelta(minutes=1))
    work.work_once(context, TODAY)
    with context.db.read() as tx:
        first = next(one for one in deliveries.of_booking(tx, number) if one.purpose is Purpose.intake)
    assert first.status is DeliveryStatus.sent
    assert post(client, f"/console/outbox/{first.id}/resend").status_code == 303
    assert post(client, f"/console/outbox/{first.id}/resend").status_code == 409
    work.work_once(context, datetime.now(UTC))
    assert mailbox.kinds() == ["intake", "intake"]
    assert mailbox.mails[0]["Message-ID"] != mailbox.mails[1]["Message-ID"]
    assert mailbox.recipients == [["zoe@example.org"]] * 2


def test_a_resent_message_survives_a_look_at_the_booking(context: Context, client: FlaskClient) -> None:
    number = visit(context, start=TODAY + timedelta(days=4), now=TODAY - timedelta(minutes=1))
    work.work_once(context, TODAY)
    with context.db.read() as tx:
        first = next(one for one in deliveries.of_booking(tx, number) if one.purpose is Purpose.intake)
    post(client, f"/console/outbox/{first.id}/resend")
    visit(context, start=TODAY + timedelta(days=5), now=TODAY + timedelta(minutes=1))
    with context.db.read() as tx:
        again = [one for one in deliveries.of_booking(tx, number) if one.key.resend]
    assert [one.status for one in again] == [DeliveryStatus.scheduled]


def test_only_a_practitioner_lets_a_plan_out(app: Flask, context: Context) -> None:
    account(context, "boss@handsofstone.example", "Ida Moss", (Role.manager,))
    number = seen(context, -3, pain_now="9")
    work.work_once(context, TODAY)
    boss = sign_in(app, "boss@handsofstone.example")
    held = plan_message(context, number)
    assert post(boss, f"/console/outbox/{held.id}/release").status_code == 409
    assert plan_message(context, number).status is DeliveryStatus.held


def _main(page: str) -> str:
    """A page without its menu and its list of keys."""
    return page.partition("<main")[2].partition("</main>")[0]


def test_a_manager_sees_no_flags_no_pain_and_no_reason_that_tells_of_them(
    app: Flask, context: Context
) -> None:
    account(context, "boss@handsofstone.example", "Ida Moss", (Role.manager,))
    number = seen(context, -3, pain_now="9", rf_saddle="yes")
    seen(context, -2, "u2", pain_now="9")
    work.work_once(context, TODAY)
    boss = sign_in(app, "boss@handsofstone.example")
    pages = (day_of(TODAY - timedelta(hours=2), context), "/console/outbox?tab=all")
    shown = "".join(_main(text(boss, page)) for page in pages)
    assert "Zoë" in shown
    for word in ("Look first", ">/10<", "An answer", "warning sign", "Blocked", "Waits for you"):
        assert word not in shown
    assert "A practitioner must look first." in shown
    assert "to practitioners only" in shown
    assert "Alert" not in text(boss, f"/console/outbox?tab=all&booking={number}").partition("<tbody")[2]
    alerts = text(boss, "/console/outbox?tab=all&purpose=alert").partition("<tbody")[2]
    assert "to the clinic" in alerts
    assert not re.search(r"Booking \d|visit |Zoë", alerts), "an alert names no client to a manager"
    with context.db.begin() as tx:
        link = links.issue(tx, context, LinkPurpose.note, number, TODAY)
        audit.add(tx, "Mara Field", "clear_flag", f"booking:{number}", TODAY, "RF03")
    assert "warning sign" not in text(browser(app), link.removeprefix(BASE))
    assert "RF03" not in text(boss, "/console/log")
    closed = boss.get(f"/console/bookings/{number}", base_url=BASE)
    assert closed.status_code == 403
    assert "This page is not for you" in closed.get_data(as_text=True)


def test_a_webhook_that_was_not_understood_is_shown_and_replayed(
    context: Context, client: FlaskClient
) -> None:
    good = webhook("created", TODAY)
    with context.db.begin() as tx:
        receipts.add(
            tx,
            [
                (
                    "r_bad",
                    "main",
                    type(good)(good.headers, b'{"triggerEvent": "BOOKING_CREATED"}', good.url, TODAY),
                )
            ],
        )
    work.work_once(context, TODAY)
    assert "Not understood" in text(client, "/console/connections")
    shown = text(client, "/console/receipts/r_bad")
    assert "triggerEvent" in shown
    with context.db.read() as tx:
        kept = receipts.by_public_id(tx, "r_bad")
    assert kept is not None
    assert kept.note
    assert kept.note in unescape(shown), "it says what could not be read"
    answered = post(client, "/console/receipts/r_bad/replay")
    assert answered.status_code == 303
    with context.db.read() as tx:
        again = receipts.by_public_id(tx, "r_bad")
    assert again is not None
    assert (again.status, again.replays) == ("pending", 1)
    assert "What became of it?" in text(client, answered.location)
    work.work_once(context, datetime.now(UTC))
    at = answered.location.partition("#")[0]
    found = client.get(at, base_url=BASE, headers={"X-Fragment": "1"}).text
    assert "<html" not in found
    assert "Not understood" in found
    assert kept.note in unescape(found)


def test_a_webhook_whose_body_is_gone_says_so_and_is_not_processed(app: Flask, context: Context) -> None:
    account(context, "jo@handsofstone.example", "Jo", (Role.front_desk,))
    desk = sign_in(app, "jo@handsofstone.example")
    good = webhook("created", TODAY)
    with context.db.begin() as tx:
        receipts.add(tx, [("r_old", "main", type(good)(good.headers, b"{}", good.url, TODAY))])
    work.work_once(context, TODAY)
    assert "/console/receipts/r_old/replay" in text(desk, "/console/connections")
    with context.db.begin() as tx:
        tx.run(tables.receipts.update().values(sealed_body=None))
    answered = post(desk, "/console/receipts/r_old/replay")
    assert answered.status_code == 409
    assert "The body has been deleted" in answered.text
    assert post(desk, "/console/receipts/r_none/replay").status_code == 404


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("محمد الأحمد", "احمد"),
        ("محمد الأحمد", "محمد الاحم"),
        ("أحمد علي", "الأحمد علي"),
        ("ليلى حداد", "ليلي"),
        ("فاطمة العلي", "فاطمه علي"),
        ("Jörg Müller", "Mueller"),
        ("Jörg Müller", "muller joerg"),
        ("Joerg Mueller", "Jörg Müll"),
        ("Søren Ågård", "Soeren Aagaard"),
        ("Soeren Aagaard", "Søren Ågård"),
        ("Straße Groß", "strasse gross"),
    ],
)
def test_a_name_is_found_as_people_write_it_without_the_key(
    context: Context, client: FlaskClient, name: str, asked: str
) -> None:
    visit(context, name=name)
    visit(context, "u2", name="Jo Maddox", email="jo@example.org")
    shown = text(client, f"/console/clients?q={asked}")
    assert name in shown
    assert "Jo Maddox" not in shown


@pytest.mark.parametrize(
    "asked", ["zoe", "łuć", "LUC zo", "zoe@example.org", "4242", "+1 555 010 4242", "0104242"]
)
def test_a_client_is_found_however_one_types(context: Context, client: FlaskClient, asked: str) -> None:
    visit(context)
    found = client.get("/console/clients", query_string={"q": asked}, base_url=BASE).get_data(as_text=True)
    assert "Zoë Łuć" in found


def test_nobody_is_found_by_half_a_word_or_a_wildcard(context: Context, client: FlaskClient) -> None:
    visit(context)
    for asked in ("oe", "%", "_", "example"):
        found = client.get("/console/clients", query_string={"q": asked}, base_url=BASE)
        assert "zoe@example.org" not in found.get_data(as_text=True), asked


def test_the_board_is_a_file_too(context: Context, client: FlaskClient) -> None:
    seen(context, -2)
    answered = client.get("/console/board.csv", base_url=BASE)
    rows = list(csv.reader(io.StringIO(answered.get_data(as_text=True))))
    assert answered.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answered.headers["Content-Disposition"].startswith("attachment")
    assert {len(row) for row in rows} == {6}
    assert rows[1][3:] == ["1", "1", "100"]


@pytest.mark.parametrize(
    "path",
    [
        "/console/board",
        "/console/clients",
        "/console/content",
        "/console/content/rules",
        "/console/content/questionnaires/returning",
        "/console/content/protocols/low_back_office",
        "/console/content/exercises/act_bridge",
        "/console/figures",
        "/console/log",
        "/console/staff",
        "/console/account",
        "/console/receipts",
        "/console/outbox?tab=all",
    ],
)
def test_every_other_page_opens_in_both_languages(context: Context, client: FlaskClient, path: str) -> None:
    assert 'lang="en"' in text(client, path)
    post(client, "/console/account/language", language="es")
    shown = text(client, path)
    assert 'lang="es"' in shown
    assert "Cerrar sesión" in shown


def note_link(context: Context, number: int) -> str:
    with context.db.begin() as tx:
        url = links.issue(tx, context, LinkPurpose.note, number, datetime.now(UTC))
    return url.removeprefix(BASE)


def by_link(app: Flask, context: Context, number: int, **typed: str) -> str:
    """Type a note by the link of a mail; returns the page that follows."""
    link, stranger = note_link(context, number), browser(app)
    shown = stranger.get(link, base_url=BASE).get_data(as_text=True)
    assert "Zoë" not in shown
    assert "Mara" not in shown
    kept = stranger.post(link, base_url=BASE, data={"csrf": token_in(shown), **typed})
    assert kept.status_code == 200
    return kept.get_data(as_text=True)


def settle(client: FlaskClient, number: int, **data: str) -> TestResponse:
    """Press a button of the draft on the visit's page."""
    return post(client, f"/console/bookings/{number}/note/draft", f"/console/bookings/{number}", **data)


def signed(context: Context, number: int) -> SessionNote | None:
    with context.db.read() as tx:
        return notes.newest(tx, number)


TRICKS: tuple[dict[str, str], ...] = (
    {"send": "ok_to_send"},
    {"send": "ok_to_send", "author": "1"},
    {"send": "no_plan"},
    {},
)


@pytest.mark.parametrize("typed", TRICKS)
def test_a_note_by_link_is_a_draft_that_names_nobody_and_holds_the_plan(
    app: Flask, context: Context, typed: dict[str, str]
) -> None:
    number = seen(context, -3)
    said = by_link(app, context, number, response="eased", client_note="Keep warm", **typed)
    assert "Keep warm" not in said
    assert signed(context, number) is None
    work.work_once(context, TODAY)
    assert plan_message(context, number).reason == Reason.on_hold
    with context.db.read() as tx:
        assert notes.every(tx, [number]) == []
        done = {line.action: line.actor for line in audit.log(tx, subject=f"booking:{number}")}
    assert done["note_draft"] == "link"


def test_a_draft_is_read_in_the_list_and_sent_from_there_in_one_press(
    app: Flask, context: Context, client: FlaskClient
) -> None:
    number = seen(context, -3)
    by_link(app, context, number, response="eased", client_note="Keep <b>warm</b>")
    shown = text(client, "/console/waits")
    assert "The client will read, from Mara Field:" in shown
    assert "Keep &lt;b&gt;warm&lt;/b&gt;" in shown
    url, data = f"/console/bookings/{number}/note/draft", {"send": "ok_to_send", "from": "waits"}
    sent = client.post(url, base_url=BASE, data={"csrf": token_in(shown), **decided_on(shown, url), **data})
    assert sent.headers["Location"].startswith("/console/waits")
    note = signed(context, number)
    assert note is not None
    assert (note.author, note.client_note, note.send) == ("Mara Field", "Keep <b>warm</b>", "ok_to_send")
    with context.db.read() as tx:
        plan = plans.newest(tx, number)
    assert plan is not None
    assert (plan.status, plan.released_by) == (PlanStatus.released, "Mara Field")
    assert settle(client, number, send="ok_to_send").status_code == 409, "there is no draft any more"
    assert "The client will read" not in text(client, "/console/waits")


def test_a_draft_that_is_thrown_away_holds_nothing(app: Flask, context: Context, client: FlaskClient) -> None:
    number = seen(context, -3)
    by_link(app, context, number)
    assert settle(client, number, send="drop").status_code == 303
    assert signed(context, number) is None
    work.work_once(context, TODAY)
    assert plan_message(context, number).status == "sent"


def test_a_draft_that_was_typed_again_is_not_signed_unread(
    app: Flask, context: Context, client: FlaskClient
) -> None:
    number = seen(context, -3)
    by_link(app, context, number, client_note="Keep warm")
    page_url, url = f"/console/bookings/{number}", f"/console/bookings/{number}/note/draft"
    shown = text(client, page_url)
    data = {"csrf": token_in(shown), **decided_on(shown, url), "send": "ok_to_send"}
    by_link(app, context, number, client_note="Send money")
    assert client.post(url, base_url=BASE, data=data).status_code == 409
    assert signed(context, number) is None
    with context.db.read() as tx:
        assert notes.count_drafts(tx) == 1


def test_a_draft_with_a_new_concern_is_signed_but_lets_nothing_out(
    app: Flask, context: Context, client: FlaskClient
) -> None:
    number = seen(context, -3)
    by_link(app, context, number, new_concern="1")
    assert "Sign and send" not in text(client, f"/console/bookings/{number}")
    settle(client, number, send="ok_to_send")
    note = signed(context, number)
    assert note is not None
    assert note.send == "hold"


def test_a_draft_after_the_plan_went_out_is_signed_and_changes_nothing(
    app: Flask, context: Context, client: FlaskClient
) -> None:
    number = seen(context, -3)
    with context.db.begin() as tx:
        plan = plans.newest(tx, number)
        assert plan is not None
        plans.sent(tx, plan.id, TODAY)
    by_link(app, context, number, response="eased")
    assert "Sign and send" not in text(client, f"/console/bookings/{number}")
    assert settle(client, number, send="ok_to_send").status_code == 303
    with context.db.read() as tx:
        newest = plans.newest(tx, number)
    assert newest is not None
    assert (newest.id, newest.status) == (plan.id, PlanStatus.sent)


def test_a_draft_is_no_way_past_a_warning_sign(app: Flask, context: Context, client: FlaskClient) -> None:
    number = seen(context, -3, rf_saddle="yes")
    by_link(app, context, number)
    assert "Sign and send" not in text(client, f"/console/bookings/{number}")
    settle(client, number, send="ok_to_send")
    with context.db.read() as tx:
        plan = plans.newest(tx, number)
    assert plan is not None
    assert plan.status is PlanStatus.none


def test_a_wrong_link_or_a_form_from_elsewhere_does_nothing(app: Flask, context: Context) -> None:
    number = seen(context, -3)
    link, stranger = note_link(context, number), browser(app)
    assert stranger.get("/n/" + "A" * 32, base_url=BASE).status_code == 404
    assert stranger.post(link, base_url=BASE, data={"send": "no_plan"}).status_code == 400
    with context.db.read() as tx:
        assert notes.newest(tx, number) is None


def test_who_is_signed_in_goes_from_the_link_to_the_booking(context: Context, client: FlaskClient) -> None:
    number = seen(context, -3)
    answered = client.get(note_link(context, number), base_url=BASE)
    assert answered.headers["Location"].endswith(f"/console/bookings/{number}#note")


@pytest.mark.B12
def test_the_console_says_where_a_scheduler_lets_nobody_write(context: Context, client: FlaskClient) -> None:
    with context.db.begin() as tx:
        connections.ensure(tx, "main", "calcom", TODAY)
    assert "Not supported by Cal.com" in text(client, "/console/connections")


def test_a_link_in_wrong_hands_is_ended_and_the_next_one_opens(
    app: Flask, context: Context, client: FlaskClient
) -> None:
    number, now = visit(context), datetime.now(UTC)
    answer(context, number)
    with context.db.begin() as tx:
        lost = links.issue(tx, context, LinkPurpose.intake, number, now, now + timedelta(days=30))
        plan = plans.newest(tx, number)
        assert plan is not None
        asked = checkins.ask(tx, number, plan.id, CheckInKind.h24, now)
        question = links.issue(tx, context, LinkPurpose.checkin, asked.id, now)
        note = links.issue(tx, context, LinkPurpose.note, number, now)
    ended = post(client, f"/console/bookings/{number}/links/end", f"/console/bookings/{number}")
    assert ended.status_code == 303
    anybody = browser(app)
    for link in (lost, question, note):
        assert anybody.get(link.removeprefix(BASE), base_url=BASE).status_code == 404
    with context.db.begin() as tx:
        new = links.issue(tx, context, LinkPurpose.intake, number, now, now + timedelta(days=30))
    assert anybody.get(new.removeprefix(BASE), base_url=BASE).status_code == 200


ACTS = {
    "plan/release": {},
    "plan/hold": {},
    "plan/send": {},
    "plan/change": {"add": "calm_belly_breath"},
    "note": {"send": "ok_to_send", "client_note": "Keep warm"},
    "flag": {"basis": "Seen by Dr. Bo today"},
}


@pytest.mark.parametrize(("act", "hidden"), list(product(ACTS, ({}, {"decided_on": "0" * 16}))))
def test_an_act_decided_on_what_is_not_so_any_more_does_nothing_and_loses_nothing(
    context: Context, client: FlaskClient, act: str, hidden: dict[str, str]
) -> None:
    number = seen(context, -3, pain_now="9")
    page = f"/console/bookings/{number}"
    with context.db.read() as tx:
        flag, before = intakes.flags_of(tx, number)[0]["id"], plans.newest(tx, number)
    url = f"{page}/flags/{flag}" if act == "flag" else f"{page}/{act}"
    token = token_in(client.get(page, base_url=BASE))
    secret = {"my_password": PASSWORD}
    answered = client.post(url, base_url=BASE, data={"csrf": token, **hidden, **ACTS[act], **secret})
    shown = answered.get_data(as_text=True)
    assert answered.status_code == 409
    assert "so nothing was done" in shown
    assert all(words in shown for words in ACTS[act].values())
    with context.db.read() as tx:
        assert plans.newest(tx, number) == before
        assert notes.newest(tx, number) is None
        assert intakes.flags_of(tx, number)[0]["cleared_at"] is None
    again = client.post(
        url, base_url=BASE, data={"csrf": token, **decided_on(shown, url), **ACTS[act], **secret}
    )
    assert PASSWORD not in shown
    assert again.status_code == 303


def test_a_sent_plan_is_corrected_with_one_mail_and_the_old_version_is_kept(
    context: Context, client: FlaskClient, mailbox: Mailbox
) -> None:
    number = seen(context, -3)
    work.work_once(context, TODAY)
    page = f"/console/bookings/{number}"
    with context.db.read() as tx:
        sent = plans.newest(tx, number)
    assert sent is not None
    assert (sent.status, mailbox.kinds().count("plan")) == ("sent", 1)
    gone = sent.plan.items[0].exercise_id
    assert post(client, f"{page}/plan/change", page, remove=gone).status_code == 303
    assert post(client, f"{page}/plan/change", page, add="calm_belly_breath").status_code == 303
    with context.db.read() as tx:
        now = plan_page.current(tx, number).plan
        kept = plans.get(tx, sent.id)
    assert now is not None
    assert kept == sent
    names = [item.exercise_id for item in now.plan.items]
    assert gone not in names
    assert "calm_belly_breath" in names
    assert now.origin.corrected
    work.work_once(context, datetime.now(UTC) + timedelta(minutes=1))
    assert mailbox.kinds().count("plan") == 2
    assert "has changed" in str(mailbox.mails[-1]["Subject"])
    shown = text(client, page)
    assert "Earlier versions that the client had" in shown


def test_the_clients_of_the_latest_visits_are_there_before_anything_is_typed(
    client: FlaskClient, context: Context
) -> None:
    visit(context, "u1", start=TODAY - timedelta(days=2), name="Ann Lee", email="ann@example.org")
    visit(context, "u2", start=TODAY - timedelta(days=1), name="Bo Ash", email="bo@example.org")
    visit(context, "u3", start=TODAY - timedelta(days=3), name="Bo Ash", email="bo@example.org")
    start, other = TODAY - timedelta(days=4), "Somebody Else"
    visit(context, "u4", start=start, name="Cy Elm", email="cy@example.org", practitioner=other)
    for query, names in (("", ["Bo Ash", "Ann Lee", "Cy Elm"]), ("?whose=mine", ["Bo Ash", "Ann Lee"])):
        page = client.get(f"/console/clients{query}", base_url=BASE).text
        assert re.findall(r"data-row>.*?<bdi>(.*?)</bdi>", page) == names


@pytest.mark.parametrize("language", ["en", "es"])
def test_an_exercise_describes_its_figures_in_the_language_of_its_texts(
    client: FlaskClient, language: str
) -> None:
    figure = library(language).figures["act_bridge"]
    page = text(client, f"/console/content/exercises/act_bridge?in={language}")
    given = "" if language == "en" else f' lang="{language}"'
    for said in (figure.alt_start, figure.alt_end):
        assert f'<figure role="img"{given} aria-label="{said}">' in page


def test_a_protocol_and_an_exercise_are_in_spanish_but_for_codes_and_sources(client: FlaskClient) -> None:
    post(client, "/console/account/language", language="es")
    known = library("es")
    protocol = known.plan_content.protocols["low_back_office"]
    page = unescape(text(client, "/console/content/protocols/low_back_office"))
    for said in (protocol.massage, protocol.progress, protocol.unsafe, protocol.stage[0].weeks):
        assert said not in page
        assert known.to_staff(said) in page
    assert page.count('lang="en"') == 1, "the sources"
    bridge = known.plan_content.exercises["act_bridge"]
    page = unescape(text(client, "/console/content/exercises/act_bridge"))
    for said in (bridge.position, bridge.muscles):
        assert f"<dd>{known.to_staff(said)}</dd>" in page


def test_the_sheet_of_figures_is_light_and_its_pictures_come_when_they_are_seen(client: FlaskClient) -> None:
    page = text(client, "/console/figures")
    assert len(page) < LIGHT
    first, *more = re.findall(r'<img class="pair" src="([^"]+)" alt="" loading="lazy"', page)
    assert len(more) > 50
    assert client.get(first, base_url=BASE).content_type.startswith("image/svg+xml")
