"""Acuity: identifiers only, appointments from recorded answers, notes between our markers."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
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
from integrations.markers import BEGIN, END, block, merge, without
from integrations.schedulers.acuity import PAGE, SUBSCRIBED
from integrations.signing import in_base64
from schemas.booking import BookingState, BookingStatus
from tests.helpers.fake_vendor import FakeVendor
from tests.helpers.wire import NOW, PAYLOADS, SECRET, URL, connect, inbound, stored

ID = "123456789"
WHERE = f"/api/v1/appointments/{ID}"
NOTE = Note("https://aftercare.example/b/1", "missing")


def appointment(name: str = "api-appointment", **changes: Any) -> dict[str, Any]:
    """A recorded appointment with fields changed."""
    recorded: dict[str, Any] = json.loads((PAYLOADS / "acuity" / f"{name}.json").read_text())
    return {**recorded, **changes}


def acuity(vendor: FakeVendor, **changes: Any) -> Scheduler:
    """Acuity with user ID and key, on the fake host."""
    settings = {"api_key": "key", "account": "42", "api_base": "https://vendor.example", **changes}
    return connect("acuity", vendor.http(), **settings)


def fetched(**changes: Any) -> BookingState:
    """The booking of one fetched appointment."""
    (found,) = acuity(FakeVendor().on("GET", WHERE, appointment(**changes))).fetch(ID)
    return found


@pytest.mark.parametrize("stem", ["01", "02", "03", "04"])
def test_every_action_means_fetch(stem: str) -> None:
    (notice,) = connect("acuity").parse(inbound(stored("acuity", stem)))
    assert (notice.external_id, notice.booking) == (ID, None)


def test_a_dotted_name_is_the_same_action() -> None:
    (notice,) = connect("acuity").parse(inbound(b"action=appointment.scheduled&id=7"))
    assert (notice.event, notice.external_id) == ("scheduled", "7")


@pytest.mark.parametrize(
    "body",
    [
        b"id=7&action=changed",
        b"action=Changed&id=7",
        b"action=+changed+&id=+7%0A",
        b"action=changed&id=7&",
        b"action=changed&id=7&calendarID",
        b"action=changed&id=7&addonIDs[]=1&addonIDs[]=2",
        b"action=changed&id=7&note=%FF",
        "action=changed&id=7&note=Zoë".encode(),
        b"action=changed&id=7\r\n",
        b"action=changed&id=7&" + b"&".join(b"f%d=1" % n for n in range(90)),
    ],
)
def test_whatever_stands_beside_action_and_id_is_left_alone(body: bytes) -> None:
    (found,) = connect("acuity").parse(inbound(body))
    assert (found.external_id, found.event) == ("7", "changed")


def test_two_equal_reschedules_are_two_notices() -> None:
    body = inbound(stored("acuity", "02"))
    assert connect("acuity").parse(body) == connect("acuity").parse(body) != []


def test_an_order_is_not_a_booking() -> None:
    assert connect("acuity").parse(inbound(stored("acuity", "05"))) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"action=scheduled",
        b"action=scheduled&id=",
        b"action=scheduled&id=1&id=2",
        b"action=scheduled&id=../1",
        b"action=scheduled&id=%D9%A1",
        b"action=scheduled&id=" + b"9" * 19,
        b"id=1",
        b"\xff\xfe",
        b"action=%FF&id=1",
        b'{"action":"scheduled","id":1}',
        b"&".join(b"a%d=1" % n for n in range(1000)),
    ],
)
def test_an_odd_form_is_not_understood(body: bytes) -> None:
    with pytest.raises(UnknownPayload):
        connect("acuity").parse(inbound(body))


def test_the_signature_is_over_the_raw_form() -> None:
    body = stored("acuity", "01")
    (signature,) = in_base64([SECRET], body)
    connect("acuity").verify(inbound(body, {"X-Acuity-Signature": signature}))
    reordered = b"&".join(reversed(body.split(b"&")))
    with pytest.raises(InvalidSignature):
        connect("acuity").verify(inbound(reordered, {"X-Acuity-Signature": signature}))


def test_an_appointment_is_fetched_whole() -> None:
    vendor = FakeVendor().on("GET", WHERE, appointment())
    (found,) = acuity(vendor).fetch(ID)
    assert vendor.calls[0].auth == ("42", "key")
    assert (found.start, found.end) == (
        datetime(2026, 11, 27, 14, tzinfo=UTC),
        datetime(2026, 11, 27, 15, tzinfo=UTC),
    )
    assert (found.zone, found.client.zone) == ("Europe/Berlin", "Europe/Warsaw")
    assert (found.client.name, found.service, found.service_name) == ("Zoë Łuć", "7654321", "Deep tissue 60")
    assert (found.practitioner, found.place, found.created_at) == (
        "Mara Field",
        "Main Street 1",
        datetime(2026, 11, 20, 9, 12, 31, tzinfo=UTC),
    )


def test_a_client_without_an_address_is_a_client() -> None:
    (found,) = acuity(FakeVendor().on("GET", WHERE, appointment("api-appointment-real"))).fetch(ID)
    assert (found.client.email, found.client.phone, found.external_id) == ("", "", "12345")
    assert found.start == datetime(2025, 4, 26, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"canceled": True}, BookingStatus.cancelled),
        ({"canceled": True, "noShow": True}, BookingStatus.no_show),
        ({"canceled": None}, BookingStatus.confirmed),
        ({"canceled": False, "noShow": False}, BookingStatus.confirmed),
    ],
)
def test_canceled_and_no_show_are_told_apart(changes: dict[str, Any], status: BookingStatus) -> None:
    assert fetched(**changes).status is status


@pytest.mark.parametrize(
    "changes", [{"duration": "long"}, {"duration": ""}, {"datetime": "today"}, {"id": "x/y"}]
)
def test_an_odd_appointment_is_not_understood(changes: dict[str, Any]) -> None:
    with pytest.raises(UnknownPayload):
        fetched(**changes)


def test_a_number_is_a_duration_too() -> None:
    assert fetched(duration=90).end == datetime(2026, 11, 27, 15, 30, tzinfo=UTC)


def test_an_appointment_that_is_not_there_is_gone() -> None:
    with pytest.raises(Gone):
        acuity(FakeVendor()).fetch(ID)


def test_a_full_list_is_continued_from_its_last_day() -> None:
    first = [appointment(id=n) for n in range(PAGE - 1)] + [
        appointment(id=5000, datetime="2026-12-24T10:00:00+0100")
    ]
    vendor = FakeVendor().on("GET", "/api/v1/appointments", first)
    vendor.on("GET", "/api/v1/appointments", [appointment(id=5001), appointment(id=5002, datetime="odd")])
    found = list(acuity(vendor).changed_since(NOW))
    assert len(found) == PAGE + 1
    assert [call.params["minDate"] for call in vendor.calls] == ["2026-11-21", "2026-12-24"]
    assert vendor.calls[0].params["showall"] == "true"


def test_a_list_that_does_not_move_on_ends() -> None:
    stuck = [appointment(id=n, datetime="2026-11-21T10:00:00+0100") for n in range(PAGE)]
    vendor = FakeVendor().on("GET", "/api/v1/appointments", stuck)
    assert len(list(acuity(vendor).changed_since(NOW))) == PAGE


# What staff type into the field of the address (help.acuityscheduling.com, "Book for clients").
TYPED = {
    "ann@example.org, bob@example.org": "ann@example.org",
    "ann@example.org,bob@example.org": "ann@example.org",
    "ann@example.org; bob@example.org": "ann@example.org",
    "Ann <ann@example.org>": "ann@example.org",
    "ann@example.org\u200b": "ann@example.org",
    "none": "",
    "-": "",
    "n/a": "",
    "": "",
}


@pytest.mark.parametrize("typed", TYPED)
def test_several_addresses_or_none_do_not_lose_the_appointment(typed: str) -> None:
    found = fetched(email=typed, firstName="Ann", lastName="Field", phone="")
    assert (found.client.name, found.client.email) == ("Ann Field", TYPED[typed])


def test_a_missing_datetime_created_is_no_reason_to_lose_the_appointment() -> None:
    answer = appointment()
    del answer["datetimeCreated"]
    (found,) = acuity(FakeVendor().on("GET", WHERE, answer)).fetch(ID)
    assert (found.created_at, found.client.name) == (None, "Zoë Łuć")


@pytest.mark.parametrize(
    ("location", "remote"),
    [
        ("+1 555 010 0123", True),
        ("(555) 010-0123", True),
        ("Phone", True),
        ("By phone", True),
        ("https://zoom.us/j/123?pwd=abc", True),
        ("Main Street 1", False),
        ("12 Main St. https://maps.app.goo.gl/x", False),
        ("https://maps.app.goo.gl/x", False),
        ("", False),
    ],
)
def test_a_phone_location_is_a_call(location: str, remote: bool) -> None:
    assert fetched(location=location).remote is remote


class Capped(FakeVendor):
    """Acuity that gives fewer than `max` asks for (get-appointments: minDate, direction=ASC)."""

    most = 100
    all: list[dict[str, Any]]

    def request(self, method: str, url: str, **kwargs: Any) -> requests.Response:
        """The appointments from a day on, as many as it likes."""
        since = kwargs["params"]["minDate"]
        found = [each for each in self.all if each["datetime"][:10] >= since]
        self.answers = {}
        self.on("GET", "/api/v1/appointments", sorted(found, key=lambda e: e["datetime"])[: self.most])
        return super().request(method, url, **kwargs)


@given(st.lists(st.integers(0, 60), max_size=40), st.integers(3, 12))
def test_pages_go_on_while_there_is_progress(days: list[int], most: int) -> None:
    crowded = {day for day in days if days.count(day) >= most}
    kept = [day for day in days if day not in crowded]
    vendor = Capped()
    vendor.most = most
    vendor.all = [
        appointment(id=1000 + n, datetime=(NOW + timedelta(days=day)).strftime("%Y-%m-%dT10:00:00-0500"))
        for n, day in enumerate(kept)
    ]
    found = [int(each.external_id) for each in acuity(vendor).changed_since(NOW)]
    assert sorted(found) == [each["id"] for each in vendor.all]


def test_a_day_that_fills_a_page_does_not_stop_the_next_days() -> None:
    vendor = Capped()
    vendor.most = 5
    at = ["2026-11-24T10:00:00-0500"] * 5 + ["2026-11-25T10:00:00-0500"]
    vendor.all = [appointment(id=n, datetime=each) for n, each in enumerate(at, 1)]
    assert len(list(acuity(vendor).changed_since(NOW))) == 6


def test_link_and_status_stand_between_our_markers() -> None:
    written = f"Bring shoes.\n\n{block(NOTE.link, NOTE.status)}"
    vendor = FakeVendor().on("GET", WHERE, appointment(notes="Bring shoes.")).on("PUT", WHERE, {})
    vendor.on("GET", WHERE, appointment(notes=written.replace("\n", "\r\n")))
    acuity(vendor).attach(ID, NOTE)
    (sent,) = vendor.asked("PUT")
    assert (sent.json, sent.params) == ({"notes": written}, {"admin": "true"})


def test_a_note_that_is_there_is_not_written_again() -> None:
    notes = f"Bring shoes.\n\n{block(NOTE.link, NOTE.status)}"
    vendor = FakeVendor().on("GET", WHERE, appointment(notes=notes))
    acuity(vendor).attach(ID, NOTE)
    assert vendor.asked("PUT") == []


def test_a_note_that_did_not_stay_is_tried_again() -> None:
    vendor = FakeVendor().on("GET", WHERE, appointment(notes="")).on("PUT", WHERE, {})
    with pytest.raises(IntegrationError) as raised:
        acuity(vendor).attach(ID, NOTE)
    assert not raised.value.permanent


def test_writing_can_be_switched_off() -> None:
    vendor = FakeVendor()
    with pytest.raises(Unsupported):
        acuity(vendor, attach="off").attach(ID, NOTE)
    assert vendor.calls == []


WRITTEN = st.text(alphabet="abż\n []/", max_size=60)


@given(WRITTEN, st.sampled_from(["missing", "done", "plan sent"]), st.sampled_from(["missing", "done"]))
def test_what_others_wrote_is_never_touched(text: str, first: str, second: str) -> None:
    once = merge(text, block("https://x.example/1", first))
    twice = merge(once, block("https://x.example/1", second))
    assert without(once) == without(twice) == without(text) == text
    assert twice.count(BEGIN) == 1
    assert block("https://x.example/1", second) in twice


def test_a_damaged_marker_is_text_of_others() -> None:
    torn = f"Call her. {BEGIN}\nhalf"
    assert merge(torn, block("l", "done")).startswith(torn)
    assert merge(f"{END} x", block("l", "done")).startswith(f"{END} x")


def test_registering_adds_what_is_missing_and_removes_doubles() -> None:
    there = [
        {"id": 1, "event": "appointment.scheduled", "target": URL},
        {"id": 2, "event": "appointment.scheduled", "target": URL},
        {"id": 3, "event": "order.completed", "target": URL},
        {"id": 4, "event": "appointment.changed", "target": "https://elsewhere.example"},
    ]
    vendor = FakeVendor().on("GET", "/api/v1/webhooks", there).on("POST", "/api/v1/webhooks", {"id": 9}, 201)
    for number in (2, 3):
        vendor.on("DELETE", f"/api/v1/webhooks/{number}", None, 204)
    made = acuity(vendor).register("ignored")
    assert made.external_id == "1,9,9,9"
    assert [call.json["event"] for call in vendor.asked("POST")] == list(SUBSCRIBED[1:])
    assert [call.path[-1] for call in vendor.asked("DELETE")] == ["2", "3"]
    assert made.secret == ""


def test_unregistering_removes_ours_only() -> None:
    there = [
        {"id": 1, "event": "x", "target": URL},
        {"id": 4, "event": "x", "target": "https://elsewhere.example"},
    ]
    vendor = FakeVendor().on("GET", "/api/v1/webhooks", there).on("DELETE", "/api/v1/webhooks/1", None, 204)
    assert acuity(vendor).unregister() == 1


def test_problems_say_what_to_set() -> None:
    assert acuity(FakeVendor()).problems() == []
    assert len(connect("acuity", secrets=()).problems()) == 2
    assert any("register" in said for said in connect("acuity", secrets=("register",)).problems())
    with pytest.raises(Unsupported):
        connect("acuity").fetch(ID)
