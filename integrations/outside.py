"""Questions about the way out and in, for whoever sets an installation up."""

import socket
import ssl
import struct
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import requests

from integrations import dates
from integrations.http import Http

SECONDS = 5.0
TIME_SERVER = "2.pool.ntp.org"  # of the pool's names the one with IPv6 too
NO_SUCH_NAME = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}
SINCE_1900 = 2_208_988_800  # seconds from there to 1970, where our clocks begin
ERA = 2**32  # seconds, after which its count begins again: for the first time in 2036


class Unsound(Exception):
    """A certificate that browsers do not take; the text says why."""


def resolves(host: str) -> bool | None:
    """Whether the name has an address; None when no name server could be asked, which may pass."""
    try:
        return bool(socket.getaddrinfo(host, None))
    except socket.gaierror as error:
        return False if error.errno in NO_SUCH_NAME else None
    except (OSError, UnicodeError):
        return False


def certificate(host: str, port: int = 443) -> datetime:
    """When the certificate of a host ends; raises `Unsound`, or OSError where nobody answers."""
    try:
        with (
            socket.create_connection((host, port), SECONDS) as plain,
            ssl.create_default_context().wrap_socket(plain, server_hostname=host) as secure,
        ):
            ends = str((secure.getpeercert() or {}).get("notAfter", ""))
    except ssl.SSLCertVerificationError as error:
        raise Unsound(error.verify_message) from error
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC)


def world_clock() -> datetime:
    """The time by the world's time servers (SNTP, RFC 4330); raises OSError where none answers."""
    why = OSError("no time server answers")
    found = socket.getaddrinfo(TIME_SERVER, 123, type=socket.SOCK_DGRAM)
    for family, place in {each[0]: each[4] for each in reversed(found)}.items():
        try:
            return _clock_at(family, place)
        except OSError as error:  # this machine has no IPv6, or nothing else
            why = error
    raise why


def _clock_at(family: int, place: Any) -> datetime:
    with socket.socket(family, socket.SOCK_DGRAM) as asked:
        asked.settimeout(SECONDS)
        asked.connect(place)  # nobody else is heard
        asked.send(b"\x1b" + 47 * b"\0")
        return _time_in(asked.recv(512))


def _time_in(answer: bytes) -> datetime:
    """The time in a server's answer; raises OSError for one that says it has none (RFC 4330, 5)."""
    if len(answer) < 48:
        raise OSError("the time server does not answer as one")
    seconds, fraction = struct.unpack("!II", answer[40:48])
    knows = answer[0] >> 6 != 3 and answer[0] & 7 == 4 and 0 < answer[1] < 16 and seconds
    if not knows:
        raise OSError("the time server does not know the time")
    seconds += ERA if seconds < ERA // 2 else 0
    return datetime.fromtimestamp(seconds - SINCE_1900 + fraction / 2**32, UTC)


def status_of(http: Http, url: str) -> int:
    """What an address answers to a GET; raises requests.RequestException."""
    return http.request("GET", url).status_code


def is_ours(http: Http, url: str) -> bool:
    """True when an address leads to an Aftercare that answers."""
    try:
        answer = http.request("GET", f"{url}/healthz")
        return bool(answer.ok and answer.json() == {"status": "ok"})
    except (requests.RequestException, ValueError):
        return False


def probe(http: Http, template: str, url: str) -> tuple[str, datetime | None]:
    """What was wrong when an outside service was asked to open `url` ("" for nothing), and its clock.

    `template` holds `{url}`, which is replaced by the address, quoted.
    """
    try:
        answer = http.request("GET", template.replace("{url}", quote(url, safe="")))
    except (requests.RequestException, ValueError) as error:
        return f"The probe could not be asked ({type(error).__name__}).", None
    fault = "" if answer.ok else f"The probe answered {answer.status_code}."
    return fault, dates.read(answer.headers.get("Date", ""))
