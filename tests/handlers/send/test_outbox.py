"""What goes out, once: claims, refusals, lost answers, crashes, two workers."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.message import EmailMessage

import pytest

from handlers import retry
from handlers.bookings import inbox
from handlers.context import Context
from handlers.schedule import recipients
from handlers.send import decide, outbox
from handlers.worker import work
from integrations.base import IntegrationError, OptedOut, OutcomeUnknown
from schemas.checkin import CheckInKind
from schemas.delivery import Channel, CheckInQuestion, Delivery, DeliveryStatus, Due, Purpose
from schemas.message import Text
from schemas.person import MessageKind
from schemas.reason import Reason
from settings import Settings
from store import contacts, deliveries
from store.base import Tx
from store.running.leases import LEASE
from tests.helpers.clinic import NOW, make_context
from tests.helpers.mailbox import Mailbox
from tests.helpers.visits import book, only, receive, schedule_of, webhook

LATER = NOW + timedelta(minutes=1)


@dataclass
class Hand:
    """A channel that does what a test says, and keeps what it was given."""

    act: Callable[[EmailMessage | Text], str] = lambda _message: "250 kept"
    given: list[EmailMessage | Text] = field(default_factory=list)

    def send(self, message: EmailMessage | Text) -> str:
        """Keep it, then act."""
        self.given.append(message)
        return self.act(message)


def by_hand(context: Context, act: Callable[[EmailMessage | Text], str]) -> tuple[Context, Hand]:
    """The same context with a channel of the test's own."""
    hand = Hand(act)
    return replace(context, senders={Channel.email: hand}), hand


def raising(error: Exception) -> Callable[[EmailMessage | Text], str]:
    """A channel that fails so."""

    def act(_message: EmailMessage | Text) -> str:
        raise error

    return act


def intake_of(context: Context) -> Delivery:
    """The one request for an intake."""
    return schedule_of(context, only(context))["intake:0"]


def test_a_mail_goes_out_once_and_says_when(context: Context, mailbox: Mailbox) -> None:
    book(context)
    for minutes in (0, 1, 2, 60):
        work.work_once(context, NOW + timedelta(minutes=minutes))
    sent = intake_of(context)
    assert mailbox.kinds() == ["intake"]
    assert mailbox.recipients == [["zoe@example.org"]]
    assert (sent.status, sent.attempts, sent.settled_at) == (DeliveryStatus.sent, 1, LATER)
    assert sent.message_id == mailbox.mails[0]["Message-ID"]
    assert "250" in sent.vendor_id or sent.vendor_id == "kept"


def test_a_refusal_for_now_is_tried_again_with_growing_waits_then_shown_as_dead(
    context: Context, mailbox: Mailbox
) -> None:
    booking = book(context)
    mailbox.refuse = "451 not now"
    at = LATER
    for number, wait in enumerate(retry.WAITS, start=1):
        work.work_once(context, at)
        tried = intake_of(context)
        assert (tried.status, tried.attempts, tried.due_at) == (DeliveryStatus.scheduled, number, at + wait)
        assert tried.reason == "trying_again"
        assert "451" in tried.detail
        at += wait
    work.work_once(context, at)
    dead = schedule_of(context, booking)["intake:0"]
    assert (dead.status, dead.reason, dead.attempts) == (DeliveryStatus.dead, "failed", retry.MOST)


def test_a_refusal_that_ends_sends_the_mail_once(context: Context, mailbox: Mailbox) -> None:
    book(context)
    mailbox.refuse = "451 not now"
    work.work_once(context, LATER)
    mailbox.refuse = ""
    work.work_once(context, LATER + timedelta(seconds=5))
    assert mailbox.kinds() == ["intake"]
    assert intake_of(context).attempts == 2


def test_a_refusal_for_good_is_dead_at_once_and_visible(context: Context, mailbox: Mailbox) -> None:
    book(context)
    mailbox.refuse = "550 no such person"
    work.work_once(context, LATER)
    dead = intake_of(context)
    assert (dead.status, dead.attempts) == (DeliveryStatus.dead, 1)
    assert "550" in dead.detail
    assert "zoe" not in dead.detail


