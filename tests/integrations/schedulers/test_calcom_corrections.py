"""Cal.com as its own source has it: each test is named after one thing that is easily believed otherwise.

The bodies and answers are shaped as the named files of github.com/calcom/cal.com write them.
"""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.base import IntegrationError, Scheduler, UnknownPayload
from integrations.schedulers.calcom import NEWER, SUBSCRIBED
from schemas.booking import BookingState, BookingStatus
from schemas.webhook import Notice
from tests.helpers.fake_vendor import FakeVendor
from tests.helpers.wire import NOW, PAYLOADS, URL, connect, inbound, stored

SINCE = datetime(2026, 11, 20, 12, tzinfo=UTC)
LIST = "/v2/bookings"

BOOKER = {"name": "Zoë Łuć", "email": "zoe@example.org", "timeZone": "Europe/Warsaw", "absent": False}
GUEST = {"name": "Greta Guest", "email": "greta@example.org", "timeZone": "Europe/Warsaw", "absent": False}
HOST = {"name": "Mara Field", "email": "mara@clinic.example", "timeZone": "Europe/Berlin", "absent": False}
COLLEAGUE = {
    "name": "Cole League",
    "email": "cole@clinic.example",
    "timeZone": "Asia/Bangkok",
    "absent": False,
}


def answer(**changes: Any) -> dict[str, Any]:
    """A booking as `output.service.ts` getOutputBooking writes it, with fields changed."""
    recorded: dict[str, Any] = json.loads((PAYLOADS / "calcom" / "api-booking.json").read_text())
    return {**recorded["data"], **changes}


