"""Who it is: what the scheduler left open about a visit, and clients who turn out to be one person."""

from dataclasses import dataclass
from typing import Any

from flask import Response, abort, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from handlers.bookings import walk_in
from handlers.plans.basis import NotNow, basis_of
from handlers.schedule import settle
from schemas.booking import Booking, Person
from schemas.person import Attendance
from schemas.staff import Role
from store import attendances, audit, bookings, client_words, clients
from store.base import Tx
from web.console import basis, gate
from web.console.gate import EVERYBODY, allowed, me, now
from web.console.view import page
from web.context import context

blueprint = gate.blueprint("who")


@dataclass(frozen=True, slots=True)
class Asked:
    """A visit, who comes to it as far as we know, and whom the scheduler names now."""

    booking: Booking
    client: Any
    named: Person
    basis: str


def asked_of(tx: Tx, comes: Attendance | None) -> Asked | None:
    """The question about who comes to a visit; None where there is none."""
    booking = bookings.get(tx, comes.booking_id) if comes else None
    if comes is None or comes.asked is None or booking is None:
        return None
    now_so = basis_of(tx, booking.id)
    return Asked(booking, clients.get(tx, comes.client_id), comes.asked, now_so)


def came_before(tx: Tx, booking: Booking) -> list[Any]:
    """The clients who were to come to a visit before it was handed over, oldest first."""
    ids = dict.fromkeys(each.client_id for each in attendances.of_booking(tx, booking.id) if each.ended_at)
    return [clients.get(tx, each) for each in ids if each != booking.client_id]


@blueprint.get("/console/who")
@allowed(*EVERYBODY)
def questions() -> Response:
    """Every visit about which is asked who comes."""
    return _page()


def _page(status: int = 200, error: str = "") -> Response:
    with context().db.read() as tx:
        found = [asked for each in attendances.unsettled(tx) if (asked := asked_of(tx, each))]
    return page("who", status, questions=found, clinical=me().may(Role.practitioner), error=error)


@blueprint.post("/console/bookings/<int:booking_id>/who/<any('same', 'another'):verdict>")
@allowed(*EVERYBODY)
def say(booking_id: int, verdict: str) -> AnyResponse:
    """Same person, or another: one tap; what follows from it is done at once."""
    try:
        with context().db.begin() as tx:
            if asked_of(tx, attendances.current(tx, booking_id)):
                basis.check(tx, booking_id)
            same = verdict == "same"
            walk_in.who_comes(tx, context(), booking_id, me().name, now(), same=same)
    except NotNow as error:
        return _page(409, error=str(error))
    except LookupError:
        return _page(409, error="Nobody asks who comes to this booking any more.")
    if me().may(Role.practitioner):
        return redirect(url_for("console_booking.booking", booking_id=booking_id, done=1), 303)
    return redirect(url_for("console_who.questions", done=1), 303)


@blueprint.get("/console/clients/<int:client_id>/join")
@allowed(*EVERYBODY)
def find_other(client_id: int) -> Response:
    """Look for the other client of the same person."""
    text = request.args.get("q", "").strip()[:100]
    with context().db.read() as tx:
        one = clients.find(tx, client_id) or abort(404)
        found = client_words.find(tx, text, context().clinic.country) if text else []
        others = [each for each in found if settle.may_join(tx, client_id, each.id)]
    return page("join", client=one, q=text, found=others)


@blueprint.get("/console/clients/<int:client_id>/join/<int:other_id>")
@allowed(*EVERYBODY)
def both(client_id: int, other_id: int) -> Response:
    """Both clients side by side, before they are joined."""
    return _both(client_id, other_id)


def _both(client_id: int, other_id: int, status: int = 200, error: str = "") -> Response:
    with context().db.begin() as tx:
        pair = [clients.find(tx, each) or abort(404) for each in (client_id, other_id)]
        for each in pair:
            audit.add(tx, me().name, "view", f"client:{each.id}", now())
        visits = {each.id: bookings.of_client(tx, each.id) for each in pair}
        possible = settle.may_join(tx, client_id, other_id)
    return page("join_both", status, pair=pair, visits=visits, possible=possible, error=error)


@blueprint.post("/console/clients/<int:client_id>/join/<int:other_id>")
@allowed(*EVERYBODY)
def join(client_id: int, other_id: int) -> AnyResponse:
    """They are one person: the other is read with this one from now on."""
    try:
        with context().db.begin() as tx:
            settle.join(tx, context(), client_id, other_id, me().name, now())
    except LookupError as error:
        return _both(client_id, other_id, 409, str(error.args[0]))
    return redirect(url_for("console_clients.client", client_id=client_id, done=1), 303)


@blueprint.post("/console/clients/<int:client_id>/part")
@allowed(*EVERYBODY)
def part(client_id: int) -> AnyResponse:
    """They are two people again; each keeps what was theirs."""
    try:
        with context().db.begin() as tx:
            settle.part(tx, context(), client_id, me().name, now())
    except LookupError:
        return redirect(url_for("console_clients.client", client_id=client_id), 303)
    return redirect(url_for("console_clients.client", client_id=client_id, done=1), 303)
