"""Where an act comes from: the session, link or account of the machine, and the network."""

import ipaddress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache

LINK = "link"  # `via` of who came by a personal link


@dataclass(frozen=True, slots=True)
class Origin:
    """`via` is like "session:12", "link" or "os:root"; `source` a shortened address; each may be ""."""

    via: str = ""
    source: str = ""


NOWHERE = Origin()
_origin: ContextVar[Origin] = ContextVar("origin", default=NOWHERE)


def current() -> Origin:
    """Where what is done now comes from."""
    return _origin.get()


def begin(via: str = "", source: str = "") -> None:
    """All that is done from now on in this thread comes from there."""
    _origin.set(Origin(via, source))


def by(via: str) -> None:
    """It is known by now what it comes by."""
    _origin.set(Origin(via, _origin.get().source))


@lru_cache(1000)  # the same few senders, again and again
def network(address: str) -> str:
    """The address; of IPv6 the /64, since one household or server has all of that."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else address


def shortened(address: str) -> str:
    """The network of an address, too large to name a household: /24, of IPv6 /48; "" for none."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return ""
    found = getattr(found, "ipv4_mapped", None) or found
    return str(ipaddress.ip_network((found, 24 if found.version == 4 else 48), strict=False))
