"""Calendly as it is now: each test is named after one thing that is easily believed otherwise.

The answers are shaped as developer.calendly.com's OpenAPI writes them; the limits are those of its page on
rate limits: 50 requests a minute on a free plan, and `X-RateLimit-Reset` in seconds with a 429.
"""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.base import IntegrationError, UnknownPayload
from schemas.booking import BookingStatus
from schemas.webhook import Notice
from tests.helpers.fake_vendor import FakeVendor
from tests.helpers.limited_calendly import MINUTE, ORGANIZATION, Limited, event, recorded
from tests.helpers.wire import NOW, connect, inbound, stored


def one_round(vendor: Limited, place: str, seen: list[str], restart_after: int) -> tuple[str, bool]:
    """Read from a place until the end, a limit or a restart; the place reached, and whether it is the end."""
    try:
        for number, batch in enumerate(vendor.scheduler().batches(NOW, place), 1):
            seen += [each.external_id for each in batch.bookings]
            place = batch.place
            if number == restart_after:
                return place, False
    except IntegrationError as error:
        vendor.now += error.retry_after or 10**9
        return place, error.permanent
    return place, True


def read_through(vendor: Limited, *, restart_after: int = 10**6) -> tuple[list[str], int]:
    """Read in rounds, going on at the stored place, until the end; what was seen, and the rounds it took."""
    seen: list[str] = []
    place, ended, rounds = "", False, 0
    while not ended and rounds < 1000:
        place, ended = one_round(vendor, place, seen, restart_after)
        rounds += 1
    return seen, rounds


