"""The worker's lanes: together they do everything once, and each goes on whatever happens in another."""

import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.pool import QueuePool

from handlers.bookings import inbox
from handlers.context import Context
from handlers.schedule import alerts
from handlers.send import outbox
from handlers.worker import lanes, work
from handlers.worker.clock import Clock
from handlers.worker.lanes import ALERTS, Lane
from schemas.delivery import TO_CLIENT, Channel, Purpose
from schemas.message import Text
from schemas.trouble import TroubleKind
from settings import Settings
from store import bookings, deliveries, receipts
from store.deliveries import Share
from store.running import troubles, workers
from store.running.leases import Connections
from tests.helpers.chores import Chores
from tests.helpers.clinic import NOW, make_context, with_policy
from tests.helpers.faults import KINDS, make_due
from tests.helpers.installation import wait_for
from tests.helpers.mailbox import Mailbox
from tests.helpers.readable_scheduler import reading
from tests.helpers.visits import book, receive, webhook

USED = [
    *itertools.product(TO_CLIENT, (Channel.email, Channel.sms)),
    *itertools.product((Purpose.alert,), (Channel.email, Channel.sms)),
    (Purpose.summary, Channel.email),
    (Purpose.attach, Channel.note),
]
LATER = NOW + timedelta(minutes=10)


def shares() -> list[Share]:
    """What the lanes of one connection, of all, and of those that were removed send."""
    mine = lanes.to_clients("main").values()
    removed = Share((*TO_CLIENT, Purpose.attach), of=Connections(("main",)))
    return [*ALERTS.values(), Share((Purpose.summary,)), *mine, removed]


@given(st.sampled_from(USED), st.sampled_from(["main", "gone", ""]), st.integers(0, 99))
def test_every_message_of_every_connection_is_in_exactly_one_lane(
    message: tuple[Purpose, Channel], connection: str, client: int
) -> None:
    purpose, channel = message

    def holds(share: Share) -> bool:
        inside = (connection in share.of.names) != share.of.excluded
        mine = purpose in share.purposes and channel in share.channels and inside
        return mine and client % share.parts == share.number

    assert [holds(share) for share in shares()].count(True) == 1


def test_a_lane_claims_what_is_its_own(context: Context) -> None:
    receive(
        context,
        *(webhook("created", NOW, connection=each, uid=each, email=f"{each}@example.org") for each in SITES),
    )
    inbox.drain(context, NOW)
    with context.db.begin() as tx:
        found = {each.connection: each.id for each in bookings.listing(tx)}
        alerts.at_once(tx, found["main"], "RF03", NOW)
        claimed = [
            sorted((each.purpose.value, each.booking_id) for each in deliveries.claim(tx, LATER, 10, share))
            for share in shares()
        ]
        left = deliveries.claim(tx, LATER, 10)
    assert claimed == [
        [("alert", found["main"])],
        [("alert", found["main"])],
        [],
        [],  # of clients with an even number
        [("intake", found["main"])],
        [],
        [],
        [("intake", found["site"])],
    ]
    assert left == []


SITES = ("main", "site")


def test_a_lane_goes_on_after_any_failure(caplog: pytest.LogCaptureFixture) -> None:
    stop, failures = threading.Event(), iter([KeyError("zoe@example.org"), OSError("disk"), None])

    def step(_now: datetime) -> int:
        failure = next(failures)
        if failure:
            raise failure
        stop.set()
        return 1

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lanes, "DOWN", 0.0)
        Lane("lane", step).run(Clock(), stop)
    assert stop.is_set()
    assert [record.message for record in caplog.records] == [
        "a round of work failed",
        "database does not answer",
    ]


@pytest.mark.parametrize("begun", [0, 1, 3])
def test_what_a_stopped_worker_had_not_begun_is_given_back_as_it_was(
    context: Context, begun: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "SLICE", 0)  # one at a time
    receive(context, *(webhook("created", NOW, uid=f"u{n}", email=f"u{n}@example.org") for n in range(3)))
    assert inbox.work(context, NOW, stopping=_after(begun)) == 3
    with context.db.begin() as tx:
        left = receipts.claim(tx, NOW, 10)
    assert [each.attempts for each in left] == [1] * (3 - begun)


