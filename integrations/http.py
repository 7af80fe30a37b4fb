"""The one way out to a vendor's HTTP API: fixed hosts, no redirects, bounded time, one error family."""

from collections.abc import Mapping
from typing import Any, Protocol

import requests

TIMEOUT = (5.0, 15.0)  # seconds to connect, to read
MAX_ANSWER = 8 * 1024 * 1024


class Answer(Protocol):
    """What the schedulers use of a `requests.Response`."""

    status_code: int
    headers: Mapping[str, str]

    def json(self) -> Any:
        """The decoded body."""


class Http:
    """A session that never follows redirects: an answer must not choose the host that we talk to."""

    def __init__(self, session: requests.Session | None = None) -> None:
        self.session = session or requests.Session()
        self.session.trust_env = False

    def request(self, method: str, url: str, **kwargs: Any) -> requests.Response:
        """Send one request; raises `requests.RequestException` when there is no answer."""
        kwargs.setdefault("timeout", TIMEOUT)
        return self.session.request(method, url, allow_redirects=False, **kwargs)