@pytest.mark.B5
def test_a_lost_answer_is_repeated_once_with_the_same_message_id_then_stands_as_unknown(
    context: Context, mailbox: Mailbox
) -> None:
    book(context)
    mailbox.hang_up_after_data = True
    work.work_once(context, LATER)
    first = intake_of(context)
    assert (first.status, first.reason) == (DeliveryStatus.scheduled, "outcome_unknown")
    for minutes in (5, 10, 60, 600):
        work.work_once(context, LATER + timedelta(minutes=minutes))
    assert intake_of(context).status is DeliveryStatus.unknown
    assert len(mailbox.mails) == 2
    assert len({mail["Message-ID"] for mail in mailbox.mails}) == 1


def test_a_lost_answer_after_a_refusal_is_repeated_too(context: Context, mailbox: Mailbox) -> None:
    book(context)
    mailbox.refuse = "451 not now"
    work.work_once(context, LATER)
    mailbox.refuse, mailbox.hang_up_after_data = "", True
    work.work_once(context, LATER + timedelta(seconds=5))
    mailbox.hang_up_after_data = False
    work.work_once(context, LATER + timedelta(minutes=10))
    assert len(mailbox.mails) == 2
    assert intake_of(context).status is DeliveryStatus.sent


def test_a_message_that_was_told_is_not_told_again_when_the_booking_moves(
    context: Context, mailbox: Mailbox
) -> None:
    book(context)
    mailbox.hang_up_after_data = True
    work.work_once(context, LATER)
    work.work_once(context, LATER + timedelta(minutes=5))
    mailbox.hang_up_after_data = False
    moved = webhook(
        "rescheduled",
        LATER + timedelta(minutes=6),
        uid="u2",
        replaces="u1",
        start=NOW + timedelta(days=9),
    )
    receive(context, moved)
    work.work_once(context, LATER + timedelta(hours=1))
    assert len(mailbox.of("intake")) == 2
    assert intake_of(context).status is DeliveryStatus.unknown


def test_a_message_that_cannot_be_made_does_not_delay_the_others(context: Context, mailbox: Mailbox) -> None:
    booked = [
        book(context, uid=f"u{number}", email=f"c{number}@example.org", name=f"Client {number}")
        for number in range(3)
    ]
    poison = schedule_of(context, booked[0])["intake:0"].id
    real = decide.decide

    def broken(tx: Tx, context: Context, delivery: Delivery, now: datetime) -> decide.Decision:
        if delivery.id == poison:
            raise ZeroDivisionError
        return real(tx, context, delivery, now)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decide, "decide", broken)
        at = LATER
        for wait in (timedelta(0), *retry.WAITS):
            at += wait
            work.work_once(context, at)
    with context.db.read() as tx:
        assert deliveries.get(tx, poison).status is DeliveryStatus.dead  # type: ignore[union-attr]
    assert len(mailbox.of("intake")) == 2


def test_a_delivery_that_ends_the_worker_each_time_is_dead_in_the_end_and_comes_last(
    context: Context, mailbox: Mailbox
) -> None:
    book(context)
    book(context, NOW + timedelta(seconds=1), uid="u2", email="bo@example.org", name="Bo")
    at = LATER
    for _ in range(retry.MOST):
        with context.db.begin() as tx:
            (poison,) = deliveries.claim(tx, at, 1)
        at += LEASE
    with context.db.begin() as tx:
        claimed = deliveries.claim(tx, at, 10)
    assert [each.attempts for each in claimed] == [1, retry.MOST + 1]
    assert claimed[-1].id == poison.id
    work.work_once(context, at + LEASE)
    with context.db.read() as tx:
        settled = deliveries.get(tx, poison.id)
    assert settled is not None
    assert settled.status is DeliveryStatus.dead
    assert mailbox.recipients == [["bo@example.org"]]


def test_a_claim_that_its_worker_left_behind_is_taken_up_when_the_lease_ends(
    context: Context, mailbox: Mailbox
) -> None:
    book(context)
    with context.db.begin() as tx:
        assert len(deliveries.claim(tx, LATER, 10)) == 1
    work.work_once(context, LATER + LEASE - timedelta(seconds=1))
    assert mailbox.mails == []
    work.work_once(context, LATER + LEASE)
    assert mailbox.kinds() == ["intake"]


