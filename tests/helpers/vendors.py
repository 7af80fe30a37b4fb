"""The vendors' APIs as they really answer, from recorded answers (see sources.toml)."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from integrations.base import Scheduler
from tests.helpers.fake_vendor import FakeVendor
from tests.helpers.wire import PAYLOADS, connect

Row = dict[str, Any]
EA = "/index.php/api/v1"


def recorded(vendor: str, stem: str) -> Any:
    """A recorded answer of an API."""
    return json.loads((PAYLOADS / vendor / f"api-{stem}.json").read_text())


def _acuity(vendor: FakeVendor, rows: list[Row]) -> None:
    vendor.on("GET", "/api/v1/appointments", rows)
    for row in rows:
        vendor.on("GET", f"/api/v1/appointments/{row.get('id')}", row)


def _calcom(vendor: FakeVendor, rows: list[Row]) -> None:
    """Its count ignores the filter of time: every page says that there are more, and an empty one ends."""
    more = {"pagination": {"totalItems": 999, "hasNextPage": True}}
    vendor.on("GET", "/v2/bookings", {"data": rows, **more}).on("GET", "/v2/bookings", {"data": [], **more})
    vendor.on("GET", "/v2/teams", {"data": []})
    vendor.on("GET", "/v2/me", {"data": {"email": "mara@clinic.example"}})
    for row in rows:
        vendor.on("GET", f"/v2/bookings/{row.get('uid')}", {"data": row})


def _calendly(vendor: FakeVendor, rows: list[Row]) -> None:
    events = [row["event"] for row in rows]
    vendor.on("GET", "/scheduled_events", {"collection": events, "pagination": {"next_page_token": None}})
    for row in rows:
        name = str(row["event"].get("uri")).rpartition("/")[2]
        where = f"/scheduled_events/{name}"
        vendor.on("GET", where, {"resource": row["event"]})
        vendor.on("GET", f"{where}/invitees", {"collection": [row["invitee"]], "pagination": {}})
        vendor.on("GET", f"{where}/invitees/I{name[1:]}", {"resource": row["invitee"]})


def _cliniko(vendor: FakeVendor, rows: list[Row]) -> None:
    """The four lists of a reading show the same; what an appointment names is behind its address."""
    vendor.on("GET", "/v1/individual_appointments", {"individual_appointments": rows, "links": {}})
    vendor.on("GET", "/v1/patients", {"patients": [recorded("cliniko", "patient")], "links": {}})
    for plural, stem in (
        ("appointment_types", "appointment-type"),
        ("businesses", "business"),
        ("patients", "patient"),
        ("practitioners", "practitioner"),
    ):
        found = recorded("cliniko", stem)
        vendor.on("GET", f"/v1/{plural}/{found['id']}", found)
    for row in rows:
        vendor.on("GET", f"/v1/individual_appointments/{row.get('id')}", row)


def _easyappointments(vendor: FakeVendor, rows: list[Row]) -> None:
    vendor.on("GET", f"{EA}/appointments", rows)
    setting = {"name": "default_timezone", "value": "UTC"}
    vendor.on("GET", f"{EA}/settings/default_timezone", setting)
    for row in rows:
        vendor.on("GET", f"{EA}/appointments/{row.get('id')}", row)


def _square(vendor: FakeVendor, rows: list[Row]) -> None:
    """A year is listed in windows: the bookings stand in the first, a page without any in the others."""
    vendor.on("GET", "/v2/bookings", {"bookings": rows}).on("GET", "/v2/bookings", {})
    vendor.on("GET", "/v2/customers/C1", recorded("square", "customer"))
    vendor.on("GET", "/v2/catalog/object/SV1", recorded("square", "service"))
    vendor.on("GET", "/v2/bookings/team-member-booking-profiles/TM1", recorded("square", "team-member"))
    vendor.on("GET", "/v2/locations/L1", recorded("square", "location"))
    for row in rows:
        vendor.on("GET", f"/v2/bookings/{row.get('id')}", {"booking": row})


def _calendly_row(number: int) -> Row:
    event, invitee = recorded("calendly", "event")["resource"], recorded("calendly", "invitee")["resource"]
    uri = f"https://api.calendly.com/scheduled_events/E{number}"
    return {
        "event": {**event, "uri": uri},
        "invitee": {**invitee, "uri": f"{uri}/invitees/I{number}", "event": uri},
    }


@dataclass(frozen=True, slots=True)
class Vendor:
    """One vendor. `core` are the fields without which there is no visit, as paths; `made` says when it was
    booked; `not_ours` turns a row into one that is no booking of this account, where a list holds such."""

    name: str
    publish: Callable[[FakeVendor, list[Row]], None]
    row: Callable[[int], Row]
    name_of: Callable[[int], str]
    core: frozenset[tuple[str, ...]]
    made: tuple[str, ...]
    client: tuple[str, str, str]
    account: str = "42"
    not_ours: Row = field(default_factory=dict)

    def ours(self, vendor: FakeVendor) -> Scheduler:
        """A connection to it, on the fake host."""
        settings = {"api_key": "key", "account": self.account, "api_base": "https://vendor.example"}
        return connect(self.name, vendor.http(), **settings, clinic_zone="America/New_York")

    def serving(self, *rows: Row) -> Scheduler:
        """A connection to it while it holds these rows."""
        vendor = FakeVendor()
        self.publish(vendor, list(rows))
        return self.ours(vendor)


ZOE = ("Zoë Łuć", "zoe@example.org", "Mara Field")
VENDORS = {
    each.name: each
    for each in (
        Vendor(
            "acuity",
            _acuity,
            lambda number: {**recorded("acuity", "appointment"), "id": number},
            str,
            frozenset({("id",), ("datetime",), ("duration",)}),
            ("datetimeCreated",),
            ZOE,
        ),
        Vendor(
            "calcom",
            _calcom,
            lambda number: {**recorded("calcom", "booking")["data"], "uid": f"b{number}"},
            lambda number: f"b{number}",
            frozenset({("uid",), ("start",), ("end",)}),
            ("createdAt",),
            ZOE,
            account="",
            not_ours={"hosts": [{"name": "A Dentist", "email": "dentist@elsewhere.example"}]},
        ),
        Vendor(
            "calendly",
            _calendly,
            _calendly_row,
            lambda number: f"E{number}.I{number}",
            frozenset({("event", "uri"), ("event", "start_time"), ("event", "end_time"), ("invitee", "uri")}),
            ("invitee", "created_at"),
            ZOE,
            account="https://api.calendly.com/organizations/O1",
        ),
        Vendor(
            "cliniko",
            _cliniko,
            lambda number: {**recorded("cliniko", "appointment"), "id": str(number)},
            str,
            frozenset({("id",), ("starts_at",), ("ends_at",)}),
            ("created_at",),
            ZOE,
        ),
        Vendor(
            "easyappointments",
            _easyappointments,
            lambda number: {**recorded("easyappointments", "appointment-embedded"), "id": number},
            str,
            frozenset({("id",), ("start",), ("end",)}),
            ("book",),
            ("Zoë Łuć 北京", "zoe@example.org", "Jane Field"),
            account="",
        ),
        Vendor(
            "square",
            _square,
            lambda number: {**recorded("square", "booking")["booking"], "id": f"bk{number}"},
            lambda number: f"bk{number}",
            frozenset({("id",), ("start_at",)}),
            ("created_at",),
            ZOE,
        ),
    )
}
