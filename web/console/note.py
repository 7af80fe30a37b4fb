"""The session note by personal link from the staff mail: no names, no answers, a draft until it is signed."""

from typing import Any

from flask import Response, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from handlers import links
from handlers.links import LinkPurpose
from handlers.plans import note_drafts
from handlers.schedule.words import reference
from handlers.staff import sessions
from schemas.booking import Booking
from schemas.staff import Role, Stage
from store import bookings, notes
from store.base import Tx
from web.console import gate
from web.console.gate import LINK, allowed, now
from web.console.note_words import TOOK, area_words, note_from
from web.console.view import page
from web.context import context
from web.security import wrong_link

blueprint = gate.blueprint("note")


@blueprint.get("/n/<token>")
@allowed(LINK)
def note(token: str) -> AnyResponse:
    """The note's page; who is signed in goes to the booking itself."""
    with context().db.read() as tx:
        found = _booking(tx, token)
        signed_in = sessions.current(tx, context(), gate.cookie(), now())
        if signed_in and signed_in[1].stage is Stage.full and signed_in[0].may(Role.practitioner):
            return redirect(url_for("console_booking.booking", booking_id=found.id, _anchor="note"), 303)
        values = _values(tx, found, token)
    return page("note", **values)


def _booking(tx: Tx, token: str) -> Booking:
    subject = links.open_link(tx, context(), LinkPurpose.note, token, now())
    found = bookings.get(tx, subject) if subject is not None else None
    return found or wrong_link()


def _values(tx: Tx, found: Booking, token: str) -> dict[str, Any]:
    return {
        "booking": found,
        "reference": reference(found),
        "took": TOOK,
        "areas": area_words(),
        "action": url_for("console_note.save", token=token),
        "link_csrf": gate.csrf_for(context(), token),
        "waits": notes.draft(tx, found.id) is not None,
    }


@blueprint.post("/n/<token>")
@allowed(LINK)
def save(token: str) -> Response:
    """Keep a draft: a link neither signs nor sends."""
    with context().db.begin() as tx:
        found = _booking(tx, token)
        gate.check_csrf(context(), token)
        note_drafts.keep(tx, context(), found.id, note_from("", ""), now())
    return page("note_kept", booking=found, reference=reference(found))
