"""The one fake of a vendor's HTTP API: a session that answers from a list and remembers what it was asked."""

import json as encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import urlsplit

import requests

from integrations.http import Http


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it went out."""

    method: str
    path: str
    params: Mapping[str, Any]
    json: Any
    headers: Mapping[str, str]
    auth: tuple[str, str] | None


def response(status: int, body: Any = None, headers: Mapping[str, str] | None = None) -> requests.Response:
    """A real `requests.Response`; `body` is encoded unless it is bytes, None is an empty one."""
    made = requests.Response()
    made.status_code = status
    made.headers.update(headers or {})
    made._content = body if isinstance(body, bytes) else b"" if body is None else encode.dumps(body).encode()
    return made


@dataclass
class FakeVendor:
    """Answers for (method, path), in order; the last one is repeated. Other hosts are an error."""

    host: str = "vendor.example"
    trust_env: bool = True
    answers: dict[tuple[str, str], list[Any]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)

    def on(
        self,
        method: str,
        path: str,
        body: Any = None,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> "FakeVendor":
        """Answer the next such request so; an exception as body is raised."""
        answer = body if isinstance(body, Exception) else response(status, body, headers)
        self.answers.setdefault((method, path), []).append(answer)
        return self

    def request(self, method: str, url: str, **kwargs: Any) -> requests.Response:
        """What `requests.Session.request` would do."""
        parts = urlsplit(url)
        assert kwargs["allow_redirects"] is False
        assert kwargs["timeout"]
        assert parts.hostname == self.host, url
        call = Call(
            method,
            parts.path,
            kwargs.get("params") or {},
            kwargs.get("json"),
            kwargs.get("headers") or {},
            kwargs.get("auth"),
        )
        self.calls.append(call)
        waiting = self.answers.get((method, parts.path))
        if not waiting:
            return response(404, {"message": "not found"})
        answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(answer, Exception):
            raise answer
        return cast("requests.Response", answer)

    def http(self) -> Http:
        """The way out that leads here."""
        return Http(cast("requests.Session", self))

    def asked(self, method: str) -> list[Call]:
        """The requests of one method."""
        return [call for call in self.calls if call.method == method]
