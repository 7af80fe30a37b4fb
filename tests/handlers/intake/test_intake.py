"""The intake from inside: which questionnaire, what changed, what is stored, who is told."""

from datetime import datetime, timedelta

import pytest

from handlers.context import Context
from handlers.intake import form
from handlers.intake.form import Asked, open_intake
from handlers.worker import work
from schemas.booking import Booking
from schemas.delivery import Purpose
from store import bookings, deliveries, intakes
from store.base import Tx
from tests.helpers.answers import TAPPED, fill_in
from tests.helpers.clinic import NOW
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
