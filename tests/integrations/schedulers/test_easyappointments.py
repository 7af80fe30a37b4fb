"""Easy!Appointments: bodies captured from a running installation, wall clock, and the API."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.base import (
    Gone,
    IntegrationError,
    InvalidSignature,
    Note,
    Scheduler,
    UnknownPayload,
    Unsupported,
)
from integrations.payload import Part, zones
from integrations.schedulers.easyappointments import PAGE, in_utc, times
from schemas.booking import BookingState, BookingStatus
from schemas.webhook import Notice
from tests.helpers.fake_vendor import FakeVendor
from tests.helpers.wire import NOW, PAYLOADS, SECRET, URL, connect, inbound, stored

WALL = "%Y-%m-%d %H:%M:%S"
API = "/index.php/api/v1"
NOTE = Note("https://aftercare.example/b/1", "missing")


def recorded(name: str) -> Any:
    """A recorded answer of the API."""
    return json.loads((PAYLOADS / "easyappointments" / f"api-{name}.json").read_text())


def easy(vendor: FakeVendor, **changes: Any) -> Scheduler:
    """Easy!Appointments with a token, on the fake host."""
    settings = {"api_key": "token", "api_base": "https://vendor.example", **changes}
    return connect("easyappointments", vendor.http(), **settings)


def vendor_with(**changes: Any) -> FakeVendor:
    """The answers that a fetch of 41 needs; fields of the appointment changed."""
    vendor = FakeVendor().on("GET", f"{API}/appointments/41", {**recorded("appointment"), **changes})
    for name, where in (("customer", "customers/14"), ("provider", "providers/2"), ("service", "services/1")):
        vendor.on("GET", f"{API}/{where}", recorded(name))
    return vendor


def fetched(**changes: Any) -> BookingState:
    """The booking of one fetch."""
    (found,) = easy(vendor_with(**changes)).fetch("41")
    return found


def notice(stem: str) -> Notice:
    """The one notice of a stored body."""
    (found,) = connect("easyappointments").parse(inbound(stored("easyappointments", stem)))
    return found


@pytest.mark.parametrize("stem", ["01", "02", "05"])
def test_every_save_means_fetch(stem: str) -> None:
    found = notice(stem)
    assert (found.booking, found.gone) == (None, False)


def test_a_deletion_is_the_end() -> None:
    assert (notice("03").external_id, notice("03").gone) == ("1", True)


def test_an_unavailability_says_nothing() -> None:
    ours = connect("easyappointments")
    assert ours.parse(inbound(stored("easyappointments", "06"))) == []
    blocked = {"action": "appointment_save", "payload": {"id": 3, "is_unavailability": True}}
    assert ours.parse(inbound(blocked)) == []
    assert ours.parse(inbound({"action": "customer_delete", "payload": {"id": 3}})) == []


def test_a_customer_that_was_saved_means_all_their_appointments() -> None:
    found = notice("07")
    assert (found.external_id, found.of_client, found.gone) == ("6", True, False)
    other = {**recorded("appointment-embedded"), "id": 9, "customerId": 7}
    vendor = FakeVendor().on("GET", f"{API}/appointments", [recorded("appointment-embedded"), other])
    (theirs,) = easy(vendor).bookings_of("6")
    assert (theirs.external_id, theirs.client.ref) == ("2", "6")
    assert vendor.calls[0].params["customerId"] == "6"


def test_one_row_renamed_behind_one_address_is_handed_on_as_it_is_with_its_id() -> None:
    before, row = embedded(), recorded("appointment-embedded")["customer"]
    row.update({"first_name": "Sam", "phone_number": "+15550109999"})
    after = embedded(customer=row)
    assert (after.client.name, after.client.phone) == ("Sam Łuć 北京", "+15550109999")
    assert after.client.ref == before.client.ref == "6"


def test_its_limit_without_retry_after_is_waited_out() -> None:
    with pytest.raises(IntegrationError) as raised:
        easy(FakeVendor().on("GET", f"{API}/appointments/2", None, 429)).fetch("2")
    assert (raised.value.permanent, raised.value.retry_after) == (False, 120)


def test_a_link_to_a_video_room_is_a_call_and_a_place_with_a_meeting_link_is_a_place() -> None:
    room = "https://meet.jit.si/room1"  # 1.6.0 makes one for each appointment where Jitsi is switched on
    assert embedded(location="https://zoom.us/j/123").remote
    assert embedded(location="", meetingLink=room).remote
    assert not embedded(location="Main Street 1", meetingLink=room).remote


PEOPLE = [
    {**recorded("provider"), "id": 2, "firstName": "Jane", "timezone": "UTC"},
    {**recorded("provider"), "id": 3, "timezone": "America/Chicago"},
]


def remarks(**changes: Any) -> str:
    """What `check` says of a connection to an installation with these two practitioners."""
    vendor = FakeVendor().on("GET", f"{API}/providers", PEOPLE)
    return " ".join(easy(vendor, clinic_zone="America/New_York", **changes).remarks())


def test_check_names_practitioners_at_utc() -> None:
    assert "Jane Field" in remarks()
    assert "Mara Field" not in remarks()
    assert "America/New_York" in remarks()
    assert remarks(zone="America/Denver") == ""
    assert easy(FakeVendor(), clinic_zone="UTC").remarks() == []
    with pytest.raises(IntegrationError):
        easy(FakeVendor(), clinic_zone="America/New_York").remarks()


def test_check_says_who_sees_what_is_written_and_who_is_mailed() -> None:
    quiet = {"zone": "America/Denver"}
    assert "mails client, practitioner, admins" in remarks(attach="notes", **quiet)
    assert "Nobody is mailed" in remarks(attach="customer_field", **quiet)
    assert remarks(attach="off", **quiet) == ""


@pytest.mark.parametrize("payload", [None, {}, {"id": None}, {"id": "1/2"}, {"id": [1]}, []])
def test_an_odd_body_is_not_understood(payload: Any) -> None:
    with pytest.raises(UnknownPayload):
        connect("easyappointments").parse(inbound({"action": "appointment_save", "payload": payload}))


@pytest.mark.parametrize(
    "value", ["", "wrong", SECRET + " ", SECRET.upper(), f"{SECRET}, {SECRET}", "é\udcff"]
)
def test_another_token_is_refused(value: str) -> None:
    with pytest.raises(InvalidSignature):
        connect("easyappointments").verify(inbound(b"{}", {"X-Ea-Token": value}))


def test_the_header_of_the_token_is_a_setting() -> None:
    ours = connect("easyappointments", options={"token_header": "X-Clinic"})
    ours.verify(inbound(b"{}", {"X-Clinic": SECRET}))
    with pytest.raises(InvalidSignature):
        ours.verify(inbound(b"{}", {"X-Ea-Token": SECRET}))


def test_an_appointment_is_fetched_whole() -> None:
    found = fetched()
    assert (found.start, found.end, found.zone) == (
        datetime(2026, 11, 27, 14, tzinfo=UTC),
        datetime(2026, 11, 27, 15, tzinfo=UTC),
        "Europe/Berlin",
    )
    assert (found.client.name, found.client.language, found.client.zone) == ("Zoë Łuć", "pl", "Europe/Warsaw")
    assert (found.service, found.service_name, found.practitioner) == ("1", "Deep tissue 60", "Mara Field")


def test_what_is_embedded_is_not_fetched_again() -> None:
    vendor = vendor_with(
        customer=recorded("customer"), provider=recorded("provider"), service=recorded("service")
    )
    easy(vendor).fetch("41")
    assert len(vendor.calls) == 1
    assert vendor.calls[0].headers["Authorization"] == "Bearer token"


def embedded(**changes: Any) -> BookingState:
    """The booking of the captured answer with embedded rows; fields of the appointment changed."""
    answer = recorded("appointment-embedded")
    (found,) = easy(FakeVendor().on("GET", f"{API}/appointments/2", {**answer, **changes})).fetch("2")
    return found


def test_embedded_parts_are_database_rows() -> None:
    found = embedded()
    assert (found.client.name, found.client.email, found.client.phone) == (
        "Zoë Łuć 北京",
        "zoe@example.org",
        "+15550101234",
    )
    assert (found.client.zone, found.client.language) == ("America/Chicago", "en")
    assert (found.service, found.service_name, found.practitioner) == ("2", "Deep tissue 60", "Jane Field")
    assert (found.start, found.zone) == (datetime(2026, 11, 27, 15, tzinfo=UTC), "America/Chicago")


def test_the_plain_form_reads_like_the_embedded_row() -> None:
    plain = recorded("customer-of-the-embedded")
    assert embedded(customer=plain).client == embedded().client


@pytest.mark.parametrize("name", ["customer", "provider", "service"])
def test_a_part_that_was_deleted_does_not_delete_the_appointment(name: str) -> None:
    found = embedded(**{name: None})
    assert (found.external_id, found.status) == ("2", BookingStatus.confirmed)


def at_zones(provider: str, **changes: Any) -> BookingState:
    """The captured appointment (9:00) of a practitioner who stands at a zone."""
    answer = recorded("appointment-embedded")
    answer["provider"]["timezone"] = provider
    ours = easy(FakeVendor().on("GET", f"{API}/appointments/2", answer), **changes)
    return ours.fetch("2")[0]


@pytest.mark.parametrize(
    ("connection", "practitioner", "clinic", "used"),
    [
        ("America/Denver", "America/Chicago", "America/New_York", "America/Denver"),
        ("America/Denver", "UTC", "America/New_York", "America/Denver"),
        ("", "America/Chicago", "America/New_York", "America/Chicago"),
        ("", "UTC", "America/New_York", "America/New_York"),
        ("", "", "America/New_York", "America/New_York"),
        ("", "Mars/Olympus", "Asia/Kolkata", "Asia/Kolkata"),
        ("", "UTC", "UTC", "UTC"),
    ],
)
def test_a_practitioner_at_utc_keeps_the_clinics_clock(
    connection: str, practitioner: str, clinic: str, used: str
) -> None:
    found = at_zones(practitioner, zone=connection, clinic_zone=clinic)
    assert (found.zone, found.start) == (used, in_utc("2026-11-27 09:00:00", used))


def test_the_time_of_booking_is_on_the_servers_clock() -> None:
    setting = {"name": "default_timezone", "value": "America/Chicago"}
    vendor = FakeVendor().on("GET", f"{API}/settings/default_timezone", setting)
    vendor.on("GET", f"{API}/appointments", [recorded("appointment-embedded")])
    (found,) = easy(vendor, zone="Europe/Berlin").changed_since(NOW)
    assert found.created_at == datetime(2026, 11, 25, 21, 12, 6, tzinfo=UTC)


@given(st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)), st.sampled_from(sorted(zones())))
def test_an_unknown_server_clock_never_makes_a_new_booking_older(made: datetime, zone: str) -> None:
    at = made.replace(tzinfo=UTC, microsecond=0)
    found = embedded(book=at.astimezone(ZoneInfo(zone)).strftime(WALL)).created_at
    assert found is not None
    assert timedelta(0) <= found - at <= timedelta(hours=26)


@pytest.mark.parametrize("book", [None, "", "yesterday", "0000-00-00 00:00:00"])
def test_no_time_of_booking_is_no_reason_to_lose_the_appointment(book: str | None) -> None:
    assert embedded(book=book).created_at is None


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("", BookingStatus.confirmed),
        ("Booked", BookingStatus.confirmed),
        ("Rescheduled", BookingStatus.confirmed),
        ("Cancelled", BookingStatus.cancelled),
        ("Draft", BookingStatus.pending),
        ("No-Show", BookingStatus.no_show),
    ],
)
def test_a_status_gives_a_state(word: str, status: BookingStatus) -> None:
    assert fetched(status=word).status is status


def test_the_words_of_the_states_are_a_setting() -> None:
    ours = easy(vendor_with(status="Storniert"), options={"status_cancelled": "abgesagt, storniert"})
    assert ours.fetch("41")[0].status is BookingStatus.cancelled


@pytest.mark.parametrize(
    ("wall", "expected"),
    [
        ("2026-10-25 01:59:00", "2026-10-24T23:59"),
        ("2026-10-25 02:30:00", "2026-10-25T00:30"),  # repeated: the first of the two
        ("2026-10-25 03:00:00", "2026-10-25T02:00"),
        ("2026-03-29 02:30:00", "2026-03-29T01:30"),  # skipped: moved forward, to 03:30
        ("2026-03-29 03:30", "2026-03-29T01:30"),
    ],
)
def test_the_clock_change_has_a_rule(wall: str, expected: str) -> None:
    found = in_utc(wall, "Europe/Berlin")
    assert found is not None
    assert found.isoformat().startswith(expected)


def test_a_visit_over_the_repeated_hour_does_not_end_before_it_starts() -> None:
    found = fetched(start="2026-10-25 02:45:00", end="2026-10-25 02:15:00")
    assert found.end - found.start == timedelta(minutes=30)


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [
        ("2026-03-29 02:00:00", "2026-03-29 03:00:00", 60),  # 2:00 to 3:00 are left out
        ("2026-03-29 02:30:00", "2026-03-29 03:30:00", 60),
        ("2026-03-29 01:30:00", "2026-03-29 02:30:00", 60),
        ("2026-03-29 01:30:00", "2026-03-29 03:30:00", 60),
        ("2026-03-29 01:00:00", "2026-03-29 01:45:00", 45),
    ],
)
def test_a_visit_in_the_hour_that_spring_leaves_out_keeps_its_length(
    start: str, end: str, minutes: int
) -> None:
    found = fetched(start=start, end=end)
    assert found.end - found.start == timedelta(minutes=minutes)


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"]),
    st.integers(5, 240),
)
def test_no_clock_change_makes_a_visit_empty_or_endless(start: datetime, zone: str, minutes: int) -> None:
    walls = [start.strftime(WALL), (start + timedelta(minutes=minutes)).strftime(WALL)]
    begun, over = times(Part({"start": walls[0], "end": walls[1]}), zone)
    assert timedelta(0) < over - begun <= timedelta(minutes=minutes + 60)


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)),
    st.sampled_from(
        ["Europe/Berlin", "America/Denver", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Lagos"]
    ),
)
def test_wall_clock_survives_the_way_there_and_back(wall: datetime, zone: str) -> None:
    found = in_utc(wall.strftime("%Y-%m-%d %H:%M:%S"), zone)
    assert found is not None
    back = found.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    assert timedelta(0) <= back - wall.replace(microsecond=0) <= timedelta(hours=1)


@pytest.mark.parametrize(
    "changes", [{"start": "soon"}, {"start": None}, {"end": "2026-02-30 10:00:00"}, {"end": "1"}]
)
def test_an_impossible_time_is_not_understood(changes: dict[str, Any]) -> None:
    with pytest.raises(UnknownPayload):
        fetched(**changes)


def test_an_appointment_that_was_deleted_is_gone() -> None:
    with pytest.raises(Gone):
        easy(FakeVendor()).fetch("41")


def test_every_page_is_listed_and_names_are_fetched_once() -> None:
    page = [
        {**recorded("appointment"), "id": n, "customer": recorded("customer")} for n in range(1, PAGE + 1)
    ]
    vendor = (
        vendor_with().on("GET", f"{API}/appointments", page).on("GET", f"{API}/appointments", [{"id": 7}])
    )
    assert len(list(easy(vendor).changed_since(NOW))) == PAGE
    assert [call.params["page"] for call in vendor.calls if call.path.endswith("appointments")] == [1, 2]
    assert len([call for call in vendor.calls if "providers" in call.path]) == 1


def test_an_admin_may_be_the_key() -> None:
    vendor = vendor_with()
    easy(vendor, account="admin", api_base=f"https://vendor.example{API}/").fetch("41")
    assert vendor.calls[0].auth == ("admin", "token")


def test_the_customers_field_is_written_silently() -> None:
    vendor = vendor_with().on("PUT", f"{API}/customers/14", {})
    easy(vendor, attach="customer_field").attach("41", NOTE)
    (sent,) = vendor.asked("PUT")
    assert sent.json == {"customField5": f"Aftercare: missing {NOTE.link}"}


@pytest.mark.parametrize(("before", "written"), [("Aftercare: done x", True), ("allergic to nuts", False)])
def test_only_our_own_words_in_the_field_are_replaced(before: str, written: bool) -> None:
    vendor = FakeVendor().on("GET", f"{API}/appointments/41", recorded("appointment"))
    vendor.on("GET", f"{API}/customers/14", {**recorded("customer"), "customField5": before})
    vendor.on("PUT", f"{API}/customers/14", {})
    ours = easy(vendor, attach="customer_field")
    if written:
        ours.attach("41", NOTE)
    else:
        with pytest.raises(IntegrationError, match="something else"):
            ours.attach("41", NOTE)
    assert bool(vendor.asked("PUT")) is written


def test_the_notes_are_written_at_most_once_since_that_mails_the_client() -> None:
    vendor = vendor_with(notes="knee").on("PUT", f"{API}/appointments/41", {})
    easy(vendor, attach="notes").attach("41", NOTE)
    (sent,) = vendor.asked("PUT")
    assert (
        sent.json["notes"] == f"knee\n\n[aftercare]\n{NOTE.link}\n[/aftercare]"
    )  # no status: it would grow false
    again = vendor_with(notes=sent.json["notes"])
    easy(again, attach="notes").attach("41", Note(NOTE.link, "done"))
    assert again.asked("PUT") == []


def test_nothing_is_written_without_a_choice() -> None:
    for choice in ("", "off"):
        with pytest.raises(Unsupported):
            easy(vendor_with(), attach=choice).attach("41", NOTE)


def test_registering_makes_and_repairs_a_webhook() -> None:
    vendor = FakeVendor().on("GET", f"{API}/webhooks", []).on("POST", f"{API}/webhooks", {"id": 3}, 201)
    made = easy(vendor).register("token-of-ours")
    (sent,) = vendor.asked("POST")
    assert (made.external_id, made.secret) == ("3", "token-of-ours")
    assert (sent.json["actions"], sent.json["secretToken"]) == (
        "appointment_save,appointment_delete,customer_save",
        "token-of-ours",
    )
    there = FakeVendor().on("GET", f"{API}/webhooks", [{"id": 3, "url": URL}])
    there.on("PUT", f"{API}/webhooks/3", {"id": 3})
    assert easy(there).register("").text.endswith("repaired.")
    assert "secretToken" not in there.asked("PUT")[0].json
    with pytest.raises(IntegrationError, match="secret token"):
        easy(FakeVendor().on("GET", f"{API}/webhooks", [])).register("")


def test_unregistering_removes_ours_only() -> None:
    there = [{"id": 3, "url": URL}, {"id": 4, "url": "https://elsewhere.example"}]
    vendor = FakeVendor().on("GET", f"{API}/webhooks", there).on("DELETE", f"{API}/webhooks/3", None, 204)
    assert easy(vendor).unregister() == 1


def test_problems_say_what_to_set() -> None:
    assert easy(FakeVendor()).problems() == []
    open_line = easy(FakeVendor(), api_base="http://clinic.example", secrets=("é",)).problems()
    assert len(open_line) == 2
    assert easy(FakeVendor(), api_base="http://127.0.0.1:8200").problems() == []
    assert len(connect("easyappointments", secrets=()).problems()) == 2
