"""What goes out, once: claims, refusals, lost answers, crashes, two workers."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.message import EmailMessage

import pytest

from handlers import backoff, decide, inbox, leases, outbox, work
from handlers.house import House
from integrations.base import IntegrationError, OutcomeUnknown
from schemas.delivery import Channel, Delivery, DeliveryStatus
from schemas.message import Text
from settings import Settings
from store import deliveries
from store.base import Tx
from store.leases import LEASE
from tests.support import NOW, Mailbox, book, make_house, only, receive, schedule_of, webhook

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


def by_hand(house: House, act: Callable[[EmailMessage | Text], str]) -> tuple[House, Hand]:
    """The same house with a channel of the test's own."""
    hand = Hand(act)
    return replace(house, senders={Channel.email: hand}), hand


def raising(error: Exception) -> Callable[[EmailMessage | Text], str]:
    """A channel that fails so."""

    def act(_message: EmailMessage | Text) -> str:
        raise error

    return act


def intake_of(house: House) -> Delivery:
    """The one request for an intake."""
    return schedule_of(house, only(house))["intake:0"]


def test_a_mail_goes_out_once_and_says_when(house: House, mailbox: Mailbox) -> None:
    book(house)
    for minutes in (0, 1, 2, 60):
        work.work_once(house, NOW + timedelta(minutes=minutes))
    sent = intake_of(house)
    assert mailbox.kinds() == ["intake"]
    assert mailbox.recipients == [["zoe@example.org"]]
    assert (sent.status, sent.attempts, sent.settled_at) == (DeliveryStatus.sent, 1, LATER)
    assert sent.message_id == mailbox.mails[0]["Message-ID"]
    assert "250" in sent.vendor_id or sent.vendor_id == "kept"


def test_a_refusal_for_now_is_tried_again_with_growing_waits_then_shown_as_dead(
    house: House, mailbox: Mailbox
) -> None:
    booking = book(house)
    mailbox.refuse = "451 not now"
    at = LATER
    for number, wait in enumerate(backoff.WAITS, start=1):
        work.work_once(house, at)
        tried = intake_of(house)
        assert (tried.status, tried.attempts, tried.due_at) == (DeliveryStatus.scheduled, number, at + wait)
        assert tried.reason == "trying_again"
        assert "451" in tried.detail
        at += wait
    work.work_once(house, at)
    dead = schedule_of(house, booking)["intake:0"]
    assert (dead.status, dead.reason, dead.attempts) == (DeliveryStatus.dead, "failed", backoff.MOST)


def test_a_refusal_that_ends_sends_the_mail_once(house: House, mailbox: Mailbox) -> None:
    book(house)
    mailbox.refuse = "451 not now"
    work.work_once(house, LATER)
    mailbox.refuse = ""
    work.work_once(house, LATER + timedelta(seconds=5))
    assert mailbox.kinds() == ["intake"]
    assert intake_of(house).attempts == 2


def test_a_refusal_for_good_is_dead_at_once_and_visible(house: House, mailbox: Mailbox) -> None:
    book(house)
    mailbox.refuse = "550 no such person"
    work.work_once(house, LATER)
    dead = intake_of(house)
    assert (dead.status, dead.attempts) == (DeliveryStatus.dead, 1)
    assert "550" in dead.detail
    assert "zoe" not in dead.detail


def test_a_lost_answer_is_repeated_once_with_the_same_message_id_then_stands_as_unknown(
    house: House, mailbox: Mailbox
) -> None:
    book(house)
    mailbox.hang_up_after_data = True
    work.work_once(house, LATER)
    first = intake_of(house)
    assert (first.status, first.reason) == (DeliveryStatus.scheduled, "outcome_unknown")
    for minutes in (5, 10, 60, 600):
        work.work_once(house, LATER + timedelta(minutes=minutes))
    assert intake_of(house).status is DeliveryStatus.unknown
    assert len(mailbox.mails) == 2
    assert len({mail["Message-ID"] for mail in mailbox.mails}) == 1


