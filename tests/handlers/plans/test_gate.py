"""The gate: what lets a plan out, what holds it, and who may release it."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from clinical.answers.asking import NONE
from handlers.context import Context
from handlers.intake import form
from handlers.plans import by_hand, drafting, release, standing
from handlers.worker import work
from library.content import Library
from schemas.booking import Booking
from schemas.delivery import Delivery
from schemas.forms.condition import Answer, Answers
from schemas.forms.questionnaire import Question
from schemas.session_note import Response as Took
from schemas.session_note import SendWish, SessionNote
from store import bookings, intakes
from store import plans as stored
from store.base import Tx
from tests.helpers.answers import answer_screens, fill_in, settled
from tests.helpers.clinic import NOW, with_content, with_policy
from tests.helpers.content import library
from tests.helpers.mailbox import Mailbox, read
from tests.helpers.visits import book, receive, schedule_of, webhook

OVER = NOW + timedelta(days=7, hours=1)
DUE = OVER + timedelta(minutes=30)
NOT_SURE = ("not_sure", "unsure")
one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
Step = Callable[[Tx, Context, Booking], object]


def the_plan(context: Context, booking: Booking) -> Delivery:
    """The delivery of the plan."""
    return schedule_of(context, booking)["plan:0"]


def inside(context: Context, booking: Booking, step: Step) -> None:
    """Something that a person does."""
    with context.db.begin() as tx:
        step(tx, context, booking)


def noted(send: SendWish) -> Step:
    """The practitioner's word after the visit."""
    note = SessionNote(send=send, author="mara", credential="LMT")
    return lambda tx, context, booking: release.add_note(tx, context, booking.id, note, OVER)


@pytest.mark.B10
def test_a_clear_plan_goes_out_by_itself_half_an_hour_after_the_end(
    context: Context, mailbox: Mailbox
) -> None:
    booking = book(context)
    fill_in(context, booking)
    work.work_once(context, DUE - timedelta(seconds=1))
    assert "plan" not in mailbox.kinds()
    work.work_once(context, DUE)
    assert mailbox.kinds().count("plan") == 1
    with context.db.read() as tx:
        plan = stored.newest(tx, booking.id)
    assert plan is not None
    assert (plan.status, plan.sent_at) == ("sent", DUE)


def test_the_mail_of_a_plan_names_no_answer_and_no_exercise(context: Context, mailbox: Mailbox) -> None:
    booking = book(context)
    fill_in(context, booking)
    work.work_once(context, DUE)
    (mail,) = mailbox.of("plan")
    words = read(mail).casefold()
    for secret in ("back", "pain", "put on socks", "ann example"):
        assert secret not in mail["Subject"].casefold()
        assert secret == "back" or secret not in words, secret


def test_without_an_intake_the_plan_waits_and_goes_when_the_answers_come(
    context: Context, mailbox: Mailbox
) -> None:
    booking = book(context)
    work.work_once(context, DUE)
    assert (the_plan(context, booking).status, the_plan(context, booking).reason) == ("held", "no_intake")
    fill_in(context, booking, DUE + timedelta(hours=2))
    work.work_once(context, DUE + timedelta(hours=2))
    assert mailbox.kinds().count("plan") == 1


HELD: dict[str, tuple[dict[str, Answer], str]] = {
    "an emergency sign": ({"rf_saddle": "yes"}, "red_flag"),
    "not sure of an emergency sign": ({"rf_saddle": "not_sure"}, "red_flag"),
    "a sign for a doctor": ({"rf_weak": "yes"}, "red_flag"),
    "health that needs a look": ({"cond_bp": "not_controlled"}, "needs_review"),
    "no consent to exercise": ({"consent_exercise": "no"}, "no_consent"),
    "blank consent to exercise": ({"consent_exercise": ""}, "no_consent"),
    "no consent to e-mail": ({"consent_email": ""}, "no_email_consent"),
}


@pytest.mark.parametrize("name", HELD)
def test_what_holds_a_plan_back(context: Context, mailbox: Mailbox, name: str) -> None:
    changes, reason = HELD[name]
    booking = book(context)
    fill_in(context, booking, NOW, **changes)
    for hours in (0, 1, 24, 47):
        work.work_once(context, DUE + timedelta(hours=hours))
    assert (the_plan(context, booking).status, the_plan(context, booking).reason) == ("held", reason)
    assert "plan" not in mailbox.kinds()


class Undo(Exception):
    """Ends a transaction without keeping what it did."""


def safety_questions() -> dict[str, list[Question]]:
    """The questions of the first form that ask this client for a warning sign, by their gate."""
    form = library().questionnaires["first_visit"]
    asked = [each for each in form.questions() if each.safety and settled().get(each.id) == "no"]
    found: dict[str, list[Question]] = defaultdict(list)
    for each in asked:
        found[form.gate_of[each.id].id].append(each)
    return found


