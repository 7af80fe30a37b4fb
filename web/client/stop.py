"""The way to stop messages: one tap by a person, or one POST by a mail program (RFC 8058)."""

from flask import Blueprint, Response, abort, request

from handlers.links import LinkPurpose
from schemas.delivery import Channel
from store import audit, clients
from store.base import Tx
from web import language
from web.client.common import page, subject
from web.context import context, utc_now
from web.security import require_own_form

blueprint = Blueprint("stop", __name__)
ONE_CLICK = "One-Click"
CHANNELS = (Channel.email, Channel.sms)


@blueprint.get("/u/<token>")
def ask(token: str) -> Response:
    """Ask only: a scanner that opens the link changes nothing."""
    with context().db.read() as tx:
        return _page(tx, token, subject(tx, LinkPurpose.stop, token))


@blueprint.post("/u/<token>")
def stop(token: str) -> Response:
    """Stop e-mails (or texts) to this client; the same answer however often it is sent."""
    with context().db.begin() as tx:
        client_id = subject(tx, LinkPurpose.stop, token)
        channel = _channel(token)
        clients.stop(tx, client_id, channel, utc_now())
        audit.add(tx, "client", f"stop_{channel}", f"client:{client_id}", utc_now())
        return _page(tx, token, client_id)


def _channel(token: str) -> Channel:
    """A mail program names none: its header stands in an e-mail. 400 for any other body."""
    if request.form.get("List-Unsubscribe") == ONE_CLICK:
        return Channel.email
    require_own_form(token)
    wanted = request.form.get("channel", "")
    if wanted not in CHANNELS:
        abort(400)
    return Channel(wanted)


def _page(tx: Tx, token: str, client_id: int) -> Response:
    client = clients.get(tx, client_id)
    return page(
        "stop_messages",
        language.asked_for(request),
        token,
        no_email=bool(client.no_email_at),
        no_texts=bool(client.no_sms_at),
        texts=bool(client.phone),
    )
