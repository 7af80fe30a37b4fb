"""Square: signatures against the official helper, versions, bookings from recorded answers."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from square.utils.webhooks_helper import verify_signature

from integrations.base import (
    Gone,
    IntegrationError,
    InvalidSignature,
    Note,
    Scheduler,
    UnknownPayload,
    Unsupported,
)
from integrations.schedulers.square import SUBSCRIBED, WINDOWS
from integrations.signing import in_base64
from schemas.booking import BookingState, BookingStatus
from schemas.webhook import Inbound, Notice
from tests.helpers.fake_vendor import FakeVendor
from tests.helpers.wire import NOW, PAYLOADS, SECRET, URL, connect, inbound, stored

HEADER = "x-square-hmacsha256-signature"
DEFINITIONS = "/v2/bookings/custom-attribute-definitions"
SUBSCRIPTIONS = "/v2/webhooks/subscriptions"
NOTE = Note("https://aftercare.example/b/1", "missing")
RELATED = {
    "customer": "/v2/customers/C1",
    "service": "/v2/catalog/object/SV1",
    "team-member": "/v2/bookings/team-member-booking-profiles/TM1",
    "location": "/v2/locations/L1",
}


def recorded(name: str) -> Any:
    """A recorded answer of the API."""
    return json.loads((PAYLOADS / "square" / f"api-{name}.json").read_text())


def square(vendor: FakeVendor, **changes: Any) -> Scheduler:
    """Square with a token, on the fake host."""
    settings = {"api_key": "token", "api_base": "https://vendor.example", **changes}
    return connect("square", vendor.http(), **settings)


def vendor_with(*missing: str, **changes: Any) -> FakeVendor:
    """The answers that a fetch of bk1 needs, but those in `missing`; fields of the booking changed."""
    found = recorded("booking")
    found["booking"].update(changes)
    vendor = FakeVendor().on("GET", "/v2/bookings/bk1", found)
    for name, where in RELATED.items():
        if name not in missing:
            vendor.on("GET", where, recorded(name))
    return vendor


def fetched(*missing: str, **changes: Any) -> BookingState:
    """The booking of one fetch."""
    (found,) = square(vendor_with(*missing, **changes)).fetch("bk1")
    return found


def notice(stem: str) -> Notice:
    """The one notice of a stored body."""
    (found,) = connect("square").parse(inbound(stored("square", stem)))
    return found


@pytest.mark.parametrize("stem", ["01", "02", "03"])
def test_our_signature_is_the_official_one(stem: str) -> None:
    body = stored("square", stem)
    (signature,) = in_base64([SECRET], URL.encode() + body)
    assert verify_signature(
        request_body=body.decode(), signature_header=signature, signature_key=SECRET, notification_url=URL
    )
    connect("square").verify(inbound(body, {HEADER: signature}))


@pytest.mark.parametrize("url", [URL + "/", URL.replace("https", "http"), URL + "?a=1", URL.upper(), ""])
def test_another_url_is_another_signature(url: str) -> None:
    body = stored("square", "01")
    (signature,) = in_base64([SECRET], url.encode() + body)
    assert not url or not verify_signature(
        request_body=body.decode(), signature_header=signature, signature_key=SECRET, notification_url=URL
    )
    with pytest.raises(InvalidSignature):
        connect("square").verify(inbound(body, {HEADER: signature}))


def test_the_old_sha1_header_is_no_signature() -> None:
    with pytest.raises(InvalidSignature):
        connect("square").verify(Inbound({"x-square-signature": "x"}, b"{}", URL, NOW))


def test_a_webhook_says_version_and_no_more() -> None:
    found = notice("01")
    assert (found.external_id, found.version, found.booking) == ("i2id2g3enyspi7", 0, None)
    assert (notice("02").version, notice("02").gone) == (1, False)


def test_an_end_that_cannot_be_undone_is_said_at_once() -> None:
    assert (notice("03").gone, notice("03").version) == (True, 4)
    assert (notice("04").no_show, notice("04").gone) == (True, False)


@pytest.mark.parametrize("stem", ["05", "06"])
def test_a_test_ping_and_our_own_writing_say_nothing(stem: str) -> None:
    assert connect("square").parse(inbound(stored("square", stem))) == []


@pytest.mark.parametrize("changes", [{"id": None}, {"id": "../x"}, {"id": {}}])
def test_an_odd_body_is_not_understood(changes: dict[str, Any]) -> None:
    body = json.loads(stored("square", "01"))
    body["data"]["object"]["booking"].update(changes)
    with pytest.raises(UnknownPayload):
        connect("square").parse(inbound(body))


def test_a_booking_is_put_together() -> None:
    found = fetched()
    assert (found.start, found.end, found.version) == (
        datetime(2026, 11, 27, 14, tzinfo=UTC),
        datetime(2026, 11, 27, 15, tzinfo=UTC),
        3,
    )
    assert (found.client.name, found.client.email, found.client.phone) == (
        "Zoë Łuć",
        "zoe@example.org",
        "+4915112345678",
    )
    assert (found.service, found.service_name, found.practitioner) == ("SV1", "Deep tissue 60", "Mara Field")
    assert (found.place, found.zone) == ("Hands of Stone, 12 Main Street, Denver", "America/Denver")


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("PENDING", BookingStatus.pending),
        ("CANCELLED_BY_SELLER", BookingStatus.cancelled),
        ("DECLINED", BookingStatus.cancelled),
        ("NO_SHOW", BookingStatus.no_show),
        ("SOMETHING_NEW", BookingStatus.pending),
    ],
)
def test_a_status_gives_a_state(word: str, status: BookingStatus) -> None:
    assert fetched(status=word).status is status


def test_several_segments_are_one_visit() -> None:
    segments = [
        {
            "duration_minutes": 30,
            "intermission_minutes": 10,
            "service_variation_id": "SV1",
            "team_member_id": "TM1",
        },
        {"duration_minutes": 45, "service_variation_id": "SV2", "team_member_id": "TM2"},
    ]
    vendor = vendor_with(appointment_segments=segments)
    service = {
        "object": {"item_variation_data": {"name": "Long"}},
        "related_objects": [{"item_data": {"name": "Cups"}}],
    }
    vendor.on("GET", "/v2/catalog/object/SV2", service)
    vendor.on(
        "GET",
        "/v2/bookings/team-member-booking-profiles/TM2",
        {"team_member_booking_profile": {"display_name": "Ned"}},
    )
    (found,) = square(vendor).fetch("bk1")
    assert found.end == datetime(2026, 11, 27, 15, 25, tzinfo=UTC)
    assert (found.service_name, found.practitioner) == ("Deep tissue 60 + Cups, Long", "Mara Field, Ned")


# SDK 46, AppointmentSegment: duration_minutes is optional; CatalogItemVariation: service_duration in ms.
@pytest.mark.parametrize(
    ("segments", "minutes"),
    [
        ([{"service_variation_id": "SV1"}], 60),
        ([{"service_variation_id": "SV1", "duration_minutes": None, "intermission_minutes": 15}], 75),
        ([{"service_variation_id": "SV1", "duration_minutes": 0}], 60),
        ([{"service_variation_id": "SV1", "duration_minutes": "45"}], 45),
        ([{"service_variation_id": "unknown"}], 50),
        ([{"service_variation_id": "SV1", "duration_minutes": 30}, {"service_variation_id": "SV1"}], 90),
        ([{"service_variation_id": "SV1", "duration_minutes": -30}], 60),
        ([{"service_variation_id": "SV1", "duration_minutes": 45, "intermission_minutes": 10**9}], 45),
        ([{}], 50),
        ([], 50),
        (None, 50),
    ],
)
def test_a_missing_duration_is_the_services_else_a_usual_visits_and_never_nothing(
    segments: Any, minutes: int
) -> None:
    vendor = vendor_with(appointment_segments=segments)
    (found,) = square(vendor, visit_minutes=50).fetch("bk1")
    assert found.end - found.start == timedelta(minutes=minutes)


@pytest.mark.parametrize("typed", ["ann@example.org, bob@example.org", "Ann <ann@example.org>", "none", "-"])
def test_an_odd_address_does_not_lose_the_booking(typed: str) -> None:
    customer = {"customer": {**recorded("customer")["customer"], "email_address": typed}}
    vendor = vendor_with("customer").on("GET", RELATED["customer"], customer)
    (found,) = square(vendor).fetch("bk1")
    assert (found.client.name, found.client.email) == ("Zoë Łuć", "ann@example.org" if "@" in typed else "")


def test_a_booking_without_a_customer_is_a_booking() -> None:
    assert fetched(customer_id=None).client.name == ""
    assert fetched("customer").client.name == ""


def test_what_only_makes_it_nicer_to_read_may_be_missing() -> None:
    found = fetched("service", "team-member", "location")
    assert (found.service_name, found.practitioner, found.zone) == ("", "", "")
    assert found.client.name == "Zoë Łuć"


def test_a_failure_that_may_pass_is_not_taken_for_missing() -> None:
    vendor = vendor_with("service").on("GET", RELATED["service"], {}, 503)
    with pytest.raises(IntegrationError):
        square(vendor).fetch("bk1")


def test_a_customer_that_may_not_be_read_is_an_error_that_names_the_scope() -> None:
    vendor = vendor_with("customer").on("GET", RELATED["customer"], {}, 403)
    with pytest.raises(IntegrationError, match="CUSTOMERS_READ"):
        square(vendor).fetch("bk1")


def test_names_are_remembered_and_people_are_not() -> None:
    vendor = vendor_with()
    ours = square(vendor)
    ours.fetch("bk1")
    ours.fetch("bk1")
    asked = [call.path for call in vendor.calls]
    assert asked.count(RELATED["customer"]) == 2
    assert [asked.count(RELATED[name]) for name in ("service", "team-member", "location")] == [1, 1, 1]
    assert vendor.calls[0].headers["Square-Version"]


def test_a_call_is_remote() -> None:
    assert fetched(location_type="PHONE").remote
    assert fetched(location_type="CUSTOMER_LOCATION").place == ""


def test_a_booking_that_is_not_there_is_gone() -> None:
    with pytest.raises(Gone):
        square(FakeVendor()).fetch("bk1")


def test_a_year_is_listed_in_windows_that_square_allows() -> None:
    vendor = vendor_with().on(
        "GET", "/v2/bookings", {"bookings": [recorded("booking")["booking"]], "cursor": "c"}
    )
    vendor.on("GET", "/v2/bookings", {"bookings": [{"id": "odd"}]}).on("GET", "/v2/bookings", {})
    assert [one.external_id for one in square(vendor).changed_since(NOW)] == ["bk1"]
    asked = [call.params for call in vendor.calls if call.path == "/v2/bookings"]
    assert len(asked) == WINDOWS + 1
    assert asked[1]["cursor"] == "c"
    assert asked[0]["start_at_max"] == asked[2]["start_at_min"]


def test_a_cursor_goes_back_whole_however_long() -> None:
    """Up to 65,536 characters, by the models of Square's own SDKs; cut short it is refused, each time."""
    long = "c" * 65_536
    vendor = vendor_with().on("GET", "/v2/bookings", {"cursor": long}).on("GET", "/v2/bookings", {})
    places = [batch.place for batch in square(vendor).batches(NOW)]
    asked = [call.params for call in vendor.calls if call.path == "/v2/bookings"]
    assert asked[1]["cursor"] == long
    assert places[0] == f"0 - {long}"


