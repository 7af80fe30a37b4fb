"""A circuit breaker for each host: one that keeps silent is left alone, and tried again now and then.

https://martinfowler.com/bliki/CircuitBreaker.html
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

OPENS_AFTER = 3  # calls in a row without an answer
FIRST_PAUSE = 15.0  # seconds; twice as long after each further silence
LONGEST_PAUSE = 60.0


@dataclass(slots=True)
class _Host:
    silences: int = 0
    free_at: float = 0.0

    @property
    def pause(self) -> float:
        doublings = min(self.silences - OPENS_AFTER, 10)
        return min(FIRST_PAUSE * 2.0**doublings, LONGEST_PAUSE)


@dataclass(slots=True)
class Breaker:
    """What is known of each host's silence; shared by threads."""

    clock: Callable[[], float] = time.monotonic
    _hosts: dict[str, _Host] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait(self, host: str) -> float:
        """Seconds until a silent host may be tried again; 0 lets this call through.

        Of several that come when the pause is over, one is let through: the others wait for what it finds.
        """
        with self._lock:
            known = self._hosts.get(host)
            if known is None or known.silences < OPENS_AFTER:
                return 0.0
            left = known.free_at - self.clock()
            if left <= 0:
                known.free_at = self.clock() + known.pause
            return max(left, 0.0)

    def heard(self, host: str, *, answered: bool) -> None:
        """Note how a call ended."""
        with self._lock:
            if answered:
                self._hosts.pop(host, None)
                return
            known = self._hosts.setdefault(host, _Host())
            known.silences += 1
            known.free_at = self.clock() + known.pause if known.silences >= OPENS_AFTER else 0.0
