"""The pages of the outbox, on both databases."""

from datetime import timedelta

from handlers.context import Context
from handlers.plans import standing
from store.views import outbox
from tests.helpers.clinic import NOW
from tests.helpers.console import visit


def test_the_outbox_is_paged_without_losing_or_doubling_a_message(context: Context) -> None:
    for number in range(20):
        visit(
            context,
            f"u{number}",
            start=NOW + timedelta(days=8, minutes=number),
            name=f"Client {number}",
            email=f"c{number}@example.org",
            now=NOW,
        )
    with context.db.read() as tx:
        pages = [outbox.outbox(tx, statuses=("scheduled", "held"), upward=True, page=n) for n in (1, 2, 3)]
        plans = outbox.outbox(tx, statuses=("scheduled",), purpose="plan")
        reasons = standing.foreseen(tx, [one.booking_id for one in plans])
    shown = [one.id for page in pages for one in page[: outbox.PAGE]]
    assert len(shown) == len(set(shown)) == 80
    assert [len(page) for page in pages] == [51, 30, 0]
    assert {reasons[one.booking_id] for one in plans} == {"no_intake"}
    assert [one.due_at for one in plans] == sorted((one.due_at for one in plans), reverse=True)


def test_what_waits_is_counted_up_to_a_limit(context: Context) -> None:
    visit(context, start=NOW + timedelta(days=8), now=NOW)
    with context.db.read() as tx:
        assert outbox.waiting(tx, ("scheduled",)) == 4
        assert outbox.waiting(tx, ("scheduled",), most=2) == 2
