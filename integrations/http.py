"""The one way out to a vendor's HTTP API: fixed hosts, no redirects, bounded time and size."""

import socket
import ssl
import time
from collections.abc import Callable, Hashable
from contextvars import ContextVar
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NewConnectionError

from integrations.breaker import Breaker
from integrations.deadline import Deadline

TIMEOUT = (5.0, 15.0)  # seconds to connect, to wait for the next bytes
LONGEST = 30.0  # seconds for a whole call
MAX_ANSWER = 8 * 1024 * 1024
CHUNK = 64 * 1024
NOT_SENT = (
    requests.ConnectTimeout,
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidHeader,
)


class Resting(requests.ConnectTimeout):
    """Nothing was asked: the host has kept silent, and is tried again in so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__("The host does not answer.")
        self.seconds = seconds


class _Call(Deadline):
    """A call under way; `connecting` until there is somebody to send the request to."""

    connecting = False


_call: ContextVar[_Call] = ContextVar("call")


class Http:
    """A session that never follows redirects: an answer must not choose the host that we talk to."""

    def __init__(
        self, session: requests.Session | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.session = session or _session()
        self.session.trust_env = False
        self.clock = clock
        self.breaker = Breaker(clock)
        self._free_at: dict[Hashable, float] = {}

    def hold(self, account: Hashable, seconds: float) -> None:
        """Ask nothing of an account for this long, since its vendor said so."""
        self._free_at[account] = self.clock() + seconds

    def held(self, account: Hashable) -> float:
        """Seconds until an account may be asked again; 0 when it may be asked now."""
        return max(self._free_at.get(account, 0.0) - self.clock(), 0.0)

    def request(self, method: str, url: str, **kwargs: Any) -> requests.Response:
        """Send one request; raises `requests.RequestException` when there is no answer, or too much of it.

        A host that has kept silent several times is not asked: then it raises `Resting`.
        """
        host = _host(url)
        seconds = self.breaker.wait(host)
        if seconds:
            raise Resting(seconds)
        try:
            answer = self._asked(method, url, **kwargs)
        except requests.RequestException:
            self.breaker.heard(host, answered=False)
            raise
        self.breaker.heard(host, answered=True)
        return answer

    def _asked(self, method: str, url: str, **kwargs: Any) -> requests.Response:
        kwargs.setdefault("timeout", TIMEOUT)
        with _Call(LONGEST) as call:
            token = _call.set(call)
            try:
                answer = self.session.request(method, url, allow_redirects=False, stream=True, **kwargs)
                if answer.raw is not None:
                    answer._content = _read(answer)
            except (requests.Timeout, requests.ConnectionError) as error:
                if call.connecting:
                    raise requests.ConnectTimeout("No connection was made.") from error
                raise
            except UnicodeError as error:  # a key that was pasted with a sign that no header can carry
                raise requests.exceptions.InvalidHeader("A key has signs that cannot be sent.") from error
            finally:
                _call.reset(token)
        if call.passed:  # the end of what we have may be where we cut it off
            raise requests.ReadTimeout("The answer took too long.")
        return answer


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc
    except ValueError as error:
        raise requests.exceptions.InvalidURL("This is no address.") from error


class _Watched(HTTPConnection):
    """Shows its socket to the deadline of the call that it serves."""

    def connect(self) -> None:
        _call.get().connecting = True
        super().connect()
        _call.get().connecting = False

    def _new_conn(self) -> socket.socket:
        made = super()._new_conn()
        _call.get().watch(made)
        return made

    def request(self, *args: Any, **kwargs: Any) -> None:
        super().request(*args, **kwargs)
        _call.get().watch(self.sock)


class _WatchedTls(_Watched, HTTPSConnection):
    """The same over TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Watched


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedTls


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}


def _session() -> requests.Session:
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter())
    return session


def was_sent(error: requests.RequestException) -> bool:
    """False when no connection was made, so that the request cannot have taken effect."""
    why = getattr(error.args[0], "reason", None) if error.args else None
    untrusted = isinstance(why, Exception) and isinstance(
        why.args[0] if why.args else None, ssl.SSLCertVerificationError
    )
    return not (isinstance(error, NOT_SENT) or isinstance(why, NewConnectionError) or untrusted)


def _read(answer: requests.Response) -> bytes:
    """The body, decompressed, as long as it stays within our bounds."""
    body = bytearray()
    with answer:
        for chunk in answer.iter_content(CHUNK):
            body += chunk
            if len(body) > MAX_ANSWER:
                raise requests.exceptions.ContentDecodingError("The answer is too long.")
    return bytes(body)