def test_a_lost_answer_after_a_refusal_is_repeated_too(house: House, mailbox: Mailbox) -> None:
    book(house)
    mailbox.refuse = "451 not now"
    work.work_once(house, LATER)
    mailbox.refuse, mailbox.hang_up_after_data = "", True
    work.work_once(house, LATER + timedelta(seconds=5))
    mailbox.hang_up_after_data = False
    work.work_once(house, LATER + timedelta(minutes=10))
    assert len(mailbox.mails) == 2
    assert intake_of(house).status is DeliveryStatus.sent


def test_a_message_that_was_told_is_not_told_again_when_the_booking_moves(
    house: House, mailbox: Mailbox
) -> None:
    book(house)
    mailbox.hang_up_after_data = True
    work.work_once(house, LATER)
    work.work_once(house, LATER + timedelta(minutes=5))
    mailbox.hang_up_after_data = False
    moved = webhook(
        "rescheduled",
        LATER + timedelta(minutes=6),
        uid="u2",
        replaces="u1",
        start=NOW + timedelta(days=9),
    )
    receive(house, moved)
    work.work_once(house, LATER + timedelta(hours=1))
    assert len(mailbox.of("intake")) == 2
    assert intake_of(house).status is DeliveryStatus.unknown


def test_a_message_that_cannot_be_made_does_not_delay_the_others(house: House, mailbox: Mailbox) -> None:
    booked = [
        book(house, uid=f"u{number}", email=f"c{number}@example.org", name=f"Client {number}")
        for number in range(3)
    ]
    poison = schedule_of(house, booked[0])["intake:0"].id
    real = decide.decide

    def broken(tx: Tx, house: House, delivery: Delivery, now: datetime) -> decide.Decision:
        if delivery.id == poison:
            raise ZeroDivisionError
        return real(tx, house, delivery, now)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decide, "decide", broken)
        at = LATER
        for wait in (timedelta(0), *backoff.WAITS):
            at += wait
            work.work_once(house, at)
    with house.db.read() as tx:
        assert deliveries.get(tx, poison).status is DeliveryStatus.dead  # type: ignore[union-attr]
    assert len(mailbox.of("intake")) == 2


def test_a_delivery_that_ends_the_worker_each_time_is_dead_in_the_end_and_comes_last(
    house: House, mailbox: Mailbox
) -> None:
    book(house)
    book(house, NOW + timedelta(seconds=1), uid="u2", email="bo@example.org", name="Bo")
    at = LATER
    for _ in range(backoff.MOST):
        with house.db.begin() as tx:
            (poison,) = deliveries.claim(tx, at, 1)
        at += LEASE
    with house.db.begin() as tx:
        claimed = deliveries.claim(tx, at, 10)
    assert [each.attempts for each in claimed] == [1, backoff.MOST + 1]
    assert claimed[-1].id == poison.id
    work.work_once(house, at + LEASE)
    with house.db.read() as tx:
        settled = deliveries.get(tx, poison.id)
    assert settled is not None
    assert settled.status is DeliveryStatus.dead
    assert mailbox.recipients == [["bo@example.org"]]


def test_a_claim_that_its_worker_left_behind_is_taken_up_when_the_lease_ends(
    house: House, mailbox: Mailbox
) -> None:
    book(house)
    with house.db.begin() as tx:
        assert len(deliveries.claim(tx, LATER, 10)) == 1
    work.work_once(house, LATER + LEASE - timedelta(seconds=1))
    assert mailbox.mails == []
    work.work_once(house, LATER + LEASE)
    assert mailbox.kinds() == ["intake"]


def test_a_lease_from_a_clock_that_was_set_back_does_not_hold_anything_up(
    house: House, mailbox: Mailbox
) -> None:
    book(house)
    with house.db.begin() as tx:
        deliveries.claim(tx, LATER + timedelta(hours=20), 10)
    work.work_once(house, LATER)
    assert mailbox.kinds() == ["intake"]