def test_our_attribute_is_defined_once_and_then_set() -> None:
    where = "/v2/bookings/bk1/custom-attributes/aftercare"
    vendor = FakeVendor().on("POST", DEFINITIONS, {}).on("PUT", where, {})
    ours = square(vendor)
    ours.attach("bk1", NOTE)
    ours.attach("bk1", Note(NOTE.link, "done"))
    assert len(vendor.asked("POST")) == len(vendor.asked("GET")) == 1
    values = [call.json["custom_attribute"]["value"] for call in vendor.asked("PUT")]
    assert values == [f"missing {NOTE.link}", f"done {NOTE.link}"]


def test_a_definition_that_is_there_is_used() -> None:
    vendor = FakeVendor().on("GET", f"{DEFINITIONS}/aftercare", {})
    vendor.on("PUT", "/v2/bookings/bk1/custom-attributes/aftercare", {})
    square(vendor).attach("bk1", NOTE)
    assert vendor.asked("POST") == []


def test_a_plan_that_does_not_allow_writing_is_named() -> None:
    vendor = FakeVendor().on("POST", DEFINITIONS, {}, 403)
    with pytest.raises(IntegrationError, match="Plus or Premium"):
        square(vendor).attach("bk1", NOTE)
    with pytest.raises(Unsupported):
        square(vendor, attach="off").attach("bk1", NOTE)


