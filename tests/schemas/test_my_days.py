"""The days that a client chose: what is for today, and when the next time is."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.my_days import WEEK, MyDays, suggested

CHOSEN = st.sets(st.integers(0, 6), min_size=1).map(lambda days: MyDays(tuple(sorted(days)), time(18, 30)))
DATES = st.dates(date(2026, 1, 1), date(2030, 1, 1))


@given(CHOSEN, st.lists(st.integers(1, 7), max_size=8), DATES)
def test_in_a_week_each_move_comes_as_often_as_its_dose_says(
    chosen: MyDays, per_week: list[int], monday: date
) -> None:
    week = [chosen.moves(per_week, monday + timedelta(days=more)) for more in range(WEEK)]
    for number, wanted in enumerate(per_week, 1):
        assert sum(number in moves for moves in week) == min(wanted, len(chosen.days))
    off = [
        moves
        for more, moves in enumerate(week)
        if (monday + timedelta(days=more)).weekday() not in chosen.days
    ]
    assert not any(off)


@given(CHOSEN, st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)))
@pytest.mark.parametrize("name", ["America/Los_Angeles", "Asia/Kathmandu", "UTC"])
def test_the_next_time_is_ahead_on_a_chosen_day_and_at_most_a_week_away(
    name: str, chosen: MyDays, now: datetime
) -> None:
    zone = ZoneInfo(name)
    at = chosen.next_time(now, zone)
    assert now < at <= now + timedelta(days=7, hours=1)
    assert at.astimezone(zone).weekday() in chosen.days
    assert at.astimezone(zone).time() == chosen.time


@pytest.mark.parametrize("days", range(9))
def test_a_suggestion_has_as_many_days_as_the_plan_as_far_as_a_week_has_them(days: int) -> None:
    assert len(suggested(days).days) == min(max(days, 1), WEEK)
