"""One booking, one thread: fold what a scheduler says into what we know, and see what changed.

The state of a thread is a function of the set of notices, not of their order: each identifier keeps its
newest state by the scheduler's own order, cancelling wins a tie, and identifiers that replace each other
hang together (B1, ORD-1).
"""

from dataclasses import replace
from datetime import datetime

from handlers.bookings import series, walk_in
from handlers.bookings.records import fold, head_of, is_off
from handlers.bookings.walk_in import Met
from handlers.clients import people, privacy
from handlers.context import Context
from handlers.schedule import due
from schemas.booking import Booking, BookingState, BookingStatus, Record
from schemas.delivery import DeliveryStatus, Purpose
from schemas.notions.order import NEVER
from schemas.reason import Reason
from schemas.webhook import Notice
from store import attendances, bookings, connections, deliveries, intakes
from store.base import Tx


def notice_of(booking: BookingState, at: datetime) -> Notice:
    """A state that was read at the scheduler at `at`, as a notice."""
    return Notice(
        external_id=booking.external_id,
        seat=booking.seat,
        event="read",
        booking=booking,
        version=booking.version,
        occurred_at=at,
    )


def is_news(tx: Tx, connection: str, notice: Notice) -> bool:
    """True when a notice is newer than all that we hold about its identifier."""
    known = bookings.named(tx, connection, notice.external_id)
    return not notice.hint and all(notice.order > record.order for record in known)


def observe(
    tx: Tx,
    context: Context,
    connection: str,
    notice: Notice,
    now: datetime,
    *,
    read: bool = False,
    listed: bool = False,
) -> list[str]:
    """Take in one notice; returns identifiers that it names and that we know nothing about.

    `read` says that the state was just read at the scheduler, so that it is the truth as of now; `listed`
    that it stood in the list of all bookings, too.
    """
    read = read or listed
    tx.lock(f"bookings-{connection}")
    if privacy.forgotten(tx, context, connection, notice, now):
        return []
    final = context.schedulers[connection].cancel_is_final
    for record in _meant(tx, connection, notice):
        # A seat that was given up may be taken again, under the same identifier and address.
        ours = _of_seat(record, notice)
        folded = fold(record, ours, cancel_is_final=final and not record.seat, read=read)
        if folded != record or record.booking_id is None:
            bookings.put(tx, folded)
            for each in _concerned(tx, folded):
                _settle_thread(tx, context, each, now, new_to_us=read or notice.hint, listed=listed)
    for record in series.end(tx, connection, notice) if notice.ends_series else []:
        _settle_thread(tx, context, record, now, new_to_us=False, listed=False)
    return _unknown(tx, connection, notice)


def _meant(tx: Tx, connection: str, notice: Notice) -> list[Record]:
    """The records that a notice speaks of; a blank one where there is none yet."""
    known = bookings.named(tx, connection, notice.external_id)
    seat = [record for record in known if record.seat == notice.seat]
    if notice.gone and known:
        return seat if notice.seat else known
    if notice.hint and any(record.state for record in known):
        return []  # of a booking that we know a hint says nothing new, whichever seat it names
    if notice.booking is None and notice.email:
        held = [record for record in known if record.seat == notice.email]
        return held or [Record(connection, notice.external_id, notice.email)]
    if seat:
        return seat
    if notice.booking is None and len(known) == 1:
        return known
    if held := [record for record in known if record.state] if _names_nobody(notice) else []:
        return held
    return [Record(connection, notice.external_id, notice.seat)]


def _names_nobody(notice: Notice) -> bool:
    """True for a booking of which it is not said who comes: it is that of those who are known to come."""
    client = notice.booking.client if notice.booking else None
    return client is not None and not (client.name or client.email or client.phone or notice.seat)


def _of_seat(record: Record, notice: Notice) -> Notice:
    """What a notice that names nobody says of one seat."""
    if not record.seat or record.state is None or notice.booking is None or not _names_nobody(notice):
        return notice
    booking = replace(notice.booking, seat=record.seat, client=record.state.client)
    return replace(notice, seat=record.seat, booking=booking)


def _concerned(tx: Tx, record: Record) -> list[Record]:
    """The records whose threads a change of this one may change: a mark concerns all with its address."""
    if record.state is not None or not record.seat:
        return [record]
    return [
        each for each in bookings.named(tx, record.connection, record.external_id) if _is(each, record.seat)
    ]


def _is(record: Record, email: str) -> bool:
    return record.state is not None and record.state.client.email.strip().casefold() == email


