"""Questions about the way out and in, for whoever sets an installation up."""

import socket
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote

import requests

from integrations.http import Http


def resolves(host: str) -> bool:
    """True when the name has an address."""
    try:
        return bool(socket.getaddrinfo(host, None))
    except (OSError, UnicodeError):
        return False


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
    return fault, _date(answer.headers.get("Date", ""))


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else None
