"""A scheduler without webhooks is read for its changes every few minutes, and whole once an hour."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from handlers.bookings import reconcile
from handlers.context import Context
from handlers.worker import watch
from schemas.booking import BookingStatus
from store import bookings, connections
from store.running import troubles
from tests.helpers.chores import all_due
from tests.helpers.clinic import NOW
from tests.helpers.fake_cliniko import FakeCliniko, link
from tests.helpers.vendors import recorded
from tests.helpers.wire import connect

MINUTE = timedelta(minutes=1)
LISTS = ["updated_at", "cancelled_at", "archived_at"]


def at(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def row(name: str, **changes: Any) -> dict[str, Any]:
    """An appointment of next week, made and changed just now."""
    start = NOW + timedelta(days=7)
    times = {"starts_at": at(start), "ends_at": at(start + timedelta(hours=1))}
    made = {"id": name, "patient": link("patients", f"P{name}"), "created_at": at(NOW), "updated_at": at(NOW)}
    return {**recorded("cliniko", "appointment"), **times, **made, **changes}


def holding(*rows: dict[str, Any], **changes: Any) -> FakeCliniko:
    vendor = FakeCliniko(**changes)
    for each in rows:
        books(vendor, each)
    return vendor


def books(vendor: FakeCliniko, each: dict[str, Any]) -> None:
    """An appointment of somebody of its own."""
    name = f"P{each['id']}"
    vendor.rows.append(each)
    who = {"id": name, "last_name": name, "email": f"{name}@example.org"}
    vendor.patients[name] = {**recorded("cliniko", "patient"), **who}


def polled(context: Context, vendor: FakeCliniko) -> Context:
    """The same clinic, whose connection "main" is read from this Cliniko."""
    settings = {"api_key": "key-uk2", "api_base": "https://vendor.example", "contact": "care@clinic.example"}
    main = connect("cliniko", vendor.http(), secrets=(), **settings)
    with context.db.begin() as tx:
        connections.ensure(tx, "main", "cliniko", NOW - timedelta(days=1))
    return replace(context, schedulers={"main": main})


def lists(vendor: FakeCliniko) -> list[str]:
    """By which times it was asked since the last look."""
    asked = [each for each in vendor.calls if each.path.endswith("/individual_appointments")]
    found = [each.params["q[]"][0].partition(":")[0] for each in asked if "q[]" in each.params]
    vendor.calls.clear()
    return found


def known(context: Context) -> dict[str, BookingStatus]:
    """What became of each appointment."""
    with context.db.read() as tx:
        found = bookings.listing(tx, limit=1000)
        return {bookings.of_booking(tx, each.id)[-1].external_id: each.status for each in found}


def test_changes_are_read_every_three_minutes_and_all_once_an_hour(context: Context) -> None:
    vendor = holding(row("1"))
    ours = polled(context, vendor)
    began = NOW.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    read = []
    for minute in range(121):
        all_due(ours, began + minute * MINUTE)
        if found := lists(vendor):
            read.append((minute, found))
    assert [minute for minute, _ in read] == list(range(0, 121, 3))
    assert [minute for minute, found in read if found == ["starts_at", *LISTS]] == [0, 60, 120]
    assert all(found[-3:] == LISTS for _, found in read)


def test_what_happens_between_two_readings_is_known_after_the_next(context: Context) -> None:
    vendor = holding(row("1"), row("2"))
    ours = polled(context, vendor)
    now = NOW.replace(minute=1, second=0, microsecond=0) + timedelta(hours=1)
    all_due(ours, now)
    vendor.rows[0] |= {"cancelled_at": at(now), "updated_at": at(now)}
    books(vendor, row("3", created_at=at(now), updated_at=at(now)))
    all_due(ours, now + 3 * MINUTE)
    assert known(ours) == {
        "1": BookingStatus.cancelled,
        "2": BookingStatus.confirmed,
        "3": BookingStatus.confirmed,
    }


def test_a_change_that_shows_late_is_read_all_the_same(context: Context) -> None:
    """Cliniko answers from a cache: what changed may show minutes later, with the time of its change."""
    vendor = holding(row("1"))
    ours = polled(context, vendor)
    now = NOW.replace(minute=1, second=0, microsecond=0) + timedelta(hours=1)
    all_due(ours, now)
    all_due(ours, now + 3 * MINUTE)
    books(vendor, row("2", created_at=at(now), updated_at=at(now)))
    all_due(ours, now + 6 * MINUTE)
    assert set(known(ours)) == {"1", "2"}


@pytest.mark.parametrize("way", ["cancelled_at", "archived_at", "deleted"])
@pytest.mark.parametrize(("shows", "lifts"), [(True, True), (False, True), (False, False)])
def test_whatever_a_list_leaves_out_an_end_is_known_within_the_hour(
    context: Context, way: str, shows: bool, lifts: bool
) -> None:
    vendor = holding(row("1"), row("2"), shows=shows, lifts=lifts)
    ours = polled(context, vendor)
    all_due(ours, NOW)
    if way == "deleted":
        del vendor.rows[0]
    else:
        vendor.rows[0] |= {way: at(NOW), "updated_at": at(NOW)}
    for minutes in range(3, 64, 3):
        all_due(ours, NOW + minutes * MINUTE)
    assert known(ours) == {"1": BookingStatus.cancelled, "2": BookingStatus.confirmed}


def test_a_reading_by_hand_leaves_nothing_out(context: Context) -> None:
    vendor = holding(row("1"), row("2"))
    ours = polled(context, vendor)
    assert reconcile.reconcile(ours, "main", NOW) == 2
    del vendor.rows[0]
    reconcile.reconcile(ours, "main", NOW + MINUTE)
    assert known(ours)["1"] is BookingStatus.cancelled


def test_it_is_silent_only_where_it_cannot_be_read(context: Context) -> None:
    """Weeks without a booking are no trouble, and neither is a webhook that nobody could make."""
    vendor = holding(row("1"))
    ours = polled(context, vendor)
    for day in range(30):
        all_due(ours, NOW + timedelta(days=day))
        watch.ask("main", ours, NOW + timedelta(days=day))
        watch.look(ours, NOW + timedelta(days=day))
    with ours.db.read() as tx:
        assert [each for each in troubles.current(tx) if each.name] == []


def test_a_pace_of_seconds_that_the_clinic_sets_is_kept(context: Context) -> None:
    vendor = holding(row("1"))
    policy = replace(context.clinic.policy, reconcile_every=MINUTE)
    ours = polled(replace(context, clinic=replace(context.clinic, policy=policy)), vendor)
    for minute in range(3):
        all_due(ours, NOW + minute * MINUTE)
        assert lists(vendor) == ["starts_at", *LISTS]
