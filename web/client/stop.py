"""The way to stop messages: one tap by a person, or one POST by a mail program (RFC 8058)."""

from flask import Blueprint, Response, request

from handlers.links import LinkPurpose
from store import audit, clients
from web import words
from web.client.common import house, now, page, subject
from web.security import require_own_form

blueprint = Blueprint("stop", __name__)
ONE_CLICK = "One-Click"


@blueprint.get("/u/<token>")
def ask(token: str) -> Response:
    """Ask only: a scanner that opens the link changes nothing."""
    with house().db.read() as tx:
        client = clients.get(tx, subject(tx, LinkPurpose.stop, token))
    return page("stop_messages", words.asked_for(request), token, stopped=bool(client.no_email_at))


@blueprint.post("/u/<token>")
def stop(token: str) -> Response:
    """Stop e-mails to this client; the same answer however often it is sent."""
    with house().db.begin() as tx:
        client_id = subject(tx, LinkPurpose.stop, token)
        if request.form.get("List-Unsubscribe") != ONE_CLICK:
            require_own_form(token)
        clients.stop(tx, client_id, "email", now())
        audit.add(tx, "client", "stop_email", f"client:{client_id}", now())
    return page("stop_messages", words.asked_for(request), token, stopped=True)
