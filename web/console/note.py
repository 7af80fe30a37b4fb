"""The session note by personal link from the staff mail: no names, no answers, thirty seconds."""

from contextlib import suppress
from typing import Any

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from handlers import links
from handlers.links import LinkPurpose
from handlers.plans import basis as plans_basis
from handlers.plans import release, standing
from handlers.plans.basis import CHANGED, NotNow
from handlers.schedule.words import reference
from handlers.staff import sessions
from schemas.booking import Booking
from schemas.plan import PlanStatus
from schemas.reason import Reason
from schemas.session_note import SendWish, SessionNote
from schemas.staff import Role, Staff, Stage
from store import bookings, notes
from store import plans as stored_plans
from store import staff as stored_staff
from store.base import Tx
from web.console import basis, gate
from web.console.booking import TOOK, area_words, note_from
from web.console.gate import LINK, allowed, now
from web.console.view import page
from web.context import context
from web.security import wrong_link

blueprint = gate.blueprint("note")
MAY_SEND = (Reason.none, Reason.needs_ok)  # anything else waits for a practitioner who has signed in


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
    reason = _reason(tx, found)
    return {
        "booking": found,
        "basis": plans_basis.basis_of(tx, found.id),
        "plan": {"stored": stored_plans.newest(tx, found.id)},
        "reference": reference(found),
        "took": TOOK,
        "areas": area_words(),
        "people": _people(tx),
        "reason": reason,
        "can_send": reason in MAY_SEND,
        "action": url_for("console_note.save", token=token),
        "link_csrf": gate.csrf_for(context(), token),
        "over": found.start <= now(),
    }


def _reason(tx: Tx, found: Booking) -> Reason:
    """What weighs most of what a practitioner could lift."""
    holds = (one.reason for one in standing.look(tx, context(), found, now()))
    return next((one for one in holds if one is not Reason.no_email_consent), Reason.none)


def _people(tx: Tx) -> list[Staff]:
    return [one for one in stored_staff.every(tx) if one.active and one.may(Role.practitioner)]


@blueprint.post("/n/<token>")
@allowed(LINK)
def save(token: str) -> Response:
    """Keep the note. A link lets out only what no answer holds back."""
    with context().db.begin() as tx:
        found = _booking(tx, token)
        gate.check_csrf(context(), token)
        given = _signed(tx)
        last = stored_plans.newest(tx, found.id)
        gone = last is not None and last.status is PlanStatus.sent
        if given.send is SendWish.OK_TO_SEND and not gone and not _may_send(tx, found):
            return page("note", 409, **_values(tx, found, token), typed=request.form, error=CHANGED)
        release.add_note(tx, context(), found.id, given, now())
        kept = notes.newest(tx, found.id) or given
    return page("note_kept", reference=reference(found), send="" if gone else kept.send)


def _may_send(tx: Tx, found: Booking) -> bool:
    """Nothing but the clinic's wish for an OK holds the plan, and all is as the page showed it."""
    with suppress(NotNow):
        basis.check(tx, found.id)
        return _reason(tx, found) in MAY_SEND
    return False


def _signed(tx: Tx) -> SessionNote:
    chosen = request.form.get("author", "")
    who = next((one for one in _people(tx) if str(one.id) == chosen), None)
    return note_from(who.name, who.credential) if who else note_from("personal link", "")