def test_a_lease_from_a_clock_that_was_set_back_does_not_hold_anything_up(
    context: Context, mailbox: Mailbox
) -> None:
    book(context)
    with context.db.begin() as tx:
        deliveries.claim(tx, LATER + timedelta(hours=20), 10)
    work.work_once(context, LATER)
    assert mailbox.kinds() == ["intake"]


def test_a_lease_is_kept_while_the_work_goes_on(context: Context) -> None:
    book(context)
    with context.db.begin() as tx:
        taken = deliveries.claim(tx, LATER, 10)
    renewed = threading.Event()

    def renew(passed: timedelta) -> None:
        with context.db.begin() as tx:
            deliveries.renew(tx, taken, LATER + timedelta(minutes=5) + passed)
        renewed.set()

    with retry.kept(renew, every=0.01):
        assert renewed.wait(5)
    with context.db.begin() as tx:
        assert deliveries.claim(tx, LATER + timedelta(minutes=4), 10) == []


def test_a_claim_that_was_moved_meanwhile_is_not_sent_by_the_old_claim(context: Context) -> None:
    booking = book(context)
    ours, hand = by_hand(context, lambda _message: "250")
    with context.db.begin() as tx:
        (claimed,) = deliveries.claim(tx, LATER, 10)
        deliveries.reschedule(tx, claimed.id, LATER + timedelta(days=1))
    outbox._process(ours, claimed, [], LATER)
    assert hand.given == []
    assert schedule_of(context, booking)["intake:0"].status is DeliveryStatus.scheduled


def test_a_cancel_between_decision_and_sending_wins(context: Context) -> None:
    booking = book(context)
    ours, hand = by_hand(context, lambda _message: "250")
    real = decide.decide

    def cancelled_meanwhile(tx: Tx, context: Context, delivery: Delivery, now: datetime) -> decide.Decision:
        decision = real(tx, context, delivery, now)
        deliveries.end(tx, [delivery.id], DeliveryStatus.withdrawn, Reason.cancelled, now)
        return decision

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decide, "decide", cancelled_meanwhile)
        work.work_once(ours, LATER)
    assert hand.given == []
    assert schedule_of(context, booking)["intake:0"].status is DeliveryStatus.withdrawn


def test_what_was_sent_while_it_was_withdrawn_is_shown_as_sent(context: Context) -> None:
    booking = book(context)

    def cancelled_meanwhile(_message: EmailMessage | Text) -> str:
        receive(context, webhook("cancelled", LATER))
        assert inbox.work(context, LATER) == 1
        return "250 kept"

    ours, hand = by_hand(context, cancelled_meanwhile)
    work.work_once(ours, LATER)
    assert len(hand.given) == 1
    assert schedule_of(context, booking)["intake:0"].status is DeliveryStatus.sent


def test_a_mail_that_was_sent_and_could_not_be_noted_counts_as_told(context: Context) -> None:
    booking = book(context)
    ours, hand = by_hand(context, lambda _message: "250 kept")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outbox._Sent, "follow", raising(ValueError("a value that the column does not take")))
        for minutes in (0, 5, 10, 60):
            work.work_once(ours, LATER + timedelta(minutes=minutes))
    assert len(hand.given) == 2
    assert schedule_of(context, booking)["intake:0"].status is DeliveryStatus.unknown


