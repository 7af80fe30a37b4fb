"""The tablet at the desk: who comes within the hour, by initials, each with the door code of their form.

An account opens it and is signed out there by that: the device then holds a link that shows this page and
can do nothing else. It ends by itself after a working day.
"""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from flask import Response, abort, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from clinical import identity
from handlers import links
from handlers.links import LinkPurpose
from handlers.staff import sessions
from schemas.intake import IntakeStatus
from store import audit, clients, intakes
from store import devices as stored_devices
from store import links as stored_links
from store import staff as stored_staff
from store.base import Tx
from store.views import days
from store.views.days import Visit
from web import cookies
from web.console import drawings, gate
from web.console.gate import EVERYBODY, LINK, allowed, me, now
from web.console.view import page
from web.context import context
from web.security import count_guess

blueprint = gate.blueprint("door_tablet")
LATE, AHEAD = timedelta(minutes=15), timedelta(hours=1)
FRESH, CODE_FRESH = 60, 45  # seconds until the page of the list, or of one code, is made again


@dataclass(frozen=True, slots=True)
class Coming:
    """One visit as everybody in the room may see it.

    `code`: nothing was ever answered, so that the link of its form says nothing to whoever else takes it.
    `practitioner` stands there only where another client of that minute has the same initials; `alike` where
    that does not tell them apart either.
    """

    id: int
    initials: str
    start: datetime
    done: bool
    code: bool
    practitioner: str = ""
    alike: bool = False

    @property
    def line(self) -> tuple[str, datetime]:
        """What everybody reads."""
        return self.initials, self.start.replace(second=0, microsecond=0)


@blueprint.get("/console/door")
@allowed(*EVERYBODY)
def about() -> Response:
    """What the tablet shows, and the button that makes this device the tablet."""
    return page("door_about", hours=links.LIVES[LinkPurpose.door] // timedelta(hours=1))


@blueprint.post("/console/door/open")
@allowed(*EVERYBODY)
def open_here() -> AnyResponse:
    """This device becomes the tablet and is signed out; one that this account opened before goes dark."""
    with context().db.begin() as tx:
        stored_links.revoke(tx, (LinkPurpose.door,), me().id, now())
        url = links.issue(tx, context(), LinkPurpose.door, me().id, now())
        audit.add(tx, me().name, "door_opened", f"staff:{me().id}", now())
        sessions.log_out(tx, g.session, me(), now())
        stored_devices.close(tx, g.session.id)
    response = redirect(url.removeprefix(context().clinic.public_url), 303)
    cookies.drop(response, gate.SESSION)
    cookies.drop(response, gate.DEVICE)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@blueprint.post("/console/door/close")
@allowed(*EVERYBODY)
def close() -> AnyResponse:
    """The tablet that this account opened goes dark."""
    with context().db.begin() as tx:
        stored_links.revoke(tx, (LinkPurpose.door,), me().id, now())
    return redirect(url_for("console_door_tablet.about", done=1), 303)


@blueprint.get("/d/<token>")
@allowed(LINK)
def tablet(token: str) -> Response:
    """Who comes within the hour; with `visit` the code of one of them, for some seconds."""
    with context().db.begin() as tx:
        _opened(tx, token)
        coming = _coming(tx)
        chosen = next((one for one in coming if one.code and str(one.id) == request.args.get("visit")), None)
        url = _code(tx, chosen.id) if chosen else ""
    drawn = drawings.code(url) if url else ""
    response = page("door_tablet", coming=coming, chosen=chosen, qr=drawn, token=token)
    back = url_for("console_door_tablet.tablet", token=token)
    response.headers["Refresh"] = f"{CODE_FRESH if chosen else FRESH}; url={back}"
    return response


def _opened(tx: Tx, token: str) -> None:
    """404 unless the link is good, and whoever opened it still works here."""
    subject = links.open_link(tx, context(), LinkPurpose.door, token, now())
    who = stored_staff.get(tx, subject) if subject is not None else None
    if who is None or not who.active:
        count_guess()
        abort(page("door_dark", 404))


def _coming(tx: Tx) -> list[Coming]:
    """The visits of the hour that have a form, where nobody asks who comes."""
    visits = days.day(tx, now() - LATE, now() + AHEAD, pain=False)
    return apart([_seen(tx, one) for one in visits if one.status == "confirmed" and _has_form(one)])


def apart(coming: list[Coming]) -> list[Coming]:
    """With the practitioner where initials and time do not say whose visit it is; no code where nothing does.

    No more of a name is shown, and never the service: the whole room reads it.
    """
    lines = Counter(one.line for one in coming)
    whole = Counter((one.line, one.practitioner) for one in coming)
    return [
        replace(one, practitioner="")
        if lines[one.line] == 1
        else replace(one, alike=True, code=False, practitioner="")
        if whole[one.line, one.practitioner] > 1
        else one
        for one in coming
    ]


def _has_form(visit: Visit) -> bool:
    return visit.intake is not None and not visit.who_open


def shown(tx: Tx, since: datetime, until: datetime) -> set[int]:
    """The clients whose visits stood, or may have stood, on a tablet during this time."""
    return {one.client_id for one in days.day(tx, since - LATE, until + AHEAD, pain=False) if _has_form(one)}


def _seen(tx: Tx, visit: Visit) -> Coming:
    untouched = visit.intake is IntakeStatus.open
    new = not intakes.done_of_client(tx, clients.family(tx, visit.client_id))
    initials = identity.initials(visit.client, context().names) or "–"
    done = visit.intake is IntakeStatus.done
    code = untouched and new
    return Coming(visit.id, initials, visit.start, done=done, code=code, practitioner=visit.practitioner)


def _code(tx: Tx, booking_id: int) -> str:
    until = now() + AHEAD + links.AFTER_VISIT
    audit.add(tx, "door", "door_code", f"booking:{booking_id}", now())
    return links.issue(tx, context(), LinkPurpose.intake, booking_id, now(), until)
