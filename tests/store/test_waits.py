"""What waits for a person, and what acts are decided on, on both databases."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from handlers.context import Context
from handlers.plans import by_hand
from handlers.plans.basis import bases
from handlers.worker import work
from schemas.delivery import DeliveryStatus, Purpose
from schemas.reason import Reason
from store import deliveries
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
        assert waits.refused(tx, NOW - timedelta(days=30), NOW) == []


def test_what_was_refused_is_found_by_who_treats_while_it_is_of_use(context: Context) -> None:
    number = visit(context, "u1", start=NOW + timedelta(days=9), practitioner="Jo")
    since = NOW - timedelta(days=30)
    with context.db.begin() as tx:
        asked = next(one for one in deliveries.of_booking(tx, number) if one.purpose is Purpose.intake)
        failed = deliveries.Settled(asked, DeliveryStatus.dead, Reason.failed, "The mail server refused us.")
        deliveries.settle(tx, [failed], NOW)
        (found,) = waits.refused(tx, since, NOW, "Jo")
        assert (found.booking_id, found.reason, found.detail) == (number, Reason.failed, failed.detail)
        assert waits.refused(tx, since, NOW, "Mara Field") == []
        assert waits.refused(tx, asked.due_at + timedelta(seconds=1), NOW) == []
        assert waits.refused(tx, since, NOW + timedelta(days=10)) == [], "nobody asks after the visit"
    answer(context, number, NOW)
    with context.db.read() as tx:
        assert waits.refused(tx, since, NOW) == []


def test_a_hold_of_a_plan_that_is_held_already_is_something_new_to_decide_on(context: Context) -> None:
    number = visit(context, "u1", start=NOW - timedelta(hours=3), now=NOW - timedelta(days=3))
    answer(context, number, NOW - timedelta(days=1), pain_now="9", pain_avg7="8")
    work.work_once(context, NOW)
    with context.db.begin() as tx:
        assert [one.status for one in waits.plans_held(tx)] == ["held"]
        before = bases(tx, [number])
        by_hand.hold_plan(tx, number, "Bo Quinn", NOW)
        assert bases(tx, [number]) != before


STATISTICS = (
    ("deliveries", "ix_deliveries_status_due_at", "3000000 750000 1"),
    ("deliveries", "ix_deliveries_booking_id", "3000000 3"),
    ("bookings", "ix_bookings_start_at", "1000000 1"),
)
"""What SQLite knows after years: few states, very many messages."""


OF_FEW = {"SCAN soon", "SCAN unseen", "SCAN given_up", "SCAN deliveries USING INDEX ix_deliveries_unseen"}
"""Walks through what is still to go out, or what nobody has seen: the indexes hold no more."""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_after_years_what_is_held_is_found_by_its_state(context: Context) -> None:
    asked: list[tuple[str, Any]] = []
    with context.db.begin() as tx:
        tx.conn.exec_driver_sql("ANALYZE")
        tx.conn.exec_driver_sql("DELETE FROM sqlite_stat1")
        tx.conn.exec_driver_sql("INSERT INTO sqlite_stat1 VALUES (?, ?, ?)", list(STATISTICS))
        tx.conn.exec_driver_sql("ANALYZE sqlite_schema")

        def note(_conn: Any, _cursor: Any, text: str, given: Any, *_more: Any) -> None:
            asked.append((text, given))

        sa.event.listen(tx.conn, "before_cursor_execute", note)
        waits.plans_held(tx, "Mara Field")
        waits.addresses(tx, "Mara Field")
        waits.alerted(tx, "Mara Field")
        waits.refused(tx, NOW - timedelta(days=30), NOW, "Mara Field")
        for text, given in asked[:]:
            steps = [row.detail for row in tx.conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", given)]
            walks = [step for step in steps if step.startswith("SCAN")]
            assert set(walks) <= OF_FEW, steps
    assert len(asked) >= 3
