"""*Send again* on every kind of message: it arrives, its link opens, and nothing else follows from it."""

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
from flask import Flask

import app as application
import settings as configuration
from handlers.checkins import replies
from handlers.context import Context
from handlers.plans.basis import NotNow
from handlers.schedule import alerts
from handlers.send import by_hand
from handlers.worker import work
from integrations.base import Note, OutcomeUnknown
from schemas.checkin import CheckInKind
from schemas.delivery import (
    ESCALATION,
    AlertCause,
    Channel,
    CheckInQuestion,
    Delivery,
    DeliveryStatus,
    NoteStatus,
    Number,
    Purpose,
    Urgency,
)
from schemas.message import Text
from schemas.plan import StoredPlan
from store import checkins, deliveries
from store import plans as stored_plans
from tests.helpers.console import answer
from tests.helpers.readable_scheduler import reading
from tests.helpers.visits import book

LINK = re.compile(r"https://care\.test(/[a-z]/[\w-]{32})")
START = datetime.now(UTC).replace(hour=15, minute=0, second=0, microsecond=0)  # in the morning at the clinic
VISIT = START + timedelta(days=7, hours=5)
BY = "Mara Field"


@dataclass
class Post:
    """Every channel at once; it keeps what it is given, and loses its answers while a test wants it to."""

    given: list[EmailMessage | Text | Note] = field(default_factory=list)
    lost: bool = False

    def send(self, message: EmailMessage | Text) -> str:
        """Take a message."""
        self.given.append(message)
        if self.lost:
            raise OutcomeUnknown("The answer was lost.")
        return "kept"

    def attach(self, _external_id: str, note: Note) -> None:
        """Take a note."""
        self.given.append(note)


@dataclass
class Life:
    """One client from the booking on, and a clock that moves from message to message."""

    app: Flask
    context: Context
    post: Post
    now: datetime = START
    booking_id: int = 0
    sent_again: set[tuple[Purpose, Number, Channel]] = field(default_factory=set)

    @property
    def schedule(self) -> list[Delivery]:
        """Every delivery of the booking."""
        with self.context.db.read() as tx:
            return deliveries.of_booking(tx, self.booking_id)

    @property
    def plans(self) -> list[StoredPlan]:
        """Every version of the plan."""
        with self.context.db.read() as tx:
            return [each for each in stored_plans.of_client(tx, [1]) if each.booking_id == self.booking_id]

    def until(self, days: float) -> None:
        """Let days after the visit pass."""
        end = VISIT + timedelta(days=days)
        while due := [each.due_at for each in self.schedule if each.status == "scheduled"]:
            if min(due) > end:
                break
            work.work_once(self.context, max(self.now, min(due)))
        self.now = max(self.now, end)
        work.work_once(self.context, self.now)

    def say(self, kind: CheckInKind, **said: str | list[str]) -> None:
        """The client replies to a check-in."""
        with self.context.db.begin() as tx:
            (asked,) = [each for each in checkins.of_booking(tx, self.booking_id) if each.kind is kind]
            replies.reply(tx, self.context, asked, said, self.now)
        work.work_once(self.context, self.now)

    def cause(self, name: str, urgency: Urgency = Urgency.at_once) -> AlertCause:
        with self.context.db.read() as tx:
            return alerts.cause(tx, self.booking_id, name, urgency)

    def again(self, purpose: Purpose, number: Number, channel: Channel) -> None:
        """Send it again, twice in a row; it arrives, its link opens, and nothing else changes."""
        slot = purpose, number, channel
        for _ in range(2):
            before = {each.key: each for each in self.schedule}
            (first,) = [each for key, each in before.items() if key.message[:3] == slot and not key.resend]
            with self.context.db.begin() as tx:
                by_hand.resend(tx, first.id, BY, self.now)
                with pytest.raises(NotNow):
                    by_hand.resend(tx, first.id, BY, self.now)
            seen, versions = len(self.post.given), self.plans
            work.work_once(self.context, self.now)
            after = {each.key: each for each in self.schedule}
            (key,) = after.keys() - before.keys()
            assert (key.message[:3], key.resend) == (
                slot,
                1 + max(each.resend for each in before if each.message[:3] == slot),
            )
            assert (after[key].status, after[key].reason) == ("sent", "")
            assert {each: after[each] for each in before} == before
            assert self.plans == versions
            (message,) = self.post.given[seen:]
            self._opens(message)
        self.sent_again.add(slot)

    def _opens(self, message: EmailMessage | Text | Note) -> None:
        if isinstance(message, Note) or (isinstance(message, Text) and "look at booking" in message.body):
            return
        body = message.get_body(("plain",)) if isinstance(message, EmailMessage) else None
        text = body.get_content() if body else message.body if isinstance(message, Text) else ""
        link = LINK.search(text)
        assert link is not None, text
        assert self.app.test_client().get(link[1], base_url="https://care.test").status_code == 200


