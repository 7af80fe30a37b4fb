"""One booking, one thread: whatever order webhooks come in, the end is the same."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count, permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import settings as configuration
from handlers.bookings import inbox
from handlers.context import Context
from handlers.worker import work
from integrations.signing import sha256
from schemas.booking import Booking, BookingStatus, Person
from schemas.delivery import Purpose
from schemas.webhook import Inbound
from store import bookings, connections, deliveries, intakes
from tests.helpers.clinic import CALCOM_SECRET, NOW, environ, make_context
from tests.helpers.databases import fresh_postgres
from tests.helpers.mailbox import Mailbox
from tests.helpers.visits import book, only, receive, schedule_of, webhook

BEGAN = NOW - timedelta(days=1)
URL = "https://care.test/webhooks/main"
ZOE = Person("Zoë Łuć", "zoe@example.org")
START = NOW + timedelta(days=7)

# ---- histories at Cal.com and at a sender of Standard Webhooks, without a way to read them back


@dataclass
class Story:
    """What happens to one booking, as the webhooks that tell of it."""

    connection: str
    number: int
    sent: list[Inbound]
    uid: str = ""
    made: int = 0
    start: datetime = START
    status: BookingStatus = BookingStatus.confirmed

    @property
    def email(self) -> str:
        """The client's address."""
        return f"c{self.number}@example.org"

    def tell(self, event: str, at: datetime, **visit: Any) -> None:
        """One webhook."""
        told = {"uid": self.uid, "start": self.start, "email": self.email, "name": f"Client {self.number}"}
        self.sent.append(webhook(event, at, connection=self.connection, **(told | visit)))

    def name(self) -> str:
        """A new identifier."""
        self.made += 1
        self.uid = f"n{self.number}x{self.made}"
        return self.uid

    def move(self, at: datetime, start: datetime) -> None:
        """Another time: at Cal.com by a new identifier."""
        old, self.start = self.uid, start
        if self.connection == "main":
            self.tell("rescheduled", at, uid=self.name(), replaces=old)
        else:
            self.tell("updated", at)


NUMBERS = count(1)
HOURS = st.integers(24, 24 * 20).map(lambda hours: NOW + timedelta(hours=hours))
ENDS = st.sampled_from(["", "", "cancelled", "no_show", "no_show undone", "hint", "confirmed again"])


@st.composite
def stories(draw: st.DrawFn, connection: str) -> Story:
    """A booking is made (or asked for), moved some times, and ends somehow."""
    starts = draw(st.lists(HOURS, min_size=1, max_size=4, unique=True))
    story = Story(connection, next(NUMBERS), [], start=starts[0])
    story.name()
    minutes = (BEGAN + timedelta(minutes=number) for number in count())
    if connection == "main" and draw(st.booleans()):
        story.tell("requested", next(minutes))
    story.tell("created", next(minutes))
    for start in starts[1:]:
        story.move(next(minutes), start)
    _end(story, draw(ENDS), minutes)
    return story


def _end(story: Story, end: str, minutes: Iterator[datetime]) -> None:
    if end == "cancelled":
        story.tell("cancelled", next(minutes))
        story.status = BookingStatus.cancelled
    elif end.startswith("no_show"):
        story.tell("no_show", next(minutes))
        story.status = BookingStatus.no_show
        if end.endswith("undone"):
            _undo(story, next(minutes))
            story.status = BookingStatus.confirmed
    elif end == "hint" and story.connection == "main":
        story.tell("ended", next(minutes))
    elif end == "confirmed again" and story.connection == "site":
        story.tell("cancelled", next(minutes))
        story.tell("updated", next(minutes))


def _undo(story: Story, at: datetime) -> None:
    if story.connection == "main":
        story.sent.append(_unmarked(story.sent[-1], at))
    else:
        story.tell("updated", at)


def _signed(body: dict[str, Any], at: datetime) -> Inbound:
    raw = json.dumps(body).encode()
    return Inbound({"x-cal-signature-256": sha256(CALCOM_SECRET, raw).hex()}, raw, URL, at)


def _unmarked(marked: Inbound, at: datetime) -> Inbound:
    """The practitioner takes the mark back."""
    body = json.loads(marked.body)
    body["createdAt"] = at.isoformat().replace("+00:00", "Z")
    body["payload"]["attendees"][0]["noShow"] = False
    return _signed(body, at)