each_gate = pytest.mark.parametrize("gate", safety_questions())


def without(*questions: str) -> Callable[[Library], Library]:
    """The content before these questions were added to the first form."""

    def edit(library: Library) -> Library:
        form = library.questionnaires["first_visit"]
        steps = tuple(replace(step, questions=tuple(kept(step.questions))) for step in form.steps)
        return replace(
            library, questionnaires={**library.questionnaires, form.id: replace(form, steps=steps)}
        )

    def kept(there: tuple[Question, ...]) -> Iterator[Question]:
        for each in there:
            if each.id not in questions:
                yield replace(each, covers=tuple(name for name in each.covers if name not in questions))

    return edit


def passes(context: Context, booking: Booking, asking: Context, said: Answers = NONE) -> bool:
    """Whether the gate lets a plan out for answers to the form that `asking` shows; nothing is kept."""
    try:
        with context.db.begin() as tx:
            asked = answer_screens(tx, asking, booking.id, NOW, **said)
            assert form.submit(tx, asking, asked, NOW).go_to == ""
            clear = standing.decide(tx, context, booking, DUE).clear
            raise Undo
    except Undo:
        return clear


@pytest.fixture
def begun(context: Context, gate: str) -> Booking:
    """A booking whose form is answered but for a gate and what it covers, and not yet sent."""
    booking = book(context)
    covered = [name for name, by in library().questionnaires["first_visit"].gate_of.items() if by.id == gate]
    with context.db.begin() as tx:
        answer_screens(tx, with_content(context, without(gate, *covered)), booking.id, NOW)
    return booking


def test_many_safety_questions_stand_behind_gates() -> None:
    assert sum(map(len, safety_questions().values())) > 20


@pytest.mark.B8
@one_database
@each_gate
def test_not_sure_never_passes_a_safety_question(context: Context, begun: Booking, gate: str) -> None:
    assert passes(context, begun, context)
    choices = [(each.id, choice.id) for each in safety_questions()[gate] for choice in each.choices]
    unsure: list[dict[str, Answer]] = [{name: value} for name, value in choices if value in NOT_SURE]
    assert [said for said in unsure if passes(context, begun, context, said)] == []


@pytest.mark.B8
@one_database
@each_gate
def test_a_safety_question_that_came_after_the_answers_never_passes(
    context: Context, begun: Booking, gate: str
) -> None:
    earlier = {each.id: with_content(context, without(each.id)) for each in safety_questions()[gate]}
    assert [name for name, before in earlier.items() if passes(context, begun, before)] == []


@pytest.mark.B8
def test_a_blank_at_a_safety_question_cannot_be_sent_and_the_plan_waits(context: Context) -> None:
    booking = book(context)
    with context.db.begin() as tx, pytest.raises(AssertionError, match="rf_saddle"):
        answer_screens(tx, context, booking.id, NOW, rf_saddle="", rf_weak="no", gate_nerves=["some"])
    with context.db.begin() as tx:
        asked = form.open_intake(tx, context, booking.id, NOW)
        assert asked is not None
        assert form.submit(tx, context, asked, NOW).go_to
    work.work_once(context, DUE)
    assert (the_plan(context, booking).status, the_plan(context, booking).reason) == ("held", "no_intake")


@pytest.mark.parametrize(
    "said",
    [{}, {"rf_saddle": "yes"}, {"minutes_per_day": "5"}, {"consent_exercise": "no"}, {"pain_now": "9"}],
)
def test_to_look_at_the_gate_says_the_same_and_writes_nothing(
    context: Context, said: dict[str, Answer]
) -> None:
    booking = book(context)
    fill_in(context, booking, NOW, **said)
    later = with_policy(context, plan_moves=2)  # what is looked at is another plan than the one drafted
    with context.db.begin() as tx:
        before = stored.of_client(tx, [booking.client_id])
        looked = standing.look(tx, later, booking, DUE)
        assert stored.of_client(tx, [booking.client_id]) == before
        assert standing.decide(tx, later, booking, DUE).holds == looked


@pytest.mark.B10
def test_a_reviewed_plan_goes_out_once_a_named_practitioner_releases_it(
    context: Context, mailbox: Mailbox
) -> None:
    booking = book(context)
    fill_in(context, booking, cond_bp="not_controlled")
    work.work_once(context, DUE)
    inside(context, booking, lambda tx, context, it: release.release(tx, context, it.id, "mara", DUE))
    work.work_once(context, DUE + timedelta(seconds=1))
    assert mailbox.kinds().count("plan") == 1
    with context.db.read() as tx:
        plan = stored.newest(tx, booking.id)
        assert plan is not None
        assert (plan.released_by, plan.status) == ("mara", "sent")


