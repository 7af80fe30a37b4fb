"""Booking again: on the plan and at the end of a check-in, while no visit is to come."""

from dataclasses import replace

import pytest
from flask import Flask

from handlers.context import Context
from handlers.links import LinkPurpose
from schemas.checkin import CheckInKind
from tests.helpers.phone import Phone, again, checkin_phone, phone, visited

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
BOOK = "Book your next visit"
FINE = {"fu_symptoms": "none", "fu_feel": "fine"}


@pytest.fixture
def bookable(app: Flask, context: Context) -> Context:
    """A clinic that says where it is booked again."""
    clinic = replace(context.clinic, booking_url="https://book.test/us?a=1&b=2")
    changed = replace(context, clinic=clinic)
    app.extensions["aftercare"] = changed
    return changed


def _plan(app: Flask, context: Context) -> Phone:
    return phone(app, context, LinkPurpose.plan, visited(context).id)


def test_the_plan_and_the_end_of_a_check_in_lead_to_the_next_visit(app: Flask, bookable: Context) -> None:
    visit = visited(bookable)
    page = phone(app, bookable, LinkPurpose.plan, visit.id).get().text
    assert 'href="https://book.test/us?a=1&amp;b=2" rel="noreferrer">' + BOOK in page
    asked = checkin_phone(app, bookable, visit, CheckInKind.h24)
    assert BOOK not in asked.get().text
    assert BOOK in asked.send("", FINE).text


def test_who_is_booked_already_or_must_see_a_doctor_is_not_sent_there(app: Flask, bookable: Context) -> None:
    visit = visited(bookable)
    asked = checkin_phone(app, bookable, visit, CheckInKind.h24)
    assert BOOK not in asked.send("", FINE | {"fu_symptoms": "chest_breath"}).text
    visit = visited(bookable, uid="u5", email="eva@example.org", name="Eva")
    hers = phone(app, bookable, LinkPurpose.plan, visit.id)
    assert BOOK in hers.get().text


def test_a_visit_to_come_ends_the_offer(app: Flask, bookable: Context) -> None:
    hers = _plan(app, bookable)
    assert BOOK in hers.get().text
    again(bookable)
    assert BOOK not in hers.get().text


def test_a_clinic_without_such_a_page_offers_none(app: Flask, context: Context) -> None:
    assert BOOK not in _plan(app, context).get().text
