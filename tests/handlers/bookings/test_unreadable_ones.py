"""One booking that a scheduler lists, and refuses or forgets when it is asked for it alone."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from handlers.bookings.reconcile import reconcile
from handlers.context import Context
from integrations.base import IntegrationError
from schemas.booking import BookingStatus
from store import bookings, connections
from tests.helpers.clinic import NOW
from tests.helpers.fake_vendor import FakeVendor
from tests.helpers.vendors import VENDORS, Vendor

REFUSALS = (400, 403, 404, 410)
each_vendor = pytest.mark.parametrize("vendor", VENDORS.values(), ids=VENDORS)


def known(context: Context, name: str) -> list[BookingStatus]:
    """The visits that are known under an identifier."""
    with context.db.read() as tx:
        rows = [
            bookings.get(tx, each.booking_id) for each in bookings.named(tx, "main", name) if each.booking_id
        ]
        return [row.status for row in rows if row]


def read_to_the_end(context: Context, vendor: Vendor, fake: FakeVendor, hours: int) -> bool:
    """Read it all; True when the reading came to its end."""
    now = NOW + timedelta(hours=hours)
    reconcile(replace(context, schedulers={"main": vendor.ours(fake)}), "main", now)
    with context.db.read() as tx:
        row = connections.get(tx, "main")
    return bool(row and row.last_read_at == now)


def refuse(fake: FakeVendor, named: str, status: int) -> None:
    """What is asked about this booking is answered so, the lists are not."""
    alone = [key for key in fake.answers if any(step == named for step in key[1].split("/"))]
    assert alone
    for method, path in alone:
        fake.answers.pop((method, path))
        fake.on(method, path, {"message": "No."}, status)


@each_vendor
@pytest.mark.parametrize("status", REFUSALS)
def test_what_is_listed_and_not_readable_alone_keeps_nothing_else_from_being_read(
    context: Context, vendor: Vendor, status: int
) -> None:
    fake = FakeVendor()
    vendor.publish(fake, [vendor.row(number) for number in (1, 2, 3)])
    refuse(fake, vendor.name_of(2).partition(".")[0], status)
    # Calendly lists events, and asks for who comes to each.
    if (vendor.name, status) == ("calendly", 403):  # a scope is missing: nothing can be read
        with pytest.raises(IntegrationError, match="scopes"):
            read_to_the_end(context, vendor, fake, 1)
        return
    assert read_to_the_end(context, vendor, fake, 1)
    for number in (1, 3):
        assert known(context, vendor.name_of(number)) == [BookingStatus.confirmed]


@each_vendor
@pytest.mark.parametrize("status", REFUSALS)
def test_what_is_listed_no_more_and_refused_alone_stays_and_the_others_are_looked_for(
    context: Context, vendor: Vendor, status: int
) -> None:
    fake = FakeVendor()
    vendor.publish(fake, [vendor.row(number) for number in (1, 2, 3)])
    read_to_the_end(context, vendor, fake, 1)
    fake = FakeVendor()
    vendor.publish(fake, [vendor.row(3)])
    gone, refused = vendor.name_of(2), vendor.name_of(1)
    before: Any = FakeVendor()
    vendor.publish(before, [vendor.row(1)])
    for key, answers in before.answers.items():
        fake.answers.setdefault(key, answers)
    refuse(fake, refused.partition(".")[0], status)
    assert read_to_the_end(context, vendor, fake, 2)
    left = BookingStatus.cancelled if status in (404, 410) else BookingStatus.confirmed
    assert known(context, refused) == [left]
    assert known(context, gone) == [BookingStatus.cancelled]
