"""The number for a call: asked for where we would say that we call, and know none."""

from flask import Blueprint, Response, request

from handlers.clients import people
from handlers.links import LinkPurpose
from schemas.notions.phone import e164
from store import bookings, checkins, clients
from store.base import Tx
from web.client.common import KINDS, chosen_language, subject, to
from web.context import context, utc_now
from web.security import require_own_form

blueprint = Blueprint("number", __name__)
LONGEST = 40


@blueprint.post("/p/<token>/number")
def from_plan(token: str) -> Response:
    """Keep the number that was typed on the page of a plan."""
    with context().db.begin() as tx:
        return _keep(tx, LinkPurpose.plan, token, subject(tx, LinkPurpose.plan, token))


@blueprint.post("/c/<token>/number")
def from_checkin(token: str) -> Response:
    """Keep the number that was typed after a check-in."""
    with context().db.begin() as tx:
        asked = checkins.get(tx, subject(tx, LinkPurpose.checkin, token))
        return _keep(tx, LinkPurpose.checkin, token, asked.booking_id if asked else 0)


def _keep(tx: Tx, purpose: LinkPurpose, token: str, booking_id: int) -> Response:
    """Keep it where none is known: whoever holds the link changes no number of ours."""
    require_own_form(token)
    number = e164(request.form.get("number", "")[:LONGEST], context().clinic.country)
    booking = bookings.get(tx, booking_id)
    if number and booking and not clients.get(tx, booking.client_id).phone.strip():
        people.learn_phone(tx, context(), booking.id, number, utc_now())
    said = "" if number else "&number=wrong"
    return to(f"/{KINDS[purpose]}/{token}?language={chosen_language('')}{said}#call")
