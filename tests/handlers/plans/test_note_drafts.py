"""A note that came by link: nothing goes out and nobody is named before it is signed."""

from datetime import timedelta

import pytest

from handlers.context import Context
from handlers.plans import note_drafts, release
from handlers.plans.basis import NotNow, basis_of
from handlers.worker import work
from schemas.booking import Booking
from schemas.session_note import SendWish, SessionNote
from schemas.staff import Role, Staff
from store import audit, bookings, notes
from tests.helpers.answers import fill_in
from tests.helpers.clinic import NOW, with_policy
from tests.helpers.mailbox import Mailbox
from tests.helpers.visits import book, receive, schedule_of, webhook

OVER = NOW + timedelta(days=7, hours=1)
DUE = OVER + timedelta(minutes=30)
MARA = Staff(1, "m@clinic.example", "Mara", "LMT", frozenset({Role.practitioner}), "en", "", "", 0, True)
TYPED = SessionNote(SendWish.HOLD, "Mara", "LMT", client_note="Keep warm")


def type_by_link(context: Context, booking: Booking, note: SessionNote = TYPED) -> None:
    with context.db.begin() as tx:
        note_drafts.keep(tx, context, booking.id, note, OVER)


def reason(context: Context, booking: Booking) -> str:
    return str(schedule_of(context, booking)["plan:0"].reason)


@pytest.mark.parametrize("require_ok", [True, False])
def test_it_holds_the_plan_until_it_is_signed(context: Context, mailbox: Mailbox, require_ok: bool) -> None:
    strict = with_policy(context, require_ok=require_ok)
    booking = book(strict)
    fill_in(strict, booking)
    type_by_link(strict, booking)
    type_by_link(strict, booking)
    work.work_once(strict, DUE)
    assert reason(strict, booking) == "on_hold"
    with strict.db.begin() as tx:
        assert (notes.every(tx, [booking.id]), notes.count_drafts(tx)) == ([], 1)
        assert audit.times(tx, f"booking:{booking.id}", "note_draft") == 1, "nobody fills the log by a link"
        note_drafts.sign(tx, strict, booking.id, SendWish.OK_TO_SEND, MARA, DUE)
    work.work_once(strict, DUE + timedelta(seconds=1))
    assert mailbox.kinds().count("plan") == 1
    with strict.db.begin() as tx:
        assert [note.author for _visit, _at, note in notes.every(tx, [booking.id])] == ["Mara"]
        with pytest.raises(NotNow):
            note_drafts.sign(tx, strict, booking.id, SendWish.OK_TO_SEND, MARA, DUE)


def test_it_stops_no_plan_that_somebody_let_out(context: Context, mailbox: Mailbox) -> None:
    booking = book(context)
    fill_in(context, booking)
    with context.db.begin() as tx:
        release.release(tx, context, booking.id, "Mara", OVER)
    type_by_link(context, booking)
    work.work_once(context, DUE)
    assert mailbox.kinds().count("plan") == 1


def test_a_later_note_of_a_person_counts_more_and_it_still_waits_to_be_read(
    context: Context, mailbox: Mailbox
) -> None:
    booking = book(context)
    fill_in(context, booking)
    type_by_link(context, booking)
    with context.db.begin() as tx:
        release.add_note(tx, context, booking.id, SessionNote(SendWish.OK_TO_SEND, "Bo"), OVER)
        assert notes.count_drafts(tx) == 1
    work.work_once(context, DUE)
    assert mailbox.kinds().count("plan") == 1


def test_it_does_not_make_a_plan_wanted_that_somebody_refused(context: Context, mailbox: Mailbox) -> None:
    booking = book(context)
    fill_in(context, booking)
    with context.db.begin() as tx:
        release.add_note(tx, context, booking.id, SessionNote(SendWish.NO_PLAN, "Bo"), OVER)
    type_by_link(context, booking)
    work.work_once(context, DUE)
    assert reason(context, booking) == "no_plan_wanted"


def test_what_a_person_saw_changes_with_it(context: Context) -> None:
    booking = book(context)
    seen = []
    for words in ("", "Keep warm", "Send money"):
        if words:
            type_by_link(context, booking, SessionNote(SendWish.HOLD, "", client_note=words))
        with context.db.read() as tx:
            seen.append(basis_of(tx, booking.id))
    assert len(set(seen)) == 3


def test_it_waits_for_nobody_once_the_visit_is_cancelled(context: Context, mailbox: Mailbox) -> None:
    booking = book(context)
    type_by_link(context, booking)
    receive(context, webhook("cancelled", OVER), now=OVER)
    work.work_once(context, OVER)
    with context.db.read() as tx:
        assert bookings.get(tx, booking.id) is not None
        assert notes.count_drafts(tx) == 0
        assert notes.drafts(tx) == []