def test_a_lease_is_kept_while_the_work_goes_on(house: House) -> None:
    book(house)
    with house.db.begin() as tx:
        taken = deliveries.claim(tx, LATER, 10)
    renewed = threading.Event()

    def renew(passed: timedelta) -> None:
        with house.db.begin() as tx:
            deliveries.renew(tx, taken, LATER + timedelta(minutes=5) + passed)
        renewed.set()

    with leases.kept(renew, every=0.01):
        assert renewed.wait(5)
    with house.db.begin() as tx:
        assert deliveries.claim(tx, LATER + timedelta(minutes=4), 10) == []


def test_a_claim_that_was_moved_meanwhile_is_not_sent_by_the_old_claim(house: House) -> None:
    booking = book(house)
    ours, hand = by_hand(house, lambda _message: "250")
    with house.db.begin() as tx:
        (claimed,) = deliveries.claim(tx, LATER, 10)
        deliveries.reschedule(tx, claimed.id, LATER + timedelta(days=1))
    outbox._process(ours, claimed, LATER)
    assert hand.given == []
    assert schedule_of(house, booking)["intake:0"].status is DeliveryStatus.scheduled


def test_a_cancel_between_decision_and_sending_wins(house: House) -> None:
    booking = book(house)
    ours, hand = by_hand(house, lambda _message: "250")
    real = decide.decide

    def cancelled_meanwhile(tx: Tx, house: House, delivery: Delivery, now: datetime) -> decide.Decision:
        decision = real(tx, house, delivery, now)
        deliveries.end(tx, [delivery.id], DeliveryStatus.withdrawn, "cancelled", now)
        return decision

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decide, "decide", cancelled_meanwhile)
        work.work_once(ours, LATER)
    assert hand.given == []
    assert schedule_of(house, booking)["intake:0"].status is DeliveryStatus.withdrawn


def test_what_was_sent_while_it_was_withdrawn_is_shown_as_sent(house: House) -> None:
    booking = book(house)

    def cancelled_meanwhile(_message: EmailMessage | Text) -> str:
        receive(house, webhook("cancelled", LATER))
        assert inbox.work(house, LATER) == 1
        return "250 kept"

    ours, hand = by_hand(house, cancelled_meanwhile)
    work.work_once(ours, LATER)
    assert len(hand.given) == 1
    assert schedule_of(house, booking)["intake:0"].status is DeliveryStatus.sent


def test_a_mail_that_was_sent_and_could_not_be_noted_counts_as_told(house: House) -> None:
    booking = book(house)
    ours, hand = by_hand(house, lambda _message: "250 kept")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outbox, "_note_sent", raising(ValueError("a value that the column does not take")))
        for minutes in (0, 5, 10, 60):
            work.work_once(ours, LATER + timedelta(minutes=minutes))
    assert len(hand.given) == 2
    assert schedule_of(house, booking)["intake:0"].status is DeliveryStatus.unknown


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (IntegrationError("Not now."), DeliveryStatus.scheduled),
        (IntegrationError("Never.", permanent=True), DeliveryStatus.dead),
        (OutcomeUnknown("The answer was lost."), DeliveryStatus.scheduled),
        (RuntimeError("zoe@example.org"), DeliveryStatus.scheduled),
    ],
)
def test_each_way_to_fail_has_its_end(house: House, error: Exception, status: DeliveryStatus) -> None:
    booking = book(house)
    ours, _hand = by_hand(house, raising(error))
    work.work_once(ours, LATER)
    found = schedule_of(house, booking)["intake:0"]
    assert found.status is status
    assert "zoe" not in found.detail


def test_a_service_that_names_a_time_is_not_asked_before(house: House) -> None:
    booking = book(house)
    ours, _hand = by_hand(house, raising(IntegrationError("Slow down.", retry_after=900)))
    work.work_once(ours, LATER)
    assert schedule_of(house, booking)["intake:0"].due_at == LATER + timedelta(seconds=900)


def test_two_workers_at_once_send_each_mail_once(given: Settings, house: House, mailbox: Mailbox) -> None:
    count = 12
    for number in range(count):
        book(house, uid=f"u{number}", email=f"c{number}@example.org", name=f"Client {number}")
    others = [house, make_house(given)]
    start = threading.Barrier(len(others))

    def run(mine: House) -> None:
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
