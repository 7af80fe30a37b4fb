"""A virus scanner on this machine or beside it: ClamAV's daemon (`man 8 clamd`, command INSTREAM)."""

import socket
import struct

from integrations.base import IntegrationError

CHUNK = 64 * 1024
SECONDS = 20.0
"""How long each step may take: somebody waits for the page."""


class Scanner:
    """`address` is the path of a socket, or HOST:PORT."""

    def __init__(self, address: str) -> None:
        self._address = address

    def is_clean(self, data: bytes) -> bool:
        """False for what is malware; raises IntegrationError where nobody could say."""
        try:
            said = self._asked(data)
        except OSError as error:
            raise IntegrationError("The virus scanner does not answer.") from error
        if said.endswith((b"OK", b"FOUND")):
            return said.endswith(b"OK")
        raise IntegrationError("The virus scanner could not look at a file.")

    def _asked(self, data: bytes) -> bytes:
        with self._connected() as scanner:
            scanner.sendall(b"zINSTREAM\0")
            for at in range(0, len(data), CHUNK):
                part = data[at : at + CHUNK]
                scanner.sendall(struct.pack(">I", len(part)) + part)
            scanner.sendall(struct.pack(">I", 0))
            return b"".join(iter(lambda: scanner.recv(1024), b"")).rstrip(b"\0\n")

    def _connected(self) -> socket.socket:
        host, _, port = self._address.rpartition(":")
        if host and port.isdecimal():
            return socket.create_connection((host, int(port)), SECONDS)
        made = socket.socket(socket.AF_UNIX)
        made.settimeout(SECONDS)
        try:
            made.connect(self._address)
        except OSError:
            made.close()
            raise
        return made
