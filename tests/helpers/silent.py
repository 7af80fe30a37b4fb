"""A server on loopback that takes every connection and says nothing, or says it a byte at a time."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SLOWLY = 0.01  # seconds from one byte to the next


@dataclass
class Silent:
    """Where it listens, and the connections that it took."""

    listener: socket.socket
    drip: bytes = b""
    taken: list[socket.socket] = field(default_factory=list)

    @property
    def port(self) -> int:
        """The port on 127.0.0.1."""
        return int(self.listener.getsockname()[1])

    @property
    def url(self) -> str:
        """The address for HTTP."""
        return f"http://127.0.0.1:{self.port}"

    def run(self) -> None:
        """Take connections until the listener is closed."""
        with suppress(OSError):
            while True:
                taken, _ = self.listener.accept()
                self.taken.append(taken)
                if self.drip:
                    threading.Thread(target=self._drip, args=(taken,), daemon=True).start()

    def _drip(self, taken: socket.socket) -> None:
        with suppress(OSError):
            for byte in self.drip:
                taken.sendall(bytes([byte]))
                time.sleep(SLOWLY)
            while True:
                taken.sendall(b"x")
                time.sleep(SLOWLY)


@contextmanager
def silent(drip: bytes = b"") -> Iterator[Silent]:
    """Such a server; `drip` is what it says before it goes on for ever with x."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    found = Silent(listener, drip)
    threading.Thread(target=found.run, daemon=True).start()
    try:
        yield found
    finally:
        listener.close()
        for each in found.taken:
            each.close()


@dataclass
class TextService:
    """A text-message service that takes every text."""

    server: ThreadingHTTPServer
    sent: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server.server_address[1]}"


@contextmanager
def text_service() -> Iterator[TextService]:
    """Such a service, on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Keep the text."""
            found.sent.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            body = b'{"sid": "SM1"}'
            self.send_response(201)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = TextService(server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
