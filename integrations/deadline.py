"""A deadline for a whole call: to a peer that drips bytes, every wait for the next one is short."""

import os
import socket
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Self


class Deadline:
    """Shuts the watched connection down when its time is over; whoever waits for it gets an end of file."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self._gate = threading.Lock()
        self._watched: socket.socket | None = None
        self._handle: socket.socket | None = None  # a second one of the same connection
        self._timer = threading.Timer(seconds, self._shut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._timer.cancel()
        self._replace(None)

    @property
    def passed(self) -> bool:
        """True once the time is over."""
        return time.monotonic() >= self._until

    def watch(self, sock: socket.socket | None) -> None:
        """From now on the call is on this socket, also while TLS is begun on it, which empties the object."""
        if sock is not self._watched:
            self._replace(sock)
        if self.passed:
            self._shut()

    def _replace(self, sock: socket.socket | None) -> None:
        made = None if sock is None or sock.fileno() < 0 else socket.socket(fileno=os.dup(sock.fileno()))
        with self._gate:
            before, self._handle, self._watched = self._handle, made, sock
        if before is not None:
            before.close()

    def _shut(self) -> None:
        with self._gate:
            if self._handle is not None:
                with suppress(OSError):  # closed already
                    self._handle.shutdown(socket.SHUT_RDWR)
