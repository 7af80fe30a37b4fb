"""Ports of the loopback address."""

import random
import socket
from contextlib import suppress
from itertools import count

PORTS = count(random.randrange(10_000, 30_000))  # below those that the system gives to whoever asks


def free_port() -> int:
    """A port of the loopback address that nobody listens on, and nobody is given before it is used."""
    for port in PORTS:
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("unreachable")
