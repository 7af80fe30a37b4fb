"""The page behind the mail or text to an address or number that was typed into a form: is it yours?"""

from flask import Blueprint, Response, request

from handlers.intake import reached
from handlers.links import Link, LinkPurpose
from schemas.person import ContactKind
from store import contacts
from store.base import Tx
from web import language as words
from web.client.common import link, page, to
from web.context import context, utc_now
from web.security import require_own_form

blueprint = Blueprint("confirm", __name__)


@blueprint.get("/a/<token>")
def ask(token: str) -> Response:
    """Ask only: a scanner that opens the link confirms nothing."""
    with context().db.read() as tx:
        return _page(tx, token, link(tx, LinkPurpose.confirm, token))


@blueprint.post("/a/<token>")
def confirm(token: str) -> Response:
    """It is theirs: what is still to come goes there; the same answer however often it is sent."""
    with context().db.begin() as tx:
        opened = link(tx, LinkPurpose.confirm, token)
        require_own_form(token)
        tx.lock(f"intake:{opened.subject}")
        reached.confirm(tx, context(), opened, utc_now())
    return to(f"/a/{token}?language={words.asked_for(request)}")


def _page(tx: Tx, token: str, opened: Link) -> Response:
    """No name, no address: whoever typed it may have typed a stranger's."""
    point = contacts.get(tx, opened.contact_id)
    return page(
        "confirm",
        words.asked_for(request),
        token,
        kind="sms" if point is not None and point.kind is ContactKind.sms else "email",
        done=reached.is_reached(tx, opened),
    )
