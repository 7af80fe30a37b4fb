"""Who is silent, on both databases."""

from datetime import datetime, timedelta

import pytest

from handlers.checkins import replies
from handlers.clients import privacy
from handlers.context import Context
from handlers.worker import work
from schemas.checkin import CheckInKind
from store import bookings, checkins, plans
from store.views.silent import AFTER, LOOKED_BACK, silent
from tests.helpers.clinic import NOW
from tests.helpers.console import answer, visit

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
DAY = timedelta(days=1)


def of(context: Context, now: datetime) -> list[int]:
    with context.db.read() as tx:
        return [one.client_id for one in silent(tx, now)]


def client_of(context: Context, number: int) -> int:
    with context.db.read() as tx:
        found = bookings.get(tx, number)
    assert found is not None
    return found.client_id


def test_who_answered_no_form_is_silent_after_a_week_until_they_do_or_cancel(context: Context) -> None:
    number = visit(context, "u1", start=NOW + 20 * DAY)
    other = visit(context, "u2", start=NOW + 20 * DAY, name="Bo Ash", email="bo@example.org")
    work.work_once(context, NOW + timedelta(hours=1))
    both = {client_of(context, each) for each in (number, other)}
    assert of(context, NOW + AFTER - DAY) == []
    assert {*of(context, NOW + AFTER + DAY)} == both
    assert of(context, NOW + LOOKED_BACK + DAY) == []
    answer(context, number, NOW + 8 * DAY)
    assert of(context, NOW + 9 * DAY) == [client_of(context, other)]
    privacy.erase(context, client_of(context, other), "Mara", NOW + 9 * DAY)
    assert of(context, NOW + 9 * DAY) == []


def test_a_check_in_without_a_reply_counts_until_anything_later_is_answered(context: Context) -> None:
    number = visit(context, "u1", start=NOW - 20 * DAY, now=NOW - 21 * DAY)
    answer(context, number, NOW - 20 * DAY)
    whose = client_of(context, number)
    with context.db.begin() as tx:
        plan = plans.newest(tx, number)
        assert plan is not None
        asked = []
        for kind, days in ((CheckInKind.h24, 19), (CheckInKind.d3, 9)):
            asked.append(checkins.ask(tx, number, plan.id, kind, NOW - days * DAY))
            checkins.went_out(tx, number, whose, kind, NOW - days * DAY)
        replies.reply(tx, context, asked[0], {"fu_symptoms": ["none"], "fu_feel": "fine"}, NOW - 18 * DAY)
    assert of(context, NOW) == [whose], "an older answer is none to the newer question"
    with context.db.begin() as tx:
        replies.reply(tx, context, asked[1], {"fu_symptoms": ["none"], "fu_feel": "fine"}, NOW)
    assert of(context, NOW) == []
