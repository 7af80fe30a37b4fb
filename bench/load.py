"""A load of HTTP requests from a process of its own, so that sender and server do not share an interpreter.

Run as `python -m bench.load PORT CONNECTIONS SECONDS FILE`: FILE holds pickled requests, taken in turn.
Prints one line of JSON: requests a second, median and 99th percentile of the answer times in milliseconds.
"""

import json
import pickle
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Figures:
    """Requests a second; median and 99th percentile of the answer times, and the server's processor time for
    a request, in milliseconds."""

    rate: float
    median: float
    p99: float
    processor: float = 0.0


def load(port: int, connections: int, seconds: float, requests: Path) -> Figures:
    """Measure in another process."""
    words = [str(port), str(connections), str(seconds), str(requests)]
    command = [sys.executable, "-m", "bench.load", *words]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return Figures(**json.loads(said.stdout))


@dataclass
class _Sender:
    """One connection that sends the next request as soon as the answer to the last one is there."""

    wire: socket.socket
    requests: Iterator[bytes]
    times: list[float]
    began: float = 0.0
    got: bytes = field(default=b"")

    def send(self) -> None:
        """Send the next request."""
        self.began, self.got = time.perf_counter(), b""
        self.wire.sendall(next(self.requests))

    def receive(self) -> bool:
        """Read; True once the answer is whole."""
        said = self.wire.recv(65536)
        assert said, "The server hung up."
        self.got += said
        head, between, body = self.got.partition(b"\r\n\r\n")
        if not between or len(body) < _length(head):
            return False
        self.times.append(time.perf_counter() - self.began)
        assert head[9:12] in (b"200", b"202"), head
        return True


def _length(head: bytes) -> int:
    return int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])


def _run(port: int, connections: int, seconds: float, requests: list[bytes]) -> list[float]:
    times: list[float] = []
    turn, watch = cycle(requests), selectors.DefaultSelector()
    for _ in range(connections):
        wire = socket.create_connection(("127.0.0.1", port), timeout=30)
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sender = _Sender(wire, turn, times)
        watch.register(wire, selectors.EVENT_READ, sender)
        sender.send()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for key, _ in watch.select(1):
            if key.data.receive():
                key.data.send()
    return sorted(times)


def main(port: str, connections: str, seconds: str, requests: str) -> None:
    """Print the figures of one load."""
    made = pickle.loads(Path(requests).read_bytes())
    times = _run(int(port), int(connections), float(seconds), made)
    figures = {
        "rate": len(times) / float(seconds),
        "median": 1000 * times[len(times) // 2],
        "p99": 1000 * times[int(len(times) * 0.99)],
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main(*sys.argv[1:])
