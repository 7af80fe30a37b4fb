"""The clock of the machine, watched: a step is noticed before anything is sent by it."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

log = logging.getLogger("aftercare.clock")
STEP = timedelta(minutes=2).total_seconds()  # more than slewing or a busy machine explains
TRUSTED = timedelta(hours=1).total_seconds()  # a clock that stays where it jumped to is trusted after this


def steady() -> float:
    """Seconds that nobody sets; where the machine can tell, those that it slept through count."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


def wall() -> float:
    """Seconds since 1970, as the machine has them."""
    return time.time()


@dataclass(frozen=True, slots=True)
class _Jump:
    """`before` is what wall minus steady time was when the clock was right, as far as we know."""

    before: float
    ahead: bool
    until: float

    def is_over(self, offset: float, now: float) -> bool:
        """True when the clock is back where it was, or has stayed for so long that it is trusted."""
        right = offset <= self.before + STEP if self.ahead else offset >= self.before - STEP
        return right or now >= self.until


class Clock:
    """The time for the lanes; while it is not `trusted`, nothing that can wait is sent.

    `newest` is the newest time that the database holds: a clock behind it is wrong from the start.
    """

    def __init__(
        self,
        newest: datetime | None = None,
        wall: Callable[[], float] = wall,
        steady: Callable[[], float] = steady,
    ) -> None:
        self._wall, self._steady = wall, steady
        self._lock = threading.Lock()
        self._jump: _Jump | None = None
        self._offset = newest.timestamp() - steady() if newest else wall() - steady()
        self._look(only_back=True)

    def now(self) -> datetime:
        """The time as the machine has it."""
        with self._lock:
            return datetime.fromtimestamp(self._look(), UTC)

    def no_earlier(self) -> datetime:
        """The time; where it has jumped back, what it should be, so that nothing that is due waits for it."""
        with self._lock:
            wall, jump = self._look(), self._jump
            right = self._steady() + jump.before if jump else wall
            return datetime.fromtimestamp(max(wall, right), UTC)

    @property
    def trusted(self) -> bool:
        """False from a jump of the clock on, until it is taken back or has stood for long."""
        with self._lock:
            self._look()
            return self._jump is None

    def _look(self, *, only_back: bool = False) -> float:
        wall, now = self._wall(), self._steady()
        moved = wall - now - self._offset
        if self._jump and self._jump.is_over(wall - now, now):
            self._jump = None
            log.warning("the clock is trusted again: sending goes on")
        elif not self._jump and (moved < -STEP or (moved > STEP and not only_back)):
            self._jump = _Jump(self._offset, moved > 0, now + TRUSTED)
            log.error("the clock has jumped: sending pauses", extra={"seconds": round(moved)})
        self._offset = wall - now
        return wall
