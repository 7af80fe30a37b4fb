"""What can be booked, at every scheduler that says so: in the words that its bookings carry."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

import settings as configuration
from integrations.base import IntegrationError, Offered, Unsupported
from integrations.schedulers import SCHEDULERS
from tests.helpers.clinic import environ
from tests.helpers.fake_vendor import FakeVendor
from tests.helpers.vendors import EA, VENDORS, recorded
from tests.helpers.wire import connect
from tests.helpers.worlds import UNREADABLE

DEEP, RELAXING = "Deep tissue 60", "Masaje relajante · 放松"


def _calcom(vendor: FakeVendor) -> None:
    vendor.answers["GET", "/v2/me"] = vendor.answers["GET", "/v2/teams"] = []
    vendor.on("GET", "/v2/me", {"data": {"email": "mara@clinic.example", "username": "mara"}})
    vendor.answers["GET", "/v2/teams"] = []
    vendor.on("GET", "/v2/teams", {"data": [{"id": 7, "name": "Hands of Stone"}]})
    vendor.on("GET", "/v2/event-types", recorded("calcom", "event-types"))
    vendor.on("GET", "/v2/teams/7/event-types", recorded("calcom", "team-event-types"))


LISTS: dict[str, Callable[[FakeVendor], Any]] = {
    "acuity": lambda to: to.on("GET", "/api/v1/appointment-types", recorded("acuity", "appointment-types")),
    "calcom": _calcom,
    "calendly": lambda to: to.on("GET", "/event_types", recorded("calendly", "event-types")),
    "cliniko": lambda to: to.on("GET", "/v1/appointment_types", recorded("cliniko", "appointment-types")),
    "easyappointments": lambda to: to.on("GET", f"{EA}/services", recorded("easyappointments", "services")),
    "square": lambda to: to.on("POST", "/v2/catalog/search-catalog-items", recorded("square", "services")),
}
OFFERED = {
    "acuity": {"7654321": DEEP, "7654322": RELAXING},
    "calcom": {"deep-tissue-60": DEEP, "masaje": RELAXING, "couples": "Couples massage"},
    "calendly": {"T1": DEEP, "T2": RELAXING},
    "cliniko": {"1390053865100944805": DEEP, "1390053865100944806": RELAXING},
    "easyappointments": {"2": DEEP, "3": RELAXING},
    "square": {"SV1": DEEP, "SV2": f"{RELAXING}, 60 min", "SV3": f"{RELAXING}, 90 min"},
}
each_list = pytest.mark.parametrize("name", LISTS)


def served(name: str) -> tuple[FakeVendor, dict[str, str]]:
    """The vendor with one booking and its services, and what we read of them."""
    vendor = FakeVendor()
    VENDORS[name].publish(vendor, [VENDORS[name].row(1)])
    LISTS[name](vendor)
    return vendor, {each.slug: each.name for each in VENDORS[name].ours(vendor).services()}


def test_every_scheduler_has_a_list_or_says_that_it_has_none() -> None:
    assert set(LISTS) == set(SCHEDULERS) - UNREADABLE
    for name in UNREADABLE:
        with pytest.raises(Unsupported, match="does not say what can be booked"):
            connect(name).services()


@each_list
def test_what_can_be_booked_stands_in_its_own_words(name: str) -> None:
    assert served(name)[1] == OFFERED[name]


@each_list
def test_a_booking_carries_the_word_of_its_service(name: str) -> None:
    """Else the form and the plan that were chosen for a service would never be found."""
    vendor, offered = served(name)
    (booking,) = VENDORS[name].ours(vendor).fetch(VENDORS[name].name_of(1))
    assert offered[booking.service] == DEEP
    assert booking.service_name.startswith(DEEP)


@each_list
def test_the_form_chosen_for_a_service_is_asked_for_its_booking(name: str) -> None:
    vendor, offered = served(name)
    (booking,) = VENDORS[name].ours(vendor).fetch(VENDORS[name].name_of(1))
    chosen = {
        slug: {"questionnaire": "short" if title == DEEP else "", "plan": False}
        for slug, title in offered.items()
    }
    given = environ("sqlite:///a.db", 25, CLINIC_SERVICES=json.dumps(chosen))
    asked = configuration.load(given).clinic.service(booking.service, booking.service_name)
    assert (asked.questionnaire, asked.plan) == ("short", False)


@each_list
@pytest.mark.parametrize("body", [[], {}, {"data": None}, {"collection": [None]}, {"items": [{}]}])
def test_a_list_without_anything_offers_nothing(name: str, body: Any) -> None:
    vendor = FakeVendor()
    LISTS[name](vendor)
    for asked in list(vendor.answers):
        if asked[1] not in ("/v2/me", "/v2/teams"):
            vendor.answers[asked] = []
            vendor.on(*asked, body)
    with suppress(IntegrationError):  # an answer that is no list is a failure that may pass
        assert not [each for each in VENDORS[name].ours(vendor).services() if each.slug]


@each_list
def test_a_refused_key_is_said(name: str) -> None:
    vendor = FakeVendor()
    LISTS[name](vendor)
    for asked in list(vendor.answers):
        vendor.answers[asked] = []
        vendor.on(*asked, {}, status=403)
    with pytest.raises(IntegrationError, match=r"refused our key \(403\)"):
        VENDORS[name].ours(vendor).services()


def test_squares_list_is_read_to_its_last_page() -> None:
    page = recorded("square", "services")
    vendor = FakeVendor().on("POST", "/v2/catalog/search-catalog-items", {**page, "cursor": "c2"})
    more = {"id": "I9", "item_data": {"name": "Cupping", "variations": [{"id": "SV9"}]}}
    vendor.on("POST", "/v2/catalog/search-catalog-items", {"items": [more]})
    found = VENDORS["square"].ours(vendor).services()
    assert found[-1] == Offered("SV9", "Cupping")
    assert [each.json.get("cursor") for each in vendor.calls] == [None, "c2"]


def test_teams_that_a_key_may_not_see_hide_no_own_event_type() -> None:
    vendor = FakeVendor()
    _calcom(vendor)
    vendor.answers["GET", "/v2/teams"] = []
    vendor.on("GET", "/v2/teams", {}, status=403)
    found = VENDORS["calcom"].ours(vendor).services()
    assert {each.slug for each in found} == {"deep-tissue-60", "masaje"}
