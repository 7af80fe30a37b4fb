"""Five weeks after a visit, message by message: better, no better, worse, silent, or in danger."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from handlers.checkins import asking, replies
from handlers.checkins.replies import Outcome
from handlers.context import Context
from handlers.plans import page, release
from handlers.worker import work
from schemas.booking import Booking
from schemas.checkin import CheckIn, CheckInKind
from schemas.choosing import Action
from schemas.delivery import CheckInQuestion, DeliveryStatus
from schemas.forms.condition import Answer
from schemas.plan import Plan, load
from store import checkins as stored_checkins
from store import deliveries, intakes
from store import plans as stored_plans
from tests.helpers.answers import fill_in
from tests.helpers.clinic import NOW
from tests.helpers.mailbox import Mailbox
from tests.helpers.visits import book

pytestmark = pytest.mark.parametrize(
    ("database_url", "clinic"),
    [("sqlite", "ours"), ("postgresql", "ours"), ("sqlite", "praxis")],
    indirect=True,
)
VISIT = NOW + timedelta(days=7, hours=6)  # ten in the morning at the clinic
FINE = {"fu_symptoms": ["none"], "fu_feel": "fine"}
DAY_3 = {"fu_symptoms": ["none"], "fu_days_done": "3", "pain_now": "4"}
WEEK: dict[str, Answer] = {
    "fu_symptoms": ["none"],
    "pain_avg7": "4",
    "fu_pain_during": "2",
    "fu_worse_next_day": "no",
    "fu_days_done": "5",
    "fu_difficulty": "3",
}
EASY = {"pain_avg7": "3", "fu_difficulty": "2"}
BETTER = {"pain_avg7": "2", "act1_score": "7"}


@dataclass
class Story:
    """One client with a plan, a clock that moves from message to message, and what was sent so far."""

    context: Context
    mailbox: Mailbox
    booking: Booking
    sent: list[str] = field(default_factory=list)

    def until(self, day: int, hour: int = 20) -> None:
        """Let the time pass up to an hour of a day after the visit; note each mail as "day kind"."""
        end = VISIT.replace(hour=0) + timedelta(days=day, hours=hour)
        while (due := self._next_due()) is not None and due <= end:
            seen = len(self.mailbox.mails)
            work.work_once(self.context, due)
            days = (due.date() - VISIT.date()).days
            self.sent += [f"{days} {mail['X-Aftercare-Kind']}" for mail in self.mailbox.mails[seen:]]

    def _next_due(self) -> datetime | None:
        with self.context.db.read() as tx:
            found = deliveries.of_booking(tx, self.booking.id)
        return min((each.due_at for each in found if each.status is DeliveryStatus.scheduled), default=None)

    def says(self, day: int, kind: str, answers: dict[str, Answer]) -> Outcome:
        """The client replies in the afternoon; what follows at once is sent."""
        self.until(day)
        now = VISIT.replace(hour=21) + timedelta(days=day)
        with self.context.db.begin() as tx:
            found = stored_checkins.of_booking(tx, self.booking.id)
            (asked,) = [each for each in found if each.kind == kind]
            outcome = replies.reply(tx, self.context, asked, answers, now)
        self.until(day, 22)
        return outcome

    def first_week(self) -> None:
        """The client answers the two check-ins of the first days."""
        self.says(1, "h24", FINE)
        self.says(3, "d3", DAY_3)

    @property
    def plan(self) -> Plan:
        """The newest version, sent or not."""
        with self.context.db.read() as tx:
            stored = stored_plans.newest(tx, self.booking.id)
        assert stored is not None
        return load(stored.content)

    @property
    def on_page(self) -> str:
        """What the client's plan page shows: the moves with their levels, "paused", or "nothing"."""
        with self.context.db.read() as tx:
            current = page.current(tx, self.booking.id)
        if current.plan is None:
            return "paused" if current.paused else "nothing"
        return _moves(load(current.plan.content))


def _moves(plan: Plan) -> str:
    return " ".join(f"{item.exercise_id}:{item.level}" for item in plan.items)


def _levels(plan: Plan) -> dict[str, int]:
    return {item.exercise_id: item.level for item in plan.items}


@pytest.fixture
def story(context: Context, mailbox: Mailbox, person: dict[str, Any]) -> Story:
    """A client whose first plan has just gone out."""
    booking = book(context, start=VISIT, **person)
    fill_in(context, booking, pain_avg7="4", act1_score="5")
    mailbox.mails.clear()
    told = Story(context, mailbox, booking)
    told.until(0)
    told.sent = [line for line in told.sent if not line.startswith("-")]
    assert told.sent == ["0 plan"]
    return told


