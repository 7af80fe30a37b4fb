"""What a client who calls says about messages: staff write it down, and take it back when they call again."""

from typing import Any

from flask import abort, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from handlers.clients import contacts
from handlers.clients.contacts import BY_STAFF, EVERY_KIND, Reached
from schemas.delivery import Channel
from schemas.person import ContactPoint
from store import clients
from store import contacts as stored
from store.base import Tx
from web.console import gate
from web.console.gate import EVERYBODY, allowed, me, now
from web.context import context

blueprint = gate.blueprint("reach")


def shown(tx: Tx, reached: Reached) -> list[dict[str, Any]]:
    """The places to which messages can go, and what may be written down about each."""
    return [_shown(tx, each) for each in reached.places if Channel(each.kind) in context().senders]


def _shown(tx: Tx, place: ContactPoint) -> dict[str, Any]:
    noted = bool(stored.stopped_by(tx, place.id, BY_STAFF))
    return {"place": place, "open": not place.stopped >= set(EVERY_KIND), "noted": noted}


@blueprint.post("/console/clients/<int:client_id>/reach/<int:contact_id>/<any('stop', 'start'):act>")
@allowed(*EVERYBODY)
def note(client_id: int, contact_id: int, act: str) -> AnyResponse:
    """Nothing more goes there, or it does again; 404 where this client is reached there no more."""
    with context().db.begin() as tx:
        client = clients.find(tx, client_id) or abort(404)
        reached = contacts.known(tx, context(), client.email, client.phone)
        place = next((each for each in reached.places if each.id == contact_id), None) or abort(404)
        if act == "stop":
            contacts.note_stop(tx, place, me().name, now())
        else:
            contacts.note_start(tx, context(), place, me().name, now())
    return redirect(url_for("console_clients.client", client_id=client_id, done=1, _anchor="reach"), 303)
