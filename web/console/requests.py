"""What clients ask for by their link: a copy, a correction, an erasure; and consents that they took back."""

from typing import Any

from werkzeug.wrappers import Response as AnyResponse

from handlers.intake import choices
from schemas.client_request import ClientRequest, RequestKind
from schemas.staff import Role
from store import client_requests, clients
from store.base import Tx
from web.console import gate
from web.console.gate import EVERYBODY, allowed, me, now
from web.console.view import language
from web.context import context

blueprint = gate.blueprint("requests")
REACH = ("name", "email", "phone")
"""Corrections whose words everybody at the clinic may read."""
FIRST = "Somebody was first. Look at it as it is now."


def mine() -> tuple[RequestKind, ...]:
    """The kinds that who is signed in sees: what a client agreed to is for practitioners."""
    return tuple(RequestKind) if me().may(Role.practitioner) else choices.ASKED


def waiting(tx: Tx) -> list[dict[str, Any]]:
    """Everything that waits, with whose it is and the words of a consent."""
    return [_shown(tx, each) for each in client_requests.waiting(tx, mine())]


def _shown(tx: Tx, one: ClientRequest) -> dict[str, Any]:
    label = choices.labels(context(), language()).get(one.what, "")
    shown = me().may(Role.practitioner) or one.what in REACH
    return {"request": one, "client": clients.get(tx, one.client_id), "consent": label, "shown": shown}


@blueprint.post("/console/requests/<int:request_id>/done")
@allowed(*EVERYBODY)
def done(request_id: int) -> AnyResponse:
    """Somebody is done with it."""
    from web.console import waits  # which shows what waits here

    with context().db.begin() as tx:
        later = waits.next_to(tx, f"q{request_id}")
        settled = choices.settle(tx, request_id, mine(), me().name, now())
    return waits.go_on("request", later) if settled else waits.show(409, FIRST)