@pytest.mark.B10
def test_nobody_can_release_a_plan_past_a_stop_sign(context: Context, mailbox: Mailbox) -> None:
    booking = book(context)
    fill_in(context, booking, rf_saddle="yes")
    with context.db.begin() as tx:
        assert release.release(tx, context, booking.id, "mara", DUE) is False
    inside(context, booking, noted(SendWish.OK_TO_SEND))
    for hours in (0, 1):
        work.work_once(context, DUE + timedelta(hours=hours))
    assert "plan" not in mailbox.kinds()
    assert the_plan(context, booking).reason == "red_flag"


def test_a_stop_sign_that_a_clinician_cleared_lets_the_plan_be_looked_at_again(context: Context) -> None:
    booking = book(context)
    fill_in(context, booking, rf_weak="yes")
    work.work_once(context, DUE)
    with context.db.begin() as tx:
        for kept in intakes.flags_of(tx, booking.id):
            intakes.clear_flag(tx, kept["id"], "Dr. Bo", "Seen today, an old injury.", DUE)
        drafting.draft(tx, context, booking.id, DUE)
    assert the_plan(context, booking).status == "scheduled"


@pytest.mark.B10
def test_a_clinic_may_want_an_ok_for_every_plan(context: Context, mailbox: Mailbox) -> None:
    strict = with_policy(context, require_ok=True)
    booking = book(strict)
    fill_in(strict, booking)
    work.work_once(strict, DUE)
    assert the_plan(strict, booking).reason == "needs_ok"
    inside(strict, booking, noted(SendWish.OK_TO_SEND))
    work.work_once(strict, DUE + timedelta(seconds=1))
    assert mailbox.kinds().count("plan") == 1


@pytest.mark.parametrize(
    ("wish", "status", "reason"),
    [(SendWish.HOLD, "held", "on_hold"), (SendWish.NO_PLAN, "skipped", "no_plan_wanted")],
)
def test_the_session_note_decides(
    context: Context, mailbox: Mailbox, wish: SendWish, status: str, reason: str
) -> None:
    booking = book(context)
    fill_in(context, booking)
    inside(context, booking, noted(wish))
    work.work_once(context, DUE)
    assert (the_plan(context, booking).status, the_plan(context, booking).reason) == (status, reason)
    assert "plan" not in mailbox.kinds()


def test_a_hold_that_is_taken_back_sends_the_plan(context: Context, mailbox: Mailbox) -> None:
    booking = book(context)
    fill_in(context, booking)
    inside(context, booking, noted(SendWish.HOLD))
    work.work_once(context, DUE)
    inside(context, booking, noted(SendWish.OK_TO_SEND))
    work.work_once(context, DUE + timedelta(seconds=1))
    assert mailbox.kinds().count("plan") == 1


def test_what_a_person_holds_is_let_out_by_a_release_only(context: Context, mailbox: Mailbox) -> None:
    booking = book(context)
    inside(context, booking, lambda tx, context, it: release.hold(tx, the_plan(context, it), "mara", NOW))
    fill_in(context, booking)
    work.work_once(context, DUE)
    assert the_plan(context, booking).reason == "held_by_person"
    inside(context, booking, lambda tx, context, it: release.release(tx, context, it.id, "mara", DUE))
    work.work_once(context, DUE + timedelta(seconds=1))
    assert mailbox.kinds().count("plan") == 1


def test_the_same_answers_make_one_version_however_often_they_are_looked_at(context: Context) -> None:
    booking = book(context)
    fill_in(context, booking)
    with context.db.begin() as tx:
        for minutes in range(3):
            drafting.draft(tx, context, booking.id, NOW + timedelta(minutes=minutes))
        plan = stored.newest(tx, booking.id)
    assert plan is not None
    assert plan.version == 1


def test_other_rules_make_the_next_version_and_the_old_one_is_kept(context: Context) -> None:
    booking = book(context)
    fill_in(context, booking)
    with context.db.begin() as tx:
        drafting.draft(tx, with_policy(context, plan_moves=2), booking.id, NOW)
        kept = stored.of_client(tx, [booking.client_id])
    assert [(each.version, each.status) for each in kept] == [(1, "replaced"), (2, "draft")]


def test_a_sent_plan_is_never_drafted_again(context: Context) -> None:
    booking = book(context)
    fill_in(context, booking)
    work.work_once(context, DUE)
    with context.db.begin() as tx:
        again = drafting.draft(tx, context, booking.id, DUE)
    assert again is not None
    assert again.status == "sent"


