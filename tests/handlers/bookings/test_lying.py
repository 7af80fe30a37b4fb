"""A scheduler that answers nonsense takes nobody off the calendar."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from handlers.bookings import inbox
from handlers.bookings.reconcile import reconcile
from handlers.context import Context
from integrations.base import IntegrationError
from schemas.booking import BookingStatus
from store import bookings, clients
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


def _without(row: dict[str, Any], *names: str, **changes: Any) -> dict[str, Any]:
    return {name: value for name, value in {**row, **changes}.items() if name not in names}


CALCOM = VENDORS["calcom"].row(1)
ALONE = {**CALCOM["attendees"][0]}
SEATED = {**ALONE, "bookingFieldsResponses": {}, "seatUid": "s1"}
ANSWERS = ("attendees", "bookingFieldsResponses")
HOSTS = [{**CALCOM["hosts"][0], "bookingFieldsResponses": {}}]
SAYS_NOBODY = {
    "no lists": _without(CALCOM, *ANSWERS),
    "null": _without(CALCOM, attendees=None, bookingFieldsResponses=None),
    "other type": _without(CALCOM, "bookingFieldsResponses", attendees="ask"),
    "list of others": _without(CALCOM, "bookingFieldsResponses", attendees=[7]),
}
NOBODY_LEFT = {
    "empty": _without(CALCOM, "bookingFieldsResponses", attendees=[]),
    "hosts alone": _without(CALCOM, "bookingFieldsResponses", attendees=HOSTS),
}
BEFORE = {
    "one client": CALCOM,
    "seats": _without(
        CALCOM,
        "bookingFieldsResponses",
        attendees=[SEATED, {**SEATED, "name": "Bo", "email": "bo@example.org"}],
    ),
}


@pytest.mark.parametrize("answer", SAYS_NOBODY.values(), ids=SAYS_NOBODY)
@pytest.mark.parametrize("before", BEFORE.values(), ids=BEFORE)
def test_an_answer_that_does_not_say_who_comes_changes_the_time_and_nobody(
    context: Context, before: dict[str, Any], answer: dict[str, Any]
) -> None:
    """`bookings.repository.ts` joins the attendees; an answer without them says nothing of who comes."""
    of, moved = VENDORS["calcom"], {"start": "2026-12-01T10:00:00Z", "end": "2026-12-01T11:00:00Z"}
    reconcile(replace(context, schedulers={"main": of.serving(before)}), "main", NOW)
    comes = _clients(context)
    reconcile(
        replace(context, schedulers={"main": of.serving({**answer, **moved})}),
        "main",
        NOW + timedelta(hours=1),
    )
    assert _clients(context) == comes
    with context.db.read() as tx:
        found = bookings.listing(tx)
    assert {each.status for each in found} == {BookingStatus.confirmed}
    assert {each.start.isoformat() for each in found} == {"2026-12-01T10:00:00+00:00"}


@pytest.mark.parametrize("answer", NOBODY_LEFT.values(), ids=NOBODY_LEFT)
def test_a_group_without_seats_ends_seats_and_no_booking_of_one_client(
    context: Context, answer: dict[str, Any]
) -> None:
    """An API that leaves out the answers makes a booking of one client look like a group without seats."""
    of = VENDORS["calcom"]
    for before, left in zip(BEFORE.values(), (BookingStatus.confirmed, BookingStatus.cancelled), strict=True):
        row = {**before, "uid": f"b{left}"}
        reconcile(replace(context, schedulers={"main": of.serving(row)}), "main", NOW)
        later = replace(context, schedulers={"main": of.serving({**answer, "uid": row["uid"]})})
        inbox.read(later, "main", row["uid"], NOW + timedelta(hours=1))
        with context.db.read() as tx:
            numbers = [each.booking_id for each in bookings.named(tx, "main", row["uid"])]
            found = [bookings.get(tx, each) for each in numbers if each]
        assert {each.status for each in found if each} == {left}


def _clients(context: Context) -> list[tuple[int, str, str]]:
    with context.db.read() as tx:
        rows = [clients.get(tx, each.client_id) for each in bookings.listing(tx)]
    return sorted((row.id, row.name, row.email) for row in rows)