@pytest.mark.B11
def test_who_gets_better_is_asked_five_times_and_the_plan_grows(story: Story) -> None:
    first = story.plan
    assert story.says(1, "h24", FINE).step.action is Action.HOLD
    assert story.says(3, "d3", DAY_3).step.action is Action.HOLD
    assert story.says(7, "w1", WEEK | EASY).step.change == "plan_more"
    second = story.plan
    risen = [name for name, level in _levels(second).items() if level > _levels(first).get(name, 0)]
    assert 1 <= len(risen) <= 2
    assert story.on_page == _moves(second)
    assert second.changes["up"]
    assert story.says(14, "w2", WEEK | BETTER).step.messages == ("progress_better", "plan_more")
    assert story.says(28, "w4", WEEK | BETTER).step.alerts == ()
    story.until(60)
    asked = ["1 checkin", "3 checkin", "7 checkin", "7 plan", "14 checkin"]
    assert story.sent[1:6] == asked
    assert [line for line in story.sent if line.endswith("checkin")] == [
        "1 checkin",
        "3 checkin",
        "7 checkin",
        "14 checkin",
        "28 checkin",
    ]
    assert not [line for line in story.sent if line.endswith("alert")]


@pytest.mark.B11
def test_who_does_not_get_better_keeps_the_plan_and_is_pointed_to_a_doctor_after_four_weeks(
    story: Story,
) -> None:
    first = _moves(story.plan)
    some = WEEK | {"fu_days_done": "3"}
    story.first_week()
    for day, kind in ((7, "w1"), (14, "w2")):
        outcome = story.says(day, kind, some)
        assert (outcome.step.action, outcome.step.message) == (Action.HOLD, "progress_hold")
        assert outcome.plan is None
    last = story.says(28, "w4", some | {"act1_score": "5"})
    assert [alert.id for alert in last.step.alerts] == ["no_change"]
    story.until(60)
    assert story.sent == [
        "0 plan",
        "1 checkin",
        "3 checkin",
        "7 checkin",
        "14 checkin",
        "28 checkin",
        "28 nudge",
    ]
    assert story.on_page == first


@pytest.mark.B11
def test_who_gets_worse_gets_a_smaller_plan_then_none_until_somebody_has_looked(story: Story) -> None:
    first = story.plan
    story.first_week()
    down = story.says(7, "w1", WEEK | {"pain_avg7": "6"})
    assert (down.step.action, down.step.message) == (Action.REGRESS, "progress_down")
    assert sum(_levels(story.plan).values()) < sum(_levels(first).values())
    assert story.on_page == _moves(story.plan)
    worse = story.says(14, "w2", WEEK | {"pain_avg7": "7", "fu_worse_next_day": "yes"})
    assert worse.step.action is Action.REGRESS_REVIEW
    assert story.plan.protocol_id == "calm_only"
    assert story.on_page == "paused"
    story.until(60)
    assert story.sent == [
        "0 plan",
        "1 checkin",
        "3 checkin",
        "7 checkin",
        "7 nudge",
        "7 plan",
        "14 checkin",
        "14 alert",
        "14 nudge",
        "14 nudge",
        "14 alert",
    ]


def test_a_held_version_goes_out_once_a_named_practitioner_lets_it(story: Story) -> None:
    story.first_week()
    story.says(7, "w1", WEEK | {"pain_avg7": "8", "fu_worse_next_day": "yes"})
    story.sent.clear()
    now = VISIT + timedelta(days=8)
    with story.context.db.begin() as tx:
        assert release.release(tx, story.context, story.booking.id, "Mara Field, LMT", now)
    story.until(14)
    assert story.sent == ["7 alert", "8 plan", "14 checkin"], "nobody pressed the button for two hours"
    assert story.on_page == _moves(story.plan)


def test_who_is_silent_is_asked_twice_and_then_left_to_the_staff(story: Story) -> None:
    first = _moves(story.plan)
    story.until(60)
    assert story.sent == ["0 plan", "1 checkin", "3 checkin", "5 nudge"]
    with story.context.db.read() as tx:
        every = deliveries.of_booking(tx, story.booking.id)
    weeks = [CheckInQuestion(kind) for kind in (CheckInKind.w1, CheckInKind.w2, CheckInKind.w4)]
    later = [each for each in every if each.key.number in weeks]
    assert {(each.status, each.reason) for each in later} == {(DeliveryStatus.skipped, "no_reply")}
    assert story.on_page == first


def test_who_falls_silent_is_reminded_once_and_after_two_left_to_the_staff(story: Story) -> None:
    story.says(1, "h24", FINE)
    story.until(60)
    asked = ["0 plan", "1 checkin", "3 checkin", "5 checkin", "7 checkin", "9 nudge"]
    assert story.sent == asked