@pytest.mark.parametrize("together", [1, 60, 200])
def test_200_events_at_50_requests_a_minute_are_read_to_the_end(together: int) -> None:
    vendor = Limited([number // together for number in range(200)])
    seen, rounds = read_through(vendor)
    assert sorted(seen) == sorted(f"E{number}.IE{number}" for number in range(200))
    assert rounds <= 6
    assert vendor.now <= 6 * MINUTE
    assert vendor.refused < rounds


@given(starts=st.lists(st.integers(0, 5), max_size=30), limit=st.integers(3, 9), restart=st.integers(2, 5))
def test_nothing_is_missed_over_limits_and_restarts(starts: list[int], limit: int, restart: int) -> None:
    seen, _ = read_through(Limited(starts, limit), restart_after=restart)
    assert set(seen) == {f"E{number}.IE{number}" for number in range(len(starts))}


def test_what_was_read_is_not_asked_for_again() -> None:
    vendor = Limited([0] * 40, limit=20)
    seen, _ = read_through(vendor)
    assert len(seen) == len(set(seen)) == 40


def test_while_a_limit_lasts_nothing_is_asked() -> None:
    vendor = Limited([0], limit=0)
    vendor.asked = [0.0]
    ours = vendor.scheduler()
    for _ in range(3):
        with pytest.raises(IntegrationError) as raised:
            list(ours.changed_since(NOW))
        assert raised.value.retry_after == pytest.approx(MINUTE + 1)
    assert vendor.refused == 1


def test_an_event_that_cannot_be_read_does_not_hide_the_others() -> None:
    vendor = FakeVendor()
    events = [event("E1", "soon"), {"uri": 7}, event("E2", "2026-11-27T14:00:00.000000Z")]
    vendor.on("GET", "/scheduled_events", {"collection": events, "pagination": {}})
    vendor.on("GET", "/scheduled_events/E2/invitees", {"collection": [recorded("invitee")], "pagination": {}})
    settings = {"api_key": "pat", "api_base": "https://vendor.example", "account": ORGANIZATION}
    assert len(list(connect("calendly", vendor.http(), **settings).changed_since(NOW))) == 1


def parse(changes: dict[str, Any], kind: str = "invitee.created", **connection: Any) -> Notice:
    """The one notice of a stored body with fields of its payload changed; None removes one."""
    body = json.loads(stored("calendly", "12"))
    payload = {**body["payload"], **changes}
    payload = {name: value for name, value in payload.items() if value is not None}
    (notice,) = connect("calendly", **connection).parse(inbound({**body, "event": kind, "payload": payload}))
    return notice


def located(location: Any) -> tuple[str, bool]:
    """Place and remote of a booking at this location."""
    scheduled = json.loads(stored("calendly", "12"))["payload"]["scheduled_event"]
    found = parse({"scheduled_event": {**scheduled, "location": location}}).booking
    assert found is not None
    return found.place, found.remote


@pytest.mark.parametrize(
    ("kind", "text", "place", "remote"),
    [
        ("gotomeeting_conference", None, "", True),
        ("zoom_conference", None, "", True),
        ("outbound_call", "+1 555 010 0123", "", True),
        ("custom", "https://rooms.example/mara", "https://rooms.example/mara", True),
        ("custom", "Zoom: https://zoom.us/j/1", "Zoom: https://zoom.us/j/1", True),
        ("custom", "https://maps.app.goo.gl/abc", "https://maps.app.goo.gl/abc", False),
        ("custom", "12 Main Street", "12 Main Street", False),
        ("ask_invitee", "my home", "my home", False),
        ("physical", "https://clinic.example/way", "https://clinic.example/way", False),
        ("something_new", "Main Street 1", "Main Street 1", False),
    ],
)
def test_a_location_is_a_place_or_a_call(kind: str, text: str | None, place: str, remote: bool) -> None:
    assert located({"type": kind, "location": text}) == (place, remote)


def test_a_location_of_another_type_is_left_out() -> None:
    assert located("Main Street 1") == located(None) == ("", False)


def test_a_cancellation_in_the_shape_of_2020_cancels() -> None:
    gone = parse({"scheduled_event": None, "cancellation": None, "status": "canceled"}, "invitee.canceled")
    assert (gone.gone, gone.booking) == (True, None)
    asked_for = parse({"scheduled_event": None}, "invitee.canceled", api_key="pat")
    assert (asked_for.gone, asked_for.booking) == (False, None)
    odd = parse({"scheduled_event": {"start_time": "soon"}}, "invitee.canceled")
    assert odd.gone


@pytest.mark.parametrize("event", [None, {}, "x", {"start_time": "soon"}])
def test_a_new_booking_that_does_not_say_when_is_asked_for_or_not_understood(event: Any) -> None:
    odd = {"scheduled_event": event}
    assert parse(odd, api_key="pat").booking is None
    with pytest.raises(UnknownPayload):
        parse(odd)


def test_a_booking_of_an_event_that_was_canceled_is_cancelled() -> None:
    event = json.loads(stored("calendly", "12"))["payload"]["scheduled_event"]
    found = parse({"scheduled_event": {**event, "status": "canceled"}}).booking
    assert found is not None
    assert found.status is BookingStatus.cancelled


def test_a_mark_needs_no_time() -> None:
    marked = parse({"scheduled_event": "odd"}, "invitee_no_show.created")
    assert (marked.no_show, marked.booking) == (True, None)


@pytest.mark.parametrize("uri", [7, "https://api.calendly.com/users/U1", {}, ["x", "y"]])
def test_an_odd_link_to_the_other_half_of_a_move_is_left_out(uri: Any) -> None:
    notice = parse({"old_invitee": uri, "new_invitee": uri})
    assert notice.booking is not None
    assert (notice.booking.replaces, notice.booking.replaced_by) == ("", "")
    assert notice.booking.status is BookingStatus.confirmed
    assert set(notice.notes) == {"payload.old_invitee", "payload.new_invitee"}


@pytest.mark.parametrize("odd", ["", "null", False, 0, [], {}, [None], "no", ["x"]])
def test_what_is_no_object_is_no_mark_of_a_no_show(odd: Any) -> None:
    """`no_show` is null or an object with a URI (Invitee in the OpenAPI); for less no plan is held back."""
    vendor = FakeVendor().on("GET", "/scheduled_events/E1", {"resource": recorded("event")})
    for mark in (odd, {"uri": "https://api.calendly.com/invitee_no_shows/N1"}):
        uri = "https://api.calendly.com/scheduled_events/E1/invitees/I1"
        invitee = {**recorded("invitee"), "uri": uri, "no_show": mark}
        vendor.on("GET", "/scheduled_events/E1/invitees/I1", {"resource": invitee})
    scheduler = connect("calendly", vendor.http(), api_key="pat", api_base="https://vendor.example")
    found = [scheduler.fetch("E1.I1")[0].status for _ in range(2)]
    assert found == [BookingStatus.confirmed, BookingStatus.no_show]


def test_a_token_of_a_page_goes_back_whole_however_long() -> None:
    token = "t" * 4000
    first = {"collection": [], "pagination": {"next_page_token": token}}
    vendor = FakeVendor().on("GET", "/scheduled_events", first)
    vendor.on("GET", "/scheduled_events", {"collection": [], "pagination": {}})
    settings = {"api_key": "pat", "api_base": "https://vendor.example", "account": ORGANIZATION}
    assert list(connect("calendly", vendor.http(), **settings).batches(NOW)) == []
    assert [call.params.get("page_token") for call in vendor.calls] == [None, token]
