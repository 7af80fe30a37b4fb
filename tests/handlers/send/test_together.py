"""Messages decided on together go as if each had been decided on alone, just before it leaves."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest

from handlers.bookings import inbox
from handlers.context import Context
from handlers.send import decide, outbox, together
from handlers.worker import work
from integrations.base import SenderRefused
from integrations.channels.email import Smtp
from schemas.booking import Booking, BookingState
from schemas.delivery import Channel, Delivery, DeliveryStatus
from schemas.message import Text
from schemas.person import MessageKind
from schemas.reason import Reason
from store import attendances, bookings, clients, contacts, deliveries
from store.base import Tx
from store.running import pauses
from store.running.leases import LEASE
from tests.helpers.answers import fill_in
from tests.helpers.clinic import NOW
from tests.helpers.mailbox import Mailbox
from tests.helpers.visits import only, receive, schedule_of, webhook

LATER = NOW + timedelta(minutes=1)
MOST = 6


class Hand:
    """A mail server that does something of a test's own after each mail."""

    def __init__(self, then: Callable[[int], object] = lambda _sent: None) -> None:
        self.to: list[str] = []
        self.ids: list[str] = []
        self._then = then
        self._one = threading.Lock()  # mails come two at a time

    def send(self, message: EmailMessage | Text) -> str:
        """Keep to whom it went."""
        assert isinstance(message, EmailMessage)
        with self._one:
            self.to.append(str(message["To"]))
            self.ids.append(str(message["Message-ID"]))
            self._then(len(self.to))
        return "250 kept"


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even a busy machine decides on them one by one."""
    monkeypatch.setattr(together, "SLICE", 60.0)
    monkeypatch.setattr(together, "LASTS", 60.0)
    monkeypatch.setattr(outbox, "LONGEST", 60.0)


def booked(context: Context, count: int = MOST) -> list[Booking]:
    """Visits of as many people, for whose requests it is time at LATER."""
    who = [{"uid": f"u{number}", "email": f"c{number}@example.org"} for number in range(count)]
    receive(context, *(webhook("created", NOW, name=f"Ann C{n}", **each) for n, each in enumerate(who)))
    inbox.drain(context, NOW)
    return [only(context, each["email"]) for each in who]


def with_hand(context: Context, then: Callable[[int], object] = lambda _sent: None) -> tuple[Context, Hand]:
    hand = Hand(then)
    return replace(context, senders={Channel.email: hand}), hand


def cancels(context: Context, booking: Booking) -> None:
    receive(context, webhook("cancelled", LATER, uid="u3", email="c3@example.org", name="Ann C3"))
    assert inbox.work(context, LATER) == 1


def opts_out(context: Context, booking: Booking) -> None:
    with context.db.begin() as tx:
        contacts.stop(tx, _place(tx, booking), [MessageKind.care], "link", LATER)


def bounces(context: Context, booking: Booking) -> None:
    with context.db.begin() as tx:
        contacts.bounced(tx, _place(tx, booking), LATER)


def is_held(context: Context, booking: Booking) -> None:
    with context.db.begin() as tx:
        found = deliveries.of_booking(tx, booking.id)
        deliveries.end(tx, [each.id for each in found], DeliveryStatus.held, Reason.on_hold, LATER)


def is_sent_in(context: Context, booking: Booking) -> None:
    fill_in(context, booking, LATER)


def comes_no_more(context: Context, booking: Booking) -> None:
    with context.db.begin() as tx:
        attendances.end(tx, booking.id, LATER)
        bookings.update(tx, booking.id, _state(tx, booking), booking.status, LATER)


def _state(tx: Tx, booking: Booking) -> BookingState:
    (record,) = bookings.of_booking(tx, booking.id)
    assert record.state
    return record.state


def _place(tx: Tx, booking: Booking) -> int:
    comes = attendances.current(tx, booking.id)
    assert comes
    assert comes.email_id
    return comes.email_id


EVENTS = (cancels, opts_out, bounces, is_held, is_sent_in, comes_no_more)


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("after", [1, 2])
def test_what_happens_after_the_decision_and_before_a_mail_leaves_counts(
    context: Context, event: Callable[[Context, Booking], None], after: int
) -> None:
    visits = booked(context)
    ours, hand = with_hand(context, lambda sent: event(context, visits[3]) if sent == after else None)
    work.work_once(ours, LATER)
    people = sorted(each for each in hand.to if each.endswith("@example.org"))
    assert people == [f"c{number}@example.org" for number in range(MOST) if number != 3]
    assert schedule_of(context, visits[3])["intake:0"].status is not DeliveryStatus.sent


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("at", range(1, MOST + 1))
def test_a_worker_killed_after_any_mail_loses_none_and_repeats_those_that_left_with_it_at_most(
    context: Context, at: int
) -> None:
    def ends(sent: int) -> None:
        if sent == at:
            raise Killed

    booked(context)
    ours, first = with_hand(context, ends)
    with pytest.raises(Killed):
        work.work_once(ours, LATER)
    again, second = with_hand(context)
    work.work_once(again, LATER + LEASE)
    sent = Counter(first.to + second.to)
    assert set(sent) == {f"c{number}@example.org" for number in range(MOST)}
    repeated = [number for number in range(MOST) if sent[f"c{number}@example.org"] > 1]
    began = (at - 1) // outbox.AT_ONCE * outbox.AT_ONCE
    assert set(repeated) <= set(range(began, began + outbox.AT_ONCE))
    assert max(sent.values()) == 2
    assert len({*first.ids, *second.ids}) == MOST


class Meeting:
    """A mail server that takes a mail while it has another one in hand; it refuses what a test says."""

    def __init__(self, *refused: str) -> None:
        self.taken: list[str] = []
        self._refused = refused
        self._met = threading.Barrier(outbox.AT_ONCE)

    def send(self, message: EmailMessage | Text) -> str:
        """Wait for the others."""
        assert isinstance(message, EmailMessage)
        self._met.wait(10)
        if str(message["To"]) in self._refused:
            raise SenderRefused("The mail server refuses our mail (code 550).")
        self.taken.append(str(message["To"]))
        return "250 kept"


def test_so_many_leave_at_the_same_time_each_once(context: Context) -> None:
    booked(context)
    server = Meeting()
    work.work_once(replace(context, senders={Channel.email: server}), LATER)
    assert sorted(server.taken) == [f"c{number}@example.org" for number in range(MOST)]


@pytest.mark.parametrize("refused", [1, outbox.AT_ONCE])
def test_those_that_are_refused_at_the_same_time_are_one_refusal_of_the_channel(
    context: Context, refused: int
) -> None:
    visits = booked(context)
    server = Meeting(*(f"c{number}@example.org" for number in range(refused)))
    work.work_once(replace(context, senders={Channel.email: server}), LATER)
    assert len(server.taken) == outbox.AT_ONCE - refused, "all else waits"
    with context.db.read() as tx:
        pause = pauses.get(tx, Channel.email)
    assert pause is not None
    assert (pause.times, pause.until) == (1, LATER + outbox.PAUSES[0])
    later, hand = with_hand(context)
    work.work_once(later, LATER + outbox.PAUSES[0])
    assert Counter(hand.to + server.taken) == {f"c{number}@example.org": 1 for number in range(MOST)}
    assert {schedule_of(context, each)["intake:0"].status for each in visits} == {DeliveryStatus.sent}


def test_a_server_with_a_limit_a_minute_gets_one_at_a_time(context: Context, mailbox: Mailbox) -> None:
    booked(context)
    limited = Smtp("127.0.0.1", mailbox.port, security="none", per_minute=MOST - 1)
    work.work_once(replace(context, senders={Channel.email: limited}), LATER)
    assert len(mailbox.mails) == MOST - 1
    assert len(limited.pool._unused) == 1, "one connection"


def test_two_for_one_person_are_not_decided_on_together(context: Context) -> None:
    """After days without a worker the request and its reminder are due together: one is enough."""
    booked(context, 3)
    before_visit = NOW + timedelta(days=6, hours=12)
    ours, hand = with_hand(context)
    work.work_once(ours, before_visit)
    assert sorted(hand.to) == [f"c{number}@example.org" for number in range(3)]


def test_one_that_cannot_be_made_stops_no_other(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    real = decide.decide

    def fails_on_one(tx: Tx, of: Context, delivery: Delivery, now: datetime) -> decide.Decision:
        if delivery.booking_id == visits[2].id:
            raise ArithmeticError
        return real(tx, of, delivery, now)

    visits = booked(context)
    monkeypatch.setattr(decide, "decide", fails_on_one)
    ours, hand = with_hand(context)
    work.work_once(ours, LATER)
    assert sorted(hand.to) == [f"c{number}@example.org" for number in range(MOST) if number != 2]
    assert schedule_of(context, visits[2])["intake:0"].status is DeliveryStatus.scheduled


def test_a_slow_mail_server_makes_each_be_decided_on_again(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(together, "LASTS", -1.0)
    decided = list[int]()
    real = decide.decide

    def counted(tx: Tx, of: Context, delivery: Delivery, now: datetime) -> decide.Decision:
        decided.append(delivery.id)
        return real(tx, of, delivery, now)

    monkeypatch.setattr(decide, "decide", counted)
    booked(context)
    ours, hand = with_hand(context)
    work.work_once(ours, LATER)
    assert len(hand.to) == MOST
    assert decided[-1] in decided[:-1]


def joined(context: Context, booking: Booking) -> None:
    """Is the same person as the first."""
    with context.db.begin() as tx:
        first = bookings.get(tx, 1)
        assert first
        clients.join(tx, first.client_id, booking.client_id)


def asks_again(context: Context, booking: Booking) -> None:
    """Filled in a form for another visit before."""
    fill_in(context, booking, NOW)
    later = NOW + timedelta(days=40)
    who = {"uid": "v3", "email": "c3@example.org", "name": "Ann C3"}
    receive(context, webhook("created", NOW, start=later, **who))
    inbox.drain(context, NOW)


@pytest.mark.parametrize("event", [*EVENTS, joined, asks_again])
def test_together_comes_to_the_same_as_alone(
    context: Context, event: Callable[[Context, Booking], None]
) -> None:
    event(context, booked(context)[3])
    with context.db.begin() as tx:
        waiting = [each for each in deliveries.claim(tx, LATER, 20) if together.may_be(each)]
    with context.db.begin() as tx:
        found = together.decide_on(tx, context, waiting, LATER)
    assert found
    for each in found:
        with context.db.begin() as tx:
            assert _said(each.decision) == _said(decide.decide(tx, context, each.delivery, LATER))


def test_where_no_decision_lasts_each_goes_once_all_the_same(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(together, "LASTS", 0.0)
    booked(context, 20)
    here, hand = with_hand(context)
    asked, original = list[int](), together.decide_on

    def counted(*args: Any) -> list[together.Decided] | None:
        found = original(*args)
        asked.append(len(found or []))
        return found

    monkeypatch.setattr(together, "decide_on", counted)
    work.work_once(here, LATER)
    assert Counter(hand.to) == {f"c{number}@example.org": 1 for number in range(20)}
    assert max(asked[1:]) <= 2, "little is made in vain"


def _said(decision: decide.Decision) -> object:
    if not isinstance(decision, decide.Send) or not isinstance(decision.message, EmailMessage):
        return decision
    return [str(part) for part in _parts(decision.message)]


def _parts(message: EmailMessage) -> Iterator[object]:
    yield from (message[name] for name in ("To", "From", "Subject", "Message-ID", "List-Unsubscribe"))
    yield from (part.get_content() for part in message.walk() if not part.is_multipart())
