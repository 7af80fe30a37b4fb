"""A deadline for a whole call: to a peer that drips bytes, every wait for the next one is short."""

import os
import socket
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Self

LOOK = 0.1  # seconds between looks at the calls that are open


class Deadline:
    """Shuts the watched connection down when its time is over; whoever waits for it gets an end of file."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self._gate = threading.Lock()
        self._watched: socket.socket | None = None
        self._handle: socket.socket | None = None  # a second one of the same connection

    def __enter__(self) -> Self:
        _WATCH.add(self)
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        _WATCH.drop(self)
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
            self.shut()

    def _replace(self, sock: socket.socket | None) -> None:
        made = None if sock is None or sock.fileno() < 0 else socket.socket(fileno=os.dup(sock.fileno()))
        with self._gate:
            before, self._handle, self._watched = self._handle, made, sock
        if before is not None:
            before.close()

    def shut(self) -> None:
        """Shut the connection down, if there is one."""
        with self._gate:
            if self._handle is not None:
                with suppress(OSError):  # closed already
                    self._handle.shutdown(socket.SHUT_RDWR)


class _Watch:
    """Shuts down whatever is over its time, in one thread for all calls: to start one for each took as long
    as the dialogue about a mail, and waited for the threads that were at work."""

    def __init__(self) -> None:
        self._gate = threading.Lock()
        self._open: set[Deadline] = set()
        self._some = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, one: Deadline) -> None:
        """Watch it from now on."""
        with self._gate:
            self._open.add(one)
            self._some.set()
            if self._thread is None or not self._thread.is_alive():  # a process that was forked has none
                self._thread = threading.Thread(target=self._look, name="deadlines", daemon=True)
                self._thread.start()

    def drop(self, one: Deadline) -> None:
        """It has ended in time, or was shut down."""
        with self._gate:
            self._open.discard(one)
            if not self._open:
                self._some.clear()

    def _look(self) -> None:
        while self._some.wait():
            with self._gate:
                over = [each for each in self._open if each.passed]
            for each in over:
                each.shut()
            time.sleep(LOOK)


_WATCH = _Watch()
