"""A session note that came by link: it waits, and the plan with it, until somebody signed in settles it."""

from dataclasses import replace
from datetime import datetime

from handlers.context import Context
from handlers.plans import drafting, release
from handlers.plans.basis import CHANGED, NotNow
from schemas import origin
from schemas.session_note import SendWish, SessionNote
from schemas.staff import Staff
from store import audit, notes
from store.base import Tx


def keep(tx: Tx, context: Context, booking_id: int, note: SessionNote, now: datetime) -> None:
    """Keep what was typed by link. A plan that nobody has let out waits from now on."""
    if notes.draft(tx, booking_id) is None:  # whoever has the link could fill the log by typing on and on
        audit.add(tx, origin.LINK, "note_draft", f"booking:{booking_id}", now)
    notes.put_draft(tx, booking_id, note, now)
    drafting.draft(tx, context, booking_id, now)


def sign(tx: Tx, context: Context, booking_id: int, send: SendWish, by: Staff, now: datetime) -> None:
    """It is a note of whoever signs it. Raises `NotNow` where none waits."""
    note = replace(_take(tx, booking_id), author=by.name, credential=by.credential)
    wish = SendWish.HOLD if note.new_concern and send is SendWish.OK_TO_SEND else send
    release.add_note(tx, context, booking_id, replace(note, send=wish), now)


def drop(tx: Tx, context: Context, booking_id: int, by: Staff, now: datetime) -> None:
    """It is thrown away, and holds nothing any more. Raises `NotNow` where none waits."""
    _take(tx, booking_id)
    audit.add(tx, by.name, "note_dropped", f"booking:{booking_id}", now)
    drafting.draft(tx, context, booking_id, now)


def _take(tx: Tx, booking_id: int) -> SessionNote:
    found = notes.draft(tx, booking_id)
    if found is None:
        raise NotNow(CHANGED)
    notes.drop_draft(tx, booking_id)
    return found.note
