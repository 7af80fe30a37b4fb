"""The way to stop messages: one tap by a person, or one POST by a mail program (RFC 8058)."""

from flask import Blueprint, Response, abort, request

from handlers.clients.contacts import EVERY_KIND, known, phone_of
from handlers.links import Link, LinkPurpose
from schemas.delivery import Channel
from schemas.phone import e164
from store import audit, clients, contacts
from store.base import Tx
from web import language
from web.client.common import link, page
from web.context import context, utc_now
from web.security import require_own_form

blueprint = Blueprint("stop", __name__)
ONE_CLICK = "One-Click"
CHANNELS = (Channel.email, Channel.sms)


@blueprint.get("/u/<token>")
def ask(token: str) -> Response:
    """Ask only: a scanner that opens the link changes nothing."""
    with context().db.read() as tx:
        return _page(tx, token, link(tx, LinkPurpose.stop, token))


@blueprint.post("/u/<token>")
def stop(token: str) -> Response:
    """Stop e-mails (or texts) to this address (or number); the same answer however often it is sent."""
    with context().db.begin() as tx:
        opened = link(tx, LinkPurpose.stop, token)
        channel = _channel(token)
        place = _place(tx, opened, channel)
        if place is not None:
            contacts.stop(tx, place, EVERY_KIND, "link", utc_now())
            audit.add(tx, "client", f"stop_{channel}", f"contact:{place}", utc_now())
        return _page(tx, token, opened)


def _channel(token: str) -> Channel:
    """A mail program names none: its header stands in an e-mail. 400 for any other body."""
    if request.form.get("List-Unsubscribe") == ONE_CLICK:
        return Channel.email
    require_own_form(token)
    wanted = request.form.get("channel", "")
    if wanted not in CHANNELS:
        abort(400)
    return Channel(wanted)


def _place(tx: Tx, opened: Link, channel: Channel) -> int | None:
    """The contact point that the link was sent to, or the number of the same client."""
    if channel is Channel.email:
        return opened.contact_id
    client = clients.find(tx, opened.client_id or 0)
    return phone_of(tx, context(), client.phone, utc_now()) if client is not None else None


def _page(tx: Tx, token: str, opened: Link) -> Response:
    email = contacts.get(tx, opened.contact_id)
    client = clients.find(tx, opened.client_id or 0)
    reached = known(tx, context(), "", client.phone if client is not None else "")
    return page(
        "stop_messages",
        language.asked_for(request),
        token,
        no_email=bool(email and email.stopped),
        no_texts=reached.no_texts,
        texts=bool(client is not None and e164(client.phone, context().clinic.country)),
    )
