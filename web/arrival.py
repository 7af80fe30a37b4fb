"""The bytes of one HTTP request as they come in, and whether all of them are here.

Only what tells the end of a request is looked at (RFC 9112, section 6); the rest is for the server to read.
"""

import re

MOST_HEAD = 128 * 1024  # bytes; the server itself refuses far less
MOST_BODY = 1024 * 1024 + 64 * 1024  # more than any page or webhook reads
MOST_BYTES = 4 * 1024 * 1024  # a body in tiny chunks is larger on the wire than inside
LONGEST_LINE = 8192
CRLF, HEAD_END = b"\r\n", b"\r\n\r\n"
FRAMED = re.compile(rb"\r\n(?:content-length|transfer-encoding)[ \t]*:", re.IGNORECASE)
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,15})[ \t]*\r\n", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked[ \t]*\r\n", re.IGNORECASE)
ASKS = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*\r\n", re.IGNORECASE)
CHUNK = re.compile(rb"([0-9a-fA-F]{1,15})[ \t]*(?:;[^\r\n]*)?\r\n")


class Arrival:
    """One request on its way in."""

    def __init__(self) -> None:
        self.held = bytearray()
        self.refusal = ""  # the status to answer when there is no use in waiting for the end
        self.cut = False  # to be answered without its end: the body is larger than anybody reads
        self.asks = False  # the sender waits for a word before it sends the body
        self._searched = 0  # the head's end does not lie before this
        self._end: int | None = None  # where a body of known length ends
        self._chunk: int | None = None  # where the next chunk begins
        self._sizes = 0  # of the chunks so far

    def add(self, data: bytes) -> bool:
        """Take more bytes; True when there is nothing left to wait for."""
        self.held += data
        if self._end is None and self._chunk is None:
            self._find_head()
        if self._chunk is not None:
            return self._last_chunk() or self._enough()
        return self.cut or bool(self.refusal) or (self._end is not None and len(self.held) >= self._end)

    def _find_head(self) -> None:
        while self.held.startswith(CRLF):  # empty lines before a request are to be ignored
            del self.held[: len(CRLF)]
        at = self.held.find(HEAD_END, self._searched)
        if at >= 0:
            self._framing(bytes(self.held[: at + len(HEAD_END)]))
        elif len(self.held) > MOST_HEAD:
            self.refusal = "431 Request Header Fields Too Large"
        self._searched = max(0, len(self.held) - len(HEAD_END))

    def _framing(self, head: bytes) -> None:
        """Learn how the body's end is told."""
        told, length = FRAMED.findall(head), LENGTH.search(head)
        self.asks = bool(ASKS.search(head))
        if not told:
            self._end = len(head)
        elif len(told) == 1 and length:
            self._end = len(head) + int(length[1])
            self.cut = int(length[1]) > MOST_BODY
        elif len(told) == 1 and CHUNKED.search(head):
            self._chunk = len(head)
        else:
            self.refusal = "400 Bad Request"

    def _last_chunk(self) -> bool:
        """Go on from chunk to chunk; True when the last one and what may follow it are here."""
        while self._chunk is not None and self._chunk < len(self.held):
            line = CHUNK.match(self.held, self._chunk)
            if line is None:
                self._broken_unless_short(self._chunk)
                return False
            size = int(line[1], 16)
            if size == 0:
                return self.held.find(HEAD_END, line.end() - len(CRLF)) >= 0
            self._sizes += size
            self._chunk = line.end() + size + len(CRLF)
            if self._chunk <= len(self.held) and not self.held.endswith(CRLF, 0, self._chunk):
                self.refusal = "400 Bad Request"
        return False

    def _broken_unless_short(self, at: int) -> None:
        """The beginning of a chunk's line may still become one; a whole line that is none will not."""
        if self.held.find(b"\n", at) >= 0 or len(self.held) - at > LONGEST_LINE:
            self.refusal = "400 Bad Request"

    def _enough(self) -> bool:
        """True when more bytes have come in chunks than anybody reads, or when there is an error."""
        missing = max(0, (self._chunk or 0) - len(CRLF) - len(self.held))
        self.cut = self._sizes - missing > MOST_BODY
        if not self.cut and len(self.held) > MOST_BYTES:
            self.refusal = "413 Content Too Large"
        return self.cut or bool(self.refusal)
