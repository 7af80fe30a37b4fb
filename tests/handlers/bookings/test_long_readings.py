"""A reading that takes many rounds ends, and misses nothing: over limits, restarts and deletions."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.bookings import reconcile
from handlers.context import Context
from integrations.base import Batch, IntegrationError
from schemas.booking import BookingState, BookingStatus, Person
from store import bookings, connections
from store.running import troubles
from tests.handlers.bookings.test_reconcile import NUMBERS, Shared, shared
from tests.handlers.bookings.test_reconcile import row as of_zoe
from tests.helpers import wire
from tests.helpers.chores import all_due
from tests.helpers.clinic import NOW
from tests.helpers.limited_calendly import Limited
from tests.helpers.limited_square import LimitedAcuity, LimitedSquare
from tests.helpers.readable_scheduler import Readable, reading

__all__ = ["shared"]
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def row(name: str, **more: Any) -> BookingState:
    """A booking of somebody who has no other."""
    return of_zoe(name, client=Person(f"Zoë {name}", f"{name}@example.org"), **more)


def state(context: Context) -> Any:
    with context.db.read() as tx:
        return connections.get(tx, "main")


def known(context: Context) -> dict[str, BookingStatus]:
    """What became of each identifier."""
    with context.db.read() as tx:
        found = bookings.listing(tx, limit=10**6)
        return {bookings.of_booking(tx, each.id)[-1].external_id: each.status for each in found}


def restarted(context: Context, vendor: Limited) -> Context:
    """The worker after a restart: what it knew of the limit is forgotten."""
    return replace(context, schedulers={**context.schedulers, "main": vendor.scheduler()})


def lives_on(context: Context, vendor: Limited, *, restart_every: int) -> tuple[Context, float]:
    """The worker's rounds, five seconds apart, until the reading ended; the seconds it took."""
    ours, began, rounds = restarted(context, vendor), vendor.now, 0
    while state(ours).read_begun_at is not None or rounds == 0:
        rounds += 1
        starting = rounds == 1 or rounds % restart_every == 0
        if starting:
            ours = restarted(context, vendor)
        all_due(ours, wire.NOW + timedelta(seconds=vendor.now), starting=starting)
        vendor.now += 5
        assert vendor.now - began < 3600
    return ours, vendor.now - began


