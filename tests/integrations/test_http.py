"""The way out against a real server on loopback: bounds, redirects, environment."""

import gzip
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
import requests

from integrations import http
from integrations.http import Http

BODIES = {
    "/small": b'{"a": 1}',
    "/large": b" " * 300_000,
    "/bomb": gzip.compress(b" " * 300_000),
}


class Vendor(BaseHTTPRequestHandler):
    """A few answers; whatever is asked of /moved is sent on to /small."""

    def do_GET(self) -> None:
        """Answer by path."""
        body = BODIES.get(self.path, b"")
        self.send_response(302 if self.path == "/moved" else 200)
        self.send_header("Location", "/small")
        self.send_header("Content-Length", str(len(body)))
        if self.path == "/bomb":
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Stay silent."""


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    """The address of a server that answers."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Vendor)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_an_answer_is_read_whole(host: str) -> None:
    assert Http().request("GET", f"{host}/small").json() == {"a": 1}


@pytest.mark.parametrize("url", ["http://[::1", "https://[x]/", "nowhere", "http://", "ftp://a.test/"])
def test_what_is_no_address_is_asked_nothing(url: str) -> None:
    with pytest.raises(requests.RequestException) as caught:
        Http().request("GET", url)
    assert not http.was_sent(caught.value)


@pytest.mark.parametrize("path", ["/large", "/bomb"])
def test_an_answer_that_is_too_long_is_no_answer(
    host: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "MAX_ANSWER", 100_000)
    with pytest.raises(requests.RequestException):
        Http().request("GET", f"{host}{path}")


def test_an_answer_that_takes_too_long_is_no_answer(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "LONGEST", -1.0)
    with pytest.raises(requests.RequestException):
        Http().request("GET", f"{host}/large")


def test_a_redirect_is_an_answer_and_not_followed(host: str) -> None:
    assert Http().request("GET", f"{host}/moved").status_code == 302


def test_a_proxy_of_the_environment_is_not_used(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    assert Http().request("GET", f"{host}/small").status_code == 200


def test_a_key_that_no_header_can_carry_is_an_error_like_any_other() -> None:
    with pytest.raises(requests.RequestException) as caught:
        Http().request("GET", "http://127.0.0.1:1/", headers={"Authorization": "Bearer key\u200b"})
    assert not http.was_sent(caught.value)
