"""A request while it arrives: how much of it is there, and until when the rest is waited for.

The server gathers requests without a thread, so that a slow or silent sender takes up a few bytes, no more.
What counts as whole is only guessed here; the server's own parser reads every request again.
"""

import re
import time
from dataclasses import dataclass, field
from enum import Enum, auto

MOST_HEAD = 64 * 1024  # bytes of request line and headers
MOST_BODY = 1024 * 1024 + 64 * 1024  # the largest body that any page reads, and what chunks add to it
MOST_FILE = 16 * 1024 * 1024 + MOST_BODY  # a form that brings a photo or a clip
MOST_READ = 128 * 1024 * 1024  # of such a form: what a photo or clip has too much is let go, not refused
TAIL = 128 * 1024  # what may stand behind the file: the other fields of the form
HEAD_SECONDS, BODY_SECONDS, FILE_SECONDS = 10.0, 20.0, 180.0
A_FILE = re.compile(rb"POST /console/bookings/\d{1,18}/plan/change[ ?]")
HEAD_END = b"\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,18})[ \t]*\r\n", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[^\r\n]*chunked", re.IGNORECASE)
_EXPECT = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*(?=\r\n)", re.IGNORECASE)


class State(Enum):
    """How far a request has come."""

    more = auto()
    whole = auto()
    long_head = auto()
    large_body = auto()


@dataclass(slots=True)
class Arrival:
    """The bytes of one request so far. `deadline` is in seconds of the monotonic clock."""

    data: bytearray = field(default_factory=bytearray)
    deadline: float = field(default_factory=lambda: time.monotonic() + HEAD_SECONDS)
    wants_continue: bool = False
    is_file: bool = False  # more may come than with any other request, and for longer
    refused: bool = False  # answered already; what still comes is thrown away
    _body_at: int = 0
    _too_much: int = 0  # bytes from the middle of a file that are still to come, and are let go
    _end: int | None = None  # where the body ends; None when its chunks say so
    _chunk_at: int = 0

    def add(self, data: bytes) -> State:
        """Take in what came, and say whether it is enough."""
        before = len(self.data)
        self.data += data
        if not self._body_at and not self._read_head(max(0, before - len(HEAD_END))):
            return State.long_head if len(self.data) > MOST_HEAD else State.more
        self._let_go()
        end = self._chunks_end() if self._end is None else self._end
        if (end or len(self.data)) - self._body_at > (MOST_FILE if self.is_file else MOST_BODY):
            return State.large_body
        return State.whole if end is not None and len(self.data) >= end else State.more

    def _read_head(self, looked_at: int) -> bool:
        found = self.data.find(HEAD_END, looked_at)
        if found < 0:
            return False
        head = bytes(self.data[: found + 2])
        plain = _EXPECT.sub(b"", head)  # answered here: the parser would ask for the body once more
        self.wants_continue = plain != head
        self.data[: found + 2] = plain
        self._body_at = self._chunk_at = len(plain) + 2
        length = _LENGTH.search(plain)
        if not _CHUNKED.search(plain):
            size = int(length[1]) if length else 0
            self.is_file = size > MOST_BODY and A_FILE.match(plain) is not None
            if length and self.is_file and MOST_FILE < size <= MOST_READ:
                size = self._shorten(size, *length.span(1))
            self._end = self._body_at + size
        self.deadline = time.monotonic() + (FILE_SECONDS if self.is_file else BODY_SECONDS)
        return True

    def _shorten(self, size: int, start: int, end: int) -> int:
        """Leave out the middle of a file that is too large: the form is read, and says so at its field."""
        said = str(MOST_FILE).encode()
        self.data[start:end] = said
        self._body_at += len(said) - (end - start)
        self._chunk_at = self._body_at
        self._too_much = size - MOST_FILE
        return MOST_FILE

    def _let_go(self) -> None:
        at = self._body_at + MOST_FILE - TAIL
        gone = min(self._too_much, max(0, len(self.data) - at))
        if gone:
            del self.data[at : at + gone]
            self._too_much -= gone

    def _chunks_end(self) -> int | None:
        """Where the last chunk and its trailers end; None while they are not there yet."""
        while (line := self.data.find(b"\r\n", self._chunk_at)) >= 0:
            try:
                size = int(self.data[self._chunk_at : line].partition(b";")[0], 16)
            except ValueError:
                return len(self.data)  # no chunk at all: the parser will say so
            if size <= 0:
                end = self.data.find(HEAD_END, line)
                return end + len(HEAD_END) if end >= 0 else None
            after = line + 2 + size
            if bytes(self.data[after : after + 2]) not in (b"", b"\r", b"\r\n"):
                return len(self.data)
            self._chunk_at = after + 2
        return None
