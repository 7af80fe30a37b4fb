"""When a check-in is asked, and when nobody is asked any more."""

from datetime import timedelta

import pytest

from handlers.checkins import asking, replies
from handlers.context import Context
from handlers.plans import release
from handlers.worker import work
from schemas.checkin import CheckInKind
from schemas.choosing import Action
from schemas.forms.condition import Answer
from store import bookings
from store import checkins as stored
from store import plans as stored_plans
from tests.helpers.answers import fill_in
from tests.helpers.clinic import NOW
from tests.helpers.mailbox import Mailbox
from tests.helpers.visits import book, receive, webhook

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
MONTH = timedelta(days=30)


def test_who_was_silent_after_one_visit_is_asked_again_after_the_next(context: Context) -> None:
    first = book(context)
    fill_in(context, first)
    receive(context, webhook("created", NOW, uid="u2", start=NOW + MONTH, end=NOW + MONTH))
    work.work_once(context, NOW)
    with context.db.begin() as tx:
        (second,) = [each for each in bookings.listing(tx, email="zoe@example.org") if each.id != first.id]
    fill_in(context, second, NOW + MONTH)
    with context.db.begin() as tx:
        for booking in (first, second):
            plan = stored_plans.newest(tx, booking.id)
            assert plan is not None
            stored_plans.sent(tx, plan.id, booking.start)
            later = booking.start + timedelta(days=9)
            for kind in (CheckInKind.h24, CheckInKind.d3):
                assert asking.not_now(tx, context, booking, kind, later - timedelta(days=8)) == ""
                stored.ask(tx, booking.id, plan.id, kind, later - timedelta(days=8))
            assert asking.not_now(tx, context, booking, CheckInKind.w1, later) == "no_reply"


def test_severe_pain_on_a_plan_that_was_let_out_again_alerts_again_on_the_same_day(
    context: Context, mailbox: Mailbox
) -> None:
    booking = book(context)
    fill_in(context, booking)
    now = booking.end + timedelta(hours=1)
    for alerts in (1, 2):
        work.work_once(context, now)
        with context.db.begin() as tx:
            plan = stored_plans.newest(tx, booking.id)
            assert plan is not None
            assert plan.sent_at
            said = replies.tick(tx, context, booking, plan.id, now.date(), {"pain": "9"}, now)
            assert said is not None
            assert said.paused
        work.work_once(context, now)
        assert mailbox.kinds().count("alert") == alerts
        with context.db.begin() as tx:
            assert release.release(tx, context, booking.id, "Mara", now)


@pytest.mark.parametrize(
    ("effort", "action"), [("too_hard", Action.EASIER), ("right", Action.HOLD), ("too_easy", Action.STAGE_OK)]
)
def test_days_ticked_off_as_too_hard_or_too_easy_are_read_where_the_reply_says_nothing_of_it(
    context: Context, effort: str, action: Action
) -> None:
    booking = book(context)
    fill_in(context, booking)
    now = booking.end + timedelta(days=7)
    work.work_once(context, booking.end + timedelta(hours=1))
    with context.db.begin() as tx:
        plan = stored_plans.newest(tx, booking.id)
        assert plan is not None
        for day in (1, 2, 3):
            replies.tick(
                tx, context, booking, plan.id, (now - timedelta(days=day)).date(), {"effort": effort}, now
            )
        asked = stored.ask(tx, booking.id, plan.id, CheckInKind.w1, now)
        said: dict[str, Answer] = {"fu_symptoms": ["none"], "pain_avg7": "2", "fu_days_done": "7"}
        assert replies.reply(tx, context, asked, said, now).step.action is action
