"""What no webhook told is found by reading, once, and never too late."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count, permutations

import pytest
from cryptography.fernet import Fernet
from hypothesis import given, settings
from hypothesis import strategies as st

import settings as configuration
from handlers.bookings import inbox
from handlers.bookings.observe import current_id
from handlers.bookings.reconcile import LEAST_QUIET, gone_quiet, interrupted, reconcile
from handlers.context import Context
from handlers.worker import duties, work
from integrations.base import IntegrationError, NotAsked, Scheduler
from schemas.booking import BookingState, BookingStatus, Person
from schemas.trouble import TroubleKind
from store import bookings, connections
from store.running import troubles
from store.vault import Vault
from tests.helpers.chores import all_due
from tests.helpers.clinic import NOW, environ, make_context
from tests.helpers.mailbox import Mailbox
from tests.helpers.readable_scheduler import reading
from tests.helpers.vendors import VENDORS
from tests.helpers.visits import book, only, receive, schedule_of, webhook

START = NOW + timedelta(days=7)
ZOE = Person("Zoë Łuć", "zoe@example.org", zone="America/New_York", language="en")


def row(uid: str = "u1", start: datetime = START, **more: object) -> BookingState:
    """A booking as the scheduler lists it."""
    made = {"client": ZOE, "created_at": NOW, "service": "deep-tissue-60", "zone": "America/New_York"}
    end = start + timedelta(hours=1)
    return BookingState(uid, BookingStatus.confirmed, start, end, **(made | more))  # type: ignore[arg-type]


def test_a_creation_that_no_webhook_told_is_found_and_asked_once(context: Context, mailbox: Mailbox) -> None:
    ours, scheduler = reading(context)
    scheduler.rows["u1"] = row()
    assert reconcile(ours, "main", NOW + timedelta(minutes=1)) == 1
    receive(ours, webhook("created", NOW), now=NOW + timedelta(minutes=2))
    for minutes in (3, 60):
        reconcile(ours, "main", NOW + timedelta(minutes=minutes))
        work.work_once(ours, NOW + timedelta(minutes=minutes + 1))
    assert mailbox.kinds() == ["intake"]


def test_a_booking_that_no_key_opens_does_not_keep_the_others_out(context: Context) -> None:
    ours, scheduler = reading(context)
    book(ours, uid="u0", email="old@example.org")
    ours.db.vault = Vault([Fernet.generate_key().decode()])
    scheduler.rows["u1"] = row()
    assert reconcile(ours, "main", NOW + timedelta(minutes=1)) == 2
    assert only(ours).start == START
    with ours.db.read() as tx:
        (told,) = troubles.current(tx)
    assert told.text.startswith("1 of its bookings could not be taken in")


def test_a_move_a_cancellation_and_a_deletion_are_found(context: Context) -> None:
    ours, scheduler = reading(context)
    booking = book(ours)
    scheduler.move("u1", "u2", START + timedelta(days=2))
    reconcile(ours, "main", NOW + timedelta(minutes=1))
    assert only(ours).start == START + timedelta(days=2)
    scheduler.delete("u2")
    reconcile(ours, "main", NOW + timedelta(minutes=2))
    assert only(ours).status is BookingStatus.cancelled
    assert {each.status for each in schedule_of(ours, booking).values()} == {"withdrawn"}
    scheduler.restore("u2")
    reconcile(ours, "main", NOW + timedelta(minutes=3))
    assert only(ours).status is BookingStatus.confirmed


def test_a_deletion_is_believed_once_the_scheduler_was_asked_for_the_booking_itself(context: Context) -> None:
    ours, scheduler = reading(context)
    book(ours)
    scheduler.delete("u1")
    scheduler.reads.clear()
    reconcile(ours, "main", NOW + timedelta(minutes=1))
    assert scheduler.reads == ["u1"]


@pytest.mark.B3
def test_bookings_from_before_the_first_day_get_nothing(context: Context, mailbox: Mailbox) -> None:
    ours, scheduler = reading(context)
    scheduler.rows["u1"] = row(created_at=NOW - timedelta(days=3))
    reconcile(ours, "main", NOW + timedelta(minutes=1))
    work.work_once(ours, NOW + timedelta(hours=1))
    assert only(ours).earlier
    assert schedule_of(ours, only(ours)) == {}
    assert mailbox.mails == []


def test_a_missing_when_was_this_made_counts_as_older_at_the_first_reading_alone(
    context: Context, mailbox: Mailbox
) -> None:
    ours, scheduler = reading(context)
    scheduler.rows["u1"] = row(created_at=None)
    scheduler.trouble = IntegrationError("It asks us to slow down.", retry_after=60)
    all_due(ours, NOW)  # a round that came to nothing is no first reading
    scheduler.trouble = None
    reconcile(ours, "main", NOW + timedelta(minutes=1))
    scheduler.rows["u2"] = row("u2", created_at=None)
    reconcile(ours, "main", NOW + timedelta(minutes=2))
    work.work_once(ours, NOW + timedelta(hours=1))
    with ours.db.read() as tx:
        assert [each.earlier for each in sorted(bookings.listing(tx), key=lambda each: each.id)] == [
            True,
            False,
        ]
    assert mailbox.kinds() == ["intake"]


def test_a_booking_that_a_webhook_tells_of_is_new_before_the_first_reading_too(
    context: Context, mailbox: Mailbox
) -> None:
    ours, scheduler = reading(context)
    scheduler.rows["u1"] = row(created_at=None)
    inbox.read(ours, "main", "u1", NOW)
    reconcile(ours, "main", NOW + timedelta(minutes=1))
    work.work_once(ours, NOW + timedelta(hours=1))
    assert mailbox.kinds() == ["intake"]


def test_a_visit_that_was_over_long_ago_gets_nothing(context: Context, mailbox: Mailbox) -> None:
    ours, scheduler = reading(context)
    scheduler.rows["u1"] = row(start=NOW - timedelta(days=4))
    reconcile(ours, "main", NOW + timedelta(minutes=1))
    work.work_once(ours, NOW + timedelta(hours=1))
    assert mailbox.mails == []


def test_no_show_that_was_read_and_taken_back_is_taken_back(context: Context) -> None:
    ours, scheduler = reading(context)
    book(ours)
    scheduler.rows["u1"] = replace(scheduler.rows["u1"], status=BookingStatus.no_show)
    reconcile(ours, "main", NOW + timedelta(minutes=1))
    assert only(ours).status is BookingStatus.no_show
    scheduler.rows["u1"] = replace(scheduler.rows["u1"], status=BookingStatus.confirmed)
    reconcile(ours, "main", NOW + timedelta(minutes=2))
    assert only(ours).status is BookingStatus.confirmed


def test_every_connection_is_read_at_the_start_and_then_by_the_clock(context: Context) -> None:
    ours, scheduler = reading(context)
    scheduler.rows["u1"] = row()
    every = ours.clinic.policy.reconcile_every
    told: list[datetime | None] = []
    for at in (NOW, NOW + every / 2, NOW + every, NOW - timedelta(days=1)):
        all_due(ours, at)
        with ours.db.read() as tx:
            told.append(connections.get(tx, "main").last_reconcile_at)  # type: ignore[union-attr]
    # a clock that was set back does not stop it
    assert told == [NOW, NOW, NOW + every, NOW - timedelta(days=1)]


def test_a_worker_reads_at_its_start_even_when_the_hour_is_not_over(context: Context) -> None:
    ours, scheduler = reading(context)
    all_due(ours, NOW)
    scheduler.rows["u1"] = row()
    duties.Reading("main").run(ours, NOW + timedelta(minutes=10))
    assert only(ours).start == START


def test_a_scheduler_in_trouble_is_noted_and_does_not_stop_the_others(context: Context) -> None:
    ours, scheduler = reading(context)
    for trouble, told in [
        (IntegrationError("The key is wrong."), "The key is wrong."),
        (KeyError("zoe@example.org"), "Reading it through failed; see the log."),
    ]:
        scheduler.trouble = trouble
        all_due(ours, NOW, starting=True)
        with ours.db.read() as tx:
            assert [each.text for each in troubles.current(tx)] == [told]
    scheduler.trouble = None
    all_due(ours, NOW, starting=True)
    with ours.db.read() as tx:
        assert troubles.current(tx) == []


@pytest.mark.B2
def test_a_connection_that_went_quiet_is_reported(context: Context) -> None:
    for hours in range(10):
        at = NOW + timedelta(hours=hours)
        receive(context, webhook("created", at, uid=f"u{hours}"))
        with context.db.begin() as tx:
            connections.heard(tx, {"main"}, at)
    last = NOW + timedelta(hours=9)
    with context.db.read() as tx:
        assert gone_quiet(tx, "main", last + timedelta(hours=5)) is None
        assert gone_quiet(tx, "main", last + LEAST_QUIET + timedelta(hours=1)) == timedelta(hours=25)
        assert gone_quiet(tx, "site", last + timedelta(days=90)) is None


class Shared:
    """Keeps a context out of the report of a failing example."""

    def __init__(self, context: Context) -> None:
        self.context = context


@pytest.fixture(scope="module")
def shared(sqlite_template: object, quick_folder: object) -> Iterator[Shared]:
    """One context for all examples."""
    built = make_context(configuration.load(environ(f"sqlite:///{quick_folder}/gaps.db", 25)))
    yield Shared(built)
    built.db.close()


NUMBERS = count(1)


@pytest.mark.B2
@settings(max_examples=max(12, settings().max_examples // 2))
@given(moves=st.integers(0, 4), cancelled=st.booleans(), chance=st.randoms(use_true_random=False))
def test_whatever_was_lost_a_reading_leads_to_the_state_of_the_whole_history(
    shared: Shared, moves: int, cancelled: bool, chance: random.Random
) -> None:
    ours, scheduler = reading(shared.context)
    number = next(NUMBERS)
    email, names = f"r{number}@example.org", [f"r{number}x{each}" for each in range(moves + 1)]
    told = {"email": email, "name": f"Client {number}"}
    sent = [webhook("created", NOW, uid=names[0], **told)]
    scheduler.parse(sent[0])
    for each in range(1, moves + 1):
        start = START + timedelta(days=each)
        at = NOW + timedelta(seconds=each)
        sent.append(
            webhook("rescheduled", at, uid=names[each], replaces=names[each - 1], start=start, **told)
        )
        scheduler.move(names[each - 1], names[each], start)
    if cancelled:
        sent.append(webhook("cancelled", NOW + timedelta(minutes=1), uid=names[-1], **told))
        scheduler.cancel(names[-1])
    kept = [each for each in sent if chance.random() < 0.5]
    chance.shuffle(kept)
    receive(ours, *kept, now=NOW + timedelta(minutes=2))
    while inbox.work(ours, NOW + timedelta(minutes=2)):
        pass
    reconcile(ours, "main", NOW + timedelta(minutes=3))
    found = only(ours, email)
    assert found.status is (BookingStatus.cancelled if cancelled else BookingStatus.confirmed)
    owed = {
        name: each.due_at for name, each in schedule_of(ours, found).items() if each.status == "scheduled"
    }
    if cancelled:
        assert owed == {}
    else:
        assert found.start == START + timedelta(days=moves)
        assert owed["plan:0"] == found.end + timedelta(minutes=30)
        assert "intake:0" in owed


@pytest.mark.parametrize(
    ("error", "noted"),
    [
        (IntegrationError("It asks us to slow down.", retry_after=60), []),
        (NotAsked("It does not answer.", retry_after=60), [TroubleKind.unreadable]),
    ],
)
def test_a_limit_that_lets_something_through_is_no_trouble_and_silence_is_one(
    context: Context, error: IntegrationError, noted: list[TroubleKind]
) -> None:
    with context.db.begin() as tx:
        row = connections.begin_reading(tx, "main", NOW)
        assert row is not None
        connections.step(tx, "main", row.read_number, NOW)
    interrupted(context, "main", error, NOW + timedelta(minutes=1))
    with context.db.read() as tx:
        assert [each.kind for each in troubles.current(tx)] == noted


def test_a_connection_that_changes_its_scheduler_begins_anew(context: Context) -> None:
    """A place in the list of the former scheduler says nothing, and what exists is older than the change."""
    with context.db.begin() as tx:
        before = connections.begin_reading(tx, "main", NOW)
        assert before is not None
        connections.step(tx, "main", before.read_number, NOW, place="afterStart 100")
    later, square = NOW + timedelta(days=30), VENDORS["square"]
    ours = replace(context, schedulers={"main": square.serving(square.row(1))})
    with ours.db.begin() as tx:
        connections.ensure(tx, "main", "square", later)
    assert reconcile(ours, "main", later) == 1
    with ours.db.read() as tx:
        row = connections.get(tx, "main")
        (found,) = bookings.listing(tx)
    assert row is not None
    assert (row.scheduler, row.first_seen_at, found.earlier) == ("square", later, True)


PAIRS = list(permutations(VENDORS, 2))


def _under(context: Context, scheduler: Scheduler, at: datetime) -> Context:
    """The same clinic with "main" at this scheduler, read through."""
    ours = replace(context, schedulers={"main": scheduler})
    with ours.db.begin() as tx:
        connections.ensure(tx, "main", scheduler.connection.scheduler, at)
    reconcile(ours, "main", at)
    return ours


def _visits(context: Context) -> dict[int, tuple[BookingStatus, int, datetime]]:
    with context.db.read() as tx:
        return {each.id: (each.status, each.client_id, each.start) for each in bookings.listing(tx)}


@pytest.mark.parametrize(("before", "after"), PAIRS, ids=map("-".join, PAIRS))
def test_what_a_former_scheduler_knows_is_never_asked_for_at_another_one(
    context: Context, before: str, after: str
) -> None:
    """Two schedulers may call bookings of two people 1; and that one knows no 1 cancels nothing."""
    old, new = VENDORS[before], VENDORS[after]
    ours = _under(context, old.serving(old.row(1), old.row(2)), NOW)
    first = _visits(ours)
    assert {status for status, *_ in first.values()} == {BookingStatus.confirmed}
    ours = _under(ours, new.serving(new.row(1)), NOW + timedelta(hours=1))
    both = _visits(ours)
    assert {name: both[name] for name in first} == first
    assert len(both) == 3
    with ours.db.read() as tx:
        assert [current_id(tx, each) for each in bookings.listing(tx) if each.id in first] == ["", ""]
    ours = _under(ours, old.serving(old.row(1)), NOW + timedelta(hours=2))
    back = _visits(ours)
    assert len(back) == 3, "what it called its own is taken up again"
    assert [status for status, *_ in (back[name] for name in sorted(first))] == ["confirmed", "cancelled"]
    assert {name: back[name] for name in set(both) - set(first)} == {
        name: both[name] for name in set(both) - set(first)
    }


@pytest.mark.parametrize("held", [False, True])
def test_a_deletion_is_found_also_where_messages_are_held_or_none_is_due(
    context: Context, held: bool
) -> None:
    """Without an address every message is held; of an older booking there is none."""
    ours, scheduler = reading(context)
    nobody = Person("Zoë Łuć", "" if held else "zoe@example.org")
    made = NOW if held else NOW - timedelta(days=9)
    scheduler.rows["u1"] = row(client=nobody, created_at=made)
    reconcile(ours, "main", NOW + timedelta(minutes=1))
    work.work_once(ours, NOW + timedelta(minutes=2))
    statuses = {each.status for each in schedule_of(ours, only(ours, "")).values()}
    assert "sent" not in statuses
    scheduler.delete("u1")
    reconcile(ours, "main", NOW + timedelta(minutes=3))
    assert only(ours, "").status is BookingStatus.cancelled