@pytest.mark.parametrize(("looks", "begun"), [(0, 0), (1, outbox.AT_ONCE), (2, 3)])
def test_what_it_had_not_sent_is_given_back_as_it_was(
    context: Context, mailbox: Mailbox, looks: int, begun: int
) -> None:
    receive(context, *(webhook("created", NOW, uid=f"u{n}", email=f"u{n}@example.org") for n in range(3)))
    inbox.drain(context, NOW)
    assert outbox.work(context, LATER, stopping=_after(looks)) == 3
    assert len(mailbox.mails) == begun
    with context.db.begin() as tx:
        left = deliveries.claim(tx, LATER, 10)
    assert [(each.attempts, each.reason) for each in left] == [(1, "")] * (3 - begun)
    work.work_once(context, LATER + timedelta(minutes=1))
    assert len({str(mail["To"]) for mail in mailbox.mails}) == 3


def test_each_message_is_in_one_lane_and_all_of_one_person_in_the_same(context: Context) -> None:
    for number in range(8):
        who = {"email": f"u{number % 5}@example.org", "name": f"Ann C{number % 5}"}
        start = NOW + timedelta(days=20 * (number + 1))
        receive(context, webhook("created", NOW, uid=f"u{number}", start=start, **who))
    inbox.drain(context, NOW)
    shares = [each for each in lanes.to_clients("main").values() if Channel.email in each.channels]
    with context.db.begin() as tx:
        parts = [deliveries.claim(tx, LATER, 20, share) for share in shares]
    whose = [{each.key.client for each in part} for part in parts]
    assert sum(map(len, parts)) == 8
    assert all(whose)
    assert whose[0].isdisjoint(whose[1])


def _after(steps: int) -> Callable[[], bool]:
    """Stopping once so many have been begun."""
    left = iter([False] * steps)
    return lambda: next(left, True)


def test_webhooks_that_another_lane_has_in_hand_are_waited_for(context: Context, mailbox: Mailbox) -> None:
    booking = book(context)
    mailbox.mails.clear()
    cancelled = webhook("cancelled", NOW)
    receive(context, cancelled, now=NOW)
    with context.db.begin() as tx:
        (taken,) = receipts.claim(tx, LATER, 10)
        deliveries.reschedule(tx, deliveries.of_booking(tx, booking.id)[0].id, LATER)

    def other_lane() -> None:
        with context.db.begin() as tx:
            receipts.give_back(tx, [taken.id])
        inbox.work(context, LATER)

    timer = threading.Timer(0.3, other_lane)
    timer.start()
    work.work_once(context, LATER)
    timer.join()
    assert mailbox.mails == []


@pytest.mark.parametrize(
    ("ahead", "kinds"), [(timedelta(), {"alert", "intake"}), (timedelta(days=1), {"alert"})]
)
def test_a_worker_whose_clock_is_behind_the_database_sends_alerts_alone(
    given: Settings, mailbox: Mailbox, ahead: timedelta, kinds: set[str]
) -> None:
    now = datetime.now(UTC)
    context = with_policy(make_context(given, now - timedelta(days=1)), settle=timedelta())
    receive(context, webhook("created", now, start=now + timedelta(days=7)))
    inbox.drain(context, now)
    with context.db.begin() as tx:
        alerts.at_once(tx, bookings.listing(tx)[0].id, "RF03", now)
        workers.beat(tx, "another", now + ahead)
    stop = threading.Event()
    worker = threading.Thread(target=work.work, args=(context, stop, lambda: None, "worker"))
    worker.start()
    wait_for(lambda: kinds <= set(mailbox.kinds()))
    time.sleep(1)
    stop.set()
    worker.join(work.GRACE + 2)
    with context.db.read() as tx:
        noted = [each.kind for each in troubles.current(tx)]
    context.db.close()
    assert not worker.is_alive()
    assert (TroubleKind.jumped in noted) == bool(ahead)
    assert set(mailbox.kinds()) - {"trouble"} == kinds


def test_no_transaction_is_open_while_a_host_is_waited_for(
    given: Settings, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, now, held = make_context(given, NOW - timedelta(days=30)), NOW + timedelta(hours=6), list[int]()
    pool = cast("QueuePool", context.db.engine.pool)

    def waited_for(_message: EmailMessage | Text | None = None) -> str:
        held.append(pool.checkedout())
        return ""

    ours, scheduler = reading(context)
    make_due(ours, mailbox, now, 2, KINDS)
    with ours.db.begin() as tx:
        for each in bookings.listing(tx):
            alerts.at_once(tx, each.id, "RF03", now)
    monkeypatch.setattr(scheduler, "_answer", waited_for)
    post = SimpleNamespace(send=waited_for)
    work.work_once(replace(ours, senders={Channel.email: post, Channel.sms: post}), now)
    Chores().run(ours, now)
    context.db.close()
    assert len(held) >= 20
    assert set(held) == {0}
