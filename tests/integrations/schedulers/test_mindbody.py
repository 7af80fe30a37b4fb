"""Mindbody: signed webhooks of its documented shape; no vendor was reached."""

import json
from typing import Any

import pytest

from integrations.base import IntegrationError, InvalidSignature, Scheduler, UnknownPayload, Unsupported
from integrations.schedulers.mindbody import SUBSCRIBED
from schemas.booking import BookingStatus
from schemas.webhook import Notice
from tests.helpers.fake_vendor import FakeVendor
from tests.helpers.wire import NOW, SECRET, URL, connect, inbound, stored

SUBSCRIPTIONS = "/push/api/v1/subscriptions"
KEY = "/9osqfDc64iJ/2UXj+H1vREFCrrzCSOYGNt9A9bBAWg="


def mindbody(vendor: FakeVendor, **changes: Any) -> Scheduler:
    """A connection on the fake host."""
    base = "https://vendor.example/push/api/v1"
    return connect("mindbody", vendor.http(), api_key="key", account="4711", api_base=base, **changes)


def body(stem: str = "01", **changes: Any) -> dict[str, Any]:
    """A stored body with fields of its data changed."""
    whole: dict[str, Any] = json.loads(stored("mindbody", stem))
    whole["eventData"].update(changes)
    return whole


def notice(whole: dict[str, Any], **connection: Any) -> Notice:
    """The one notice of a body."""
    (found,) = connect("mindbody", **connection).parse(inbound(whole))
    return found


def test_a_signature_without_its_prefix_is_refused() -> None:
    # Counted with openssl: openssl dgst -sha256 -hmac a-secret-of-the-tests -binary | base64
    known, signature = b'{"eventId":"x"}', "ECnUISr+RoZ9tcBBQ45SXDKSwzEqspjeqrhsdkY++a8="
    connect("mindbody").verify(inbound(known, {"X-Mindbody-Signature": f"sha256={signature}"}))
    with pytest.raises(InvalidSignature):
        connect("mindbody").verify(inbound(known, {"X-Mindbody-Signature": signature}))


def test_a_webhook_holds_client_practitioner_and_order() -> None:
    found = notice(body())
    assert found.booking is not None
    assert (found.booking.client.name, found.booking.client.ref) == ("Zoë Łuć", "100000120")
    assert (found.booking.client.phone, found.booking.practitioner) == ("+48 12 345 67 89", "Mara Field")
    assert found.booking.created_at == found.occurred_at
    assert notice(body("02")).booking.created_at is None  # type: ignore[union-attr] # a whole booking


def test_the_service_is_named_where_the_webhook_names_it() -> None:
    named = notice(body(appointmentName="Deep tissue 90 minutes"))
    assert named.booking is not None
    assert named.booking.service_name == "Deep tissue 90 minutes"
    assert notice(body()).booking.service_name == ""  # type: ignore[union-attr] # a whole booking


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("Booked", BookingStatus.confirmed),
        ("Arrived", BookingStatus.confirmed),
        (None, BookingStatus.confirmed),
        ("Late Cancelled", BookingStatus.cancelled),
        ("No-show", BookingStatus.no_show),
        ("Rumoured", BookingStatus.pending),
    ],
)
def test_a_status_gives_a_state(word: str | None, status: BookingStatus) -> None:
    found = notice(body(status=word))
    assert found.booking is not None
    assert found.booking.status is status
    assert ("eventData.status" in found.notes) is (word == "Rumoured")


@pytest.mark.parametrize("stem", ["01", "02", "03", "04"])
def test_another_business_of_the_same_developer_says_nothing(stem: str) -> None:
    assert notice(body(stem), account="4711").external_id == "9021"
    assert connect("mindbody", account="4712").parse(inbound(body(stem))) == []


@pytest.mark.parametrize("start", ["2026-11-27T14:00:00", "2026-11-27", None, 7])
def test_a_time_without_an_offset_is_not_guessed(start: Any) -> None:
    with pytest.raises(UnknownPayload, match=r"eventData\.startDateTime"):
        notice(body(startDateTime=start))


def test_an_event_without_a_time_happened_when_it_came() -> None:
    whole = body("03")
    del whole["eventInstanceOriginationDateTime"]
    assert notice(whole).occurred_at == NOW


# Its API, as WebhooksDocumentation describes subscriptions


def there(name: str, url: str = URL, status: str = "Active") -> dict[str, Any]:
    """A subscription in a list, which does not show the key."""
    return {"subscriptionId": name, "status": status, "eventIds": list(SUBSCRIBED), "webhookUrl": url}


def serving(*found: dict[str, Any]) -> FakeVendor:
    """A vendor with these subscriptions, who makes W9."""
    vendor = FakeVendor().on("GET", SUBSCRIPTIONS, {"items": list(found)})
    made = there("W9", status="PendingActivation") | {"messageSignatureKey": KEY}
    vendor.on("POST", SUBSCRIPTIONS, made)
    for each in ("W1", "W9"):
        vendor.on("PATCH", f"{SUBSCRIPTIONS}/{each}", there(each))
        vendor.on("DELETE", f"{SUBSCRIPTIONS}/{each}", {"subscriptionId": each})
    return vendor


def test_registering_makes_a_webhook_and_switches_it_on() -> None:
    vendor = serving(there("W2", "https://elsewhere.example"))
    made = mindbody(vendor, secret_kept=True).register("ignored")
    assert (made.external_id, made.secret, made.events) == ("W9", KEY, SUBSCRIBED)
    assert [(each.method, each.path) for each in vendor.calls[1:]] == [
        ("POST", SUBSCRIPTIONS),
        ("PATCH", f"{SUBSCRIPTIONS}/W9"),
    ]
    assert vendor.calls[1].json["webhookUrl"] == URL
    assert vendor.calls[2].json == {"status": "Active"}
    assert {each.headers["API-Key"] for each in vendor.calls} == {"key"}


def test_registering_again_where_the_key_is_ours_leaves_one_webhook() -> None:
    vendor = serving(there("W1"))
    assert mindbody(vendor, secret_kept=True).register("").secret == KEY
    assert [each.path for each in vendor.asked("DELETE")] == [f"{SUBSCRIPTIONS}/W1"]


def test_registering_again_where_the_settings_hold_the_key_switches_on_what_is_there() -> None:
    vendor = serving(there("W1", status="DeactivatedTooManyFailedMessageDeliveryAttempts"))
    assert not mindbody(vendor).is_subscribed()
    made = mindbody(vendor).register(SECRET)
    assert (made.external_id, made.secret) == ("W1", "")
    assert not vendor.asked("POST")


def test_unregistering_removes_ours_only() -> None:
    vendor = serving(there("W1"), there("W2", "https://elsewhere.example"))
    assert mindbody(vendor).unregister() == 1


def test_a_refused_key_says_that_webhooks_need_one_of_their_own() -> None:
    vendor = FakeVendor().on("GET", SUBSCRIPTIONS, {}, status=401)
    with pytest.raises(IntegrationError, match="an API key of their own"):
        mindbody(vendor).ping()


def test_problems_say_what_to_set() -> None:
    assert mindbody(FakeVendor()).problems() == []
    assert len(connect("mindbody", secrets=()).problems()) == 2
    with pytest.raises(Unsupported):
        connect("mindbody").register("x")
    with pytest.raises(Unsupported):
        mindbody(FakeVendor()).fetch("9021")
