"""A full calendar is connected: who booked before is known and never written to, at any scheduler."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from handlers.bookings.preview import preview
from handlers.bookings.reconcile import reconcile
from handlers.context import Context
from handlers.worker import work
from schemas.delivery import Purpose
from store import bookings, connections
from tests.helpers.clinic import NOW
from tests.helpers.edits import put
from tests.helpers.fake_vendor import FakeVendor
from tests.helpers.mailbox import Mailbox
from tests.helpers.vendors import VENDORS, Vendor, recorded

OLD, NEW = 40, 2
BEFORE, SINCE = "2026-11-01", "2026-11-21"
WRITES = ("PUT", "POST", "PATCH", "DELETE")


def address(number: int) -> str:
    """Each booking is somebody else's."""
    return f"c{number}@example.org"


# Where the address and the name of who comes stand, and a number that all would share.
EMAIL: dict[str, tuple[str, ...]] = {
    "acuity": ("email",),
    "calcom": ("attendees.0.email", "bookingFieldsResponses.email"),
    "calendly": ("invitee.email",),
    "cliniko": ("email",),
    "easyappointments": ("customer.email",),
    "square": ("email_address",),
}
NAME = {
    "acuity": "firstName",
    "calcom": "attendees.0.name",
    "calendly": "invitee.name",
    "cliniko": "first_name",
    "easyappointments": "customer.first_name",
    "square": "given_name",
}
PHONE = {
    "calcom": "attendees.0.phoneNumber",
    "cliniko": "patient_phone_numbers",
    "easyappointments": "customer.phone_number",
    "square": "phone_number",
}
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def of(vendor: Vendor, number: int, described: dict[str, Any]) -> dict[str, Any]:
    """The same, of somebody else."""
    for path in EMAIL[vendor.name]:
        put(path, address(number))(described)
    put(NAME[vendor.name], f"Ann{LETTERS[number % 26]} {LETTERS[number // 26].upper()}berg")(described)
    if vendor.name in PHONE:
        put(PHONE[vendor.name], None)(described)
    return described


def a_row(vendor: Vendor, number: int) -> dict[str, Any]:
    """A booking made before the connection; the last ones were made since."""
    row = vendor.row(number)
    clock = " 10:00:00" if vendor.name == "easyappointments" else "T10:00:00Z"
    put(".".join(vendor.made), f"{BEFORE if number <= OLD else SINCE}{clock}")(row)
    if vendor.name in CUSTOMERS:
        return bound(vendor, number, row)
    return of(vendor, number, row)


# Who comes stands apart from the booking: where, and by which name in the answer.
CUSTOMERS = {"cliniko": ("/v1/patients", ""), "square": ("/v2/customers", "customer")}


def bound(vendor: Vendor, number: int, row: dict[str, Any]) -> dict[str, Any]:
    """The booking, of the customer with this number."""
    if vendor.name == "square":
        return row | {"customer_id": f"C{number}"}
    return row | {"patient": {"links": {"self": f"https://api.uk2.cliniko.com/v1/patients/C{number}"}}}


def customer(fake: FakeVendor, vendor: Vendor, number: int, named: int) -> None:
    """The scheduler's own row of the customer with this number, with somebody's address and name."""
    where, key = CUSTOMERS[vendor.name]
    found = recorded("square", "customer")["customer"] if key else recorded("cliniko", "patient")
    row = of(vendor, named, found) | {"id": f"C{number}"}
    fake.on("GET", f"{where}/C{number}", {key: row} if key else row)


def calendar(vendor: Vendor) -> FakeVendor:
    """The scheduler with all of them."""
    fake = FakeVendor()
    vendor.publish(fake, [a_row(vendor, number) for number in range(1, OLD + NEW + 1)])
    for number in range(1, OLD + NEW + 1) if vendor.name in CUSTOMERS else ():
        customer(fake, vendor, number, number)
    return fake


@pytest.mark.B3
@pytest.mark.parametrize("vendor", VENDORS.values(), ids=VENDORS)
def test_who_booked_before_is_never_written_to_and_the_preview_is_true(
    context: Context, mailbox: Mailbox, vendor: Vendor
) -> None:
    fake, at = calendar(vendor), NOW + timedelta(days=2)
    ours = replace(context, schedulers={"main": vendor.ours(fake)})
    with ours.db.begin() as tx:
        connections.ensure(tx, "main", vendor.name, NOW)
        connections.writes(tx, "main", ours.schedulers["main"].chosen_way, NOW)
    shown = preview(ours, "main", at)
    assert (shown.read, shown.earlier, shown.failed, mailbox.mails) == (OLD + NEW, OLD, 0, [])
    fake.answers = calendar(vendor).answers
    reconcile(ours, "main", at)
    for hours in range(0, 10 * 24, 6):
        work.work_once(ours, at + timedelta(hours=hours))
    asked = {to for recipients in mailbox.recipients for to in recipients if to.startswith("c")}
    assert asked == {address(number) for number in range(OLD + 1, OLD + NEW + 1)}
    planned = [each.purpose for each in shown.messages]
    assert mailbox.kinds().count("intake") == planned.count(Purpose.intake) == NEW
    old = {vendor.name_of(number) for number in range(1, OLD + 1)}
    written = [call for method in WRITES for call in fake.asked(method)]
    assert not [call for call in written if old & set(call.path.split("/"))]
    with ours.db.read() as tx:
        assert sum(each.earlier for each in bookings.listing(tx, limit=1000)) == OLD


@pytest.mark.B3
@pytest.mark.parametrize("vendor", VENDORS.values(), ids=VENDORS)
def test_a_visit_booked_since_is_asked_about_though_an_older_one_of_the_same_client_is_near(
    context: Context, mailbox: Mailbox, vendor: Vendor
) -> None:
    """One form serves visits that are close together, but the older one is never asked about."""
    fake, at = FakeVendor(), NOW + timedelta(days=2)
    rows = [a_row(vendor, number) for number in (1, OLD + 1)]
    if vendor.name in CUSTOMERS:
        rows[0] = bound(vendor, OLD + 1, rows[0])
        customer(fake, vendor, OLD + 1, 1)
    else:
        of(vendor, 1, rows[1])
    vendor.publish(fake, rows)
    ours = replace(context, schedulers={"main": vendor.ours(fake)})
    with ours.db.begin() as tx:
        connections.ensure(tx, "main", vendor.name, NOW)
    reconcile(ours, "main", at)
    for hours in (0, 1):
        work.work_once(ours, at + timedelta(hours=hours))
    assert (mailbox.kinds(), mailbox.recipients) == (["intake"], [[address(1)]])
