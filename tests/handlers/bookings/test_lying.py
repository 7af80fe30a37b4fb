"""A scheduler that answers nonsense takes nobody off the calendar."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from handlers.bookings.reconcile import reconcile
from handlers.context import Context
from integrations.base import IntegrationError
from schemas.booking import BookingStatus
from store import bookings
from tests.helpers.clinic import NOW
from tests.helpers.fake_vendor import FakeVendor
from tests.helpers.vendors import VENDORS

NONSENSE = [
    {"hello": "world"},
    {"data": None},
    {"data": []},
    {"data": "x"},
    {"resource": {}},
    [],
    None,
    b"<html>",
]


@pytest.mark.parametrize("answer", NONSENSE, ids=str)
@pytest.mark.parametrize("name", VENDORS)
def test_nonsense_in_every_answer_cancels_nothing(context: Context, name: str, answer: Any) -> None:
    of, vendor = VENDORS[name], FakeVendor()
    rows = [of.row(number) for number in (1, 2)]
    reconcile(replace(context, schedulers={"main": of.serving(*rows)}), "main", NOW)
    of.publish(vendor, rows)
    for method, path in list(vendor.answers):
        vendor.answers.pop((method, path))
        vendor.on(method, path, answer)
    with pytest.raises(IntegrationError):
        reconcile(replace(context, schedulers={"main": of.ours(vendor)}), "main", NOW + timedelta(hours=1))
    with context.db.read() as tx:
        assert {each.status for each in bookings.listing(tx)} == {BookingStatus.confirmed}
