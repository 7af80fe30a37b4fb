"""The intake from inside: which questionnaire, what changed, what is stored, who is told."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from handlers.answers import agreed
from handlers.context import Context
from handlers.intake import form
from handlers.intake.form import Asked, open_intake
from handlers.worker import work
from schemas.booking import Booking
from schemas.delivery import Purpose
from schemas.person import MessageKind
from store import attendances, bookings, contacts, deliveries, intakes
from store.base import Tx
from tests.helpers.answers import TAPPED, answer_screens, fill_in
from tests.helpers.clinic import NOW
from tests.helpers.mailbox import Mailbox
from tests.helpers.visits import book, receive, webhook

STEP = {"gate_nerves": "some", "gate_chest": "none"}


def _asked(tx: Tx, context: Context, booking: Booking, now: datetime = NOW) -> Asked:
    found = open_intake(tx, context, booking.id, now)
    assert found is not None
    return found


def _next_booking(context: Context, after: timedelta) -> Booking:
    """Zoë books again, so long after the first time; the form is chosen when it is first asked for."""
    now = NOW + after
    receive(context, webhook("created", now, uid="u2", start=now + timedelta(days=7)))
    for minutes in (0, 1, 24 * 60):
        work.work_once(context, now + timedelta(minutes=minutes))
    with context.db.read() as tx:
        return max(bookings.listing(tx, email="zoe@example.org"), key=lambda each: each.id)


@pytest.mark.parametrize("said", [{}, {"pain_now": "9"}, {"rf_saddle": "yes"}], ids=str)
def test_what_is_kept_at_once_for_tests_is_what_the_screens_come_to(
    context: Context, said: dict[str, Any]
) -> None:
    first = book(context)
    with context.db.begin() as tx:
        walked = answer_screens(tx, context, first.id, NOW, **said)
    later = [book(context, uid=f"u{each}", email=f"u{each}@example.org") for each in (2, 3)]
    for booking in later:  # the first of these walks through the screens, unless another test has
        fill_in(context, booking, **said)
    with context.db.begin() as tx:
        sent = form.submit(tx, context, _asked(tx, context, first), NOW)
    for booking in later:
        with context.db.read() as tx:
            kept = _asked(tx, context, booking)
            assert (kept.answers, kept.intake.step) == (walked.answers, walked.intake.step)
            assert set(kept.raised) == set(_asked(tx, context, first).raised) >= {f.rule for f in sent.flags}


@pytest.mark.B7
@pytest.mark.parametrize(
    ("after", "wanted"),
    [
        (30, "returning"),
        (360, "returning"),
        (400, "first_visit"),
    ],
)
def test_who_filled_in_the_full_form_within_a_year_gets_the_short_update(
    context: Context, after: int, wanted: str
) -> None:
    fill_in(context, book(context))
    second = _next_booking(context, timedelta(days=after))
    with context.db.read() as tx:
        assert _asked(tx, context, second, NOW + timedelta(days=after)).intake.questionnaire == wanted


@pytest.mark.parametrize(
    ("first", "stopped", "asks"),
    [
        ("yes", (), False),
        ("", (), True),
        ("yes", (MessageKind.care, MessageKind.checkins), True),
        ("yes", (MessageKind.care,), True),
        ("yes", (MessageKind.checkins,), False),  # plans are still wanted: a box left blank would end them
    ],
)
def test_the_short_update_asks_for_mails_of_who_never_agreed_or_stopped_them(
    context: Context, mailbox: Mailbox, first: str, stopped: tuple[MessageKind, ...], asks: bool
) -> None:
    fill_in(context, book(context), consent_email=first)
    second, now = _next_booking(context, timedelta(days=30)), NOW + timedelta(days=31)
    with context.db.begin() as tx:
        comes = attendances.current(tx, second.id)
        assert comes is not None
        contacts.stop(tx, comes.email_id or 0, stopped, "link", now)
        asked = {
            question.id for each in _asked(tx, context, second, now).screens for question in each.questions
        }
        assert "upd_safety" in asked
        assert ("consent_email" in asked) is asks
    fill_in(context, second, now, **({"consent_email": "yes"} if asks else {}))
    with context.db.read() as tx:
        intake = intakes.of_booking(tx, second.id)
        assert intake is not None
        assert agreed(tx, intake, "consent_email")
        assert bool(intake.wording.get("consent_email")) is asks
    work.work_once(context, second.end + timedelta(hours=1))
    assert len(mailbox.of("plan")) == 1


def test_who_leaves_the_box_for_mails_blank_is_asked_next_time(context: Context) -> None:
    fill_in(context, book(context), consent_email="")
    second = _next_booking(context, timedelta(days=30))
    fill_in(context, second, NOW + timedelta(days=31), consent_email="")
    receive(context, webhook("created", NOW + timedelta(days=70), uid="u3", start=NOW + timedelta(days=80)))
    for minutes in (0, 1):
        work.work_once(context, NOW + timedelta(days=70, minutes=minutes))
    with context.db.read() as tx:
        third = max(bookings.listing(tx, email="zoe@example.org"), key=lambda each: each.id)
        asked = _asked(tx, context, third, NOW + timedelta(days=71))
    assert asked.intake.questionnaire == "returning"
    assert "agree" in [each.step.id for each in asked.screens]


def test_a_form_that_was_begun_is_not_exchanged(context: Context) -> None:
    booking = book(context)
    with context.db.begin() as tx:
        form.save_step(tx, context, _asked(tx, context, booking), "where", {"pain_regions": ["jaw_l"]}, NOW)
        before = _asked(tx, context, booking).intake
        form.begin(tx, context, booking, NOW)
        form.ask_everything(tx, context, _asked(tx, context, booking), NOW)
        assert _asked(tx, context, booking).intake == before


def test_an_answer_to_a_question_that_is_not_asked_is_not_kept(context: Context) -> None:
    booking = book(context)
    with context.db.begin() as tx:
        form.save_step(tx, context, _asked(tx, context, booking), "safety_1", STEP | {"med_other": "x"}, NOW)
        answers = _asked(tx, context, booking).answers
    assert "med_other" not in answers
    assert answers["gate_nerves"] == ["some"]


def test_every_change_of_an_answer_leaves_a_trace(context: Context) -> None:
    booking = book(context)
    with context.db.begin() as tx:
        for value in ("left", "right"):
            posted = {"pressure_pref": "light" if value == "left" else "firm"}
            form.save_step(tx, context, _asked(tx, context, booking), "session", posted, NOW)
        found = _asked(tx, context, booking).intake
    assert found.answers["pressure_pref"] == "firm"
    assert found.revision == 2


def test_a_flag_that_stops_is_raised_while_the_form_is_open_and_the_clinic_is_owed_a_word(
    context: Context,
) -> None:
    booking = book(context)
    nerves = {
        "rf_bladder_bowel": "no",
        "rf_both_legs": "no",
        "rf_weak": "no",
        "rf_clumsy": "no",
        "rf_neck_vascular": "no",
        "rf_face_arm_speech": "no",
        "rf_worst_head_neck": "no",
        "rf_seizure_faint": "no",
    }
    with context.db.begin() as tx:
        form.save_step(tx, context, _asked(tx, context, booking), "safety_1", STEP, NOW)
        saved = form.save_step(
            tx,
            context,
            _asked(tx, context, booking),
            "safety_nerves",
            nerves | {"rf_saddle": "not_sure"},
            NOW,
        )
        alerts = [each for each in deliveries.of_booking(tx, booking.id) if each.purpose is Purpose.alert]
    assert [flag.severity.value for flag in saved.flags] == ["stop_urgent"]
    assert {each.due_at for each in alerts} == {NOW}
    assert {str(each.channel) for each in alerts} == {"email", "sms"}


def test_what_is_missing_is_asked_before_it_can_be_sent(context: Context) -> None:
    booking = book(context)
    with context.db.begin() as tx:
        sent = form.submit(tx, context, _asked(tx, context, booking), NOW)
        assert sent.go_to == "about"
        assert not _asked(tx, context, booking).intake.done


def test_sending_it_in_keeps_the_consents_word_for_word_and_ends_the_chase(context: Context) -> None:
    booking = book(context)
    with context.db.begin() as tx:
        for _ in range(40):
            asked = _asked(tx, context, booking)
            step = asked.resume_at()
            if step == form.CHECK:
                break
            current = asked.screen(step)
            assert current is not None
            posted = {q.id: TAPPED[q.id] for q in current.questions if q.id in TAPPED}
            saved = form.save_step(tx, context, asked, step, posted, NOW)
            assert saved.errors == {}
        form.submit(tx, context, _asked(tx, context, booking), NOW)
        found = _asked(tx, context, booking).intake
        owed = deliveries.of_booking(tx, booking.id)
    assert found.done
    assert (
        found.wording["consent_massage"]
        == "I agree to massage. I know I can say stop at any time. I know that I stay covered."
    )
    assert found.wording["version"] == found.version
    waiting = [each for each in owed if each.status == "scheduled"]
    assert not [each for each in waiting if each.purpose in (Purpose.intake, Purpose.intake_reminder)]


def test_a_sent_form_is_the_clients_newest_one(context: Context) -> None:
    first = book(context)
    fill_in(context, first)
    with context.db.read() as tx:
        last = intakes.last_done(tx, [first.client_id], NOW + timedelta(days=9))
    assert last is not None
    assert last.booking_id == first.id
