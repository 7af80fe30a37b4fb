"""Waits for you: everything that needs a person, across all days, each plan drawn with why it waits."""

import itertools
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Response, current_app, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from handlers import texts
from handlers.intake import summary
from handlers.plans import basis as plans_basis
from handlers.plans import standing
from schemas.booking import Booking
from schemas.hold import LOOKS
from schemas.message import Received
from schemas.reason import Reason
from schemas.remark import Remark
from schemas.staff import Role
from store import attendances, audit, bookings, client_requests, clients, notes, plans
from store import remarks as stored_remarks
from store import texts as stored_texts
from store.base import Tx
from store.notes import Draft
from store.views import waits as stored
from store.views.waits import Waiting
from web import cookies
from web.console import drafts, gate, requests, unreached, who
from web.console.gate import EVERYBODY, allowed, me, now
from web.console.note_words import TOOK, area_words
from web.console.plan_form import plan_view
from web.console.tags import FLAGS
from web.console.view import language, page, say
from web.context import context
from web.numbers import number as whole

blueprint = gate.blueprint("waits")
PAGE = 12
"""How many things stand on one page, each plan drawn."""
KINDS = {
    "w": "Plans",
    "n": "Notes by link",
    "a": "Who comes?",
    "r": "Written in a check-in",
    "t": "Texts",
    "q": "Asked for",
    "m": "Not reached",
}
"""What may wait, by the letter with which its place on the page begins."""
FRESH, WEEKS = timedelta(minutes=5), timedelta(weeks=6)
WHOSE = "aftercare-whose"
REMEMBERED_SECONDS = 365 * 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose visits are shown: those of one name, or all (""); `choice`: whether there is one."""

    name: str
    choice: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that waits: its place on the page, such as `w12`, and what is known of it."""

    place: str
    found: Any

    @property
    def kind(self) -> str:
        """A key of `KINDS`."""
        return self.place[0]


def whose(tx: Tx) -> Whose:
    """Mine, where visits are with somebody of my name and I did not ask for all."""
    if not _treats(tx):
        return Whose("", choice=False)
    asked = request.args.get("whose") or cookies.value(WHOSE)
    return Whose("" if asked == "all" else me().name, choice=True)


def _treats(tx: Tx) -> bool:
    """Whether I have visits these weeks, as of some minutes ago: every page asks."""
    known: dict[str, tuple[datetime, bool]] = current_app.extensions.setdefault("console_treats", {})
    at, here = known.get(me().name, (None, False))
    if at is None or now() - at > FRESH:
        here = stored.works_here(tx, me().name, now() - WEEKS, now() + WEEKS)
        known[me().name] = (now(), here)
    return here


def count(tx: Tx) -> int:
    """How many things wait for who is signed in."""
    mine = whose(tx).name
    held = len(standing.waiting(tx, mine)) if me().may(Role.practitioner) else 0
    held += stored_remarks.count_waiting(tx, mine) if me().may(Role.practitioner) else 0
    held += notes.count_drafts(tx, mine) if me().may(Role.practitioner) else 0
    others = attendances.count_unsettled(tx) + stored_texts.count_unseen(tx)
    others += client_requests.count_waiting(tx, requests.mine())
    return held + len(unreached.waiting(tx, mine)) + others


def client_ids(tx: Tx) -> list[int]:
    """The clients about whom something waits for who is signed in, each once."""
    mine, clinical = whose(tx).name, me().may(Role.practitioner)
    ids = [each.client_id for each in attendances.unsettled(tx)]
    if clinical:
        ids += [each.client_id for each in stored_remarks.waiting(tx, mine, now())]
        ids += [each.client_id for each in standing.waiting(tx, mine)]
    ids += [each[0].client_id for each in unreached.waiting(tx, mine)]
    return list(dict.fromkeys(ids))


@blueprint.get("/console/waits")
@allowed(*EVERYBODY)
def waits() -> Response:
    """The list, those of the earliest visit first."""
    return show()


def from_list() -> bool:
    """Whether what is done here was begun in the list."""
    return request.values.get("from") == "waits"