@pytest.fixture
def life(given: configuration.Settings, context: Context, monkeypatch: pytest.MonkeyPatch) -> Life:
    """A clinic with texts, a second person for alerts, and a scheduler that notes are written to."""
    ours, scheduler = reading(context)
    post = Post()
    for name, value in (("ways", ("note",)), ("default_way", "note"), ("attach", post.attach)):
        monkeypatch.setattr(scheduler, name, value, raising=False)
    clinic = replace(ours.clinic, alert_sms="+15550100199")
    ours = replace(ours, clinic=clinic, senders={Channel.email: post, Channel.sms: post})
    made = Life(application.create_app(given), ours, post)
    made.booking_id = book(ours, START, start=VISIT, phone="+1 212 555 0139").id
    return made


@pytest.mark.parametrize("channel", [Channel.email, Channel.sms])
def test_every_message_can_be_sent_again_to_its_end(life: Life, channel: Channel) -> None:
    life.until(-0.1)
    life.again(Purpose.intake, 0, Channel.email)
    life.again(Purpose.intake_reminder, 1, Channel.email)
    life.again(Purpose.intake_reminder, 2, Channel.email)
    life.again(Purpose.attach, NoteStatus.intake_missing, Channel.note)
    answer(life.context, life.booking_id, life.now, consent_sms="yes" if channel is Channel.sms else "no")
    work.work_once(life.context, life.now)
    life.again(Purpose.summary, 0, Channel.email)
    life.again(Purpose.attach, NoteStatus.intake_done, Channel.note)
    life.until(0.3)
    life.again(Purpose.plan, 0, Channel.email)
    life.again(Purpose.attach, NoteStatus.plan_sent, Channel.note)
    life.until(1.1)
    life.again(Purpose.checkin, CheckInQuestion(CheckInKind.h24), channel)
    life.until(3.1)
    life.again(Purpose.checkin, CheckInQuestion(CheckInKind.d3), channel)
    life.until(5.1)  # two had no reply: a person may ask again all the same
    life.again(Purpose.alert, life.cause("no_reply", Urgency.soon), Channel.email)
    life.again(Purpose.checkin, CheckInQuestion(CheckInKind.d3), channel)
    life.say(CheckInKind.d3, fu_symptoms=["none"], fu_days_done="2", pain_now="4")
    life.until(9.1)
    life.again(Purpose.checkin, CheckInQuestion(CheckInKind.w1, reminder=True), channel)
    life.say(CheckInKind.w1, fu_symptoms=["chest_breath"])
    for way in (Channel.email, Channel.sms):
        life.again(Purpose.alert, life.cause("w1-red_flag"), way)
    life.until(9.2)  # nobody looked
    for way in (Channel.email, Channel.sms):
        life.again(Purpose.alert, ESCALATION, way)
    # Whether a typed address is theirs is asked at that address: tests/web/client/test_typed_address.py.
    # A held plan, the next visit, chosen days and answers depend on what a clinic or a client does.
    elsewhere = {Purpose.confirm, Purpose.plan_held, Purpose.book_again, Purpose.my_day, Purpose.answer}
    assert {purpose for purpose, _number, _channel in life.sent_again} == set(Purpose) - elsewhere


def test_a_plan_whose_outcome_was_lost_counts_as_sent_once_it_was_sent_again(life: Life) -> None:
    life.until(-0.2)
    answer(life.context, life.booking_id, life.now)
    life.post.lost = True
    life.until(0.3)
    life.post.lost = False
    assert [each.status for each in life.schedule if each.purpose is Purpose.plan] == ["unknown"]
    assert [each for each in life.schedule if each.purpose is Purpose.checkin] == []
    with life.context.db.begin() as tx:
        (plan,) = [each for each in life.schedule if each.purpose is Purpose.plan]
        by_hand.resend(tx, plan.id, BY, life.now)
    work.work_once(life.context, life.now)
    asked = [each.key.number for each in life.schedule if each.purpose is Purpose.checkin]
    assert asked == [CheckInQuestion(kind) for kind in CheckInKind]


def test_a_check_in_whose_outcome_was_lost_has_one_reminder_once_it_was_sent_again(life: Life) -> None:
    life.until(-0.2)
    answer(life.context, life.booking_id, life.now)
    life.until(1.1)
    life.say(CheckInKind.h24, fu_symptoms=["none"], fu_feel="fine")
    life.post.lost = True
    life.until(3.1)
    life.post.lost = False
    (asked,) = [each for each in life.schedule if each.key.number == CheckInQuestion(CheckInKind.d3)]
    assert asked.status is DeliveryStatus.unknown
    for _ in range(2):
        with life.context.db.begin() as tx:
            by_hand.resend(tx, asked.id, BY, life.now)
        work.work_once(life.context, life.now)
        reminder = CheckInQuestion(CheckInKind.d3, reminder=True)
        found = [each for each in life.schedule if each.key.number == reminder]
        assert [(each.status, each.due_at) for each in found] == [("scheduled", life.now + timedelta(days=2))]
