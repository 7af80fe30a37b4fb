"""Calendly: captured bodies, reschedules as a pair, and the API from recorded answers."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from integrations.base import (
    Gone,
    IntegrationError,
    InvalidSignature,
    Note,
    OutcomeUnknown,
    Scheduler,
    UnknownPayload,
    Unsupported,
)
from integrations.schedulers.calendly import SUBSCRIBED
from schemas.booking import BookingState, BookingStatus
from schemas.webhook import Notice
from tests.helpers.fake_vendor import FakeVendor
from tests.helpers.wire import NOW, PAYLOADS, SECRET, URL, connect, inbound, stored

OLD = "e0a1c3d5-7b9f-4a2c-8e6d-000000000001.1a2b3c4d-5e6f-4a7b-8c9d-000000000001"
NEW = "e0a1c3d5-7b9f-4a2c-8e6d-000000000002.1a2b3c4d-5e6f-4a7b-8c9d-000000000002"
ORGANIZATION = "https://api.calendly.com/organizations/O1"
SUBSCRIPTIONS = "/webhook_subscriptions"


def independent(body: bytes, secret: str, seconds: int) -> str:
    """`t=,v1=` as its description says, written without our signing module."""
    mac = hmac.new(secret.encode("utf-8"), digestmod=hashlib.sha256)
    mac.update(f"{seconds:d}.".encode("ascii"))
    mac.update(body)
    return "t=%d,v1=%s" % (seconds, mac.hexdigest())  # noqa: UP031


def notice(stem: str, **changes: Any) -> Notice:
    """The one notice of a stored body, with fields of its payload changed."""
    body = json.loads(stored("calendly", stem))
    body["payload"].update(changes)
    (found,) = connect("calendly").parse(inbound(body))
    return found


def state(stem: str, **changes: Any) -> BookingState:
    """The booking of a stored body."""
    found = notice(stem, **changes).booking
    assert found is not None
    return found


def recorded(name: str) -> Any:
    """A recorded answer of the API."""
    return json.loads((PAYLOADS / "calendly" / f"api-{name}.json").read_text())


def calendly(vendor: FakeVendor, **changes: Any) -> Scheduler:
    """Calendly with a token, on the fake host."""
    settings = {"api_key": "pat", "api_base": "https://vendor.example", "account": ORGANIZATION, **changes}
    return connect("calendly", vendor.http(), **settings)


def with_booking(vendor: FakeVendor) -> FakeVendor:
    """The answers that a fetch of E1.I1 needs."""
    vendor.on("GET", "/scheduled_events/E1", recorded("event"))
    return vendor.on("GET", "/scheduled_events/E1/invitees/I1", recorded("invitee"))


def test_an_independent_signature_is_accepted() -> None:
    body = stored("calendly", "12")
    value = independent(body, SECRET, int(NOW.timestamp()))
    connect("calendly").verify(inbound(body, {"Calendly-Webhook-Signature": value}))


@pytest.mark.parametrize("off", [-181, 181, -301, 301, -86400])
def test_a_signature_from_another_time_is_refused(off: int) -> None:
    body = stored("calendly", "12")
    value = independent(body, SECRET, int(NOW.timestamp()) + off)
    with pytest.raises(InvalidSignature):
        connect("calendly").verify(inbound(body, {"Calendly-Webhook-Signature": value}))


@pytest.mark.parametrize(
    "change",
    [
        lambda v: v.replace("t=", "t=0"),
        lambda v: v.replace("t=", "t=+"),
        lambda v: v.replace(",v1=", ".0,v1="),
        lambda v: v.replace(",", ", "),
        lambda v: v.replace(",", ";"),
        lambda v: v.upper(),
        lambda v: v + "," + v,
        lambda v: v.replace("v1", "v0"),
        lambda v: v[:-1],
        lambda v: v.split(",")[1],
        lambda v: v.replace("t=1", "t=١"),
        lambda v: "t=" + "9" * 5000 + v[12:],
    ],
)
def test_a_signature_in_another_form_is_refused(change: Any) -> None:
    body = stored("calendly", "12")
    value = change(independent(body, SECRET, int(NOW.timestamp())))
    with pytest.raises(InvalidSignature):
        connect("calendly").verify(inbound(body, {"Calendly-Webhook-Signature": value}))


def test_a_created_booking_is_read_whole() -> None:
    found = state("12")
    assert found.external_id == OLD
    assert (found.start, found.end) == (
        datetime(2026, 10, 14, 21, tzinfo=UTC),
        datetime(2026, 10, 14, 21, 30, tzinfo=UTC),
    )
    assert (found.status, found.client.name, found.client.zone) == (
        BookingStatus.confirmed,
        "Lena Novak",
        "America/Chicago",
    )
    assert (found.place, found.remote, found.practitioner) == ("RYP Academy", False, "Yannick")


def test_a_reschedule_is_a_pair_that_names_each_other() -> None:
    new, old = state("13"), state("14")
    assert (new.external_id, new.replaces, new.status) == (NEW, OLD, BookingStatus.confirmed)
    assert (old.external_id, old.replaced_by, old.status) == (OLD, NEW, BookingStatus.cancelled)


def test_a_cancellation_by_the_host_is_a_cancellation() -> None:
    found = state("03")
    assert (found.status, found.replaced_by) == (BookingStatus.cancelled, "")
    assert state("03", status="active").status is BookingStatus.cancelled


def test_a_no_show_is_marked_and_unmarked() -> None:
    marked, unmarked = notice("04"), notice("05")
    assert (marked.no_show, unmarked.no_show) == (True, False)
    assert marked.booking is not None
    assert unmarked.booking is not None
    assert (marked.booking.status, unmarked.booking.status) == (
        BookingStatus.no_show,
        BookingStatus.confirmed,
    )


@pytest.mark.parametrize(
    "event", ["routing_form_submission.created", "event_type.created", "contact.deleted"]
)
def test_another_event_says_nothing(event: str) -> None:
    assert connect("calendly").parse(inbound({"event": event, "payload": {}})) == []


@pytest.mark.parametrize(
    ("location", "remote", "place", "phone"),
    [
        ({"type": "physical", "location": "Main Street 1"}, False, "Main Street 1", ""),
        ({"type": "custom", "location": None}, False, "", ""),
        ({"type": "zoom_conference", "join_url": "https://zoom.example"}, True, "", ""),
        ({"type": "outbound_call", "location": "+49 151 1234567"}, True, "", "+49 151 1234567"),
        (None, False, "", ""),
    ],
)
def test_a_location_is_a_place_or_a_call(location: Any, remote: bool, place: str, phone: str) -> None:
    scheduled = json.loads(stored("calendly", "12"))["payload"]["scheduled_event"]
    found = state("12", scheduled_event={**scheduled, "location": location})
    assert (found.remote, found.place, found.client.phone) == (remote, place, phone)


@pytest.mark.parametrize(
    "uri",
    [
        None,
        "",
        7,
        "https://api.calendly.com/users/U1",
        "https://evil.example/scheduled_events/../invitees/x",
        "file:///scheduled_events/E1/invitees/I1",
        "https://api.calendly.com/scheduled_events/E1/invitees/I1?x=1",
    ],
)
def test_an_odd_uri_is_not_understood(uri: Any) -> None:
    with pytest.raises(UnknownPayload):
        notice("12", uri=uri)


def test_the_host_in_a_uri_is_never_used() -> None:
    uri = "https://evil.example/scheduled_events/E1/invitees/I1"
    assert notice("12", uri=uri).external_id == "E1.I1"
    vendor = with_booking(FakeVendor())
    calendly(vendor).fetch("E1.I1")
    assert [call.path for call in vendor.calls] == [
        "/scheduled_events/E1",
        "/scheduled_events/E1/invitees/I1",
    ]


def test_a_booking_is_fetched_as_it_is_now() -> None:
    (found,) = calendly(with_booking(FakeVendor())).fetch("E1.I1")
    assert (found.external_id, found.service, found.service_name) == ("E1.I1", "T1", "Deep tissue 60")
    assert (found.client.email, found.place) == ("zoe@example.org", "Main Street 1")


def test_an_invitee_of_a_canceled_event_is_canceled() -> None:
    event = recorded("event")
    event["resource"]["status"] = "canceled"
    vendor = FakeVendor().on("GET", "/scheduled_events/E1", event)
    vendor.on("GET", "/scheduled_events/E1/invitees/I1", recorded("invitee"))
    assert calendly(vendor).fetch("E1.I1")[0].status is BookingStatus.cancelled


@pytest.mark.parametrize("external_id", ["E9.I9", "nonsense", ""])
def test_a_booking_that_is_not_there_is_gone(external_id: str) -> None:
    with pytest.raises(Gone):
        calendly(FakeVendor()).fetch(external_id)


def test_every_invitee_of_every_coming_event_is_listed() -> None:
    event, invitee = recorded("event")["resource"], recorded("invitee")["resource"]
    second = {**invitee, "uri": invitee["uri"].replace("I1", "I2"), "email": "b@example.org"}
    vendor = FakeVendor()
    vendor.on("GET", "/scheduled_events", {"collection": [event], "pagination": {"next_page_token": "more"}})
    vendor.on("GET", "/scheduled_events", {"collection": [], "pagination": {"next_page_token": None}})
    vendor.on("GET", "/scheduled_events/E1/invitees", {"collection": [invitee, second], "pagination": {}})
    found = list(calendly(vendor).changed_since(NOW))
    assert [one.external_id for one in found] == ["E1.I1", "E1.I2"]
    assert vendor.calls[0].params["organization"] == ORGANIZATION
    assert vendor.calls[-1].params["page_token"] == "more"


def test_the_organization_is_asked_for_when_it_is_not_configured() -> None:
    vendor = FakeVendor().on("GET", "/users/me", {"resource": {"current_organization": ORGANIZATION}})
    vendor.on("GET", "/scheduled_events", {"collection": []})
    assert list(calendly(vendor, account="").changed_since(NOW)) == []
    assert vendor.calls[-1].params["organization"] == ORGANIZATION


def test_a_person_may_be_the_scope() -> None:
    me = "https://api.calendly.com/users/U1"
    vendor = FakeVendor().on("GET", "/users/me", {"resource": {"current_organization": ORGANIZATION}})
    vendor.on("GET", SUBSCRIPTIONS, {"collection": []})
    vendor.on(
        "POST", SUBSCRIPTIONS, {"resource": {"uri": f"https://api.calendly.com{SUBSCRIPTIONS}/W1"}}, 201
    )
    calendly(vendor, account=me).register("key")
    (sent,) = vendor.asked("POST")
    assert (sent.json["user"], sent.json["organization"], sent.json["scope"]) == (me, ORGANIZATION, "user")


def test_a_limit_is_passed_on() -> None:
    vendor = FakeVendor().on("GET", "/scheduled_events", {}, 429, {"X-RateLimit-Reset": "20"})
    with pytest.raises(IntegrationError) as raised:
        list(calendly(vendor).changed_since(NOW))
    assert raised.value.retry_after == 20


def subscription(**changes: Any) -> dict[str, Any]:
    """One subscription as Calendly lists it."""
    uri = f"https://api.calendly.com{SUBSCRIPTIONS}/W1"
    return {"uri": uri, "callback_url": URL, "state": "active", "events": list(SUBSCRIBED), **changes}


def test_a_healthy_subscription_is_found() -> None:
    vendor = FakeVendor().on("GET", SUBSCRIPTIONS, {"collection": [subscription()]})
    found = calendly(vendor).register("")
    assert (found.external_id, found.secret) == ("W1", "")
    assert len(vendor.calls) == 1


@pytest.mark.parametrize(
    "changes", [{"state": "disabled"}, {"events": ["invitee.created"]}, {"events": [{}]}, {}]
)
def test_a_subscription_is_made_anew_with_our_key(changes: dict[str, Any]) -> None:
    vendor = FakeVendor().on("GET", SUBSCRIPTIONS, {"collection": [subscription(**changes)]})
    vendor.on("DELETE", f"{SUBSCRIPTIONS}/W1", None, 204)
    vendor.on(
        "POST", SUBSCRIPTIONS, {"resource": {"uri": f"https://api.calendly.com{SUBSCRIPTIONS}/W2"}}, 201
    )
    made = calendly(vendor).register("key")
    assert (made.external_id, made.secret) == ("W2", "key")
    assert [call.method for call in vendor.calls] == ["GET", "DELETE", "POST"]
    assert vendor.calls[-1].json["signing_key"] == "key"


def test_missing_scopes_are_named_as_the_reason_and_no_plan_is() -> None:
    """Webhooks are on every plan since 2026-11-03: developer.calendly.com, release notes."""
    vendor = FakeVendor().on("GET", SUBSCRIPTIONS, {"collection": []}).on("POST", SUBSCRIPTIONS, {}, 403)
    with pytest.raises(IntegrationError) as refused:
        calendly(vendor).register("key")
    for scope in ("users:read", "scheduled_events:read", "webhooks:write", "contacts:read"):
        assert scope in str(refused.value)
    assert "plan" not in str(refused.value)


def test_unregistering_removes_ours_only() -> None:
    others = subscription(
        callback_url="https://elsewhere.example", uri=f"https://x.example{SUBSCRIPTIONS}/W9"
    )
    vendor = FakeVendor().on("GET", SUBSCRIPTIONS, {"collection": [others, subscription()]})
    vendor.on("DELETE", f"{SUBSCRIPTIONS}/W1", None, 204)
    assert calendly(vendor).unregister() == 1


NOTE = Note("https://aftercare.example/b/1", "missing")


def noted(vendor: FakeVendor, *bodies: str) -> FakeVendor:
    """A vendor with one contact and these notes about it."""
    with_booking(vendor).on(
        "GET", "/contacts", {"collection": [{"uri": "https://api.calendly.com/contacts/C1"}]}
    )
    return vendor.on("GET", "/notes", {"collection": [{"body": body} for body in bodies]})


def test_a_note_is_written_once() -> None:
    vendor = noted(FakeVendor()).on("POST", "/notes", {"resource": {}}, 201)
    calendly(vendor, attach="contact_note").attach("E1.I1", NOTE)
    (sent,) = vendor.asked("POST")
    assert (sent.json["contact"], NOTE.link in sent.json["body"]) == (
        "https://api.calendly.com/contacts/C1",
        True,
    )
    again = noted(FakeVendor(), sent.json["body"])
    calendly(again, attach="contact_note").attach("E1.I1", NOTE)
    assert again.asked("POST") == []


def test_a_lost_answer_to_a_note_is_an_unknown_outcome() -> None:
    vendor = noted(FakeVendor()).on("POST", "/notes", requests.ReadTimeout("x"))
    with pytest.raises(OutcomeUnknown):
        calendly(vendor, attach="contact_note").attach("E1.I1", NOTE)


def test_a_note_is_written_by_choice_only() -> None:
    for choice in ("", "off"):
        with pytest.raises(Unsupported):
            calendly(with_booking(FakeVendor()), attach=choice).attach("E1.I1", NOTE)
    unknown = with_booking(FakeVendor()).on("GET", "/contacts", {"collection": []})
    with pytest.raises(Unsupported, match="no contact"):
        calendly(unknown, attach="contact_note").attach("E1.I1", NOTE)


def test_problems_say_what_to_set() -> None:
    assert connect("calendly").problems() == []
    assert len(connect("calendly", secrets=(), attach="notes").problems()) == 2
    with pytest.raises(Unsupported):
        list(connect("calendly").changed_since(NOW - timedelta(days=2)))