def entries(tx: Tx, mine: str) -> list[Entry]:
    """Everything that waits for who is signed in, in the order in which it is shown."""
    clinical = me().may(Role.practitioner)
    said = [Entry(f"t{one['text'].id}", one) for one in (_text(tx, each) for each in stored_texts.unseen(tx))]
    held = standing.waiting(tx, mine) if clinical else []
    notes_by_link = notes.drafts(tx, mine) if clinical else []
    found_remarks = stored_remarks.waiting(tx, mine, now()) if clinical else []
    asked = [found for each in attendances.unsettled(tx) if (found := who.asked_of(tx, each))]
    return [
        *(one for one in said if one.found["danger"]),
        *(Entry(f"w{one.id}", one) for one in held),
        *(Entry(f"n{one.booking_id}", one) for one in notes_by_link),
        *(Entry(f"a{one.booking.id}", one) for one in asked),
        *(Entry(f"r{one.id}", one) for one in found_remarks),
        *(one for one in said if not one.found["danger"]),
        *(Entry(f"q{one['request'].id}", one) for one in requests.waiting(tx)),
        *(Entry(f"m{one[0].id}", one) for one in unreached.waiting(tx, mine)),
    ]


def page_with(listed: Sequence[Entry], place: str) -> int:
    """The page of the list on which a place is; 1 for none."""
    return next((n // PAGE + 1 for n, one in enumerate(listed) if one.place == place), 1)


def place(tx: Tx, booking_id: int) -> str:
    """Of an act that was begun in the list: the place of this visit's plan; "" for none."""
    return _at(entries(tx, whose(tx).name), booking_id) if from_list() else ""


def _at(listed: Sequence[Entry], booking_id: int) -> str:
    plans_held = (one for one in listed if one.kind == "w")
    return next((one.place for one in plans_held if one.found.booking_id == booking_id), "")


def after(tx: Tx, booking_id: int) -> str:
    """Of an act that was begun in the list: the place after this visit's plan; "" for none."""
    if not from_list():
        return ""
    listed = entries(tx, whose(tx).name)
    return _next(listed, _at(listed, booking_id))


def next_to(tx: Tx, place: str) -> str:
    """The place after another in the list; "" for none."""
    return _next(entries(tx, whose(tx).name), place)


def _next(listed: Sequence[Entry], place: str) -> str:
    return next((later.place for one, later in itertools.pairwise(listed) if one.place == place), "")


def go_on(did: str, at: str = "") -> AnyResponse:
    """Back to the list, at one of its places, with what was done."""
    with context().db.read() as tx:
        number = page_with(entries(tx, whose(tx).name), at)
    there = url_for("console_waits.waits", done=did, page=number if number > 1 else None, _anchor=at or None)
    return redirect(there, 303)


def show(
    status: int = 200, error: str = "", at: int = 0, typed: str = "", about: Booking | None = None
) -> Response:
    """The list, after an act that was refused too.

    `at` is the remark that `typed` was to answer, `about` the visit on which somebody else was first: it may
    have left the list.
    """
    clinical = me().may(Role.practitioner)
    with context().db.read() as tx:
        mine = whose(tx)
        listed = entries(tx, mine.name)
        number = page_with(listed, f"r{at}") if at else request.values.get("page", 1, type=whole)
        number = max(1, min(number, math.ceil(len(listed) / PAGE)))
        begin = (number - 1) * PAGE
        shown = listed[begin : begin + PAGE]
        values = _drawn(tx, shown) | {
            "first": _settled(tx, about) if about else None,
            "kinds": _kinds(listed, number),
            "number": number,
            "begin": begin + 1,
            "end": begin + len(shown),
            "total": len(listed),
        }
    made = page(
        "waits",
        status,
        error=error,
        at=at,
        typed=typed,
        whose=mine,
        clinical=clinical,
        flag_tags=FLAGS,
        took=TOOK,
        area_names=dict(area_words()),
        of_address=unreached.of_address,
        **values,
    )
    if mine.choice and request.args.get("whose"):
        cookies.put(made, WHOSE, request.args["whose"][:10], REMEMBERED_SECONDS)
    return made


def _drawn(tx: Tx, shown: Sequence[Entry]) -> dict[str, Any]:
    """What one page shows, by kind: only this is looked at closely."""
    of = {kind: [one.found for one in shown if one.kind == kind] for kind in KINDS}
    visits = [one.booking_id for one in of["w"]]
    reasons, basis = standing.foreseen(tx, visits), plans_basis.bases(tx, visits)
    clients.read_ahead(tx, sorted({each.client_id for each in of["r"]}))
    drawn = [_plan(tx, one, reasons, basis) for one in of["w"]]
    return {
        "held": drawn,
        "several": sum(one["may_release"] and one["plan"] is not None for one in drawn) > 1,
        "drafts": [_draft(tx, each) for each in of["n"]],
        "questions": of["a"],
        "remarks": [_remark(tx, each) for each in of["r"]],
        "texts": of["t"],
        "requests": of["q"],
        "unreached": of["m"],
    }


def _kinds(listed: Sequence[Entry], number: int) -> list[tuple[str, int, str]]:
    """What kinds of things wait: each with its number, and where the first of them is."""
    numbers = Counter(one.kind for one in listed)
    firsts = {one.kind: one.place for one in reversed(listed)}
    return [
        (KINDS[kind], numbers[kind], _href(page_with(listed, firsts[kind]), number, firsts[kind]))
        for kind in KINDS
        if numbers[kind]
    ]


def _href(there: int, here: int, place: str) -> str:
    return f"#{place}" if there == here else url_for("console_waits.waits", page=there, _anchor=place)


def _settled(tx: Tx, visit: Booking) -> dict[str, Any]:
    """Where the plan of a visit stands now, and by whom."""
    newest = plans.newest(tx, visit.id)
    by = newest.released_by if newest else ""
    return {"booking": visit, "client": clients.get(tx, visit.client_id), "released_by": by}


def _remark(tx: Tx, one: Remark) -> dict[str, Any]:
    """What a client wrote, and the answer that has not left."""
    return {
        "remark": one,
        "client": clients.get(tx, one.client_id),
        "basis": plans_basis.basis_of_remark(one),
        "unsent": drafts.find(tx, f"remark-{one.id}") if one.settled_at is None else None,
    }


def _draft(tx: Tx, one: Draft) -> dict[str, Any]:
    """A note that came by link, with the visit and the plan that waits with it."""
    visit = bookings.get(tx, one.booking_id)
    assert visit is not None
    stored_plan = plans.newest(tx, visit.id)
    return {
        "draft": one,
        "booking": visit,
        "client": clients.get(tx, visit.client_id),
        "basis": plans_basis.basis_of(tx, visit.id),
        "flags": summary.early_flags(tx, context(), visit.id, language()),
        "plan": plan_view(context(), stored_plan, language(), say()) if stored_plan else None,
    }


def _text(tx: Tx, one: Received) -> dict[str, Any]:
    """A text, and everybody who may have sent it; nobody for a number that we do not know."""
    people = [clients.get(tx, each) for each in texts.senders(tx, one.contact_id)]
    return {"text": one, "people": people, "danger": texts.speaks_of_danger(context(), one)}


@blueprint.post("/console/texts/<int:text_id>/seen")
@allowed(*EVERYBODY)
def seen(text_id: int) -> AnyResponse:
    """Somebody has read a text. One that was read before, or is not there, stays as it is."""
    with context().db.begin() as tx:
        later = next_to(tx, f"t{text_id}")
        if stored_texts.seen(tx, text_id, now()):
            audit.add(tx, me().name, "text_seen", f"text:{text_id}", now())
    return go_on("1", later)


def _plan(tx: Tx, one: Waiting, reasons: dict[int, Reason], basis: dict[int, str]) -> dict[str, Any]:
    drafted = plans.newest(tx, one.booking_id)
    reason = one.reason or reasons.get(one.booking_id, Reason.none)
    return {
        "message": one,
        "reason": reason,
        "may_release": reason in LOOKS,
        "basis": basis[one.booking_id],
        "flags": summary.early_flags(tx, context(), one.booking_id, language()),
        "plan": plan_view(context(), drafted, language(), say()) if drafted else None,
    }