def test_a_new_red_flag_stops_the_plan_and_every_further_question_at_once(story: Story) -> None:
    story.first_week()
    outcome = story.says(7, "w1", WEEK | {"fu_symptoms": ["chest_breath"]})
    assert [flag.severity.value for flag in outcome.flags] == ["stop_emergency"]
    assert outcome.step.action is Action.STOP
    story.until(60)
    assert story.sent == ["0 plan", "1 checkin", "3 checkin", "7 checkin", "7 alert", "7 alert"]
    assert story.on_page == "paused"
    with story.context.db.read() as tx:
        (raised,) = intakes.flags_of(tx, story.booking.id)
    assert raised["rule"] == "RF26"


@pytest.mark.parametrize("sign", ["numb_tingling", "fall", "other", "ill", "hot_limb", "weak", "not_sure"])
def test_every_new_sign_pauses_the_plan_and_alerts(story: Story, sign: str) -> None:
    outcome = story.says(3, "d3", DAY_3 | {"fu_symptoms": [sign]})
    assert outcome.step.alerts
    assert outcome.flags
    assert story.on_page == "paused"
    assert story.sent[-1] == "3 alert"


def test_a_second_reply_changes_nothing_but_its_warning_sign_counts(story: Story) -> None:
    story.says(1, "h24", FINE)
    story.says(3, "d3", DAY_3)
    first = story.on_page
    again = story.says(3, "d3", DAY_3 | {"pain_now": "9"})
    assert again.plan is None
    assert (story.on_page, story.sent[-1]) == (first, "3 checkin")
    danger = story.says(3, "d3", DAY_3 | {"fu_symptoms": ["head_speech"]})
    assert danger.step.action is Action.STOP
    assert (story.on_page, story.sent[-1]) == ("paused", "3 alert")
    with story.context.db.read() as tx:
        (kept,) = [each for each in stored_checkins.of_booking(tx, story.booking.id) if each.kind == "d3"]
    assert kept.reply == DAY_3


def test_very_sore_after_the_visit_pauses_and_alerts(story: Story) -> None:
    outcome = story.says(1, "h24", FINE | {"fu_feel": "very_sore"})
    assert [alert.id for alert in outcome.step.alerts] == ["unwell_after_visit"]
    assert story.on_page == "paused"


def test_few_days_done_cut_the_plan_to_the_two_moves_that_matter_most(story: Story) -> None:
    story.first_week()
    outcome = story.says(7, "w1", WEEK | {"fu_days_done": "0"})
    assert (outcome.step.action, outcome.step.message) == (Action.SHRINK, "shrink")
    assert [alert.id for alert in outcome.step.alerts] == ["not_started"]
    assert len(story.plan.items) == 2
    assert story.sent[-1] == "7 plan"


@pytest.mark.B13
def test_no_mail_of_the_loop_holds_a_word_about_health(story: Story) -> None:
    story.first_week()
    story.says(7, "w1", WEEK | {"pain_avg7": "6"})
    words = ("pain", "stretch", "bridge", "back", "sore")
    for mail in story.mailbox.mails:
        body = "".join(part.get_content() for part in mail.walk() if part.get_content_maintype() == "text")
        said = [word for word in words if f" {word} " in f"{mail['Subject']} {body}".lower()]
        assert not said, (mail["Subject"], said)


def test_a_plan_that_a_practitioner_let_out_despite_a_flag_gets_smaller_by_itself_but_never_grows(
    context: Context, mailbox: Mailbox, person: dict[str, Any]
) -> None:
    booking = book(context, start=VISIT, **person)
    fill_in(context, booking, under_other_care=["surgeon"], pain_avg7="4", minutes_per_day="15")
    with context.db.begin() as tx:
        assert release.release(tx, context, booking.id, "Mara Field, LMT", NOW)
    story = Story(context, mailbox, booking)
    story.until(0)
    first = story.on_page
    story.first_week()
    assert story.says(7, "w1", WEEK | EASY).step.action is Action.HOLD
    assert story.on_page == first
    story.says(14, "w2", WEEK | {"pain_avg7": "6"})
    assert story.sent[-1] == "14 plan"
    assert story.on_page != first


def test_a_check_in_asks_only_about_what_the_client_named_and_never_repeats_it(story: Story) -> None:
    last = CheckIn(0, story.booking.id, 0, CheckInKind.w4, None, None, "")
    with story.context.db.read() as tx:
        asked = asking.questions(tx, story.context, "en", last)
    scores = [question for question in asked if question.id.startswith("act")]
    assert [question.id for question in scores] == ["act1_score"]
    assert "socks" not in scores[0].label.lower()
