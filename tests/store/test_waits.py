"""What waits for a person, and what acts are decided on, on both databases."""

from datetime import timedelta

from handlers.context import Context
from handlers.plans import by_hand
from handlers.plans.basis import bases
from store.views import waits
from tests.helpers.clinic import NOW
from tests.helpers.console import answer, visit


def test_held_plans_are_found_across_days_by_who_treats_and_a_hold_takes_them_out(context: Context) -> None:
    soon = visit(context, "u1", start=NOW + timedelta(days=9))
    answer(context, soon, NOW, pain_now="9", pain_avg7="8")
    other = visit(context, "u2", name="Ann Bee", email="ann@example.org", practitioner="Jo")
    answer(context, other, NOW, pain_now="9", pain_avg7="8")
    clear = visit(context, "u3", name="Cid Dee", email="cid@example.org")
    answer(context, clear, NOW)
    with context.db.begin() as tx:
        assert {one.booking_id for one in waits.plans_held(tx)} == {soon, other}
        assert [one.booking_id for one in waits.plans_held(tx, "Jo")] == [other]
        assert waits.works_here(tx, "Jo", NOW - timedelta(days=1), NOW + timedelta(days=1))
        assert not waits.works_here(tx, "Jo", NOW + timedelta(days=1), NOW + timedelta(days=2))
        before = bases(tx, [soon, other])
        by_hand.hold_plan(tx, soon, "Mara Field", NOW)
        after = bases(tx, [soon, other])
        assert before[soon] != after[soon]
        assert before[other] == after[other]
        assert [one.booking_id for one in waits.plans_held(tx)] == [other]
        assert waits.addresses(tx) == []
