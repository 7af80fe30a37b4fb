"""Cliniko, read all the time: a stand-in answers as its documentation says; no vendor was reached."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.base import Gone, IntegrationError, Offered, Scheduler, Unsupported
from integrations.schedulers.cliniko import APPOINTMENTS, PATIENTS, shard
from schemas.booking import BookingState, BookingStatus, Person
from tests.helpers.fake_cliniko import FakeCliniko, link
from tests.helpers.fake_vendor import FakeVendor
from tests.helpers.vendors import VENDORS, recorded
from tests.helpers.wire import NOW, connect

SOON = "2026-11-27T15:00:00Z"
LONG_AGO = "2026-01-01T00:00:00Z"
AT = "2026-11-22T11:59:00Z"


def row(number: int, **changes: Any) -> dict[str, Any]:
    """An appointment of a patient of its own, untouched for long."""
    own = {"id": f"{number}", "patient": link("patients", f"P{number}"), "updated_at": LONG_AGO}
    return {**recorded("cliniko", "appointment"), **own, **changes}


def holding(*rows: dict[str, Any], **changes: Any) -> FakeCliniko:
    """A vendor with these appointments, and with everybody whom they name."""
    patients = {}
    for each in rows:
        name = each["patient"]["links"]["self"].rpartition("/")[2]
        patients[name] = {**recorded("cliniko", "patient"), "id": name, "last_name": name}
    return FakeCliniko(rows=list(rows), patients=patients, **changes)


def cliniko(vendor: FakeVendor, **changes: Any) -> Scheduler:
    settings = {"api_key": "key-uk2", "api_base": "https://vendor.example", "contact": "care@clinic.example"}
    return connect("cliniko", vendor.http(), secrets=(), **(settings | changes))


def one(changes: dict[str, Any] | None = None, patient: dict[str, Any] | None = None) -> BookingState:
    """What is read of one appointment."""
    vendor = holding(row(1, **(changes or {})))
    vendor.patients["P1"] |= patient or {}
    (found,) = cliniko(vendor).fetch("1")
    return found


# Whom is asked, and how


@pytest.mark.parametrize(
    ("key", "where"),
    [
        ("MS0xLWl4SzYY-uk2", "uk2"),
        ("MS0xLWl4SzYY-AU1", "au1"),
        ("MS0x-us10", "us10"),
        ("MS0xLWl4SzYY", "au1"),
        ("x-evil.example/1", "au1"),
        ("x-uk2.evil.example", "au1"),
        ("", "au1"),
    ],
)
def test_the_end_of_a_key_says_where_its_account_lives(key: str, where: str) -> None:
    assert shard(key) == where


def test_a_key_is_asked_where_its_account_lives() -> None:
    vendor = FakeVendor(host="api.uk2.cliniko.com").on("GET", APPOINTMENTS, {"individual_appointments": []})
    cliniko(vendor, api_base="").ping()
    (call,) = vendor.calls
    assert call.auth == ("key-uk2", "")
    assert call.params == {"per_page": 1}


@pytest.mark.parametrize(
    ("contact", "agent"),
    [
        ("care@clinic.example", "Aftercare (care@clinic.example)"),
        ("care@praxis-müller.example", "Aftercare (care@xn--praxis-mller-klb.example)"),
        ("müller@praxis.example", "Aftercare (m?ller@praxis.example)"),
    ],
)
def test_every_request_says_whom_to_write_to(contact: str, agent: str) -> None:
    vendor = holding(row(1))
    cliniko(vendor, contact=contact).fetch("1")
    assert {each.headers["User-Agent"] for each in vendor.calls} == {agent}


def test_problems_say_what_to_set() -> None:
    assert cliniko(FakeVendor()).problems() == []
    said = " ".join(cliniko(FakeVendor(), api_key="", contact="", attach="notes").problems())
    assert all(word in said for word in ("API key", "e-mail address", "attach"))
    with pytest.raises(Unsupported):
        cliniko(FakeVendor(), api_key="").fetch("1")


def test_a_refused_key_says_where_to_look() -> None:
    with pytest.raises(IntegrationError, match="Manage API keys"):
        cliniko(FakeVendor().on("GET", APPOINTMENTS, {}, status=401)).ping()


def test_at_the_limit_it_waits_until_cliniko_says() -> None:
    reset = str(int(NOW.timestamp()) + 37)
    said = {"X-RateLimit-Reset": reset, "Date": NOW.strftime("%a, %d %b %Y %H:%M:%S GMT")}
    with pytest.raises(IntegrationError) as raised:
        cliniko(FakeVendor().on("GET", APPOINTMENTS, {}, status=429, headers=said)).ping()
    assert (raised.value.retry_after, raised.value.permanent) == (37, False)


# What an appointment says


def test_an_appointment_with_whom_and_what_it_names() -> None:
    found = one()
    assert found == BookingState(
        external_id="1",
        status=BookingStatus.confirmed,
        start=datetime(2026, 11, 27, 15, tzinfo=UTC),
        end=datetime(2026, 11, 27, 16, tzinfo=UTC),
        client=Person("Zoë P1", "zoe@example.org", "07700 900123", "Europe/London", ref="P1"),
        service="1390053865100944805",
        service_name="Deep tissue 60",
        practitioner="Mara Field",
        place="Hands of Stone, 12 Main Street, Leeds",
        zone="Europe/London",
        created_at=datetime(2026, 11, 20, 20, 4, 46, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, BookingStatus.confirmed),
        ({"patient_arrived": True}, BookingStatus.confirmed),
        ({"did_not_arrive": None}, BookingStatus.confirmed),
        ({"did_not_arrive": True}, BookingStatus.no_show),
        ({"cancelled_at": AT}, BookingStatus.cancelled),
        ({"cancelled_at": AT, "did_not_arrive": True}, BookingStatus.cancelled),
        ({"archived_at": AT}, BookingStatus.cancelled),
        ({"deleted_at": AT}, BookingStatus.cancelled),
        ({"deleted_at": ""}, BookingStatus.confirmed),
    ],
)
def test_what_is_marked_gives_a_state(changes: dict[str, Any], status: BookingStatus) -> None:
    assert one(changes).status is status


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"email": None, "patient_phone_numbers": []}, ("Zoë P1", "", "")),
        ({"email": "", "patient_phone_numbers": None}, ("Zoë P1", "", "")),
        ({"preferred_first_name": "Zo"}, ("Zo P1", "zoe@example.org", "07700 900123")),
        ({"first_name": None, "last_name": "北京"}, ("北京", "zoe@example.org", "07700 900123")),
        (
            {"patient_phone_numbers": [{"phone_type": "Home", "number": "0113 496 0000"}]},
            ("Zoë P1", "zoe@example.org", "0113 496 0000"),
        ),
        (
            {"patient_phone_numbers": [{"phone_type": "Mobile", "number": "-"}, {"number": "0113 496 0000"}]},
            ("Zoë P1", "zoe@example.org", "0113 496 0000"),
        ),
    ],
)
def test_a_patient_without_some_of_it(changes: dict[str, Any], expected: tuple[str, str, str]) -> None:
    client = one(patient=changes).client
    assert (client.name, client.email, client.phone) == expected


def test_a_patient_who_is_gone_leaves_the_name_on_the_appointment() -> None:
    vendor = holding(row(1, patient_name="Zoë Łuć"))
    vendor.patients.clear()
    (found,) = cliniko(vendor).fetch("1")
    assert found.client == Person("Zoë Łuć", ref="P1")


def test_a_link_for_a_call_that_every_appointment_has_makes_no_call() -> None:
    assert recorded("cliniko", "appointment")["telehealth_url"]
    assert not one().remote
    vendor = FakeVendor()
    VENDORS["cliniko"].publish(vendor, [row(1)])
    kind = {**recorded("cliniko", "appointment-type"), "telehealth_enabled": True}
    vendor.answers["GET", f"/v1/appointment_types/{kind['id']}"].clear()
    vendor.on("GET", f"/v1/appointment_types/{kind['id']}", kind)
    vendor.on("GET", f"{PATIENTS}/P1", recorded("cliniko", "patient"))
    (found,) = cliniko(vendor).fetch("1")
    assert (found.remote, found.place) == (True, "")


def test_an_appointment_that_is_not_there_is_gone() -> None:
    with pytest.raises(Gone):
        cliniko(holding()).fetch("1")


def test_an_address_that_leads_elsewhere_names_nothing() -> None:
    odd = [{}, None, {"links": {"self": "https://[x"}}, {"links": {"self": "https://evil.example/../.."}}]
    for each in odd:
        assert one({"business": each}).place == ""


# Lists


def listed(vendor: FakeCliniko, since: datetime = NOW) -> list[str]:
    return sorted({each.external_id for each in cliniko(vendor).changed_since(since)}, key=int)


def lists_asked(vendor: FakeCliniko) -> list[str]:
    return [each.params["q[]"][0].partition(":")[0] for each in vendor.calls if each.path == APPOINTMENTS]


def test_a_whole_reading_has_all_that_is_to_come_and_all_that_changed() -> None:
    past = {"starts_at": LONG_AGO, "ends_at": LONG_AGO}
    rows = [row(1), row(2, **past), row(3, **past, updated_at=SOON), row(4, **past, cancelled_at=SOON)]
    vendor = holding(*rows, row(5, **past, archived_at=SOON), row(6, cancelled_at=LONG_AGO))
    assert listed(vendor) == ["1", "3", "4", "5"]
    assert lists_asked(vendor) == ["starts_at", "updated_at", "cancelled_at", "archived_at"]


def test_a_reading_of_changes_asks_for_nothing_else() -> None:
    vendor = holding(row(1), row(2, updated_at=SOON), row(3, cancelled_at=SOON))
    found = [each.external_id for batch in cliniko(vendor).changes(NOW) for each in batch.bookings]
    assert found == ["2", "3"]
    assert lists_asked(vendor) == ["updated_at", "cancelled_at", "archived_at"]
    assert vendor.calls[0].params["q[]"] == ["updated_at:>=2026-11-22T12:00:00Z"]


def test_patients_are_asked_for_together_and_one_by_one_where_that_is_refused() -> None:
    for bulk, asked in ((True, 2), (False, 61)):
        vendor = holding(*(row(number, updated_at=LONG_AGO) for number in range(60)), bulk=bulk)
        found = list(cliniko(vendor).changed_since(NOW))
        assert {each.client.name for each in found} == {f"Zoë P{number}" for number in range(60)}
        assert len([each for each in vendor.calls if each.path.startswith(PATIENTS)]) == asked


def test_an_archived_patient_is_not_in_the_list_and_known_all_the_same() -> None:
    vendor = holding(row(1), row(2))
    vendor.patients["P2"] |= {"archived_at": AT}
    found = {each.external_id: each.client.name for each in cliniko(vendor).changed_since(NOW)}
    assert found == {"1": "Zoë P1", "2": "Zoë P2"}


@given(count=st.integers(0, 9), most=st.integers(1, 4), whole=st.booleans())
def test_from_every_place_the_rest_is_read(count: int, most: int, whole: bool) -> None:
    vendor = holding(*(row(number, updated_at=SOON) for number in range(count)), most=most)

    def read(place: str) -> list[tuple[list[str], str]]:
        ours = cliniko(vendor)
        found = ours.batches(NOW, place) if whole else ours.changes(NOW, place)
        return [([each.external_id for each in batch.bookings], batch.place) for batch in found]

    batches = read("")
    assert {name for names, _ in batches for name in names} == {str(number) for number in range(count)}
    for number, (_, place) in enumerate(batches):
        assert read(place) == batches[number + 1 :]


def test_the_next_page_is_asked_for_at_cliniko_wherever_its_address_leads() -> None:
    first = {"links": {"next": "https://evil.example/x?page=2&per_page=100"}, "individual_appointments": []}
    vendor = FakeVendor().on("GET", APPOINTMENTS, first).on("GET", APPOINTMENTS, {"links": {}})
    list(cliniko(vendor).changes(NOW + timedelta(days=1)))
    assert vendor.calls[1].path == APPOINTMENTS
    assert vendor.calls[1].params == {"page": ["2"], "per_page": ["100"]}


def test_services_are_the_types_for_one_patient_that_are_not_archived() -> None:
    kind = recorded("cliniko", "appointment-type")
    first = {
        "appointment_types": [kind, {**kind, "id": "2", "name": "Pilates", "max_attendees": 8}],
        "links": {"next": "https://api.uk2.cliniko.com/v1/appointment_types?page=2"},
    }
    more = [{**kind, "id": "3", "name": "Old", "archived_at": AT}, {**kind, "id": "4", "max_attendees": None}]
    vendor = FakeVendor().on("GET", "/v1/appointment_types", first)
    vendor.on("GET", "/v1/appointment_types", {"appointment_types": more, "links": {}})
    names = "Deep tissue 60"
    assert cliniko(vendor).services() == [Offered(kind["id"], names), Offered("4", names)]
