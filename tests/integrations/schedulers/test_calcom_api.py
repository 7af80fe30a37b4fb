"""Cal.com's API v2, from recorded answers: fetch, list, subscribe."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.base import Gone, IntegrationError, Scheduler, Unsupported
from integrations.schedulers.calcom import PAGE, SUBSCRIBED
from schemas.booking import BookingStatus
from tests.helpers.fake_vendor import FakeVendor
from tests.helpers.wire import PAYLOADS, URL, connect

SINCE = datetime(2026, 11, 20, 12, tzinfo=UTC)
LIST = "/v2/bookings"


def answer(**changes: Any) -> dict[str, Any]:
    """The recorded booking with fields changed."""
    recorded: dict[str, Any] = json.loads((PAYLOADS / "calcom" / "api-booking.json").read_text())
    return {**recorded["data"], **changes}


def calcom(vendor: FakeVendor, **changes: Any) -> Scheduler:
    """Cal.com with a key, on the fake host."""
    settings = {"api_key": "cal_key", "api_base": "https://vendor.example", **changes}
    return connect("calcom", vendor.http(), **settings)


def fetched(**changes: Any) -> Any:
    """The bookings of one fetch."""
    data = answer(**changes)
    vendor = FakeVendor().on("GET", "/v2/bookings/b1", {"status": "success", "data": data})
    return calcom(vendor).fetch("b1")


def test_a_booking_is_fetched_whole() -> None:
    (found,) = fetched()
    assert (found.status, found.service, found.practitioner) == (
        BookingStatus.confirmed,
        "deep-tissue-60",
        "Mara Field",
    )
    assert (found.start, found.end) == (
        datetime(2026, 11, 27, 14, tzinfo=UTC),
        datetime(2026, 11, 27, 15, tzinfo=UTC),
    )
    assert (found.client.name, found.client.phone, found.client.language) == (
        "Zoë Łuć",
        "+4915112345678",
        "pl",
    )
    assert (found.zone, found.place, found.remote) == ("", "Main Street 1", False)


def test_the_request_names_key_and_version() -> None:
    vendor = FakeVendor().on("GET", "/v2/bookings/b1", {"data": answer()})
    calcom(vendor, api_base="https://vendor.example/v2/").fetch("b1")
    assert vendor.calls[0].headers["Authorization"] == "Bearer cal_key"
    assert vendor.calls[0].headers["cal-api-version"] == "2024-08-13"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"status": "pending"}, BookingStatus.pending),
        ({"status": "cancelled"}, BookingStatus.cancelled),
        ({"status": "rejected"}, BookingStatus.cancelled),
        ({"status": "something-new"}, BookingStatus.pending),
        ({"rescheduledToUid": "b2"}, BookingStatus.cancelled),
    ],
)
def test_a_status_of_the_api_gives_a_state(changes: dict[str, Any], status: BookingStatus) -> None:
    assert fetched(**changes)[0].status is status


def test_a_chain_of_reschedules_is_named_in_both_directions() -> None:
    (moved,) = fetched(rescheduledToUid="b2", rescheduledFromUid="b0")
    assert (moved.replaced_by, moved.replaces) == ("b2", "b0")


def test_an_absent_client_did_not_show() -> None:
    who = {**answer()["attendees"][0], "absent": True}
    assert fetched(attendees=[who])[0].status is BookingStatus.no_show
    assert fetched(attendees=[who], status="cancelled")[0].status is BookingStatus.cancelled


def test_a_group_gives_one_booking_for_each_seat() -> None:
    seats = [
        {"name": "Ada", "email": "ada@example.org", "seatUid": "s1", "absent": False},
        {"name": "Ben", "email": "ben@example.org", "seatUid": "s2", "absent": True},
    ]
    found = fetched(attendees=seats)
    assert [(one.seat, one.status) for one in found] == [
        ("ada@example.org", BookingStatus.confirmed),
        ("ben@example.org", BookingStatus.no_show),
    ]


def test_a_series_answers_with_a_list_of_which_one_is_meant() -> None:
    data = [answer(uid="other"), answer(uid="b1")]
    vendor = FakeVendor().on("GET", "/v2/bookings/b1", {"data": data})
    assert [one.external_id for one in calcom(vendor).fetch("b1")] == ["b1"]


def test_a_booking_that_is_not_there_is_gone() -> None:
    with pytest.raises(Gone):
        calcom(FakeVendor()).fetch("b1")


def test_an_identifier_cannot_leave_its_place_in_the_address() -> None:
    vendor = FakeVendor()
    with pytest.raises(Gone):
        calcom(vendor).fetch("../me")
    assert vendor.calls[0].path == "/v2/bookings/..%2Fme"


def test_changed_and_coming_bookings_are_listed_over_all_pages() -> None:
    full = {"data": [answer(uid=f"u{n}") for n in range(PAGE)], "pagination": {"hasNextPage": True}}
    rest = {
        "data": [answer(uid="last"), answer(uid="odd", start="never")],
        "pagination": {"hasNextPage": False},
    }
    vendor = FakeVendor().on("GET", LIST, full).on("GET", LIST, rest).on("GET", LIST, {"data": []})
    vendor.on("GET", "/v2/me", {"data": {"id": 9, "email": "Mara@clinic.example"}})
    vendor.on("GET", "/v2/teams", {"data": []})
    found = [one.external_id for one in calcom(vendor).changed_since(SINCE)]
    assert (len(found), found[-1]) == (PAGE + 1, "last")
    asked = [call.params for call in vendor.calls if call.path == LIST]
    assert [one["skip"] for one in asked] == [0, PAGE, 0]
    assert asked[0]["afterUpdatedAt"] == asked[2]["afterStart"] == "2026-11-20T12:00:00Z"


def test_without_a_key_nothing_is_readable() -> None:
    unread = connect("calcom", FakeVendor().http())
    assert not unread.readable
    with pytest.raises(Unsupported):
        unread.fetch("b1")


def test_registering_makes_a_subscription_with_our_secret() -> None:
    vendor = FakeVendor().on("GET", "/v2/webhooks", {"data": []})
    vendor.on("POST", "/v2/webhooks", {"data": {"id": "w1"}}, 201)
    made = calcom(vendor).register("s3cret")
    assert (made.external_id, made.secret, made.events) == ("w1", "s3cret", SUBSCRIBED)
    (sent,) = vendor.asked("POST")
    assert (sent.json["subscriberUrl"], sent.json["secret"], sent.json["active"]) == (URL, "s3cret", True)
    assert "payloadTemplate" not in sent.json


def test_registering_again_repairs_what_is_there() -> None:
    there = [{"id": "w0", "subscriberUrl": "https://elsewhere.example"}, {"id": "w1", "subscriberUrl": URL}]
    vendor = (
        FakeVendor().on("GET", "/v2/webhooks", {"data": there}).on("PATCH", "/v2/webhooks/w1", {"data": {}})
    )
    assert calcom(vendor).register("").external_id == "w1"
    (sent,) = vendor.asked("PATCH")
    assert sent.json["triggers"] == list(SUBSCRIBED)
    assert sent.json["payloadTemplate"] is None
    assert "secret" not in sent.json


def test_unregistering_removes_ours_only() -> None:
    there = [{"id": "w0", "subscriberUrl": "https://elsewhere.example"}, {"id": "w1", "subscriberUrl": URL}]
    vendor = FakeVendor().on("GET", "/v2/webhooks", {"data": there}).on("DELETE", "/v2/webhooks/w1", {})
    assert calcom(vendor).unregister() == 1


def test_what_is_missing_for_a_subscription_is_said() -> None:
    refused = FakeVendor().on("GET", "/v2/webhooks", {}, 403)
    with pytest.raises(IntegrationError, match="WEBHOOK_WRITE"):
        calcom(refused).register("s3cret")
    with pytest.raises(IntegrationError, match="public URL"):
        calcom(FakeVendor(), webhook_url="").register("s3cret")
    with pytest.raises(IntegrationError, match="secret"):
        calcom(FakeVendor().on("GET", "/v2/webhooks", {"data": []})).register("")
