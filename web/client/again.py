"""A link that opens nothing any more: a new one on request, and the same words whatever comes of it."""

from flask import Blueprint, Response, abort, request

from handlers.links import LinkPurpose
from handlers.send import new_link
from web import language as words
from web.client.common import KINDS, found, page, to
from web.context import context, utc_now
from web.security import count_guess, require_own_form

blueprint = Blueprint("again", __name__)
PURPOSES = {kind: purpose for purpose, kind in KINDS.items() if purpose is not LinkPurpose.note}


@blueprint.before_app_request
def asked() -> Response | None:
    """Answer `POST <the link>?again`, and `GET <the link>?sent` after it.

    The page of a dead link posts to its own address: nothing on it differs from that of any other.
    """
    kind, token = (*request.path.split("/"), "", "")[1:3]
    if request.method == "POST" and "again" in request.args:
        return _send(PURPOSES.get(kind) or abort(404), token)
    if request.method == "GET" and "sent" in request.args and kind in PURPOSES:
        return page(
            "dead_sent", words.asked_for(request), here="?sent&"
        )  # no look at the link: nothing to guess
    return None


def _send(purpose: LinkPurpose, token: str) -> Response:
    """Send a new link to the address on file of the client whose link this was, if it was one."""
    count_guess()
    require_own_form("")
    with context().db.begin() as tx:
        link = found(tx, purpose, token)
        if link is not None:
            new_link.send(tx, purpose, link, utc_now())
    return to(f"/{KINDS[purpose]}/{token}?sent&language={words.asked_for(request)}")