def seated(*attendees: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A group as getOutputSeatedBooking writes it: each attendee has own answers, the booking has none."""
    whole = answer(attendees=[{"bookingFieldsResponses": {}, **each} for each in attendees], **changes)
    return {name: value for name, value in whole.items() if name not in ("bookingFieldsResponses", "guests")}


def calcom(vendor: FakeVendor, **changes: Any) -> Scheduler:
    """Cal.com with a key, on the fake host."""
    settings = {"api_key": "cal_key", "api_base": "https://vendor.example", **changes}
    return connect("calcom", vendor.http(), **settings)


def fetched(data: Any, **changes: Any) -> tuple[BookingState, ...]:
    """The bookings of one fetch."""
    vendor = FakeVendor().on("GET", "/v2/bookings/b1", {"status": "success", "data": data})
    return calcom(vendor, **changes).fetch("b1")


def clinic(*pages: list[dict[str, Any]], more: bool = False) -> FakeVendor:
    """An account with a team of two, and a list of bookings in these pages; the last page is repeated.

    `me` and `teams` as apps/api/v2/src/modules/{me,teams/memberships} write them.
    """
    vendor = FakeVendor().on("GET", "/v2/me", {"data": {"id": 9, **HOST, "organizationId": None}})
    vendor.on("GET", "/v2/teams", {"data": [{"id": 5, "name": "Clinic"}]})
    members = [
        {"userId": 9, "accepted": True, "user": HOST},
        {"userId": 10, "accepted": True, "user": COLLEAGUE},
    ]
    vendor.on("GET", "/v2/teams/5/memberships", {"data": members})
    for page in pages:
        vendor.on("GET", LIST, {"data": page, "pagination": {"hasNextPage": more}})
    return vendor


def listed(vendor: FakeVendor) -> list[str]:
    """The identifiers that reconcile sees, each once."""
    return sorted({each.external_id for each in calcom(vendor).changed_since(SINCE)})


def parse(body: dict[str, Any], **changes: Any) -> list[Notice]:
    """The notices of a body."""
    return connect("calcom", FakeVendor().http(), **changes).parse(inbound(body))


def webhook(stem: str = "01", trigger: str = "BOOKING_CREATED", **changes: Any) -> dict[str, Any]:
    """A stored webhook with another trigger and fields of its payload changed; None removes one."""
    body: dict[str, Any] = json.loads(stored("calcom", stem))
    payload = {**body["payload"], **changes}
    return {**body, "triggerEvent": trigger, "payload": {k: v for k, v in payload.items() if v is not None}}


def one(body: dict[str, Any], **changes: Any) -> BookingState:
    """The one booking of a body."""
    (notice,) = parse(body, **changes)
    assert notice.booking is not None
    return notice.booking


# Who booked


@given(st.permutations([BOOKER, GUEST, HOST, COLLEAGUE]))
def test_who_booked_is_said_by_the_answers_whatever_the_order_of_the_attendees(
    order: list[dict[str, Any]],
) -> None:
    (found,) = fetched(answer(attendees=order, guests=["greta@example.org"]))
    assert (found.client.name, found.client.email) == ("Zoë Łuć", "zoe@example.org")


@given(st.permutations([BOOKER, GUEST, HOST]))
def test_without_answers_neither_a_host_nor_a_guest_is_taken_for_the_booker(
    order: list[dict[str, Any]],
) -> None:
    answers = {"guests": ["Greta@example.org"]}
    (found,) = fetched(answer(attendees=order, bookingFieldsResponses=answers))
    assert found.client.email == "zoe@example.org"


def test_the_phone_stands_in_the_answers() -> None:
    for field in ("attendeePhoneNumber", "smsReminderNumber"):
        answers = {"email": "zoe@example.org", field: "+4915112345678"}
        (found,) = fetched(answer(attendees=[GUEST, BOOKER], bookingFieldsResponses=answers))
        assert found.client.phone == "+4915112345678"


def test_a_name_in_two_parts_is_a_name() -> None:
    answers = {"email": "zoe@example.org", "name": {"firstName": "Zoë", "lastName": "Łuć"}}
    (found,) = fetched(answer(attendees=[{**BOOKER, "name": ""}], bookingFieldsResponses=answers))
    assert found.client.name == "Zoë Łuć"


def test_a_body_without_answers_and_with_several_attendees_is_read_again() -> None:
    paid = webhook(trigger="BOOKING_PAID", responses=None, attendees=[GUEST, BOOKER])
    (notice,) = parse(paid, api_key="cal_key")
    assert (notice.booking, notice.hint, notice.gone) == (None, False, False)
    organizer = {**HOST, "username": "mara"}
    ours = webhook(trigger="BOOKING_PAID", responses=None, attendees=[HOST, BOOKER], organizer=organizer)
    assert one(ours, api_key="cal_key").client.email == one(ours).client.email == "zoe@example.org"


def test_the_team_of_a_webhook_is_no_client() -> None:
    team = {"name": "Clinic", "members": [COLLEAGUE]}
    body = webhook(responses=None, team=team, attendees=[COLLEAGUE, BOOKER])
    assert one(body).client.email == "zoe@example.org"
    seats = parse(webhook(responses=None, team=team, attendees=[COLLEAGUE, BOOKER], seatsPerTimeSlot=4))
    assert [each.seat for each in seats] == ["zoe@example.org"]


def test_a_practitioner_who_books_at_the_own_clinic_is_a_client() -> None:
    assert one(webhook(responses=None, attendees=[HOST], organizer=HOST)).client.email == HOST["email"]


# Only own bookings


def test_only_bookings_hosted_by_the_account_or_its_team_are_listed() -> None:
    dentist = {"name": "Dr Dent", "email": "dent@elsewhere.example"}
    page = [
        answer(uid="ours"),
        answer(uid="teams", hosts=[COLLEAGUE]),
        answer(uid="mara-as-client", hosts=[dentist], attendees=[HOST]),
        answer(
            uid="cole-as-client", hosts=[dentist], attendees=[{**COLLEAGUE, "email": "Cole@clinic.example"}]
        ),
    ]
    assert listed(clinic(page, [])) == ["ours", "teams"]


@pytest.mark.parametrize("status", [403, 404])
def test_where_the_team_cannot_be_read_nobody_of_us_becomes_a_client(status: int) -> None:
    """A plain member may not read the memberships; a Cal.diy has no teams."""
    page = [
        answer(uid="a colleagues", hosts=[COLLEAGUE]),
        answer(uid="mine as client", hosts=[GUEST], attendees=[HOST]),
    ]
    vendor = FakeVendor().on("GET", "/v2/me", {"data": {"id": 9, **HOST}}).on("GET", "/v2/teams", {}, status)
    vendor.on("GET", LIST, {"data": [{**each, "uid": each["uid"].replace(" ", "-")} for each in page]})
    vendor.on("GET", LIST, {"data": []})
    assert listed(vendor) == ["a-colleagues"]


def test_an_account_that_cannot_be_read_stops_the_reading() -> None:
    vendor = FakeVendor().on("GET", "/v2/me", {}, 500).on("GET", LIST, {"data": [answer()]})
    with pytest.raises(IntegrationError):
        listed(vendor)


# Groups


def test_a_host_in_a_group_has_no_seat_and_is_no_client() -> None:
    found = fetched(seated(COLLEAGUE, {**BOOKER, "seatUid": "s1"}, {**GUEST, "seatUid": "s2"}))
    assert [each.seat for each in found] == ["zoe@example.org", "greta@example.org"]


def test_a_group_that_everybody_left_has_no_clients() -> None:
    assert fetched(seated(COLLEAGUE)) == fetched(seated()) == ()


def test_a_seat_has_its_own_phone() -> None:
    own = {**BOOKER, "seatUid": "s1", "bookingFieldsResponses": {"attendeePhoneNumber": "+4915112345678"}}
    assert [each.client.phone for each in fetched(seated(own, {**GUEST, "seatUid": "s2"}))] == [
        "+4915112345678",
        "",
    ]


# A series


def test_a_series_cancelled_at_once_is_described_and_one_date_is_not() -> None:
    whole: dict[str, Any] = {"recurringEvent": {"freq": 2, "count": 3}, "recurringEventId": "r1"}
    (notice,) = parse(webhook("03", "BOOKING_CANCELLED", **whole))
    assert notice.booking is not None
    assert (notice.ends_series, notice.booking.series) == (True, "r1")
    others: list[dict[str, Any]] = [{"recurringEventId": "r1"}, {**whole, "requestReschedule": True}]
    for changes in others:
        assert not parse(webhook("03", "BOOKING_CANCELLED", **changes))[0].ends_series
    assert not parse(webhook(**whole))[0].ends_series


def test_with_a_key_the_dates_of_a_cancelled_series_are_read_again() -> None:
    whole: dict[str, Any] = {"recurringEvent": {"freq": 2}, "recurringEventId": "r1"}
    cancelled, dates = parse(webhook("03", "BOOKING_CANCELLED", **whole), api_key="cal_key")
    assert (cancelled.ends_series, dates.external_id, dates.booking, dates.gone) == (True, "r1", None, False)
    data = [answer(uid=f"d{n}", recurringBookingUid="r1", status="cancelled") for n in range(3)]
    assert [(each.external_id, each.series) for each in fetched(data)] == [(f"d{n}", "r1") for n in range(3)]


# Phone only


def test_a_placeholder_of_a_phone_booking_is_no_address() -> None:
    for body in (
        json.loads(stored("calcom", "31")),
        webhook("31", attendees=[{"email": "15550100123@SMS.cal.com"}]),
    ):
        client = one(body).client
        assert (client.name, client.email, client.phone) == ("Pia Phone", "", "+15550100123")
    (mark,) = parse(
        {
            "triggerEvent": "BOOKING_NO_SHOW_UPDATED",
            "createdAt": "2026-11-25T15:00:00.000Z",
            "payload": {
                "bookingUid": "p1",
                "attendees": [{"email": "15550100123@sms.cal.com", "noShow": True}],
            },
        }
    )
    assert (mark.email, mark.no_show) == ("", True)


# The list


def test_an_empty_page_ends_the_list_whatever_has_next_page_says() -> None:
    pages = [[answer(uid=f"u{n}-{page}") for n in range(100)] for page in range(3)]
    vendor = clinic(*pages, [], more=True)
    assert len(listed(vendor)) == 300
    assert [call.params["skip"] for call in vendor.calls if call.path == LIST] == [0, 100, 200, 300, 0]


def test_25000_bookings_are_read_to_the_end() -> None:
    page = [answer(uid=f"u{n}") for n in range(100)]
    assert sum(1 for _ in calcom(clinic(*[page] * 250, [], more=True)).changed_since(SINCE)) == 25_000


# No-shows and the end of a session


def video(**changes: Any) -> dict[str, Any]:
    """A guest's no-show as `triggerNoShow/common.ts` sendWebhookPayload writes it."""
    payload = {
        "title": "Call",
        "bookingId": 881,
        "bookingUid": "v1",
        "startTime": "2026-12-08T15:00:00.000Z",
        "endTime": "2026-12-08T16:00:00.000Z",
        "hostEmail": HOST["email"],
        "attendees": [HOST, {**BOOKER, "noShow": True}, {**GUEST, "noShow": False}],
        "participants": [],
        "message": "Guest didn't join the call",
        **changes,
    }
    return {
        "triggerEvent": "AFTER_GUESTS_CAL_VIDEO_NO_SHOW",
        "createdAt": "2026-12-08T15:10:00Z",
        "payload": payload,
    }


def test_a_guest_who_missed_a_video_call_is_told_by_its_own_trigger() -> None:
    (marked,) = parse(video())
    assert (marked.external_id, marked.email, marked.no_show) == ("v1", "zoe@example.org", True)
    nobody_came = parse(video(attendees=[HOST, BOOKER, GUEST]))
    assert [each.email for each in nobody_came] == ["zoe@example.org", "greta@example.org"]
    assert parse({**video(), "triggerEvent": "AFTER_HOSTS_CAL_VIDEO_NO_SHOW"}) == []


@pytest.mark.parametrize("trigger", ["AFTER_EVENT", "BEFORE_EVENT", "MEETING_ENDED"])
def test_the_step_send_webhook_of_a_workflow_tells_of_a_planned_time(trigger: str) -> None:
    (notice,) = parse(webhook(trigger=trigger))
    assert (notice.event, notice.hint, notice.external_id) == (trigger, True, "3LpAwYNWsfRYM1qcxtYeUZ")
    assert notice.booking is not None
    assert notice.booking.client.email == "client@example.com"


# Subscriptions


def test_the_triggers_that_are_read_are_subscribed() -> None:
    assert set(NEWER) | {"MEETING_ENDED", "BOOKING_NO_SHOW_UPDATED"} <= set(SUBSCRIBED)
    assert {"BOOKING_REASSIGNED", "BOOKING_LOCATION_UPDATED"} <= set(NEWER)


def test_a_cal_com_that_does_not_know_a_newer_trigger_gets_the_older_ones() -> None:
    """`webhook.input.ts` refuses a list with one name that is not in its enum."""
    vendor = FakeVendor().on("GET", "/v2/webhooks", {"data": []})
    vendor.on("POST", "/v2/webhooks", {}, 400).on("POST", "/v2/webhooks", {"data": {"id": "w1"}}, 201)
    made = calcom(vendor).register("s3cret")
    assert set(made.events) == set(SUBSCRIBED) - set(NEWER)
    assert vendor.asked("POST")[1].json["triggers"] == list(made.events)
    assert "does not know" in made.text


@pytest.mark.parametrize("status", [401, 403, 422, 500])
def test_another_refusal_of_a_subscription_is_not_tried_with_less(status: int) -> None:
    there = {"data": [{"id": "w1", "subscriberUrl": URL}]}
    vendor = FakeVendor().on("GET", "/v2/webhooks", there).on("PATCH", "/v2/webhooks/w1", {}, status)
    with pytest.raises(IntegrationError):
        calcom(vendor).register("s3cret")
    assert len(vendor.asked("PATCH")) == 1


# Clock and place


def test_the_clock_of_a_visit_is_the_clinics_and_never_a_travelling_hosts() -> None:
    travelling = json.loads(stored("calcom", "30"))
    assert one(travelling).zone == ""
    assert one(travelling, zone="America/Chicago").zone == "America/Chicago"
    bangkok = answer(hosts=[COLLEAGUE])
    assert [each.zone for each in fetched(bangkok)] == [""]
    assert [each.zone for each in fetched(bangkok, zone="America/Chicago")] == ["America/Chicago"]


PLACES = [
    ("https://maps.app.goo.gl/abc", False),
    ("https://www.google.com/maps/place/x", False),
    ("https://goo.gl/maps/x", False),
    ("https://maps.apple.com/?q=x", False),
    ("https://www.openstreetmap.org/#map=19/1/2", False),
    ("12 Main St. https://maps.app.goo.gl/x", False),
    ("12 Main St., directions: https://clinic.example/way", False),
    ("12 Main Street", False),
    ("https://zoom.us/j/123?pwd=abc", True),
    ("Zoom: https://us02web.zoom.us/j/123", True),
    ("https://meet.google.com/abc-defg-hij", True),
    ("https://doxy.me/mara", True),
    ("https://rooms.clinic.example/mara", True),
    ("integrations:daily", True),
    ("+49 151 1234567", True),
]


@pytest.mark.parametrize(("location", "remote"), PLACES)
def test_a_link_to_a_map_is_a_place_and_a_link_to_a_room_is_a_call(location: str, remote: bool) -> None:
    found = one(webhook(location=location, responses={}))
    assert (found.remote, found.place) == (remote, "" if location.startswith("integrations") else location)


def test_a_booking_that_was_made_for_a_place_stays_one_unless_it_names_a_video_service() -> None:
    map_link = one(json.loads(stored("calcom", "32")))
    assert (map_link.remote, map_link.place) == (False, "https://maps.app.goo.gl/abc")
    for location, remote in (("https://clinic.example/way", False), ("https://zoom.us/j/1", True)):
        assert one(webhook("32", location=location)).remote is remote
        (found,) = fetched(
            answer(location=location, bookingFieldsResponses={"location": {"value": "inPerson"}})
        )
        assert found.remote is remote


# The core and the side


def test_a_booking_without_attendees_is_that_of_the_answers() -> None:
    for attendees in ([], "odd", [7]):
        (notice,) = parse(webhook(attendees=attendees))
        assert notice.booking is not None
        assert notice.booking.client.email == "client@example.com"
        assert "payload.attendees" in notice.notes


@pytest.mark.parametrize("others", [[HOST], [{"email": HOST["email"]}], [HOST, HOST]])
def test_where_hosts_alone_attend_the_client_is_who_the_answers_name(others: list[dict[str, Any]]) -> None:
    """`getOutputBooking` lists whoever attends; a list without the booker must not mail the practitioner."""
    (found,) = fetched(answer(attendees=others, hosts=[HOST]))
    assert (found.client.email, found.client.name) == (BOOKER["email"], BOOKER["name"])
    state = one(webhook(attendees=others, organizer=HOST))
    assert state.client.email != HOST["email"]


def test_a_mark_without_attendees_is_not_understood() -> None:
    with pytest.raises(UnknownPayload):
        parse({"triggerEvent": "BOOKING_NO_SHOW_UPDATED", "payload": {"bookingUid": "x", "attendees": "odd"}})


def test_a_webhook_without_its_time_happened_when_it_came() -> None:
    (notice,) = parse({**webhook(), "createdAt": "soon"})
    assert notice.occurred_at == NOW
    assert notice.booking is not None
    assert notice.booking.created_at is None
    assert notice.booking.status is BookingStatus.confirmed


def test_a_number_for_a_phone_is_a_phone() -> None:
    assert one(json.loads(stored("calcom", "33"))).client.phone == "15550100123"