@dataclass
class Shared:
    """Keeps a context out of the report of a failing example, where it would fill pages."""

    context: Context
    __repr__ = object.__repr__


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared(request: pytest.FixtureRequest, quick_folder: Path) -> Iterator[Shared]:
    """One context for all examples; every story has identifiers and an address of its own."""
    if request.param == "sqlite":
        url = f"sqlite:///{quick_folder / 'stories.db'}"
    else:
        url = fresh_postgres(request.getfixturevalue("postgres_server"))
    built = make_context(configuration.load(environ(url, 25)), BEGAN - timedelta(days=1))
    yield Shared(built)
    built.db.close()


def take_in(context: Context, inbounds: Iterable[Inbound]) -> None:
    """The webhooks arrive in this order, all within the settling time."""
    receive(context, *inbounds, now=NOW)
    while inbox.work(context, NOW):
        pass


def outcome(context: Context, story: Story) -> list[Any]:
    """The bookings of the story's client, and what is owed, withdrawn or sent for each."""
    with context.db.read() as tx:
        return [
            (each.status, *((each.start, each.end) if each.status != "cancelled" else ()), _owed(tx, each))
            for each in bookings.listing(tx, email=story.email)
        ]


def _owed(tx: Any, booking: Booking) -> list[Any]:
    rows = [each for each in deliveries.of_booking(tx, booking.id) if each.status == "scheduled"]
    return sorted((each.purpose, each.due_at) for each in rows)


def copy_of(story: Story) -> Story:
    """The same story of another client."""
    other = replace(story, number=next(NUMBERS), sent=[])
    pattern, name = f"n{story.number}x", f"n{other.number}x"
    for each in story.sent:
        text = each.body.decode().replace(pattern, name).replace(story.email, other.email)
        text = text.replace(f"Client {story.number}", f"Client {other.number}")
        other.sent.append(replace(each, body=text.encode()))
    return other


def check(context: Context, story: Story, mixed: Sequence[int]) -> None:
    """The story in order, and the same story of somebody else in this order, end alike."""
    other = copy_of(story)
    take_in(context, story.sent)
    take_in(context, (other.sent[number] for number in mixed))
    expected = outcome(context, story)
    assert outcome(context, other) == expected
    assert [each[0] for each in expected] == [story.status]
    if story.status is BookingStatus.confirmed:
        assert expected[0][1] == story.start
        assert {purpose for purpose, _due in expected[0][-1]} >= {Purpose.intake, Purpose.plan}
    else:
        assert expected[0][-1] == []


