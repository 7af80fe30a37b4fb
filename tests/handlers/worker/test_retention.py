"""What is deleted once a client's last visit is long over."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handlers.context import Context
from handlers.worker import duties, retention, work
from schemas.checkin import CheckInKind
from schemas.clinic import Retention
from store import audit, bookings, checkins, intakes, plans
from store import retention as stored
from store.tables import clients, metadata
from tests.helpers.clinic import NOW
from tests.helpers.console import answer, visit
from tests.helpers.mailbox import Mailbox

DAY = timedelta(days=1)


def keeping(context: Context, **days: int) -> Context:
    return replace(context, clinic=replace(context.clinic, retention=Retention(**days)))


def rows(context: Context) -> dict[str, int]:
    with context.db.read() as tx:
        return {
            table.name: int(tx.value(sa.select(sa.func.count()).select_from(table)))
            for table in metadata.sorted_tables
            if table.name not in ("audit", "audit_head", "audit_keys")
        }


@pytest.fixture
def seen(context: Context, mailbox: Mailbox) -> int:
    """A visit of Zoë's yesterday, with answers, a plan and messages."""
    number = visit(context, start=NOW - timedelta(hours=3))
    answer(context, number)
    work.work_once(context, NOW)
    return number


def test_as_it_comes_nothing_is_ever_deleted(context: Context, seen: int) -> None:
    before = rows(context)
    assert retention.delete(context, NOW + 36500 * DAY, "Ana") == dict.fromkeys(stored.KINDS, 0)
    assert rows(context) == before
    assert {one["due"] for one in retention.report(context, NOW + 36500 * DAY).values()} == {0}


@pytest.mark.parametrize("kind", stored.KINDS)
def test_each_kind_goes_by_its_own_clock_and_no_other_with_it(context: Context, seen: int, kind: str) -> None:
    keeps = keeping(context, **{kind: 100})
    before = rows(context)
    assert retention.delete(keeps, NOW + 99 * DAY, "Ana")[kind] == 0
    assert rows(context) == before
    due = retention.report(keeps, NOW + 101 * DAY)[kind]["due"]
    assert retention.delete(keeps, NOW + 101 * DAY, "Ana")[kind] == due
    changed = {name for name, count in rows(context).items() if count != before[name]}
    assert changed <= {table.name for table in stored.KINDS[kind]}
    assert retention.delete(keeps, NOW + 101 * DAY, "Ana")[kind] == 0
    assert due > 0 or kind == "checkins"


def test_the_report_deletes_nothing_and_the_worker_does(context: Context, seen: int) -> None:
    keeps = keeping(context, answers=30, plans=30, checkins=30, deliveries=30)
    before = rows(context)
    found = retention.report(keeps, NOW + 60 * DAY)
    assert rows(context) == before
    duties.every_duty()["upkeep"].run(keeps, NOW + 60 * DAY)
    left = rows(context)
    assert left["intakes"] == left["plans"] == 0
    assert (
        left["deliveries"] == before["deliveries"] - found["deliveries"]["due"]
    )  # the rest may still go out
    with context.db.read() as tx:
        line = audit.log(tx, action="retention")[0]
        assert intakes.of_booking(tx, seen) is None
    assert f"answers {found['answers']['due']}" in line.detail


def test_who_comes_again_keeps_everything_also_when_joined(context: Context, seen: int) -> None:
    keeps = keeping(context, answers=30, plans=30, deliveries=30)
    later = visit(context, "u2", start=NOW + 50 * DAY, name="Zoë Luc", email="z@work.example")
    with context.db.begin() as tx:
        one, other = (bookings.get(tx, each) for each in (seen, later))
        assert one is not None
        assert other is not None
        tx.run(sa.update(clients).where(clients.c.id == other.client_id).values(joined_into=one.client_id))
    before = rows(context)
    retention.delete(keeps, NOW + 79 * DAY, "Ana")
    assert rows(context) == before
    retention.delete(keeps, NOW + 90 * DAY, "Ana")
    assert rows(context)["intakes"] == 0


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(days=st.integers(30, 4000), ago=st.integers(-400, 8000))
def test_what_is_due_is_never_of_a_client_within_the_days(
    context: Context, seen: int, days: int, ago: int
) -> None:
    found = retention.report(keeping(context, answers=days), NOW + ago * DAY)
    assert (found["answers"]["due"] > 0) is (ago >= days)


@pytest.mark.parametrize(("plan", "asked"), [(30, 30), (30, 20), (30, 45), (30, 90), (30, 0), (0, 30)])
def test_what_the_report_says_of_plans_with_check_ins_is_what_goes(
    context: Context, seen: int, plan: int, asked: int
) -> None:
    with context.db.begin() as tx:
        sent = plans.newest(tx, seen)
        assert sent is not None
        checkins.ask(tx, seen, sent.id, CheckInKind.h24, NOW)
    keeps, later = keeping(context, plans=plan, checkins=asked), NOW + 60 * DAY
    due = {kind: one["due"] for kind, one in retention.report(keeps, later).items()}
    assert retention.delete(keeps, later, "Ana") == due
    assert bool(due["plans"]) is (plan == 30 and asked not in (0, 90))
