"""The board counts, on both databases."""

from datetime import timedelta

from handlers.context import Context
from store import intakes
from store.views import board
from store.views.board import Share
from tests.helpers.clinic import NOW
from tests.helpers.console import answer, visit


def test_the_board_counts_intakes_that_came_before_the_visit(context: Context) -> None:
    early = visit(context, "u1", start=NOW + timedelta(hours=1))
    visit(context, "u2", start=NOW + timedelta(hours=2), name="Ann Bee", email="ann@example.org")
    answer(context, early)
    with context.db.read() as tx:
        share = board.intakes_in_time(tx, NOW, NOW + timedelta(days=1))
        nothing = board.intakes_in_time(tx, NOW + timedelta(days=5), NOW + timedelta(days=6))
    assert (share.part, share.whole, share.percent) == (1, 2, 50)
    assert nothing.percent is None


def test_alerts_count_as_seen_only_in_time_and_as_false_only_when_cleared(context: Context) -> None:
    number = visit(context, start=NOW + timedelta(hours=1))
    answer(context, number, NOW, rf_saddle="yes")
    period = (NOW - timedelta(days=1), NOW + timedelta(days=1), timedelta(hours=1))
    with context.db.begin() as tx:
        assert board.alerts(tx, *period) == (Share(0, 1), Share(0, 1))
        intakes.flags_seen(tx, number, NOW + timedelta(minutes=50))
        flag = intakes.flags_of(tx, number)[0]["id"]
        intakes.clear_flag(tx, flag, "Mara Field, LMT", "Seen at the hospital", NOW + timedelta(hours=3))
        assert board.alerts(tx, *period) == (Share(1, 1), Share(1, 1))