def test_registering_returns_squares_own_key() -> None:
    vendor = FakeVendor().on("GET", SUBSCRIPTIONS, {})
    vendor.on("POST", SUBSCRIPTIONS, {"subscription": {"id": "W1", "signature_key": "square-made"}})
    made = square(vendor, options={"application_token": "app"}).register("ignored")
    assert (made.external_id, made.secret, made.events) == ("W1", "square-made", SUBSCRIBED)
    assert {call.headers["Authorization"] for call in vendor.calls} == {"Bearer app"}


def test_registering_again_repairs_what_is_there() -> None:
    there = {"id": "W1", "notification_url": URL, "enabled": False, "signature_key": "square-made"}
    others = {"id": "W2", "notification_url": "https://elsewhere.example"}
    vendor = FakeVendor().on("GET", SUBSCRIPTIONS, {"subscriptions": [others, there]})
    vendor.on("PUT", f"{SUBSCRIPTIONS}/W1", {"subscription": {"id": "W1"}})
    assert square(vendor).register("").secret == "square-made"
    (sent,) = vendor.asked("PUT")
    assert (sent.json["subscription"]["enabled"], sent.json["subscription"]["event_types"]) == (
        True,
        list(SUBSCRIBED),
    )


def test_unregistering_removes_ours_only() -> None:
    there = [
        {"id": "W1", "notification_url": URL},
        {"id": "W2", "notification_url": "https://elsewhere.example"},
    ]
    vendor = FakeVendor().on("GET", SUBSCRIPTIONS, {"subscriptions": there})
    vendor.on("DELETE", f"{SUBSCRIPTIONS}/W1", {})
    assert square(vendor).unregister() == 1


def test_problems_say_what_to_set() -> None:
    assert square(FakeVendor()).problems() == []
    assert len(connect("square", secrets=(), webhook_url="").problems()) == 3
    with pytest.raises(Unsupported):
        connect("square").fetch("bk1")
