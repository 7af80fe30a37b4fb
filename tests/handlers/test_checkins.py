"""When a check-in is asked, and when nobody is asked any more."""

from datetime import timedelta

import pytest

from handlers import checkins, work
from handlers.house import House
from store import bookings, plans
from store import checkins as stored
from tests.support import NOW, book, fill_in, receive, webhook

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
MONTH = timedelta(days=30)


def test_who_was_silent_after_one_visit_is_asked_again_after_the_next(house: House) -> None:
    first = book(house)
    fill_in(house, first)
    receive(house, webhook("created", NOW, uid="u2", start=NOW + MONTH, end=NOW + MONTH))
    work.work_once(house, NOW)
    with house.db.begin() as tx:
        (second,) = [each for each in bookings.listing(tx, email="zoe@example.org") if each.id != first.id]
    fill_in(house, second, NOW + MONTH)
    with house.db.begin() as tx:
        for booking in (first, second):
            plan = plans.newest(tx, booking.id)
            assert plan is not None
            plans.sent(tx, plan.id, booking.start)
            later = booking.start + timedelta(days=9)
            for kind in ("h24", "d3"):
                assert checkins.not_now(tx, booking, kind, later - timedelta(days=8)) == ""
                stored.ask(tx, booking.id, plan.id, kind, later - timedelta(days=8))
            assert checkins.not_now(tx, booking, "w1", later) == "no_reply"
