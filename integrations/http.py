"""The one way out to a vendor's HTTP API: fixed hosts, no redirects, bounded time and size."""

import ssl
import time
from collections.abc import Callable, Hashable
from typing import Any

import requests
from urllib3.exceptions import NewConnectionError

TIMEOUT = (5.0, 15.0)  # seconds to connect, to wait for the next bytes
LONGEST = 60.0  # seconds for a whole answer
MAX_ANSWER = 8 * 1024 * 1024
CHUNK = 64 * 1024
NOT_SENT = (requests.ConnectTimeout, requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema)


class Http:
    """A session that never follows redirects: an answer must not choose the host that we talk to."""

    def __init__(
        self, session: requests.Session | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.session = session or requests.Session()
        self.session.trust_env = False
        self.clock = clock
        self._free_at: dict[Hashable, float] = {}

    def hold(self, account: Hashable, seconds: float) -> None:
        """Ask nothing of an account for this long, since its vendor said so."""
        self._free_at[account] = self.clock() + seconds

    def held(self, account: Hashable) -> float:
        """Seconds until an account may be asked again; 0 when it may be asked now."""
        return max(self._free_at.get(account, 0.0) - self.clock(), 0.0)

    def request(self, method: str, url: str, **kwargs: Any) -> requests.Response:
        """Send one request; raises `requests.RequestException` when there is no answer, or too much of it."""
        kwargs.setdefault("timeout", TIMEOUT)
        answer = self.session.request(method, url, allow_redirects=False, stream=True, **kwargs)
        if answer.raw is not None:
            answer._content = _read(answer)
        return answer


def was_sent(error: requests.RequestException) -> bool:
    """False when no connection was made, so that the request cannot have taken effect."""
    why = getattr(error.args[0], "reason", None) if error.args else None
    untrusted = isinstance(why, Exception) and isinstance(
        why.args[0] if why.args else None, ssl.SSLCertVerificationError
    )
    return not (isinstance(error, NOT_SENT) or isinstance(why, NewConnectionError) or untrusted)


def _read(answer: requests.Response) -> bytes:
    """The body, decompressed, as long as it stays within our bounds."""
    until, body = time.monotonic() + LONGEST, bytearray()
    with answer:
        for chunk in answer.iter_content(CHUNK):
            body += chunk
            if len(body) > MAX_ANSWER or time.monotonic() > until:
                raise requests.exceptions.ContentDecodingError("The answer is too long.")
    return bytes(body)