@on_sqlite
def test_200_calendly_events_at_50_requests_a_minute_over_restarts(context: Context) -> None:
    vendor = Limited([number // 3 for number in range(200)])
    ours, seconds = lives_on(context, vendor, restart_every=7)
    assert set(known(ours)) == {f"E{number}.IE{number}" for number in range(200)}
    assert seconds <= 6 * 60
    with ours.db.read() as tx:
        assert troubles.current(tx) == []
    vendor.starts = vendor.starts[:150]  # 50 were deleted: each is asked for, at the same limit
    ours, seconds = lives_on(context, vendor, restart_every=7)
    gone = {name for name, status in known(ours).items() if status is BookingStatus.cancelled}
    assert gone == {f"E{number}.IE{number}" for number in range(150, 200)}
    assert seconds <= 8 * 60


@on_sqlite
def test_a_limit_within_a_page_of_square_keeps_the_place_within_it(context: Context) -> None:
    """A page of 100 needs more requests than a minute allows: read from its beginning it would never end."""
    vendor = LimitedSquare([24 + number // 3 for number in range(130)], limit=30)
    ours, seconds = lives_on(context, vendor, restart_every=50)
    assert set(known(ours)) == {f"bk{number}" for number in range(130)}
    customers = [each for each in vendor.paths if each.startswith("/v2/customers/")]
    # A booking whose customer was read and whose room was not is read again: at most once for each refusal.
    assert len(customers) - len(set(customers)) <= vendor.refused
    assert seconds <= 9 * 60
    with ours.db.read() as tx:
        assert troubles.current(tx) == []


@on_sqlite
def test_a_limit_between_pages_of_acuity_reads_no_page_twice(context: Context) -> None:
    vendor = LimitedAcuity([24 + 8 * number for number in range(90)], limit=3)
    ours, _ = lives_on(context, vendor, restart_every=50)
    assert set(known(ours)) == {str(number) for number in range(90)}
    lists = [each for each in vendor.paths if each.endswith("/appointments")]
    assert len(lists) <= 90 / (vendor.gives - 3) + 3, "each page begins with the last day of the one before"


@on_sqlite
def test_a_long_list_is_read_in_rounds_that_go_on_at_their_place(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile, "ROUND", 20)
    ours, scheduler = reading(context)
    scheduler.rows = {f"u{number}": row(f"u{number}", created_at=None) for number in range(70)}
    read: list[int] = []
    for minute in range(3):
        all_due(ours, NOW + timedelta(minutes=minute))
        read.append(len(known(ours)))
        assert state(ours).last_read_at is None, "what takes several rounds is one reading, also the first"
    all_due(ours, NOW + timedelta(minutes=3))
    assert [*read, len(known(ours))] == [20, 40, 60, 70]
    assert state(ours).last_read_at == NOW
    with ours.db.read() as tx:
        assert all(each.earlier for each in bookings.listing(tx))


class Pages(Readable):
    """Lists a hundred at once."""

    def batches(self, since: datetime, place: str = "") -> Any:
        """A page, and the one that comes next."""
        rows = list(self.rows.values())
        for at in range(int(place or 0), len(rows), 100):
            yield Batch(tuple(rows[at : at + 100]), str(at + 100))


@on_sqlite
def test_25000_bookings_are_read_to_the_end_over_restarts(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The place alone; `python -m bench.reconcile` takes each of them in, which takes minutes."""
    taken: list[str] = []
    monkeypatch.setattr(reconcile.Round, "_observe", lambda _self, booking: taken.append(booking.external_id))
    ours, scheduler = reading(context)
    scheduler.__class__ = Pages
    scheduler.rows = {f"u{number}": of_zoe(f"u{number}") for number in range(25_000)}
    now, rounds = NOW, 0
    while not state(ours).last_read_at:
        all_due(ours, now, starting=rounds % 10 == 0)
        now, rounds = now + timedelta(seconds=5), rounds + 1
    assert taken == list(scheduler.rows)
    assert rounds <= 25_000 / reconcile.ROUND + 1


@on_sqlite
def test_two_workers_do_not_read_at_once(context: Context) -> None:
    ours, _ = reading(context)
    with ours.db.begin() as tx:
        until, longest = NOW + reconcile.HELD, reconcile.LONGEST
        assert connections.claim_reading(tx, "main", NOW, until, longest)
        assert not connections.claim_reading(tx, "main", NOW + timedelta(minutes=1), until, longest)
        assert connections.claim_reading(tx, "main", until, until + reconcile.HELD, longest)


class Cut(Readable):
    """Ends in the middle: a limit, a crash of the worker, or a host that does not answer."""

    after: int = 10**6
    how: Exception | None = None

    def batches(self, since: datetime, place: str = "") -> Any:
        """Some of it."""
        for number, batch in enumerate(super().batches(since, place)):
            if number >= self.after and self.how:
                raise self.how
            yield batch


CUTS = (
    IntegrationError("Slow down.", retry_after=30, status=429),
    IntegrationError("It did not answer."),
    KeyboardInterrupt(),
)
cut = st.tuples(st.integers(0, 4), st.sampled_from(CUTS))


@settings(max_examples=max(10, settings().max_examples // 3))
@given(size=st.integers(1, 8), cuts=st.lists(cut, max_size=6), data=st.data())
def test_whatever_interrupts_a_reading_nothing_is_missed(
    shared: Shared, size: int, cuts: list[tuple[int, Exception]], data: st.DataObject
) -> None:
    ours, scheduler = reading(shared.context)
    scheduler.__class__ = Cut
    assert isinstance(scheduler, Cut)
    number = next(NUMBERS)
    names = [f"L{number}x{each}" for each in range(size)]
    scheduler.rows = {name: row(name) for name in names}
    reconcile.reconcile(ours, "main", NOW)
    for name in data.draw(st.lists(st.sampled_from(names), unique=True), label="deleted"):
        scheduler.delete(name)
    scheduler.rows[f"L{number}new"] = row(f"L{number}new")
    now = NOW
    for after, how in cuts:
        scheduler.after, scheduler.how = after, how
        now += timedelta(minutes=1)
        try:
            all_due(ours, now, starting=True)
        except KeyboardInterrupt:
            continue
    scheduler.how = None
    reconcile.reconcile(ours, "main", now + timedelta(minutes=1))
    found = {name: status for name, status in known(ours).items() if name.startswith(f"L{number}")}
    here = {name for name, status in found.items() if status is BookingStatus.confirmed}
    assert set(found) == {*names, f"L{number}new"}
    assert here == set(scheduler.rows)