def test_every_release_and_note_is_in_the_audit_log(context: Context) -> None:
    booking = book(context)
    fill_in(context, booking, cond_bp="not_controlled")
    inside(context, booking, noted(SendWish.OK_TO_SEND))
    with context.db.begin() as tx:
        rows = tx.conn.exec_driver_sql("SELECT actor, action FROM audit ORDER BY id").all()
    assert [tuple(row) for row in rows] == [("mara", "note"), ("mara", "release")]


def test_a_client_under_16_gets_no_plan_and_the_outbox_says_why(context: Context, mailbox: Mailbox) -> None:
    booking = book(context)
    fill_in(context, booking, date_of_birth="2013-02-02", guardian_name="Pat")
    work.work_once(context, DUE)
    assert "plan" not in mailbox.kinds()
    assert the_plan(context, booking).reason == "too_young"


def cleared(context: Context, booking: Booking, at: datetime) -> None:
    """A clinician clears every flag of a visit."""
    with context.db.begin() as tx:
        for kept in intakes.flags_of(tx, booking.id):
            by_hand.clear_flag(
                tx, context, booking.id, kept["id"], "Dr. Bo", "Seen today, an old injury.", at
            )


def released(context: Context, booking: Booking, at: datetime) -> None:
    inside(context, booking, lambda tx, context, it: by_hand.release_plan(tx, context, it.id, "mara", at))


@pytest.mark.B10
@pytest.mark.parametrize("answers", [{"rf_weak": "yes"}, {"cond_bp": "not_controlled"}])
@pytest.mark.parametrize("looks_before", [True, False])
def test_clearing_a_flag_never_sends_the_plan(
    context: Context, mailbox: Mailbox, answers: dict[str, str], looks_before: bool
) -> None:
    booking = book(context)
    fill_in(context, booking, NOW, **answers)
    if looks_before:
        work.work_once(context, DUE)
    cleared(context, booking, DUE)
    for hours in range(3):
        work.work_once(context, DUE + timedelta(hours=hours))
    assert (the_plan(context, booking).status, the_plan(context, booking).reason) == ("held", "needs_review")
    with context.db.read() as tx:
        kept = stored.newest(tx, booking.id)
    assert kept is not None
    assert kept.plan.items
    released(context, booking, DUE + timedelta(hours=4))
    work.work_once(context, DUE + timedelta(hours=5))
    assert mailbox.kinds().count("plan") == 1


@pytest.mark.B10
def test_a_plan_released_before_its_flag_was_cleared_waits_for_another_look(
    context: Context, mailbox: Mailbox
) -> None:
    booking = book(context)
    fill_in(context, booking, cond_bp="not_controlled")
    released(context, booking, NOW + timedelta(days=1))
    cleared(context, booking, NOW + timedelta(days=2))
    work.work_once(context, DUE)
    assert "plan" not in mailbox.kinds()
    released(context, booking, DUE)
    work.work_once(context, DUE + timedelta(seconds=1))
    assert mailbox.kinds().count("plan") == 1


@pytest.mark.B10
def test_a_flag_cleared_on_one_visit_sends_no_plan_of_another(context: Context, mailbox: Mailbox) -> None:
    first = book(context)
    fill_in(context, first)
    receive(context, webhook("created", NOW, uid="u2", start=NOW + timedelta(days=60)))
    work.work_once(context, NOW)
    with context.db.read() as tx:
        second = next(one for one in bookings.listing(tx, email="zoe@example.org") if one.id != first.id)
    fill_in(context, second, rf_weak="yes")
    work.work_once(context, DUE)
    assert the_plan(context, first).reason == "red_flag"
    cleared(context, second, DUE)
    work.work_once(context, DUE + timedelta(hours=1))
    assert "plan" not in mailbox.kinds()
    assert the_plan(context, first).reason == "needs_review"
    released(context, first, DUE + timedelta(hours=2))
    work.work_once(context, DUE + timedelta(hours=3))
    assert mailbox.kinds().count("plan") == 1


@pytest.mark.B10
def test_an_ok_in_the_note_releases_no_plan_that_the_note_changed(context: Context, mailbox: Mailbox) -> None:
    strict = with_policy(context, require_ok=True)
    booking = book(strict)
    fill_in(strict, booking)
    sore = SessionNote(
        send=SendWish.OK_TO_SEND, author="mara", credential="LMT", response=Took.STOPPED_EARLY, level_cap=1
    )
    inside(strict, booking, lambda tx, context, it: release.add_note(tx, context, it.id, sore, OVER))
    work.work_once(strict, DUE)
    assert the_plan(strict, booking).reason == "on_hold"
    assert "plan" not in mailbox.kinds()
