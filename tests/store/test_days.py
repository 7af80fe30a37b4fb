"""The day of the console, on both databases."""

from datetime import timedelta

from handlers.checkins import progress
from handlers.context import Context
from schemas.checkin import CheckInKind, Tick
from store import bookings, checkins, plans
from store.views import board, days
from tests.helpers.clinic import NOW
from tests.helpers.console import answer, visit


def test_a_day_holds_its_visits_in_order_with_what_is_known(context: Context) -> None:
    late = visit(context, "u2", start=NOW + timedelta(hours=5), name="Ann Bee", email="ann@example.org")
    early = visit(context, "u1", start=NOW + timedelta(hours=1))
    visit(context, "u3", start=NOW + timedelta(days=2), name="Tom Ray", email="tom@example.org")
    answer(context, early, pain_avg7="7", pain_now="8", pain_worst24="9")
    with context.db.read() as tx:
        found = days.day(tx, NOW, NOW + timedelta(days=1))
        mine = days.day(tx, NOW, NOW + timedelta(days=1), practitioner="Nobody")
    assert [one.id for one in found] == [early, late]
    assert (found[0].intake, set(found[0].flags), found[0].drafted) == ("done", {"review"}, "held")
    assert found[0].pains[-1].score == 7
    assert (found[1].intake, found[1].pains, found[1].plan_status) == ("open", (), "scheduled")
    assert mine == []


def test_an_answer_from_the_last_check_in_comes_after_that_of_the_intake(context: Context) -> None:
    number = visit(context, start=NOW + timedelta(hours=1))
    answer(context, number)
    with context.db.read() as tx:
        assert days.day(tx, NOW, NOW + timedelta(days=1), pain=False)[0].pains == ()


def test_a_ticked_day_tells_no_pain_and_the_days_line_and_the_clients_page_tell_the_same(
    context: Context,
) -> None:
    number = visit(context, start=NOW + timedelta(hours=1))
    answer(context, number, pain_avg7="4", pain_now="5", pain_worst24="6")
    with context.db.begin() as tx:
        plan, booking = plans.newest(tx, number), bookings.get(tx, number)
        assert plan is not None
        assert booking is not None
        asked = checkins.ask(tx, number, plan.id, CheckInKind.w1, NOW)
        checkins.answer(tx, asked.id, {"pain_avg7": "3", "pain_now": "6"}, "", NOW + timedelta(days=7))
        ticked = checkins.ask(tx, number, plan.id, Tick(NOW.date()), None)
        checkins.answer(tx, ticked.id, {"pain": "9"}, "", NOW + timedelta(days=8))
        (line,) = days.day(tx, NOW, NOW + timedelta(days=1))
        page = progress.of_client(tx, context, booking.client_id)
        share = board.replies(tx, NOW - timedelta(days=1), NOW + timedelta(days=9))
    assert [(one.score, one.check_in) for one in line.pains] == [(4, False), (3, True)]
    assert page.pains == line.pains
    assert (share.part, share.whole) == (1, 1)
