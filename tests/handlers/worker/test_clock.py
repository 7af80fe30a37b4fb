"""A clock that jumps is noticed before anything is sent by it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.worker.clock import STEP, TRUSTED, Clock
from handlers.worker.lanes import Lane

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
DAY = 86_400.0


@dataclass
class Machine:
    """A machine whose clock a test sets."""

    steady: float = 5.0
    offset: float = NOW.timestamp()

    def clock(self, newest: datetime | None = None) -> Clock:
        """The worker's clock on it, started now."""
        return Clock(newest, wall=lambda: self.steady + self.offset, steady=lambda: self.steady)


@given(
    jump=st.one_of(st.floats(STEP + 1, 400 * DAY), st.floats(-400 * DAY, -STEP - 1)),
    before=st.lists(st.floats(0, 3 * DAY), max_size=5),
    after=st.floats(0, TRUSTED - 1),
)
def test_a_jump_ahead_or_back_is_not_trusted_until_it_is_taken_back_or_has_stood(
    jump: float, before: list[float], after: float
) -> None:
    machine = Machine()
    clock = machine.clock()
    for seconds in before:
        machine.steady += seconds
        assert clock.trusted
    machine.offset += jump
    assert not clock.trusted
    machine.steady += after
    assert not clock.trusted
    machine.offset -= jump
    assert clock.trusted
    machine.offset += jump
    assert not clock.trusted
    machine.steady += TRUSTED + 1
    assert clock.trusted


@given(jump=st.floats(-400 * DAY, 400 * DAY), after=st.floats(0, TRUSTED - 1))
def test_what_is_urgent_is_never_behind_by_a_clock_that_was_set_back(jump: float, after: float) -> None:
    machine = Machine()
    clock = machine.clock()
    right = machine.offset
    machine.offset += jump if abs(jump) > STEP + 1 else 0
    machine.steady += after
    found = clock.no_earlier().timestamp()
    assert abs(found - (machine.steady + max(right, machine.offset))) < 0.01


@given(st.lists(st.tuples(st.floats(0, DAY), st.floats(-1, 1)), max_size=30))
def test_sleep_slewing_and_small_corrections_are_no_jump(rounds: list[tuple[float, float]]) -> None:
    machine = Machine()
    clock = machine.clock()
    for seconds, correction in rounds:
        machine.steady += seconds
        machine.offset += correction
        assert clock.trusted


@given(behind=st.floats(STEP + 1, 60 * 365 * DAY))
def test_a_clock_behind_what_is_stored_is_not_trusted_from_the_start_until_it_is_set(behind: float) -> None:
    machine = Machine()
    clock = machine.clock(NOW + timedelta(seconds=machine.steady + behind))
    assert not clock.trusted
    machine.offset += behind + 3 * DAY  # the machine was off for three days
    assert clock.trusted


@pytest.mark.parametrize("newest", [None, NOW, NOW - timedelta(days=30), NOW + timedelta(minutes=1)])
def test_a_machine_that_was_off_or_is_new_starts_at_once(newest: datetime | None) -> None:
    assert Machine().clock(newest).trusted


class OneRound(Event):
    """Stops a lane when it first waits."""

    def wait(self, timeout: float | None = None) -> bool:
        """Once is enough."""
        self.set()
        return True


@pytest.mark.parametrize(("needs_clock", "steps"), [(True, 0), (False, 1)])
def test_a_lane_of_clients_sends_nothing_by_a_clock_that_jumped_and_one_of_alerts_goes_on(
    needs_clock: bool, steps: int
) -> None:
    machine, done = Machine(), list[datetime]()

    def step(now: datetime) -> int:
        done.append(now)
        return 0

    clock = machine.clock()
    machine.offset += DAY
    Lane("lane", step, needs_clock=needs_clock).run(clock, OneRound())
    assert len(done) == steps
