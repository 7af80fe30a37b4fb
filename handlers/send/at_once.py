"""Calls that wait for somebody else, all at the same time.

The threads for it are kept: to start one takes as long as the dialogue about a mail. Like those of the lanes
they end with the process, whatever they wait for.
"""

import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Any

Act = Callable[[], Any]


class _Helper:
    """A thread that does one thing after the other."""

    def __init__(self) -> None:
        self.asked = SimpleQueue[Act]()
        self.done = SimpleQueue[Any]()
        threading.Thread(target=self._work, name="at once", daemon=True).start()

    def _work(self) -> None:
        while True:
            self.done.put(_outcome(self.asked.get()))


_IDLE: list[_Helper] = []


def outcomes(acts: Sequence[Act]) -> list[Any]:
    """What each returns, or the exception that it raises; the first is done by the thread that asks."""
    helpers = [_helper() for _ in acts[1:]]
    for helper, act in zip(helpers, acts[1:], strict=True):
        helper.asked.put(act)
    found = [*map(_outcome, acts[:1]), *(helper.done.get() for helper in helpers)]
    _IDLE.extend(helpers)
    return found


def _helper() -> _Helper:
    try:
        return _IDLE.pop()
    except IndexError:
        return _Helper()


def _outcome(act: Act) -> Any:
    try:
        return act()
    except BaseException as error:
        return error
