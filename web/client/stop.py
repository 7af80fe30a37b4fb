"""The way to stop messages, and back: one tap by a person, or one POST by a mail program (RFC 8058)."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask import Blueprint, Response, abort, request

from handlers.clients import contacts
from handlers.clients.contacts import EVERY_KIND
from handlers.links import Link, LinkPurpose
from schemas.delivery import Channel
from schemas.notions.phone import e164
from schemas.person import ContactKind, ContactPoint, MessageKind
from store import attendances, audit, clients
from store import contacts as stored
from store.base import Tx
from web.client.common import link, page, their_language, to
from web.context import context, utc_now
from web.security import require_own_form

blueprint = Blueprint("stop", __name__)
ONE_CLICK = "One-Click"
CHANNELS = (Channel.email, Channel.sms)
KINDS = {kind.value: (kind,) for kind in MessageKind} | {"all": EVERY_KIND}


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be stopped, or to begin again (`undo`)."""

    channel: Channel
    kinds: tuple[MessageKind, ...] = EVERY_KIND
    undo: bool = False


@blueprint.get("/u/<token>")
def ask(token: str) -> Response:
    """Ask only: a scanner that opens the link changes nothing."""
    with context().db.read() as tx:
        return _page(tx, token, link(tx, LinkPurpose.stop, token))


@blueprint.post("/u/<token>")
def stop(token: str) -> Response:
    """Stop a kind of message there, or let it come again; the same answer however often it is sent."""
    with context().db.begin() as tx:
        opened = link(tx, LinkPurpose.stop, token)
        choice = _choice(token)
        place = _place(tx, opened, choice.channel)
        if place is not None:
            _carry_out(tx, choice, place)
        # RFC 8058: a mail program is never redirected.
        language = their_language(tx, opened.client_id or 0)
        return _page(tx, token, opened) if _by_program() else to(f"/u/{token}?language={language}")


def _by_program() -> bool:
    return request.form.get("List-Unsubscribe") == ONE_CLICK


def _choice(token: str) -> Choice:
    """A mail program names none: its header stands in an e-mail. 400 for any other body."""
    if _by_program():
        return Choice(Channel.email)
    require_own_form(token)
    wanted, kinds = request.form.get("channel", ""), KINDS.get(request.form.get("kind", "all"))
    if wanted not in CHANNELS or kinds is None:
        abort(400)
    return Choice(Channel(wanted), kinds, "undo" in request.form)


def _carry_out(tx: Tx, choice: Choice, place: ContactPoint) -> None:
    if choice.undo:
        done, act = contacts.allow(tx, context(), place, choice.kinds, utc_now()), "start"
    else:
        done, act = stored.stop(tx, place.id, choice.kinds, "link", utc_now()), "stop"
    if done:
        kinds = ", ".join(choice.kinds)
        audit.add(tx, "client", f"{act}_{choice.channel}", f"contact:{place.id}", utc_now(), kinds)


def _place(tx: Tx, opened: Link, channel: Channel) -> ContactPoint | None:
    """The contact point that the link was sent to, or the number of the same client."""
    sent_to = stored.get(tx, opened.contact_id)
    if sent_to is not None and sent_to.kind.value == channel.value:
        return sent_to
    client = clients.find(tx, opened.client_id or 0)
    if client is None or channel is Channel.email:
        return None
    number = e164(client.phone, context().clinic.country)
    if number is None:
        return None
    return stored.get(tx, stored.ensure(tx, ContactKind.sms, number, utc_now()))


def _page(tx: Tx, token: str, opened: Link) -> Response:
    email = stored.get(tx, opened.contact_id)
    client = clients.find(tx, opened.client_id or 0)
    number = e164(client.phone, context().clinic.country) if client is not None and client.phone else None
    phone = stored.find(tx, ContactKind.sms, number) if number else None
    return page(
        "stop_messages",
        their_language(tx, opened.client_id or 0),
        token,
        kinds=KINDS,
        no_email=_stopped(email),
        shared=client is not None and bool(attendances.beside(tx, clients.family(tx, client.id))),
        no_texts=_stopped(phone),
        texts=number is not None,
    )


def _stopped(place: ContactPoint | None) -> Iterable[str]:
    """The choices of the page that are stopped."""
    return [name for name, kinds in KINDS.items() if place is not None and place.stopped >= set(kinds)]