@pytest.mark.B1
@pytest.mark.parametrize("connection", ["main", "site"])
@settings(max_examples=settings().max_examples // 4)
@given(data=st.data())
def test_any_order_with_copies_ends_where_the_ordered_history_ends(
    shared: Shared, connection: str, data: st.DataObject
) -> None:
    story = data.draw(stories(connection))
    numbers = list(range(len(story.sent)))
    copies = data.draw(st.lists(st.sampled_from(numbers), max_size=len(numbers)))
    check(shared.context, story, data.draw(st.permutations(numbers + copies)))


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_a_chain_of_moves_in_every_order(shared: Shared, order: tuple[int, ...]) -> None:
    story = Story("main", next(NUMBERS), [])
    story.name()
    story.tell("created", BEGAN)
    for number in (1, 2):
        story.move(BEGAN + timedelta(minutes=number), START + timedelta(days=number))
    story.tell("cancelled", BEGAN + timedelta(minutes=3))
    story.status = BookingStatus.cancelled
    check(shared.context, story, order)


@pytest.mark.parametrize("ending", ["", "cancelled"])
@pytest.mark.parametrize("lost", [(1,), (2,), (1, 2), (0, 2)])
def test_a_chain_with_lost_links_is_still_one_booking(
    shared: Shared, lost: tuple[int, ...], ending: str
) -> None:
    story = Story("main", next(NUMBERS), [])
    first = story.name()
    story.tell("created", BEGAN)
    for number in (1, 2, 3):
        story.move(BEGAN + timedelta(minutes=number), START + timedelta(days=number))
    if ending:
        story.tell("cancelled", BEGAN + timedelta(minutes=4))
    kept = [each for number, each in enumerate(story.sent) if number not in lost]
    take_in(shared.context, [_with_ical(each, first) for each in kept])
    ((status, *rest, owed),) = outcome(shared.context, story)
    assert status == (ending or "confirmed")
    assert bool(owed) is not bool(ending)
    if not ending:
        assert rest[0] == story.start


def _with_ical(inbound: Inbound, first: str) -> Inbound:
    """Cal.com keeps the iCalUID of the first booking through all moves."""
    body = json.loads(inbound.body)
    body["payload"]["iCalUID"] = f"{first}@Cal.com"
    return _signed(body, inbound.received_at)


# ---- single cases, on both databases


def deliver(context: Context, *inbounds: Inbound, now: datetime = NOW) -> None:
    """Webhooks arrive and are worked on, with whatever is due by then."""
    for each in inbounds:
        receive(context, each, now=now)
    work.work_once(context, now)


def test_a_move_moves_what_is_owed_and_a_cancel_withdraws_it(context: Context) -> None:
    booking = book(context)
    before = schedule_of(context, booking)
    moved = START + timedelta(days=2)
    deliver(context, webhook("rescheduled", NOW + timedelta(seconds=5), uid="u2", replaces="u1", start=moved))
    after = schedule_of(context, booking)
    assert only(context).start == moved
    for name in ("intake_reminder:1", "intake_reminder:2", "plan:0"):
        assert after[name].due_at == before[name].due_at + timedelta(days=2)
    deliver(context, webhook("cancelled", NOW + timedelta(seconds=9), uid="u2", start=moved))
    assert only(context).status is BookingStatus.cancelled
    assert {(each.status, each.reason) for each in schedule_of(context, booking).values()} == {
        ("withdrawn", "cancelled")
    }


def test_a_booking_that_is_confirmed_again_comes_back(context: Context, mailbox: Mailbox) -> None:
    deliver(context, webhook("created", NOW, connection="site"))
    deliver(context, webhook("cancelled", NOW + timedelta(seconds=1), connection="site"))
    later = NOW + timedelta(minutes=1)
    work.work_once(context, later)
    assert mailbox.mails == []
    deliver(context, webhook("updated", NOW + timedelta(seconds=2), connection="site"), now=later)
    assert only(context).status is BookingStatus.confirmed
    assert mailbox.kinds() == ["intake"]


def test_a_thin_cancellation_may_come_before_and_be_followed_by_a_new_yes(context: Context) -> None:
    thin = webhook("cancelled", NOW + timedelta(seconds=1), connection="site")
    body = json.loads(thin.body)
    del body["data"]["client"]
    thin = replace(thin, body=json.dumps(body).encode())
    deliver(context, thin, webhook("created", NOW, connection="site"))
    assert only(context).status is BookingStatus.cancelled
    deliver(context, webhook("updated", NOW + timedelta(seconds=2), connection="site"))
    assert only(context).status is BookingStatus.confirmed


def _bare(inbound: Inbound) -> Inbound:
    """As senders write it who give neither a version nor a time."""
    body = json.loads(inbound.body)
    body.pop("timestamp", None)
    body["data"].pop("version", None)
    return replace(inbound, body=json.dumps(body).encode())


@pytest.mark.parametrize("thin", [True, False])
def test_a_making_without_any_order_brings_no_cancelled_booking_back(context: Context, thin: bool) -> None:
    """The two came in the wrong order: at the sender it was made first."""
    off = _bare(webhook("cancelled", NOW + timedelta(seconds=1), connection="site"))
    if thin:
        body = json.loads(off.body)
        body["data"] = {"id": body["data"]["id"]}
        off = replace(off, body=json.dumps(body).encode())
    late = _bare(webhook("created", NOW, connection="site"))
    deliver(context, off, now=NOW + timedelta(seconds=2))
    deliver(context, replace(late, received_at=NOW + timedelta(seconds=4)), now=NOW + timedelta(seconds=4))
    with context.db.read() as tx:
        assert BookingStatus.confirmed not in {each.status for each in bookings.listing(tx)}
    again = _bare(webhook("updated", NOW + timedelta(seconds=6), connection="site"))
    deliver(context, again, now=NOW + timedelta(seconds=6))
    assert only(context).status is BookingStatus.confirmed


def test_a_no_show_stops_everything_and_its_undoing_brings_it_back(context: Context) -> None:
    booking = book(context)
    marked = webhook("no_show", NOW + timedelta(seconds=1))
    deliver(context, marked)
    assert only(context).status is BookingStatus.no_show
    assert {each.status for each in schedule_of(context, booking).values()} == {"withdrawn"}
    deliver(context, _unmarked(marked, NOW + timedelta(seconds=2)))
    assert only(context).status is BookingStatus.confirmed
    assert {each.status for each in schedule_of(context, booking).values()} == {"scheduled"}


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_thin_no_show_of_a_site_is_taken_back_by_a_newer_yes(
    context: Context, order: tuple[int, ...]
) -> None:
    thin = webhook("no_show", NOW + timedelta(seconds=1), connection="site")
    body = json.loads(thin.body)
    del body["data"]["client"]
    thin = replace(thin, body=json.dumps(body).encode())
    told = [webhook("created", NOW, connection="site"), thin]
    told.append(webhook("updated", NOW + timedelta(seconds=2), connection="site"))
    deliver(context, *(told[number] for number in order))
    assert only(context).status is BookingStatus.confirmed


@pytest.mark.parametrize("mark_first", [True, False])
def test_a_no_show_mark_of_a_guest_is_not_one_of_the_client(context: Context, mark_first: bool) -> None:
    marked = webhook("no_show", NOW + timedelta(seconds=1), email="guest@example.org")
    arrivals = [webhook("created", NOW), marked]
    deliver(context, *(reversed(arrivals) if mark_first else arrivals))
    assert only(context).status is BookingStatus.confirmed


@pytest.mark.B18
@pytest.mark.parametrize("mark_first", [True, False])
def test_a_no_show_mark_in_a_group_is_for_the_one_client(context: Context, mark_first: bool) -> None:
    arrivals = [
        _group(webhook("created", NOW, email="ann@example.org", name="Ann")),
        _group(webhook("created", NOW, email="bo@example.org", name="Bo")),
        webhook("no_show", NOW + timedelta(seconds=1), email="Ann@example.org"),
    ]
    deliver(context, *(reversed(arrivals) if mark_first else arrivals))
    assert only(context, "ann@example.org").status is BookingStatus.no_show
    assert only(context, "bo@example.org").status is BookingStatus.confirmed


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_a_seat_that_was_given_up_may_be_taken_again(context: Context, order: tuple[int, ...]) -> None:
    """Under the same uid and address: calcom/cal.com `createNewSeat.ts`, `cancelAttendeeSeat.ts`."""
    events = ["created", "cancelled", "created"]
    told = [_group(webhook(event, NOW + timedelta(minutes=n))) for n, event in enumerate(events)]
    deliver(context, *(told[number] for number in order), told[order[0]])
    assert only(context).status is BookingStatus.confirmed
    later = NOW + timedelta(minutes=9)
    deliver(context, _group(webhook("cancelled", later)), told[2], now=later)
    assert only(context).status is BookingStatus.cancelled


def _of_a_series(inbound: Inbound, **more: Any) -> Inbound:
    body = json.loads(inbound.body)
    body["payload"] |= {"recurringEventId": "series1", **more}
    return _signed(body, inbound.received_at)


@pytest.mark.parametrize("order", list(permutations(range(4))), ids=str)
def test_a_series_that_is_cancelled_at_once_is_off_in_any_order(
    context: Context, order: tuple[int, ...]
) -> None:
    """One webhook tells it, of one date: calcom/cal.com `handleCancelBooking.ts`. What was before stays."""
    dates = {"past": NOW + timedelta(hours=1), "next": START, "last": START + timedelta(days=7)}
    told = [_of_a_series(webhook("created", NOW, uid=uid, start=at)) for uid, at in dates.items()]
    later = NOW + timedelta(days=1)
    cancelled = webhook("cancelled", later, uid="next", start=START)
    told.append(_of_a_series(cancelled, recurringEvent={"freq": 2, "count": 3, "interval": 1}))
    deliver(context, *(told[number] for number in order), told[order[0]], now=later)
    with context.db.read() as tx:
        found = {each.start: each.status for each in bookings.listing(tx)}
    assert found == {
        dates["past"]: BookingStatus.confirmed,
        dates["next"]: BookingStatus.cancelled,
        dates["last"]: BookingStatus.cancelled,
    }


def test_one_date_of_a_series_that_is_cancelled_leaves_the_others(context: Context) -> None:
    told = [
        _of_a_series(webhook("created", NOW, uid=f"u{n}", start=START + timedelta(days=n))) for n in range(2)
    ]
    cancelled = webhook("cancelled", NOW + timedelta(minutes=1), uid="u0", start=START)
    deliver(context, *told, _of_a_series(cancelled))
    with context.db.read() as tx:
        found = sorted((each.start, each.status) for each in bookings.listing(tx))
    assert [status for _, status in found] == [BookingStatus.cancelled, BookingStatus.confirmed]


def _group(inbound: Inbound) -> Inbound:
    body = json.loads(inbound.body)
    body["payload"]["seatsPerTimeSlot"] = 6
    return _signed(body, inbound.received_at)


@pytest.mark.B18
def test_two_clients_with_one_address_are_two_clients(context: Context) -> None:
    for uid, name in (("u1", "Ann"), ("u2", "Bo")):
        deliver(context, webhook("created", NOW, uid=uid, name=name, email="home@example.org"))
    with context.db.read() as tx:
        found = bookings.listing(tx, email="home@example.org")
    assert len({each.client_id for each in found}) == 2


def test_the_same_identifier_at_two_connections_is_two_bookings(context: Context) -> None:
    deliver(context, webhook("created", NOW), webhook("created", NOW, connection="site"))
    with context.db.read() as tx:
        assert {each.connection for each in bookings.listing(tx)} == {"main", "site"}


def test_a_client_without_an_address_stays_the_same_client_when_the_booking_moves(context: Context) -> None:
    deliver(context, webhook("created", NOW, uid="z1", email=""))
    before = only_one(context)
    later = NOW + timedelta(seconds=1)
    deliver(context, webhook("rescheduled", later, uid="a1", replaces="z1", email=""))
    assert only_one(context).client_id == before.client_id


def only_one(context: Context) -> Booking:
    """The one booking there is."""
    with context.db.read() as tx:
        (found,) = bookings.listing(tx)
    return found


def test_two_threads_that_turn_out_to_be_one_send_no_second_mail(context: Context, mailbox: Mailbox) -> None:
    third: dict[str, Any] = {"uid": "u3", "replaces": "u2", "start": START + timedelta(days=2)}
    deliver(context, webhook("rescheduled", NOW + timedelta(seconds=3), **third))
    work.work_once(context, NOW + timedelta(seconds=30))
    assert mailbox.kinds() == ["intake"]
    first = NOW + timedelta(seconds=31)
    deliver(context, webhook("created", NOW), now=first)
    second: dict[str, Any] = {"uid": "u2", "replaces": "u1", "start": START + timedelta(days=1)}
    deliver(context, webhook("rescheduled", NOW + timedelta(seconds=2), **second), now=first)
    work.work_once(context, NOW + timedelta(hours=1))
    assert only(context).start == START + timedelta(days=2)
    assert mailbox.kinds() == ["intake"]


@pytest.mark.parametrize("made", [BEGAN - timedelta(days=2), NOW])
def test_a_hint_about_a_booking_from_before_the_first_day_sends_nothing(
    context: Context, made: datetime, mailbox: Mailbox
) -> None:
    deliver(context, webhook("ended", made, start=NOW - timedelta(hours=1)))
    work.work_once(context, NOW + timedelta(minutes=40))
    assert only(context).earlier is (made < NOW)
    assert mailbox.kinds() == []  # it is over: nothing is asked "before your visit"


def test_a_circle_of_replacements_is_one_booking(context: Context) -> None:
    one = webhook("rescheduled", NOW, uid="u1", replaces="u2")
    deliver(context, one, webhook("rescheduled", NOW + timedelta(seconds=1), uid="u2", replaces="u1"))
    assert only(context).status is BookingStatus.confirmed


def test_a_client_who_is_written_another_way_is_the_same_client(context: Context) -> None:
    booking = book(context)
    again = NOW + timedelta(seconds=1)
    deliver(context, webhook("rescheduled", again, uid="u2", replaces="u1", name="Zoe Luc"))
    with context.db.read() as tx:
        (moved,) = bookings.listing(tx)
        intake = intakes.of_booking(tx, booking.id)
    assert moved.client_id == booking.client_id
    assert intake is not None
    assert intake.client_id == moved.client_id


def test_connections_are_known_since_their_first_day_only(context: Context) -> None:
    with context.db.begin() as tx:
        connections.ensure(tx, "main", "calcom", datetime(2030, 1, 1, tzinfo=UTC))
        row = connections.get(tx, "main")
    assert row is not None
    assert row.first_seen_at == NOW