def test_one_that_cannot_be_noted_takes_no_other_with_it(context: Context) -> None:
    for number in range(5):
        book(context, uid=f"u{number}", email=f"c{number}@example.org")
    ours, hand = by_hand(context, lambda _message: "250 kept")
    real = outbox._Sent.follow

    def fails_on_one(sent: outbox._Sent, tx: Tx) -> None:
        real(sent, tx)
        if sent.decision.message["To"] == "c2@example.org":  # type: ignore[index]
            raise ValueError("a value that the column does not take")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outbox._Sent, "follow", fails_on_one)
        for minutes in (0, 6):
            work.work_once(ours, LATER + timedelta(minutes=minutes))
    to = Counter(str(each["To"]) for each in hand.given)  # type: ignore[index]
    assert to == {f"c{number}@example.org": 2 if number == 2 else 1 for number in range(5)}
    with context.db.read() as tx:
        ended = deliveries.counts(tx, LATER)
    assert (ended["sent"], ended["unknown"]) == (4, 1)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (IntegrationError("Not now."), DeliveryStatus.scheduled),
        (IntegrationError("Never.", permanent=True), DeliveryStatus.dead),
        (OutcomeUnknown("The answer was lost."), DeliveryStatus.scheduled),
        (RuntimeError("zoe@example.org"), DeliveryStatus.scheduled),
    ],
)
def test_each_way_to_fail_has_its_end(context: Context, error: Exception, status: DeliveryStatus) -> None:
    booking = book(context)
    ours, _hand = by_hand(context, raising(error))
    work.work_once(ours, LATER)
    found = schedule_of(context, booking)["intake:0"]
    assert found.status is status
    assert "zoe" not in found.detail


def test_a_service_that_names_a_time_is_not_asked_before(context: Context) -> None:
    booking = book(context)
    ours, _hand = by_hand(context, raising(IntegrationError("Slow down.", retry_after=900)))
    work.work_once(ours, LATER)
    assert schedule_of(context, booking)["intake:0"].due_at == LATER + timedelta(seconds=900)


@pytest.mark.B5
def test_two_workers_at_once_send_each_mail_once(given: Settings, context: Context, mailbox: Mailbox) -> None:
    count = 12
    for number in range(count):
        book(context, uid=f"u{number}", email=f"c{number}@example.org", name=f"Client {number}")
    others = [context, make_context(given)]
    start = threading.Barrier(len(others))

    def run(mine: Context) -> None:
        start.wait()
        while outbox.work(mine, LATER):
            pass

    threads = [threading.Thread(target=run, args=(each,)) for each in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    others[1].db.close()
    sent = [recipients[0] for recipients in mailbox.recipients]
    assert sorted(sent) == sorted(f"c{number}@example.org" for number in range(count))


def texting(
    context: Context, act: Callable[[EmailMessage | Text], str], monkeypatch: pytest.MonkeyPatch
) -> tuple[Context, Hand]:
    """A text to Zoë is due, and the service does what a test says."""
    ours, hand = by_hand(context, act)
    booking = book(ours, phone="+1 555 010 0139")
    with ours.db.begin() as tx:
        question = CheckInQuestion(CheckInKind.h24)
        key = recipients.to_client(tx, booking, Purpose.checkin, question, Channel.sms)
        deliveries.schedule(tx, Due(key, NOW), NOW)
    text = Text("+15550100139", "A quick question for you.", str(key))
    monkeypatch.setattr(decide, "decide", lambda *_args: decide.Send(text))
    return replace(ours, senders={Channel.sms: hand, Channel.email: Hand()}), hand


def text_of(context: Context) -> Delivery:
    """The one text."""
    with context.db.read() as tx:
        rows = deliveries.of_booking(tx, only(context).id)
    return next(each for each in rows if each.channel is Channel.sms)


def test_a_text_whose_answer_was_lost_is_unknown_and_not_repeated(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, hand = texting(context, raising(OutcomeUnknown("The answer was lost.")), monkeypatch)
    for minutes in (0, 6, 60):
        work.work_once(ours, NOW + timedelta(minutes=minutes))
    assert (text_of(ours).status, text_of(ours).reason) == ("unknown", "outcome_unknown")
    assert len(hand.given) == 1


def test_a_text_to_somebody_who_opted_out_is_skipped_and_the_number_noted(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, hand = texting(context, raising(OptedOut("They answered STOP.")), monkeypatch)
    for minutes in (0, 60):
        work.work_once(ours, NOW + timedelta(minutes=minutes))
    assert (text_of(ours).status, text_of(ours).reason) == ("skipped", "unsubscribed")
    assert len(hand.given) == 1
    with ours.db.read() as tx:
        number = contacts.get(tx, text_of(ours).key.recipient)
    assert number is not None
    assert number.stopped == set(MessageKind)
