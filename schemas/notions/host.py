"""The machine that an address leads to."""

import ipaddress
from urllib.parse import urlsplit


def is_here(host: str) -> bool:
    """True for this machine: what is sent there never leaves it."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_private(url: str) -> bool:
    """True for an address in the web to which nothing can be read on the way."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    host = parts.hostname or ""
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and is_here(host)))
