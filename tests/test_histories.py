"""Histories of every scheduler: in any order, with copies and losses, they end where the ordered one ends."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import settings as configuration
from handlers.bookings.inbox import take_in
from handlers.bookings.reconcile import reconcile
from handlers.context import Context
from integrations.schedulers import SCHEDULERS
from schemas.booking import BookingStatus
from schemas.delivery import Delivery, Purpose
from schemas.webhook import Inbound
from store import bookings, connections, deliveries
from tests.helpers.clinic import environ, make_context
from tests.helpers.worlds import BEGAN, POLLED, World

NOW = BEGAN + timedelta(hours=2)
NUMBERS = count(100)
TICKS = (NOW + timedelta(milliseconds=number) for number in count())
STARTS = st.integers(0, 20 * 24 * 4).map(lambda quarter: NOW + timedelta(days=1, minutes=15 * quarter))
SOME = settings(max_examples=settings().max_examples // 4)  # each example is a dozen of transactions
ENDINGS = st.sampled_from([None, None, "cancelled", "missed"])

TOLD = [name for name in SCHEDULERS if name not in POLLED]
History = list[tuple[str, datetime]]


@st.composite
def histories(draw: st.DrawFn) -> History:
    """A booking is made, moved a few times, and perhaps cancelled or missed."""
    starts = draw(st.lists(STARTS, min_size=1, max_size=4, unique=True))
    steps = [("created" if number == 0 else "moved", start) for number, start in enumerate(starts)]
    ending = draw(ENDINGS)
    return [*steps, (ending, starts[-1])] if ending else steps


class Shared:
    """Keeps a context out of the report of a failing example, where it would fill pages."""

    def __init__(self, context: Context) -> None:
        self.context = context


@pytest.fixture(scope="module")
def shared(quick_folder: Path) -> Iterator[Shared]:
    """One context for all examples; each has identifiers and an address of its own."""
    folder = quick_folder / "histories"
    built = make_context(
        configuration.load(environ(f"sqlite:///{folder / 'a.db'}", 25)), BEGAN - timedelta(days=1)
    )
    with built.db.begin() as tx:
        for name in SCHEDULERS:
            connections.ensure(tx, name, name, BEGAN - timedelta(days=1))
    yield Shared(built)
    built.db.close()


def into(context: Context, world: World, key: str = "key") -> Context:
    """The context with this world as its only scheduler."""
    return replace(context, schedulers={world.scheduler: world.connect(key)})


def deliver(context: Context, world: World, webhook: Inbound) -> None:
    """One webhook arrives and is worked on, a moment after the one before."""
    scheduler = context.schedulers[world.scheduler]
    scheduler.verify(webhook)
    for notice in scheduler.parse(webhook):
        take_in(context, world.scheduler, notice, next(TICKS))


def outcome(context: Context, world: World) -> list[Any]:
    """Every booking of the world's client that is on, with what is owed for it and when."""
    found = []
    with context.db.read() as tx:
        for thread in bookings.listing(tx, email=world.email):
            owed = [each for each in deliveries.of_booking(tx, thread.id) if each.status == "scheduled"]
            if thread.status is not BookingStatus.cancelled:
                found.append((thread.status, thread.start, thread.end, sorted(map(times, owed))))
            else:
                assert not owed
    return found


def times(delivery: Delivery) -> tuple[str, str]:
    """What is owed and when; the first request is owed from the moment that we know of the booking."""
    due = "" if delivery.purpose is Purpose.intake else delivery.due_at.isoformat()
    return str(delivery.purpose), due


def in_order(context: Context, scheduler: str, history: History) -> list[Any]:
    """Every webhook once, as it happens."""
    world = World(scheduler, next(NUMBERS))
    ours = into(context, world)
    for what, start in history:
        for webhook in world.happens(what, start):
            deliver(ours, world, webhook)
        if scheduler in POLLED:
            reconcile(ours, scheduler, next(TICKS))
    return outcome(ours, world)


def expected(history: History) -> list[Any]:
    """The state that the last step leaves, without asking our code."""
    last, start = history[-1]
    if last == "cancelled":
        return []
    status = BookingStatus.no_show if last == "missed" else BookingStatus.confirmed
    return [(status, start, start + timedelta(hours=1))]


@pytest.mark.parametrize("scheduler", SCHEDULERS)
@SOME
@given(history=histories())
def test_an_ordered_history_ends_where_its_last_step_says(
    shared: Shared, scheduler: str, history: History
) -> None:
    assert [each[:3] for each in in_order(shared.context, scheduler, history)] == expected(history)


@pytest.mark.parametrize("scheduler", POLLED)
@SOME
@given(history=histories(), data=st.data())
def test_however_seldom_it_is_read_it_ends_the_same(
    shared: Shared, scheduler: str, history: History, data: st.DataObject
) -> None:
    world = World(scheduler, next(NUMBERS))
    ours = into(shared.context, world)
    for what, start in history:
        assert world.happens(what, start) == []
        if data.draw(st.booleans()):
            reconcile(ours, scheduler, next(TICKS))
    reconcile(ours, scheduler, next(TICKS))
    assert outcome(ours, world) == in_order(shared.context, scheduler, history)


@pytest.mark.parametrize("scheduler", TOLD)
@SOME
@given(history=histories(), data=st.data())
def test_any_order_copies_and_losses_end_the_same_after_a_reconcile(
    shared: Shared, scheduler: str, history: History, data: st.DataObject
) -> None:
    world = World(scheduler, next(NUMBERS))
    ours = into(shared.context, world)
    sent = [webhook for what, start in history for webhook in world.happens(what, start)]
    kept = data.draw(st.lists(st.sampled_from(sent), max_size=2 * len(sent)))
    readable = ours.schedulers[scheduler].readable
    if not readable:
        kept.append(sent[-1])  # what cannot be read again needs its last webhook
    for webhook in data.draw(st.permutations(kept)):
        deliver(ours, world, webhook)
    if readable:
        reconcile(ours, scheduler, next(TICKS))
    assert outcome(ours, world) == in_order(shared.context, scheduler, history)


@pytest.mark.B1
@pytest.mark.parametrize("scheduler", TOLD)
@SOME
@given(history=histories(), data=st.data())
def test_any_order_with_copies_ends_the_same_without_a_reconcile(
    shared: Shared, scheduler: str, history: History, data: st.DataObject
) -> None:
    world = World(scheduler, next(NUMBERS))
    ours = into(shared.context, world)
    sent = [webhook for what, start in history for webhook in world.happens(what, start)]
    copies = data.draw(st.lists(st.sampled_from(sent), max_size=len(sent)))
    for webhook in data.draw(st.permutations([*sent, *copies])):
        deliver(ours, world, webhook)
    assert outcome(ours, world) == in_order(shared.context, scheduler, history)


@pytest.mark.parametrize("scheduler", ["calcom", "calendly"])
@SOME
@given(history=histories(), data=st.data())
def test_webhooks_that_say_everything_need_no_api(
    shared: Shared, scheduler: str, history: History, data: st.DataObject
) -> None:
    world = World(scheduler, next(NUMBERS))
    ours = into(shared.context, world, key="")
    sent = [webhook for what, start in history for webhook in world.happens(what, start)]
    copies = data.draw(st.lists(st.sampled_from(sent), max_size=len(sent)))
    for webhook in data.draw(st.permutations([*sent, *copies])):
        deliver(ours, world, webhook)
    assert world.vendor.calls == []
    assert outcome(ours, world) == in_order(shared.context, scheduler, history)
