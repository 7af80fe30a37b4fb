"""Questions about the way out and in, for whoever sets an installation up."""

import socket
import ssl
import struct
from datetime import UTC, datetime
from urllib.parse import quote

import requests

from integrations import dates
from integrations.http import Http

SECONDS = 5.0
TIME_SERVER = "pool.ntp.org"
NO_SUCH_NAME = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}
SINCE_1900 = 2_208_988_800  # seconds from there to 1970, where our clocks begin


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
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        asked.settimeout(SECONDS)
        asked.sendto(b"\x1b" + 47 * b"\0", (TIME_SERVER, 123))
        answer = asked.recv(512)
    if len(answer) < 48:
        raise OSError("the time server does not answer as one")
    seconds, fraction = struct.unpack("!II", answer[40:48])
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