def _settle_thread(
    tx: Tx, context: Context, record: Record, now: datetime, *, new_to_us: bool, listed: bool
) -> None:
    """Join what hangs together, work out the thread's state, and bring the schedule in line."""
    thread = _join(tx, record)
    head = head_of(thread)
    known = [each.booking_id for each in thread if each.booking_id is not None]
    if head is None or head.state is None:
        return
    status = _status(tx, thread, head)
    if known:
        booking_id = min(known)
        for other in set(known) - {booking_id}:
            _merge(tx, other, booking_id, now)
        if waited := _walked_in(tx, context, booking_id, head.state, status, now):
            _merge(tx, booking_id, waited.booking.id, now)
            booking_id = waited.booking.id
            walk_in.become(tx, context, waited, head, now)
        else:
            bookings.update(tx, booking_id, head.state, status, now)
            shared = _shared_row(context, head)
            people.attend(tx, context, booking_id, head.state.client, now, shared_row=shared)
    elif status is BookingStatus.confirmed and (met := walk_in.met(tx, context, head.state, now)):
        booking_id = met.booking.id
        walk_in.become(tx, context, met, head, now)
    else:
        earlier = new_to_us and _earlier(tx, record.connection, thread, listed=listed)
        comes = people.whose(tx, context, head.state.client, now)
        booking_id = bookings.create(
            tx, record.connection, head.state, comes.client_id, status, earlier=earlier, now=now
        )
        people.begin_new(tx, context, booking_id, comes, head.state.client, now)
    for each in thread:
        if each.booking_id != booking_id:
            bookings.attach(tx, each, booking_id)
    due.sync(tx, context, booking_id, now)


def _walked_in(
    tx: Tx, context: Context, booking_id: int, state: BookingState, status: BookingStatus, now: datetime
) -> Met | None:
    """The walk-in of who stood at the desk while this booking waited for the clinic's yes."""
    before = bookings.get(tx, booking_id)
    pending = before is not None and before.status is BookingStatus.pending
    return walk_in.met(tx, context, state, now) if pending and status is BookingStatus.confirmed else None


def _shared_row(context: Context, head: Record) -> bool:
    """True where the scheduler keeps one row for all who book under one address."""
    return context.schedulers[head.connection].one_row_per_address


def _join(tx: Tx, record: Record) -> list[Record]:
    """Every record of the thread that a record belongs to, in a fixed order."""
    found: dict[tuple[str, str], Record] = {}
    waiting = [record]
    while waiting:
        each = waiting.pop()
        if (each.external_id, each.seat) in found:
            continue
        found[each.external_id, each.seat] = each
        for name in filter(None, (each.replaces, each.replaced_by, each.root)):
            waiting += _same_seat(bookings.named(tx, each.connection, name), each.seat)
            if name == each.root:
                waiting += _same_seat(bookings.successors(tx, each.connection, name), each.seat)
        waiting += _same_seat(bookings.successors(tx, each.connection, each.external_id), each.seat)
        if each.booking_id is not None:
            waiting += bookings.of_booking(tx, each.booking_id)
    return [found[key] for key in sorted(found)]


def _same_seat(records: list[Record], seat: str) -> list[Record]:
    return [record for record in records if record.seat == seat]


def _status(tx: Tx, thread: list[Record], head: Record) -> BookingStatus:
    assert head.state is not None
    if is_off(head) or series.is_over(tx, head):
        return BookingStatus.cancelled
    known = {record.external_id for record in thread if record.state}
    if head.replaced_by and head.replaced_by not in known:
        return BookingStatus.cancelled  # it moved, and we have not seen whereto: nothing may go out
    marked = _marked(tx, head)
    if marked and head.state.status is not BookingStatus.cancelled:
        return BookingStatus.no_show
    if marked is False and head.state.status is BookingStatus.no_show:
        return BookingStatus.confirmed
    return head.state.status


def _marked(tx: Tx, head: Record) -> bool | None:
    """The newest no-show mark for this client: on the record itself, or held for the address."""
    assert head.state is not None
    seats = {head.seat, head.state.client.email.strip().casefold()}
    found = [each for each in bookings.named(tx, head.connection, head.external_id) if each.seat in seats]
    marks = [(each.no_show_at or NEVER, each.no_show) for each in found if each.no_show is not None]
    return max(marks)[1] if marks else None


def _merge(tx: Tx, old: int, new: int, now: datetime) -> None:
    """Two threads turned out to be one: keep what was sent, drop what was planned twice.

    Who has answered stays the one who comes. What the clinic must still be told of goes on.
    """
    for each in deliveries.of_booking(tx, old):
        if each.purpose.to_client or each.purpose is Purpose.attach:
            deliveries.end(tx, [each.id], DeliveryStatus.withdrawn, Reason.same_booking, now)
    deliveries.rehome(tx, old, new)
    bookings.rehome(tx, old, new)
    intakes.move_flags(tx, old, new)
    attendances.merge(tx, old, new, now)


def _earlier(tx: Tx, connection: str, thread: list[Record], *, listed: bool) -> bool:
    """True for a booking that was made before this connection was first set up (B3).

    Where the scheduler does not say when, all that the first reading lists counts as older.
    """
    row = connections.get(tx, connection)
    made = [each.state.created_at for each in thread if each.state and each.state.created_at]
    if row is None:
        return False
    return min(made) < row.first_seen_at if made else listed and row.last_read_at is None


def _unknown(tx: Tx, connection: str, notice: Notice) -> list[str]:
    state = notice.booking
    if state is None or not state.replaced_by:
        return []
    known = bookings.named(tx, connection, state.replaced_by)
    return [] if any(record.state for record in known) else [state.replaced_by]


def current_id(tx: Tx, booking: Booking) -> str:
    """The identifier that the scheduler uses for the booking now; "" where the connection had another one."""
    current = head_of(bookings.of_booking(tx, booking.id))
    assert current is not None
    return current.external_id if current.connection == booking.connection else ""
