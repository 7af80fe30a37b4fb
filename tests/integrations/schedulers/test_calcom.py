"""Cal.com: captured and documented bodies, and the variants that its documents describe."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.base import InvalidSignature, UnknownPayload, Unsupported
from integrations.base import Note as AttachNote
from integrations.signing import sha256
from schemas.booking import BookingState, BookingStatus
from schemas.webhook import Notice
from tests.helpers.wire import SECRET, connect, inbound, stored

CREATED, RESCHEDULED, CANCELLED, NO_SHOW, ENDED = "01", "02", "03", "14", "17"


def parse(stem: str, **changes: Any) -> list[Notice]:
    """The notices of a stored body, with fields of its payload changed (None removes one)."""
    body = json.loads(stored("calcom", stem))
    payload = body.get("payload", body)
    for name, value in changes.items():
        payload[name] = value
    return connect("calcom").parse(inbound(body))


def one(stem: str, **changes: Any) -> BookingState:
    """The one booking of a stored body."""
    (notice,) = parse(stem, **changes)
    assert notice.booking is not None
    return notice.booking


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    """The header of a signed body."""
    return {"X-Cal-Signature-256": sha256(secret, body).hex()}


def test_a_signed_body_is_accepted() -> None:
    body = stored("calcom", CREATED)
    connect("calcom").verify(inbound(body, signed(body)))


@pytest.mark.parametrize(
    "value", ["no-secret-provided", "", "sha256=" + "0" * 64, "0" * 63, "é" * 64, "A" * 64]
)
def test_what_is_not_a_signature_is_refused(value: str) -> None:
    with pytest.raises(InvalidSignature):
        connect("calcom").verify(inbound(stored("calcom", CREATED), {"x-cal-signature-256": value}))


def test_a_connection_without_a_secret_refuses_everything() -> None:
    body = stored("calcom", CREATED)
    for secrets in ((), ("",)):
        with pytest.raises(InvalidSignature):
            connect("calcom", secrets=secrets).verify(inbound(body, signed(body, "")))
        assert connect("calcom", secrets=secrets).problems()


def test_a_created_booking_is_read_whole() -> None:
    found = one(CREATED)
    assert found == BookingState(
        external_id="3LpAwYNWsfRYM1qcxtYeUZ",
        status=BookingStatus.confirmed,
        start=datetime(2025, 11, 18, 9, 30, tzinfo=UTC),
        end=datetime(2025, 11, 18, 9, 45, tzinfo=UTC),
        client=found.client,
        service="appointment-with-dr.-jennifer",
        service_name="Appointment with Dr. Jennifer",
        practitioner="Jo Host",
        place="1600 Pennsylvania Avenue NW, Washington, D.C. 20500.",
        created_at=datetime(2025, 11, 4, 21, 39, 41, 319000, tzinfo=UTC),
    )
    who = found.client
    assert (who.name, who.email, who.phone) == ("Test Klient ọlá", "client@example.com", "+17025550179")
    assert (who.zone, who.language) == ("Africa/Lagos", "en")


def test_a_rescheduled_booking_names_the_one_before() -> None:
    found = one(RESCHEDULED)
    assert (found.external_id, found.replaces) == ("cp96d6UZfisqb5MqJSTMbj", "3LpAwYNWsfRYM1qcxtYeUZ")


def test_a_chain_is_known_by_its_first_booking_but_a_series_is_no_chain() -> None:
    assert one(RESCHEDULED).root == "3LpAwYNWsfRYM1qcxtYeUZ"
    assert one(CREATED).root == one(RESCHEDULED, recurringEventId="r1").root == ""
    assert one(RESCHEDULED, iCalUID=None).root == one(RESCHEDULED, iCalUID="../x@Cal.com").root == ""


def test_a_cancelled_booking_is_cancelled_whatever_its_status_says() -> None:
    assert one(CANCELLED).status is BookingStatus.cancelled
    assert one(CANCELLED, status="ACCEPTED", requestReschedule=True).status is BookingStatus.cancelled


@pytest.mark.parametrize(
    ("trigger", "status", "expected"),
    [
        ("BOOKING_REQUESTED", "PENDING", BookingStatus.pending),
        ("BOOKING_REJECTED", "REJECTED", BookingStatus.cancelled),
        ("BOOKING_PAYMENT_INITIATED", "ACCEPTED", BookingStatus.pending),
        ("BOOKING_PAID", "ACCEPTED", BookingStatus.confirmed),
        ("BOOKING_PAID", None, BookingStatus.confirmed),
        ("BOOKING_PAID", "PENDING", BookingStatus.pending),
        ("BOOKING_REASSIGNED", "ACCEPTED", BookingStatus.confirmed),
        ("BOOKING_LOCATION_UPDATED", "ACCEPTED", BookingStatus.confirmed),
        ("BOOKING_RESCHEDULED", "CANCELLED", BookingStatus.cancelled),
    ],
)
def test_a_trigger_gives_a_state(trigger: str, status: str | None, expected: BookingStatus) -> None:
    body = json.loads(stored("calcom", CREATED))
    body["triggerEvent"] = trigger
    body["payload"]["status"] = status
    del body["payload"]["responses"]
    body["payload"]["organizer"]["timeFormat"] = 12
    (notice,) = connect("calcom").parse(inbound(body))
    assert notice.booking is not None
    assert notice.booking.status is expected


@pytest.mark.parametrize("trigger", ["FORM_SUBMITTED", "RECORDING_READY", "OOO_CREATED", "SOMETHING_NEW"])
def test_a_trigger_that_is_not_about_a_booking_says_nothing(trigger: str) -> None:
    assert connect("calcom").parse(inbound({"triggerEvent": trigger, "payload": {"a": 1}})) == []


def test_a_no_show_is_a_mark_on_the_uid() -> None:
    (notice,) = parse(NO_SHOW)
    assert (notice.external_id, notice.no_show, notice.booking) == ("5vQFqxDFMjdgKGMijqtqRw", True, None)
    assert (notice.seat, notice.email) == ("", "test@example.com")
    (taken_back,) = parse(NO_SHOW, attendees=[{"email": "Test@example.com", "noShow": False}])
    assert (taken_back.no_show, taken_back.email) == (False, "test@example.com")


def test_the_end_of_a_meeting_is_only_a_hint_flat_or_wrapped() -> None:
    flat = json.loads(stored("calcom", ENDED))
    wrapped = {"triggerEvent": flat["triggerEvent"], "createdAt": flat["createdAt"], "payload": flat}
    for body in (flat, wrapped):
        (notice,) = connect("calcom").parse(inbound(body))
        assert (notice.hint, notice.occurred_at, notice.external_id) == (
            True,
            None,
            "unique-booking-identifier",
        )
        assert notice.booking is not None
        assert (notice.booking.client.email, notice.booking.remote) == ("guest@example.com", True)


def test_guests_are_not_clients() -> None:
    attendees = [
        {"email": "friend@example.com", "name": "Friend"},
        {"email": "client@example.com", "name": "Client"},
    ]
    assert one(CREATED, attendees=attendees).client.name == "Client"
    assert one(CREATED, attendees=attendees, responses={}).client.name == "Friend"


def test_every_seat_of_a_group_is_a_client() -> None:
    attendees = [
        {"email": "Pair@example.com", "name": "Ada"},
        {"email": "pair@example.com", "name": "Ben"},
        {"email": "cy@example.com", "name": "Cy"},
        {"email": "cy@example.com", "name": "Cy"},
    ]
    notices = parse(CREATED, seatsPerTimeSlot=4, attendees=attendees)
    assert [n.seat for n in notices] == ["pair@example.com", "pair@example.com#2", "cy@example.com"]
    assert [n.booking and n.booking.client.name for n in notices] == ["Ada", "Ben", "Cy"]


@pytest.mark.parametrize(
    ("location", "remote", "place"),
    [
        ("integrations:daily", True, ""),
        ("https://meet.example/x", True, "https://meet.example/x"),
        ("+49 151 1234567", True, "+49 151 1234567"),
        ("inPerson", False, ""),
        ("Main Street 1", False, "Main Street 1"),
        (None, False, ""),
        ({"type": "odd"}, False, ""),
    ],
)
def test_a_location_is_a_place_or_a_call(location: object, remote: bool, place: str) -> None:
    found = one(CREATED, location=location)
    assert (found.remote, found.place) == (remote, place)


def test_a_phone_number_is_taken_from_wherever_it_stands() -> None:
    bare = [{"email": "client@example.com", "name": "C", "phoneNumber": None}]
    assert one(CREATED, attendees=bare).client.phone == "+17025550179"
    plain = {"attendeePhoneNumber": "+1 702 555 0180"}
    assert one(CREATED, attendees=bare, responses=plain).client.phone == "+1 702 555 0180"
    assert one(CREATED, attendees=bare, responses=None, smsReminderNumber="+49151123456").client.phone
    assert one(CREATED, attendees=bare, responses={"attendeePhoneNumber": {}}).client.phone == ""


def test_a_field_of_a_newer_version_changes_nothing() -> None:
    assert one(CREATED, attendeeIcsContent="BEGIN:VCALENDAR") == one(CREATED)


@pytest.mark.parametrize(
    "changes",
    [
        {"startTime": "2025-02-30T09:00:00Z"},
        {"startTime": None},
        {"endTime": "2025-11-18T09:00:00Z"},
        {"uid": "../../v2/me"},
        {"uid": ""},
    ],
)
def test_what_cannot_be_a_booking_is_not_understood(changes: dict[str, Any]) -> None:
    with pytest.raises(UnknownPayload):
        parse(CREATED, **changes)


def test_an_unknown_zone_falls_back_to_the_clinics() -> None:
    attendees = [{"email": "client@example.com", "name": "C", "timeZone": "Mars/Base"}]
    assert one(CREATED, attendees=attendees).client.zone == ""


def test_nothing_can_be_written_onto_a_booking() -> None:
    with pytest.raises(Unsupported, match="Not supported by Cal"):
        connect("calcom").attach("x", AttachNote("https://aftercare.example/i/t", "missing"))
