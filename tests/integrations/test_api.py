"""Answers of a vendor become one family of errors, at one place."""

from typing import Any

import pytest
import requests

from integrations.api import MAX_PAGES, Api, path, readable
from integrations.base import Gone, IntegrationError, OutcomeUnknown
from integrations.payload import Part
from tests.helpers.fake_vendor import FakeVendor


def api(vendor: FakeVendor) -> Api:
    """An API on the fake host."""
    return Api(vendor.http(), "Vendor", "https://vendor.example", "Ask for a key.")


def failure(vendor: FakeVendor, **kwargs: Any) -> IntegrationError:
    """The error that a GET of /x raises."""
    with pytest.raises(IntegrationError) as raised:
        api(vendor).get("/x", **kwargs)
    return raised.value


def test_what_does_not_exist_is_gone_only_where_that_means_the_booking() -> None:
    assert isinstance(failure(FakeVendor(), gone="It is gone."), Gone)
    other = failure(FakeVendor())
    assert (type(other), other.permanent) == (IntegrationError, True)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_says_what_is_missing_and_is_final(status: int) -> None:
    error = failure(FakeVendor().on("GET", "/x", {}, status))
    assert error.permanent
    assert "Ask for a key." in str(error)


@pytest.mark.parametrize("status", [301, 302, 307, 408, 409, 423, 425, 500, 502, 503])
def test_what_may_pass_is_tried_again(status: int) -> None:
    assert not failure(FakeVendor().on("GET", "/x", {}, status)).permanent


@pytest.mark.parametrize("status", [400, 405, 422])
def test_a_request_that_is_wrong_is_not_tried_again(status: int) -> None:
    assert failure(FakeVendor().on("GET", "/x", {}, status)).permanent


def test_a_redirect_is_never_followed() -> None:
    vendor = FakeVendor().on("GET", "/x", {}, 302, {"Location": "http://169.254.169.254/"})
    failure(vendor)
    assert len(vendor.calls) == 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "30"}, 30),
        ({"X-RateLimit-Reset": "45"}, 45),
        ({"Retry-After": "0"}, 1),
        ({"Retry-After": "999999"}, 6 * 3600),
        ({"Retry-After": "soon"}, 60),
        ({}, 60),
        ({"X-RateLimit-Reset": "1800000060", "Date": "Fri, 15 Jan 2027 08:00:00 GMT"}, 60),
        ({"Retry-After": "Fri, 15 Jan 2027 08:01:30 GMT", "Date": "Fri, 15 Jan 2027 08:00:00 GMT"}, 90),
        ({"X-RateLimit-Reset": "1800000060"}, 60),
        ({"Retry-After": "Fri, 15 Jan 2027 08:01:30 GMT"}, 60),
        ({"Retry-After": "Fri, 15 Jan 2027 08:01:30 +99999999999999999999"}, 60),
        ({"Retry-After": "Fri, 15 Jan 2027 08:01:30 -0000", "Date": "Fri, 15 Jan 2027 08:00:00 GMT"}, 90),
    ],
)
def test_a_limit_says_when_to_come_back(headers: dict[str, str], seconds: float) -> None:
    error = failure(FakeVendor().on("GET", "/x", {}, 429, headers))
    assert (error.permanent, error.retry_after) == (False, seconds)


@pytest.mark.parametrize("body", [b"<html>", b"\xff\xfe", b"[" * 100_000])
def test_an_answer_that_is_not_json_may_pass(body: bytes) -> None:
    assert not failure(FakeVendor().on("GET", "/x", body)).permanent


def test_an_answer_of_another_shape_may_pass() -> None:
    vendor = FakeVendor().on("GET", "/x", ["odd"])
    with pytest.raises(IntegrationError) as raised:
        api(vendor).part("/x")
    assert not raised.value.permanent


@pytest.mark.parametrize("error", [requests.ConnectionError("x"), requests.ReadTimeout("x")])
def test_silence_may_pass_and_is_unknown_where_it_must_not_happen_twice(error: Exception) -> None:
    assert type(failure(FakeVendor().on("GET", "/x", error))) is IntegrationError
    with pytest.raises(OutcomeUnknown):
        api(FakeVendor().on("POST", "/x", error)).send("POST", "/x", once=True)


def test_a_connection_that_never_opened_is_no_unknown_outcome() -> None:
    with pytest.raises(IntegrationError) as raised:
        api(FakeVendor().on("POST", "/x", requests.ConnectTimeout("x"))).send("POST", "/x", once=True)
    assert type(raised.value) is IntegrationError


def test_an_empty_answer_is_none() -> None:
    assert api(FakeVendor().on("DELETE", "/x", None, 204)).send("DELETE", "/x") is None


def test_an_identifier_never_becomes_two_steps() -> None:
    assert path("../..", "a b?c#d") == "/..%2F../a%20b%3Fc%23d"


def test_pages_end_at_a_bound() -> None:
    vendor = FakeVendor().on("GET", "/x", [{"id": 1}])
    with pytest.raises(IntegrationError, match="more than"):
        list(api(vendor).pages("/x", {}, lambda page, asked: asked))
    assert len(vendor.calls) == MAX_PAGES


def test_one_odd_booking_does_not_hide_the_others(caplog: pytest.LogCaptureFixture) -> None:
    def read(item: Part) -> Any:
        return [item.needed("id")]

    found: list[Any] = list(
        readable([Part({"id": "a"}), Part({"id": "secret value"}), Part({"id": "b"})], read, "main")
    )
    assert found == ["a", "b"]
    assert "secret value" not in caplog.text


def test_the_session_ignores_the_environment_and_redirects() -> None:
    vendor = FakeVendor().on("GET", "/x", {})
    api(vendor).get("/x")
    assert vendor.trust_env is False
