"""A deadline for a whole call: to a peer that drips bytes, every wait for the next one is short."""

import socket
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Self


class Deadline:
    """Shuts the watched socket down when its time is over; whoever waits for it gets an end of file."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self._sock: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._shut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._timer.cancel()

    @property
    def passed(self) -> bool:
        """True once the time is over."""
        return time.monotonic() >= self._until

    def watch(self, sock: socket.socket | None) -> None:
        """From now on the call is on this socket."""
        self._sock = sock
        if self.passed:
            self._shut()

    def _shut(self) -> None:
        if self._sock is not None:
            with suppress(OSError):  # closed already
                self._sock.shutdown(socket.SHUT_RDWR)
