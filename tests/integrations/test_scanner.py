"""The virus scanner: its word counts, and without its word nothing is taken."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from handlers.context import Context
from handlers.plans import media
from integrations.base import IntegrationError
from integrations.scanner import CHUNK, Scanner
from schemas.media import INFECTED, NOT_SCANNED, Unsuitable

BAD = b"X5O!P%@AP-marker-of-a-test"
Served = Callable[[Callable[[bytes], bytes]], tuple[str, list[bytes]]]


def _read(taken: socket.socket, length: int) -> bytes:
    found = b""
    while len(found) < length and (more := taken.recv(length - len(found))):
        found += more
    return found


def _stream(taken: socket.socket) -> bytes:
    """What clamd is sent: a command, then parts with their length before them, up to one of none."""
    assert _read(taken, 10) == b"zINSTREAM\0"
    data = b""
    while length := struct.unpack(">I", _read(taken, 4))[0]:
        assert length <= CHUNK
        data += _read(taken, length)
    return data


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A clamd that answers as told, on a socket of this machine; what it was sent is kept."""
    listening = socket.socket(socket.AF_UNIX)
    got: list[bytes] = []

    def serve(answer: Callable[[bytes], bytes]) -> tuple[str, list[bytes]]:
        path = str(tmp_path / "clamd.ctl")
        listening.bind(path)
        listening.listen()

        def run() -> None:
            with suppress(OSError):
                while True:
                    taken, _ = listening.accept()
                    with taken:
                        got.append(_stream(taken))
                        taken.sendall(answer(got[-1]))

        threading.Thread(target=run, daemon=True).start()
        return path, got

    yield serve
    listening.close()


def verdict(data: bytes) -> bytes:
    return b"stream: Eicar-Test-Signature FOUND\0" if BAD in data else b"stream: OK\0"


@pytest.mark.parametrize("size", [0, 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_every_byte_is_looked_at(served: Served, size: int) -> None:
    path, got = served(verdict)
    assert Scanner(path).is_clean(b"a" * size)
    assert not Scanner(path).is_clean(b"a" * size + BAD)
    assert [len(each) for each in got] == [size, size + len(BAD)]


@pytest.mark.parametrize(
    "answer", [b"", b"INSTREAM size limit exceeded. ERROR\0", b"\xff\0", b"FOUND it OK?"]
)
def test_what_is_no_verdict_is_none(served: Served, answer: bytes) -> None:
    path, _got = served(lambda _data: answer)
    with pytest.raises(IntegrationError):
        Scanner(path).is_clean(b"a")


@pytest.mark.parametrize("address", ["/nowhere/clamd.ctl", "127.0.0.1:1", "", "x" * 300])
def test_a_scanner_that_is_away_is_said(address: str) -> None:
    with pytest.raises(IntegrationError):
        Scanner(address).is_clean(b"a")


def test_a_file_is_kept_only_after_the_scanner_has_seen_it(context: Context, served: Served) -> None:
    path, _got = served(verdict)
    assert media.scanned(context, BAD) == BAD, "without a scanner nothing is asked"
    seen = replace(context, scanner=Scanner(path))
    assert media.scanned(seen, b"a photo") == b"a photo"
    with pytest.raises(Unsuitable, match=INFECTED[:30]):
        media.scanned(seen, BAD)
    with pytest.raises(Unsuitable, match=NOT_SCANNED[:30]):
        media.scanned(replace(context, scanner=Scanner("/nowhere")), b"a photo")
